"""Entries that were written but never acknowledged: found, set aside, and what followed from them undone.

A hop may be written inside a workflow task that is then lost with its worker. The workflow decides anew,
so the database can hold an entry that is not part of the chain. The workflow is the truth: of two entries
with one number, the one of the later turn (`models.turn`) belongs to the chain, the other is an orphan. Which
arrives first does not tell: a lost worker may write late. Nor does the moment that an entry carries: a lost
worker's clock goes on, and what fell due carries the moment at which it was due, which may lie before a lost
decision that was taken while nobody knew of the deadline.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from activities.posts import undo_posts
from activities.writing import write_new
from models.audit import Fact
from models.outbox import Snapshot
from models.tables import (
    AuditEntry,
    AuditOrphan,
    Base,
    Certificate,
    CurrentDeadline,
    DeadlineEntry,
    Facts,
    InboxItem,
    Notice,
)
from models.tables.chain import columns_of, turn_columns, turn_of
from models.turn import Turn

NEVER_ACKNOWLEDGED = "written for a decision that was never acknowledged; the workflow decided anew"
CAME_LATE = "written late by a worker that had lost the workflow"

_THERE = select(
    AuditEntry.seq,
    AuditEntry.hash,
    AuditEntry.at,
    AuditEntry.turn_run,
    AuditEntry.turn_length,
    AuditEntry.turn_began,
).where(
    AuditEntry.plan_id == bindparam("plan_id"),
    AuditEntry.application_ref == bindparam("ref"),
    AuditEntry.seq >= bindparam("first"),
)
"""The entries from a number on. Made once: it is asked at every hop."""

_OF_FACTS: tuple[type[Facts], ...] = tuple(
    mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, Facts)
)


async def reconcile(
    session: AsyncSession, snapshot: Snapshot, facts: Sequence[Fact], *, more: bool
) -> bool | None:
    """Compares the facts with the entries that are there.

    False: nothing differs. True: entries that were there have been set aside. None: the facts themselves
    are the orphans; they have been set aside and nothing may be written from their batch. `more`: other
    facts follow at once, and will tell what is there beyond these.
    """
    plan_id, ref = snapshot.plan_id, snapshot.application_ref
    if not facts:
        return False
    rows = await session.execute(_THERE, {"plan_id": plan_id, "ref": ref, "first": facts[0].seq})
    stored = {
        row.seq: _There(row.hash, row.at, turn_of(row.turn_run, row.turn_length, row.turn_began))
        for row in rows
    }
    turn = snapshot.turn
    for fact in facts:
        there = stored.get(fact.seq)
        if there is None:
            continue
        if there.hash == fact.hash:
            if turn is not None and (there.turn is None or there.turn.before(turn)):
                await _left_again(session, plan_id, ref, fact.seq, turn)
            continue
        if came_late(fact.at, turn, there.at, there.turn):
            await _set_aside(session, snapshot, [f for f in facts if f.seq >= fact.seq])
            return None
        await take_back(session, plan_id, ref, fact.seq, snapshot.at)
        return True
    return not more and await _nothing_after(session, snapshot, facts[-1].seq, stored)


@dataclass(frozen=True)
class _There:
    hash: str
    at: datetime
    turn: Turn | None


def came_late(at: datetime, turn: Turn | None, there_at: datetime, there_turn: Turn | None) -> bool:
    """Whether an entry was decided before another one of the same number that is there.

    An entry of a release that told no turn is compared by the moment that both carry.
    """
    if turn is None or there_turn is None:
        return at < there_at
    return turn.before(there_turn)


async def _nothing_after(
    session: AsyncSession, snapshot: Snapshot, last: int, stored: Mapping[int, _There]
) -> bool:
    """Entries beyond the last fact that left an earlier turn were decided by one that was lost.

    A turn can be lost after its second decision, and told again with the first one only: the first is the
    same to the letter when it carries the moment at which it was due.
    """
    turn = snapshot.turn
    after = [
        seq
        for seq, there in stored.items()
        if seq > last and turn is not None and there.turn is not None and there.turn.before(turn)
    ]
    if after:
        await take_back(session, snapshot.plan_id, snapshot.application_ref, min(after), snapshot.at)
    return bool(after)


async def _left_again(session: AsyncSession, plan_id: str, ref: str, seq: int, turn: Turn) -> None:
    """The same entry left a later turn of the workflow: what is older than this one gives way to it."""
    mine = update(AuditEntry).filter_by(plan_id=plan_id, application_ref=ref, seq=seq)
    await session.execute(mine.values(**turn_columns(turn)))


async def _set_aside(session: AsyncSession, snapshot: Snapshot, facts: Sequence[Fact]) -> None:
    ids = {"plan_id": snapshot.plan_id, "application_ref": snapshot.application_ref}
    known = set(
        await session.scalars(
            select(AuditOrphan.hash).filter_by(**ids).where(AuditOrphan.seq >= facts[0].seq)
        )
    )
    extra = {"audit_id": None, "reason": CAME_LATE, "orphaned_at": snapshot.at}
    rows = [
        {**columns_of(snapshot.plan_id, snapshot.application_ref, fact), **extra}
        for fact in facts
        if fact.hash not in known
    ]
    await write_new(session, AuditOrphan, rows)


async def take_back(
    session: AsyncSession, plan_id: str, application_ref: str, seq: int, at: datetime
) -> None:
    """Moves the entries from `seq` on to the orphans and undoes what followed from them.

    Notices that were not sent become void; inbox items, deadlines, certificates and posts go back to where
    they were. A certificate number stays with its application.
    """
    ids = {"plan_id": plan_id, "application_ref": application_ref}
    entries = (await session.scalars(select(AuditEntry).filter_by(**ids).where(AuditEntry.seq >= seq))).all()
    extra = {"reason": NEVER_ACKNOWLEDGED, "orphaned_at": at}
    await write_new(
        session,
        AuditOrphan,
        [{**columns_of(plan_id, application_ref, e.to_fact()), **extra, "audit_id": e.id} for e in entries],
    )
    await undo_posts(session, plan_id, application_ref, seq, at)
    tables: tuple[type[AuditEntry | Facts | DeadlineEntry], ...] = (AuditEntry, *_OF_FACTS, DeadlineEntry)
    for table in tables:
        await session.execute(delete(table).filter_by(**ids).where(table.seq >= seq))
    await session.execute(
        update(Notice).filter_by(**ids, status="pending").where(Notice.seq >= seq).values(status="void")
    )
    await session.execute(delete(InboxItem).filter_by(**ids).where(InboxItem.seq >= seq))
    await session.execute(
        update(InboxItem)
        .filter_by(**ids)
        .where(InboxItem.closed_seq >= seq)
        .values(closed_at=None, closed_seq=None)
    )
    await session.execute(
        update(Certificate).filter_by(**ids).where(Certificate.seq >= seq).values(status="void")
    )
    await session.execute(
        update(Certificate)
        .filter_by(**ids, status="revoked")
        .where(Certificate.revoked_seq >= seq)
        .values(
            status="valid", revoked_seq=None, revoked_at=None, revoked_ground=None, revoked_document_no=None
        )
    )
    await _restore_deadlines(session, ids, seq)


async def _restore_deadlines(session: AsyncSession, ids: dict[str, str], seq: int) -> None:
    """Puts the last computation that remains of each deadline back in force."""
    await session.execute(delete(CurrentDeadline).filter_by(**ids).where(CurrentDeadline.seq >= seq))
    entries = await session.scalars(select(DeadlineEntry).filter_by(**ids).order_by(DeadlineEntry.seq))
    columns = [column.key for column in DeadlineEntry.__table__.columns]
    last: dict[str, dict[str, object]] = {}
    for entry in entries:
        revision = 1 + cast(int, last.get(entry.name, {}).get("revision", 0))
        last[entry.name] = {key: getattr(entry, key) for key in columns} | {"revision": revision}
    await write_new(session, CurrentDeadline, list(last.values()))
