"""Receiving the bytes of an upload, piece by piece.

A piece counts once it is in the store and its row is committed; the last one counts together with the whole
file. So after a crash at any moment the number of bytes received is right. Of two senders at the same
offset the first one to commit wins, the other is told where the upload stands.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update

from activities.evidence.content import HEAD, forged, of_head
from activities.evidence.finishing import finish, overtaken
from activities.evidence.pieces import Piece, Pieces
from activities.evidence.refusals import ended, not_at, too_many_bytes, too_many_pieces
from activities.evidence.store import piece_key
from activities.evidence.uploads import Uploads, state_of
from models.evidence import EvidenceCode, EvidenceRefused, MediaType
from models.tables import EvidencePart, EvidenceUpload

PIECE = 4 * 1024 * 1024
"""Bytes of a piece: what one upload holds in memory."""

MOST_PIECES = 10_000
REMEMBERED = 256
"""Uploads whose hash so far is kept in memory; that of others is counted from their pieces at the end."""

FINISHED_AT_ONCE = 2

_ENDS = frozenset(
    {
        EvidenceCode.NOT_ALLOWED,
        EvidenceCode.FORGED,
        EvidenceCode.AMBIGUOUS,
        EvidenceCode.BROKEN,
        EvidenceCode.HASH_DIFFERS,
        EvidenceCode.PIECES,
        EvidenceCode.PIECE_LOST,
    }
)
"""What no further byte can repair."""

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Reached:
    """Where an upload stands; `sha256` once it is stored."""

    offset: int
    sha256: str | None = None


class Receiver:
    """What one process needs to receive; any process may receive the next piece."""

    def __init__(self, uploads: Uploads) -> None:
        self.uploads = uploads
        self._hashes: OrderedDict[str, tuple[int, Any]] = OrderedDict()
        self._finishing = asyncio.Semaphore(FINISHED_AT_ONCE)

    async def receive(
        self,
        row: EvidenceUpload,
        offset: int,
        body: AsyncIterator[bytes],
        clock: Clock,
        proved: Callable[[], bool] | None = None,
    ) -> Reached:
        """Takes bytes from `offset` on; what came is kept when `body` ends early. Raises `EvidenceRefused`.

        `proved` is asked at the end of `body` whether what came is what was sent: nothing counts before, and
        nothing if it says no.
        """
        if row.state == "stored" and offset == row.size:
            return Reached(row.size, row.sha256)
        state = state_of(row, clock())
        if state not in ("open", "stored"):
            raise ended(state, row.reason)
        if offset != row.received:
            raise not_at(row.received)
        coming = _Coming(self, row, clock, waits=proved is not None)
        try:
            await coming.take(body)
            if proved is None or proved():
                return await coming.settle()
            await coming.forget()
            return Reached(row.received)
        except EvidenceRefused as refused:
            await coming.forget()
            if refused.code in _ENDS and not await self._end(row, coming.at, refused.code, clock()):
                raise await self._overtaken(row) from None
            raise

    async def _end(self, row: EvidenceUpload, at: int, code: EvidenceCode, now: datetime) -> bool:
        """Ends an upload that still stands `at`: a sender whom another overtook has no say any more."""
        self._hashes.pop(row.upload_ref, None)
        return await self.uploads.end(
            row.upload_ref, "refused", code.value, now, EvidenceUpload.received == at
        )

    async def _overtaken(self, row: EvidenceUpload) -> EvidenceRefused:
        async with self.uploads.database.reading() as session:
            return await overtaken(session, row.upload_ref)

    async def pieces(self, upload_ref: str, *more: Piece, at: int | None = None) -> Pieces:
        """What of an upload counts, and `more`. Raises `EvidenceRefused` unless it stands `at`, if given."""
        async with self.uploads.database.reading() as session:
            standing = await session.get_one(EvidenceUpload, upload_ref)
            if at is not None and (standing.state, standing.received) != ("open", at):
                raise await overtaken(session, upload_ref)
            rows = await session.scalars(
                select(EvidencePart).filter_by(upload_ref=upload_ref).order_by(EvidencePart.start)
            )
            counted = [Piece(row.start, row.size, row.key) for row in rows]
        return Pieces(self.uploads.store, [*counted, *more])

    async def count(
        self, row: EvidenceUpload, at: int, pieces: list[Piece], kind: MediaType | None, now: datetime
    ) -> None:
        """Makes pieces count, if the upload still stands `at`. Raises `EvidenceRefused`."""
        async with self.uploads.database.transaction() as session:
            moved: Any = await session.execute(
                update(EvidenceUpload)
                .where(
                    EvidenceUpload.upload_ref == row.upload_ref,
                    EvidenceUpload.state == "open",
                    EvidenceUpload.received == at,
                )
                .values(
                    received=pieces[-1].start + pieces[-1].size,
                    media_type=kind.value if kind else None,
                    touched_at=now,
                    expires_at=now + self.uploads.config.waits,
                )
            )
            if moved.rowcount != 1:
                raise await overtaken(session, row.upload_ref)
            before = await session.scalar(
                select(func.count()).select_from(EvidencePart).filter_by(upload_ref=row.upload_ref)
            )
            if int(before or 0) + len(pieces) > MOST_PIECES:
                raise too_many_pieces(MOST_PIECES)
            session.add_all(
                EvidencePart(upload_ref=row.upload_ref, start=p.start, size=p.size, key=p.key) for p in pieces
            )

    async def complete(
        self, row: EvidenceUpload, at: int, last: list[Piece], kind: MediaType, counted: Any, now: datetime
    ) -> str:
        """Makes a stored file of all pieces; its hash. Raises `EvidenceRefused`."""
        async with self._finishing:
            whole = await self.pieces(row.upload_ref, *last, at=at)
            sha256 = counted.hexdigest() if counted is not None else await whole.sha256()
            await finish(self.uploads, row, at, whole, kind, sha256, now)
        self._hashes.pop(row.upload_ref, None)
        return sha256

    def hash_at(self, upload_ref: str, offset: int) -> Any:
        """The hash of the bytes before `offset`, to go on with; None when this process has not seen them."""
        if offset == 0:
            return hashlib.sha256()
        at, counted = self._hashes.get(upload_ref, (-1, None))
        return counted.copy() if at == offset and counted is not None else None

    def remember(self, upload_ref: str, offset: int, counted: Any) -> None:
        """Keeps the hash of the bytes before `offset`."""
        self._hashes[upload_ref] = (offset, counted.copy())
        self._hashes.move_to_end(upload_ref)
        while len(self._hashes) > REMEMBERED:
            self._hashes.popitem(last=False)


class _Coming:
    """One request with bytes. `waits`: pieces count at the end only."""

    def __init__(self, receiver: Receiver, row: EvidenceUpload, clock: Clock, *, waits: bool) -> None:
        self._receiver, self._row, self._clock, self._waits = receiver, row, clock, waits
        self.at = self._stored = row.received
        self._head = bytearray()
        self._buffer = bytearray()
        self._pieces: list[Piece] = []
        self._kind = MediaType(row.media_type) if row.media_type else None
        self._hash = receiver.hash_at(row.upload_ref, row.received)

    async def take(self, body: AsyncIterator[bytes]) -> None:
        """Everything that comes, but for a rest that is kept in memory."""
        if self._kind is None and self._row.received:
            self._head += await (await self._receiver.pieces(self._row.upload_ref)).read(0, HEAD)
        async for chunk in body:
            if self._stored + len(self._buffer) + len(chunk) > self._row.size:
                raise too_many_bytes(self._row.size)
            self._buffer += chunk
            if self._kind is None:
                self._head += chunk[: HEAD - len(self._head)]
                if not self._waits:
                    self._judge()
            while len(self._buffer) >= PIECE:
                await self._put(PIECE)

    def _judge(self) -> None:
        """By the first bytes; those that came with a checksum are looked at once they have it."""
        kind = of_head(bytes(self._head), self._row.size, self._receiver.uploads.config.allowed)
        if kind is not None and self._row.declared_type not in (None, kind.value):
            raise forged(str(self._row.declared_type), kind)
        self._kind = kind

    async def _put(self, size: int) -> None:
        content = bytes(self._buffer[:size])
        key = piece_key(self._row.upload_ref, self._stored)
        await self._receiver.uploads.store.put(key, content)
        self._pieces.append(Piece(self._stored, size, key))
        del self._buffer[:size]
        self._stored += size
        if self._hash is not None:
            await asyncio.to_thread(self._hash.update, content)
        if not self._waits and self._stored < self._row.size:
            await self._count()

    async def _count(self) -> None:
        await self._receiver.count(self._row, self.at, self._pieces, self._kind, self._clock())
        self.at, self._pieces = self._stored, []
        if self._hash is not None:
            self._receiver.remember(self._row.upload_ref, self.at, self._hash)

    async def settle(self) -> Reached:
        """Counts what is left; where the upload stands now."""
        if self._kind is None and self._head:
            self._judge()
        if self._buffer:
            await self._put(len(self._buffer))
        if self._stored == self._row.size and self._kind is not None:
            sha256 = await self._receiver.complete(
                self._row, self.at, self._pieces, self._kind, self._hash, self._clock()
            )
            return Reached(self._stored, sha256)
        if self._pieces:
            await self._count()
        return Reached(self.at)

    async def forget(self) -> None:
        """Pieces that do not count after all go."""
        for piece in self._pieces:
            await self._receiver.uploads.store.delete(piece.key)
