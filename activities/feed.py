"""The event feed: gives each fact its number, and reads them in that order.

Rows of the audit chain get their ids inside of transactions that end in another order: a reader who has seen
id 8 may still be waiting for id 7. So the numbers of the feed are given afterwards, by whoever reads, under
one lock, to what is then visible; a number that was given is never followed by a smaller one. A fact that
turns out never to have been acknowledged is told again as `retracted`.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Exists, Select, and_, exists, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from activities.database import Database
from activities.feed_sources import anything_new, new_events, taken_back
from models.feed import FACT, RETRACTED
from models.tables import Application, AuditEntry, AuditOrphan, FeedEvent

AT_MOST = 1_000
"""Facts that get their number in one transaction."""

LONGEST_OVERLAP = 10_000
"""How many later ids may be given before a transaction with an earlier one ends; one lasts milliseconds."""

_LOCK = 7_341_905_511
"""The key of PostgreSQL's advisory lock; on SQLite the write lock does the same."""


class Feed:
    """The feed of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def catch_up(self) -> int:
        """Gives numbers to all facts that are visible now; how many were new."""
        total = 0
        while await self._anything_new():
            async with self._database.transaction() as session:
                if not self._database.is_sqlite:
                    await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
                added = await _number(session)
            total += added
            if not added:
                break
        return total

    async def after(
        self,
        sequence: int,
        limit: int,
        plan_id: str,
        visible: ColumnElement[bool],
        *more: ColumnElement[bool],
    ) -> tuple[Sequence[FeedEvent], int]:
        """The next events of a plan that are visible, and the number from which to go on reading."""
        async with self._database.reading() as session:
            last = await session.scalar(select(func.max(FeedEvent.sequence))) or 0
            rows = await session.scalars(
                select(FeedEvent)
                .outerjoin(
                    Application,
                    and_(
                        Application.plan_id == FeedEvent.plan_id,
                        Application.application_ref == FeedEvent.application_ref,
                    ),
                )
                .where(FeedEvent.plan_id == plan_id, FeedEvent.sequence > sequence, visible, *more)
                .order_by(FeedEvent.sequence)
                .limit(limit)
            )
            found = rows.all()
        return found, _goes_on_from(found, limit, max(last, sequence))

    async def _anything_new(self) -> bool:
        async with self._database.reading() as session:
            high = await _high(session)
            return bool(
                await session.scalar(select(_new(high).exists()))
                or await session.scalar(select(_retracted().exists()))
                or await anything_new(session)
            )


def _goes_on_from(found: Sequence[FeedEvent], limit: int, last: int) -> int:
    """`last` was looked up first: on PostgreSQL what was found may already be later than that."""
    if not found:
        return last
    return found[-1].sequence if len(found) == limit else max(last, found[-1].sequence)


async def _high(session: AsyncSession) -> int:
    return await session.scalar(select(func.max(FeedEvent.audit_id))) or 0


def _new(high: int) -> Select[AuditEntry]:
    """Facts without a number."""
    return select(AuditEntry).where(AuditEntry.id > high - LONGEST_OVERLAP, ~_told(FACT))


def _told(kind: str) -> Exists:
    return exists().where(FeedEvent.audit_id == AuditEntry.id, FeedEvent.kind == kind)


def _retracted() -> Select[FeedEvent]:
    """Numbered facts that were taken back since, and not told to be."""
    other = aliased(FeedEvent)
    told = exists().where(other.audit_id == FeedEvent.audit_id, other.kind == RETRACTED)
    return (
        select(FeedEvent)
        .join(AuditOrphan, AuditOrphan.audit_id == FeedEvent.audit_id)
        .where(FeedEvent.kind == FACT, ~told)
    )


async def _number(session: AsyncSession) -> int:
    """What was taken back first: what came in its place is told afterwards."""
    last = await session.scalar(select(func.max(FeedEvent.sequence))) or 0
    back = (await session.scalars(_retracted().order_by(FeedEvent.sequence).limit(AT_MOST))).all()
    back = [*back, *(await session.scalars(taken_back().order_by(FeedEvent.sequence).limit(AT_MOST))).all()]
    new = (await session.scalars(_new(await _high(session)).order_by(AuditEntry.id).limit(AT_MOST))).all()
    events = [_again(one) for one in back] + [_of(entry) for entry in new]
    events += await new_events(session, AT_MOST)
    for sequence, event in enumerate(events, start=last + 1):
        event.sequence = sequence
    session.add_all(events)
    return len(events)


def _of(entry: AuditEntry) -> FeedEvent:
    return FeedEvent(
        kind=FACT,
        subject="application",
        subject_ref=entry.application_ref,
        retracts=None,
        audit_id=entry.id,
        plan_id=entry.plan_id,
        application_ref=entry.application_ref,
        seq=entry.seq,
        revision=entry.revision,
        event=entry.event,
        from_stage=entry.from_stage,
        to_stage=entry.to_stage,
        role=entry.actor_role,
        organisation=entry.actor_organisation,
        at=entry.at,
        hash=entry.hash,
    )


def _again(told: FeedEvent) -> FeedEvent:
    names = ("audit_id", "plan_id", "application_ref", "seq", "revision", "event", "from_stage", "to_stage")
    more = ("role", "organisation", "at", "hash", "subject", "subject_ref", "fact_key")
    same = {name: getattr(told, name) for name in (*names, *more)}
    return FeedEvent(kind=RETRACTED, retracts=told.sequence, **same)
