"""The entries of a cycle that were written but never acknowledged: they stay in its table, and say when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from activities.settling import Settled, settle
from activities.writing import write_new
from models.audit import Fact
from models.cycle_state import CycleBatch, CycleSnapshot
from models.tables import CycleFact, CycleNotice
from models.tables.chain import told_columns, turn_columns
from models.turn import Entry, Turn


async def reconcile(session: AsyncSession, batch: CycleBatch) -> Settled:
    """Compares the facts of the batch with the entries that are there.

    A fact that follows may be the same to the letter: entries beyond the last one wait for the one that
    differs.
    """
    snapshot = batch.snapshot
    chain, last = _CycleChain(session, snapshot), (snapshot.seq, snapshot.chain)
    return await settle(chain, batch.facts, snapshot.turn, last=last, more=True, proven=batch.proven)


class _CycleChain:
    def __init__(self, session: AsyncSession, snapshot: CycleSnapshot) -> None:
        self._session, self._snapshot = session, snapshot
        self._mine = CycleFact.plan_id == snapshot.plan_id
        self._standing = (self._mine, CycleFact.orphaned_at.is_(None))

    async def there(self, first: int) -> Mapping[int, Entry]:
        before = select(func.max(CycleFact.seq)).where(*self._standing, CycleFact.seq < first)
        found = select(CycleFact).where(
            *self._standing, CycleFact.seq >= func.coalesce(before.scalar_subquery(), first)
        )
        rows = await self._session.scalars(found)
        return {row.seq: Entry(row.hash, row.at, row.turn()) for row in rows}

    async def aside(self) -> Mapping[str, Fact]:
        found = select(CycleFact).where(self._mine, CycleFact.orphaned_at.is_not(None))
        return {row.hash: row.to_fact() for row in await self._session.scalars(found)}

    async def left_again(self, seq: int, turn: Turn | None) -> None:
        entry = update(CycleFact).where(*self._standing, CycleFact.seq == seq)
        await self._session.execute(entry.values(**turn_columns(turn)))

    async def set_aside(self, facts: Sequence[Fact]) -> None:
        aside = {"orphaned_at": self._snapshot.at}
        rows = [fact_row(self._snapshot, fact) | aside for fact in facts]
        await write_new(self._session, CycleFact, rows)

    async def take_back(self, seq: int) -> None:
        gone = update(CycleFact).where(*self._standing, CycleFact.seq >= seq)
        await self._session.execute(gone.values(orphaned_at=self._snapshot.at))
        unsent = update(CycleNotice).where(
            CycleNotice.plan_id == self._snapshot.plan_id,
            CycleNotice.seq >= seq,
            CycleNotice.status == "pending",
        )
        await self._session.execute(unsent.values(status="void"))


def fact_row(snapshot: CycleSnapshot, fact: Fact) -> dict[str, Any]:
    """The row of a fact that left with this snapshot."""
    return {
        "plan_id": snapshot.plan_id,
        "from_phase": fact.from_stage,
        "to_phase": fact.to_stage,
        "orphaned_at": None,
        **told_columns(fact),
        **turn_columns(snapshot.turn),
    }
