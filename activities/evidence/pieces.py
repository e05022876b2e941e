"""The pieces of one upload, read as the file that they make up."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from activities.evidence.store import EvidenceStore
from models.evidence import EvidenceCode, EvidenceRefused


@dataclass(frozen=True)
class Piece:
    """`size` bytes of the file from `start` on, in the store under `key`."""

    start: int
    size: int
    key: str


class Pieces:
    """A file in pieces, in their order and without a gap."""

    def __init__(self, store: EvidenceStore, pieces: Sequence[Piece]) -> None:
        self._store, self._pieces = store, pieces
        self.size = pieces[-1].start + pieces[-1].size if pieces else 0

    async def read(self, start: int, length: int) -> bytes:
        """At most `length` bytes from `start` on. Raises `EvidenceRefused` when a piece is lost."""
        found = bytearray()
        for piece in self._pieces:
            begin, end = max(start, piece.start), min(start + length, piece.start + piece.size)
            if begin < end:
                try:
                    found += await self._store.read(piece.key, begin - piece.start, end - begin)
                except FileNotFoundError:
                    raise lost() from None
        return bytes(found)

    async def stream(self) -> AsyncIterator[bytes]:
        """The whole file, some at a time. Raises `EvidenceRefused` when a piece is lost."""
        for piece in self._pieces:
            try:
                async for chunk in self._store.stream(piece.key):
                    yield chunk
            except FileNotFoundError:
                raise lost() from None

    async def sha256(self) -> str:
        """Counted anew from what is stored."""
        counted = hashlib.sha256()
        async for chunk in self.stream():
            await asyncio.to_thread(counted.update, chunk)
        return counted.hexdigest()


def lost() -> EvidenceRefused:
    """What was acknowledged is not there any more, or is another: the store is at fault."""
    return EvidenceRefused(
        EvidenceCode.PIECE_LOST,
        zh="已接收的部分在存储中缺失或被改动。",
        en="A part that was received is missing in the store, or was altered there.",
        fix_zh="请重新开始上传，并告知运行人员检查存储。",
        fix_en="Begin the upload anew, and tell the operators to look at the store.",
    )
