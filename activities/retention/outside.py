"""What a removal left to do outside of the database: files in the stores, histories on the Temporal server.

Each is removed and then crossed off: interrupted at any point, the next run goes on. A file that somebody
has handed in anew meanwhile stays.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sqlalchemy import delete, exists, select, update

from activities.database import Database
from activities.evidence.store import EvidenceStore, key_of
from activities.papers.storage import FileStore
from activities.retention.removing import EVIDENCE, HISTORY, PAPER, UPLOAD
from models.tables import EvidenceObject, Paper, ToRemove

BATCH = 200

_STANDS = {EVIDENCE: EvidenceObject.sha256, PAPER: Paper.storage_key}
"""What of a place is in use, by the column that names it: such a file stays."""


class StillRunning(Exception):  # noqa: N818 - it is an answer, not a fault
    """The workflow runs: its history is not removed."""


DeleteHistory = Callable[[str], Awaitable[None]]
"""Removes every closed run of a workflow id; raises `StillRunning` when one runs."""


class Outside:
    """The places outside of the database. Without `histories` those wait for a run that has them."""

    def __init__(
        self,
        database: Database,
        *,
        evidence: EvidenceStore | None = None,
        papers: FileStore | None = None,
        histories: DeleteHistory | None = None,
    ) -> None:
        self._database, self._evidence, self._papers = database, evidence, papers
        self._places: dict[str, Callable[[str], Awaitable[None]]] = {}
        if evidence is not None:
            self._places |= {EVIDENCE: self._evidence_file, UPLOAD: evidence.delete_upload}
        if papers is not None:
            self._places[PAPER] = self._paper
        if histories is not None:
            self._places[HISTORY] = histories

    async def remove(self) -> tuple[int, int]:
        """Removes what is left to do; gives how many are done, and how many are still to be done."""
        done, last = 0, ("", "")
        while True:
            async with self._database.reading() as session:
                rows = (
                    await session.scalars(
                        select(ToRemove)
                        .where(
                            ToRemove.place.in_(self._places),
                            (ToRemove.place > last[0])
                            | ((ToRemove.place == last[0]) & (ToRemove.key > last[1])),
                        )
                        .order_by(ToRemove.place, ToRemove.key)
                        .limit(BATCH)
                    )
                ).all()
            for row in rows:
                done += await self._one(row.place, row.key)
            if len(rows) < BATCH:
                break
            last = (rows[-1].place, rows[-1].key)
        async with self._database.reading() as session:
            left = len((await session.scalars(select(ToRemove.key))).all())
        return done, left

    async def _one(self, place: str, key: str) -> int:
        mine = (ToRemove.place == place) & (ToRemove.key == key)
        try:
            if place in _STANDS:
                return await self._unless_it_stands(place, key)
            await self._places[place](key)
        except Exception as error:
            reason = "still_running" if isinstance(error, StillRunning) else type(error).__name__[:60]
            async with self._database.transaction() as session:
                await session.execute(
                    update(ToRemove).where(mine).values(tries=ToRemove.tries + 1, reason=reason)
                )
            return 0
        async with self._database.transaction() as session:
            await session.execute(delete(ToRemove).where(mine))
        return 1

    async def _unless_it_stands(self, place: str, key: str) -> int:
        """Looks, removes and crosses off in one: who hands the same file in meanwhile waits for that."""
        mine = (ToRemove.place == place) & (ToRemove.key == key)
        async with self._database.transaction() as session:
            if await session.scalar(select(ToRemove).where(mine).with_for_update()) is None:
                return 0
            if not await session.scalar(select(exists().where(_STANDS[place] == key))):
                await self._places[place](key)
            await session.execute(delete(ToRemove).where(mine))
        return 1

    async def _evidence_file(self, key: str) -> None:
        assert self._evidence is not None
        await self._evidence.delete(key_of(key))

    async def _paper(self, key: str) -> None:
        assert self._papers is not None
        self._papers.delete(key)
