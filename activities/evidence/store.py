"""Where the bytes lie: a folder, or any store that `obstore` speaks to. Knows no table.

Pieces of uploads lie under `uploads/<upload>/`, stored files under `files/ab/cd/<sha256>`. In a folder
everything is forced to the disk before it is said to be there.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import obstore
from obstore.store import LocalStore, ObjectStore, from_url

CHUNK = 1024 * 1024
"""Bytes that are read at once."""

_PART, _AT_ONCE = 5 * 1024 * 1024, 2
"""Of what is written in parts: the size, and how many are on their way; ten megabytes in memory."""

FILES, UPLOADS = "files", "uploads"
_REMOTE = re.compile(r"(s3|s3a|gs|az|abfs)://[A-Za-z0-9.-]+(/[A-Za-z0-9._/-]*)?")


class StoreUrlError(ValueError):
    """The address of the store cannot be used."""


@dataclass(frozen=True)
class Entry:
    """An object in the store."""

    key: str
    size: int
    modified: datetime


def open_store(url: str | None, folder: Path) -> EvidenceStore:
    """The store under `url` (`s3://bucket/prefix`, `file:///folder`), or in `folder` without one.

    Credentials and endpoint of a remote store come from its own variables (`AWS_ACCESS_KEY_ID`, ...).
    Raises `StoreUrlError`.
    """
    if url is None or url.startswith("file://"):
        root = folder if url is None else Path(url.removeprefix("file://"))
        if not root.is_absolute():
            raise StoreUrlError("file:// needs an absolute path")
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        return EvidenceStore(LocalStore(root), root)
    if not _REMOTE.fullmatch(url):
        raise StoreUrlError("must be s3://bucket/prefix or file:///folder, without a user or a query")
    try:
        return EvidenceStore(from_url(url))
    except Exception as error:
        raise StoreUrlError(f"cannot be opened ({type(error).__name__})") from None


class EvidenceStore:
    """Objects by key. Whole or not at all; what is overwritten is replaced in one step."""

    def __init__(self, store: ObjectStore, root: Path | None = None) -> None:
        self._store, self._root = store, root
        self._forced: set[Path] = set()

    async def put(self, key: str, content: bytes | bytearray | memoryview) -> None:
        """One object of a size that fits into memory."""
        await obstore.put_async(self._store, key, content, use_multipart=False)
        await self._force(key)

    async def put_stream(self, key: str, content: AsyncIterator[bytes]) -> None:
        """One object of any size. When `content` raises, nothing is there, or what was there before."""
        await obstore.put_async(self._store, key, content, chunk_size=_PART, max_concurrency=_AT_ONCE)
        await self._force(key)

    async def read(self, key: str, start: int, length: int) -> bytes:
        """Some bytes. Raises `FileNotFoundError`."""
        return bytes(await obstore.get_range_async(self._store, key, start=start, length=length))

    async def stream(self, key: str, span: tuple[int, int] | None = None) -> AsyncIterator[bytes]:
        """The bytes, or those from the first number to before the second, about a megabyte at a time.

        Raises `FileNotFoundError`.
        """
        found = await obstore.get_async(self._store, key, options={"range": span} if span else None)
        async for chunk in found.stream(min_chunk_size=CHUNK):
            yield bytes(chunk)

    async def size(self, key: str) -> int | None:
        """Bytes of an object; None when it is not there."""
        try:
            return (await obstore.head_async(self._store, key))["size"]
        except FileNotFoundError:
            return None

    async def entries(self, prefix: str) -> AsyncIterator[Entry]:
        """Every object under a prefix."""
        async for some in obstore.list(self._store, prefix):
            for meta in some:
                yield Entry(meta["path"], meta["size"], meta["last_modified"])

    async def delete(self, key: str) -> None:
        """Gone, also when it was not there."""
        try:
            await obstore.delete_async(self._store, key)
        except FileNotFoundError:
            return

    async def delete_upload(self, upload_ref: str) -> None:
        """Every piece of an upload, also those that no row knows."""
        keys = [entry.key async for entry in self.entries(f"{UPLOADS}/{upload_ref}")]
        for key in keys:
            await self.delete(key)
        if self._root is not None:
            folder = self._root / UPLOADS / upload_ref
            self._forced.discard(folder)
            await asyncio.to_thread(_remove_empty, folder)

    async def _force(self, key: str) -> None:
        if self._root is not None:
            await asyncio.to_thread(self._to_disk, self._root / key, self._root)

    def _to_disk(self, path: Path, root: Path) -> None:
        """The file, its entry in its folder, and once the entries of the folders above."""
        folder = path.parent
        _force_one(path)
        _force_one(folder)
        if folder not in self._forced:
            for above in folder.parents:
                if above == root.parent:
                    break
                _force_one(above)
            self._forced.add(folder)


TO_REMOVE = "evidence"
"""The place under which a file is listed that retention will remove from the store."""


def key_of(sha256: str) -> str:
    """Where a stored file lies."""
    return f"{FILES}/{sha256[:2]}/{sha256[2:4]}/{sha256}"


def piece_key(upload_ref: str, start: int) -> str:
    """A new place for a piece: two senders of the same piece never write over each other."""
    return f"{UPLOADS}/{upload_ref}/{start:013d}-{secrets.token_hex(4)}"


def _force_one(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return
