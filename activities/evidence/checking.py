"""Whether the stored files are still what was put there: every one is hashed again, or some."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select, update

from activities.database import Database
from activities.evidence.store import FILES, UPLOADS, EvidenceStore, key_of
from models.tables import EvidenceObject, EvidencePart

AT_ONCE = 500
"""Rows that are read at once."""


@dataclass
class Checked:
    """`missing` and `altered` are hashes; `orphaned` are keys in the store that no row knows."""

    files: int = 0
    size: int = 0
    missing: list[str] = field(default_factory=list)
    altered: list[str] = field(default_factory=list)
    orphaned: list[str] = field(default_factory=list)
    lost_pieces: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Nothing that was acknowledged is missing or altered."""
        return not (self.missing or self.altered or self.lost_pieces)


async def check(
    database: Database, store: EvidenceStore, now: datetime, sample: int | None = None
) -> Checked:
    """Hashes all files again, or the `sample` that were not looked at for the longest time.

    What is found is written into their rows; a file that is restored is sound again at the next look.
    """
    found = Checked()
    async for sha256, size in _files(database, sample):
        state = await _state_of(store, sha256, size)
        found.files += 1
        found.size += size
        if state != "stored":
            (found.missing if state == "missing" else found.altered).append(sha256)
        async with database.transaction() as session:
            await session.execute(
                update(EvidenceObject)
                .where(EvidenceObject.sha256 == sha256)
                .values(state=state, checked_at=now)
            )
    await _look_at_the_store(database, store, found)
    return found


async def _files(database: Database, sample: int | None) -> AsyncIterator[tuple[str, int]]:
    if sample is not None:
        async with database.reading() as session:
            rows = await session.execute(
                select(EvidenceObject.sha256, EvidenceObject.size)
                .order_by(EvidenceObject.checked_at.is_not(None), EvidenceObject.checked_at)
                .limit(sample)
            )
            some = [(sha256, size) for sha256, size in rows]
        for sha256, size in some:
            yield sha256, size
        return
    after = ""
    while True:
        async with database.reading() as session:
            rows = await session.execute(
                select(EvidenceObject.sha256, EvidenceObject.size)
                .where(EvidenceObject.sha256 > after)
                .order_by(EvidenceObject.sha256)
                .limit(AT_ONCE)
            )
            some = [(sha256, size) for sha256, size in rows]
        if not some:
            return
        for sha256, size in some:
            yield sha256, size
        after = some[-1][0]


async def _state_of(store: EvidenceStore, sha256: str, size: int) -> str:
    counted, passed = hashlib.sha256(), 0
    try:
        async for chunk in store.stream(key_of(sha256)):
            passed += len(chunk)
            await asyncio.to_thread(counted.update, chunk)
    except FileNotFoundError:
        return "missing"
    return "stored" if (passed, counted.hexdigest()) == (size, sha256) else "altered"


async def _look_at_the_store(database: Database, store: EvidenceStore, found: Checked) -> None:
    """The store first, the rows after: what is stored meanwhile is no orphan."""
    keys = [entry.key async for entry in store.entries(FILES)]
    pieces = {entry.key async for entry in store.entries(UPLOADS)}
    async with database.reading() as session:
        known = {key_of(sha256) for sha256 in await session.scalars(select(EvidenceObject.sha256))}
        counted = set(await session.scalars(select(EvidencePart.key)))
    found.orphaned = sorted(key for key in keys if key not in known)
    for key in sorted(counted - pieces):
        if await store.size(key) is None and await _still_counts(database, key):
            found.lost_pieces.append(key)


async def _still_counts(database: Database, key: str) -> bool:
    async with database.reading() as session:
        return await session.scalar(select(EvidencePart.key).where(EvidencePart.key == key)) is not None
