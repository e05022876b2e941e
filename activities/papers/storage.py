"""Files by the hash of their content, under the data directory: `papers/ab/cd/<sha256>.pdf`.

A file is written beside its place, forced to the disk and renamed, so that it is there whole or not at all;
a directory is forced too. What is read is hashed again: a missing or altered file is never handed out.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path


class StoredFileError(RuntimeError):
    """The file that a record names is not in the store, or is not what was put there."""

    def __init__(self, key: str, *, missing: bool) -> None:
        self.key = key
        self.missing = missing
        what, zh = ("is missing", "缺失") if missing else ("was altered", "已被改动")
        self.zh = f"存储文件{key}{zh}：请从备份恢复该文件（内容校验值即文件名），再重试。"
        super().__init__(
            f"The stored file {key} {what}: restore it from a backup (its name is the hash of its content) "
            "and ask again."
        )


class FileStore:
    """A folder of files that never change."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, content: bytes, suffix: str = "pdf") -> str:
        """Stores the content, unless it is there whole already, and gives its key. Forced to the disk."""
        key = key_of(hashlib.sha256(content).hexdigest(), suffix)
        path = self._folder / key
        if not path.is_file() or path.read_bytes() != content:
            replace(path, content)
        return key

    def get(self, key: str) -> bytes:
        """The content under a key. Raises `StoredFileError` when it is missing or altered."""
        path = self._folder / key
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            raise StoredFileError(key, missing=True) from None
        if hashlib.sha256(content).hexdigest() != path.stem:
            raise StoredFileError(key, missing=False)
        return content

    def delete(self, key: str) -> None:
        """Gone, also when it was not there; forced to the disk."""
        path = self._folder / key
        path.unlink(missing_ok=True)
        if path.parent.is_dir():
            _force_folder(path.parent)


def key_of(sha256: str, suffix: str = "pdf") -> str:
    """`papers/ab/cd/<sha256>.pdf`."""
    return f"papers/{sha256[:2]}/{sha256[2:4]}/{sha256}.{suffix}"


def replace(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Puts a file in its place in one step, forced to the disk."""
    draft = _draft(path, content, mode)
    try:
        os.replace(draft, path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    _force_folder(path.parent)


def write_once(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Puts a file in its place unless one is there: of several writers the first one wins."""
    draft = _draft(path, content, mode)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)
    _force_folder(path.parent)


def _draft(path: Path, content: bytes, mode: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".", suffix=".new", dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return Path(name)


def _force_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
