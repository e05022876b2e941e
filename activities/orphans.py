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
from datetime import datetime
from typing import cast

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from activities.posts import undo_posts
from activities.settling import Settled, settle
from activities.writing import write_new
from models.audit import Fact
from models.outbox import HopBatch, Snapshot
from models.tables import (
    AuditEntry,
    AuditOrphan,
    Base,
    Certificate,
    CurrentDeadline,
    DeadlineEntry,
    DossierVersion,
    Facts,
    InboxItem,
    Notice,
)
from models.tables.chain import columns_of, turn_columns, turn_of
from models.turn import Entry, Turn

NEVER_ACKNOWLEDGED = "written for a decision that was never acknowledged; the workflow decided anew"
CAME_LATE = "written late by a worker that had lost the workflow"

_MINE = (AuditEntry.plan_id == bindparam("plan_id"), AuditEntry.application_ref == bindparam("ref"))
_BEFORE = select(func.max(AuditEntry.seq)).where(*_MINE, AuditEntry.seq < bindparam("first"))
_THERE = select(
    AuditEntry.seq,
    AuditEntry.hash,
    AuditEntry.at,
    AuditEntry.turn_run,
    AuditEntry.turn_length,
    AuditEntry.turn_began,
).where(*_MINE, AuditEntry.seq >= func.coalesce(_BEFORE.scalar_subquery(), bindparam("first")))
"""The entries from the last one before a number on. Made once: it is asked at every hop."""

_OF_FACTS: tuple[type[Facts], ...] = tuple(
    mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, Facts)
)


async def reconcile(session: AsyncSession, batch: HopBatch) -> Settled:
    """Compares the facts of the batch with the entries that are there."""
    snapshot = batch.snapshot
    chain, last = _ApplicationChain(session, snapshot), (snapshot.seq, snapshot.chain)
    return await settle(chain, batch.facts, snapshot.turn, last=last, more=batch.more, proven=batch.proven)


class _ApplicationChain:
    def __init__(self, session: AsyncSession, snapshot: Snapshot) -> None:
        self._session, self._at = session, snapshot.at
        self._plan_id, self._ref = snapshot.plan_id, snapshot.application_ref
        self._ids = {"plan_id": self._plan_id, "application_ref": self._ref}

    async def there(self, first: int) -> Mapping[int, Entry]:
        asked = {"plan_id": self._plan_id, "ref": self._ref, "first": first}
        return {
            row.seq: Entry(row.hash, row.at, turn_of(row.turn_run, row.turn_length, row.turn_began))
            for row in await self._session.execute(_THERE, asked)
        }

    async def aside(self) -> Mapping[str, Fact]:
        orphans = await self._session.scalars(select(AuditOrphan).filter_by(**self._ids))
        return {orphan.hash: orphan.to_fact() for orphan in orphans}

    async def left_again(self, seq: int, turn: Turn | None) -> None:
        entry = update(AuditEntry).filter_by(**self._ids, seq=seq)
        await self._session.execute(entry.values(**turn_columns(turn)))

    async def set_aside(self, facts: Sequence[Fact]) -> None:
        mine = select(AuditOrphan.hash).filter_by(**self._ids)
        known = set(await self._session.scalars(mine.where(AuditOrphan.seq >= facts[0].seq)))
        extra = {"audit_id": None, "reason": CAME_LATE, "orphaned_at": self._at}
        rows = [
            {**columns_of(self._plan_id, self._ref, fact), **extra}
            for fact in facts
            if fact.hash not in known
        ]
        await write_new(self._session, AuditOrphan, rows)

    async def take_back(self, seq: int) -> None:
        await take_back(self._session, self._plan_id, self._ref, seq, self._at)


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
    await _restore_dossiers(session, ids, seq)
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
        update(Certificate)
        .filter_by(**ids, status="revoked")
        .where(Certificate.revoked_seq >= seq)
        .values(
            status="valid", revoked_seq=None, revoked_at=None, revoked_ground=None, revoked_document_no=None
        )
    )
    await session.execute(
        update(Certificate).filter_by(**ids).where(Certificate.seq >= seq).values(status="void")
    )
    await _restore_deadlines(session, ids, seq)


async def _restore_dossiers(session: AsyncSession, ids: dict[str, str], seq: int) -> None:
    """A version that nobody handed in goes; one that had been handed in before counts from then again."""
    later = select(DossierVersion).filter_by(**ids).where(DossierVersion.seq >= seq)
    versions = (await session.scalars(later)).all()
    if not versions:
        return
    told = select(AuditEntry.seq, AuditEntry.details).filter_by(**ids).where(AuditEntry.seq < seq)
    handed_in = {
        details["dossier_sha256"]: number
        for number, details in await session.execute(told.order_by(AuditEntry.seq))
        if "dossier_sha256" in details
    }
    for version in versions:
        if version.sha256 in handed_in:
            version.seq = handed_in[version.sha256]
        else:
            await session.delete(version)


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
