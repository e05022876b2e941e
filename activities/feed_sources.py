"""What the feed tells beside the facts of applications: of cycles, meetings and batches.

Each is looked up in the table that its own room writes; nothing is written twice. A row of the feed names the
row that it tells of by `subject`, `subject_ref` and `fact_key`: that pair is told once, whoever numbers it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from models.batch_messages import BatchStatus
from models.feed import BATCH_MADE, FACT, MEETING_STEPS, RETRACTED, Subject
from models.tables import Batch, CycleFact, FeedEvent, MeetingEntry

_OVER = (BatchStatus.DONE.value, BatchStatus.STOPPED.value)
_FROZEN = tuple(status.value for status in BatchStatus if status is not BatchStatus.PREPARING)


TELLINGS = 9
"""How often a fact of a cycle that is set aside and decided again is told; each time takes two lost tasks."""


@dataclass(frozen=True)
class Source:
    """One table. `new`: its rows that have no number yet, in their order; `event`: a row as an event."""

    new: Any
    event: Callable[[Any], FeedEvent]


def _told(subject: Subject, plan_id: Any, ref: Any, key: Any, kind: str = FACT) -> ColumnElement[bool]:
    return exists().where(
        FeedEvent.subject == subject,
        FeedEvent.plan_id == plan_id,
        FeedEvent.subject_ref == ref,
        FeedEvent.fact_key == key,
        FeedEvent.kind == kind,
    )


def _tellings(first: Any) -> list[Any]:
    """The key of each telling, as text or in SQL: the hash, then `hash/2`: each has a row of its own."""
    return [first, *(first + f"/{n}" for n in range(2, TELLINGS + 1))]


def _stands_in_the_feed() -> ColumnElement[bool]:
    """Whether a fact of a cycle is told, and not told to be taken back: one that comes back is told again."""
    back = aliased(FeedEvent)
    return exists().where(
        FeedEvent.subject == "cycle",
        FeedEvent.plan_id == CycleFact.plan_id,
        FeedEvent.subject_ref == CycleFact.plan_id,
        FeedEvent.fact_key.in_(_tellings(CycleFact.hash)),
        FeedEvent.kind == FACT,
        ~exists().where(back.retracts == FeedEvent.sequence, back.kind == RETRACTED),
    )


def _event(subject: Subject, ref: str, key: str, row: Any, **more: Any) -> FeedEvent:
    return FeedEvent(kind=FACT, subject=subject, subject_ref=ref, fact_key=key, plan_id=row.plan_id, **more)


def _of_cycle(row: CycleFact) -> FeedEvent:
    same = {name: getattr(row, name) for name in ("seq", "revision", "event", "at", "hash")}
    stages = {"from_stage": row.from_phase, "to_stage": row.to_phase}
    who = {"role": row.actor_role, "organisation": row.actor_organisation}
    return _event("cycle", row.plan_id, row.hash, row, **same, **stages, **who)


def _of_meeting(row: MeetingEntry) -> FeedEvent:
    who = {"role": row.actor_role, "organisation": row.actor_organisation}
    return _event("meeting", row.meeting_ref, row.command_id, row, event=row.kind, at=row.at, **who)


def _of_batch(row: Batch, key: str, event: str, at: Any) -> FeedEvent:
    who = {"role": row.maker_role, "organisation": row.maker_organisation}
    return _event("batch", row.batch_ref, key, row, event=event, at=at, **who)


def _batch_over(row: Batch) -> FeedEvent:
    return _of_batch(row, f"{row.status}/{row.seq}", f"batch_{row.status}", row.at)


_OVER_KEY = Batch.status + "/" + cast(Batch.seq, String)

SOURCES = (
    Source(
        select(CycleFact)
        .where(
            CycleFact.orphaned_at.is_(None),
            ~_stands_in_the_feed(),
        )
        .order_by(CycleFact.at, CycleFact.plan_id, CycleFact.seq),
        _of_cycle,
    ),
    Source(
        select(MeetingEntry)
        .where(
            or_(
                *(
                    and_(MeetingEntry.kind == kind, MeetingEntry.step == step)
                    for kind, step in MEETING_STEPS.items()
                )
            ),
            ~_told("meeting", MeetingEntry.plan_id, MeetingEntry.meeting_ref, MeetingEntry.command_id),
        )
        .order_by(MeetingEntry.at, MeetingEntry.meeting_ref, MeetingEntry.command_id),
        _of_meeting,
    ),
    Source(
        select(Batch)
        .where(Batch.status.in_(_FROZEN), ~_told("batch", Batch.plan_id, Batch.batch_ref, BATCH_MADE))
        .order_by(Batch.made_at, Batch.batch_ref),
        lambda row: _of_batch(row, BATCH_MADE, BATCH_MADE, row.made_at),
    ),
    Source(
        select(Batch)
        .where(Batch.status.in_(_OVER), ~_told("batch", Batch.plan_id, Batch.batch_ref, _OVER_KEY))
        .order_by(Batch.at, Batch.batch_ref),
        _batch_over,
    ),
)
"""Everything that is told; what happened to a batch comes after that it was made."""


def taken_back() -> Any:
    """Numbered facts of cycles that were never acknowledged, and are not told to be taken back yet."""
    other = aliased(FeedEvent)
    told = exists().where(other.retracts == FeedEvent.sequence, other.kind == RETRACTED)
    return (
        select(FeedEvent)
        .join(CycleFact, and_(CycleFact.plan_id == FeedEvent.plan_id, CycleFact.hash == FeedEvent.hash))
        .where(FeedEvent.subject == "cycle", FeedEvent.kind == FACT, CycleFact.orphaned_at.is_not(None))
        .where(~told)
    )


async def anything_new(session: AsyncSession) -> bool:
    """Whether any of them has something without a number."""
    for question in (taken_back(), *(source.new for source in SOURCES)):
        if await session.scalar(select(question.order_by(None).exists())):
            return True
    return False


async def new_events(session: AsyncSession, at_most: int) -> list[FeedEvent]:
    """Events without a number, at most so many of each kind."""
    found: list[FeedEvent] = []
    for source in SOURCES:
        found += [source.event(row) for row in await session.scalars(source.new.limit(at_most))]
    return [event for event in found if event.subject != "cycle" or await _may_be_told(session, event)]


async def _may_be_told(session: AsyncSession, event: FeedEvent) -> bool:
    """Gives the event the key of its telling; False once all are used up: the feed goes on without it."""
    keys = _tellings(event.fact_key)
    told = await session.scalars(
        select(FeedEvent.fact_key).where(
            FeedEvent.subject == event.subject,
            FeedEvent.plan_id == event.plan_id,
            FeedEvent.subject_ref == event.subject_ref,
            FeedEvent.fact_key.in_(keys),
            FeedEvent.kind == FACT,
        )
    )
    before = len(told.all())
    event.fact_key = keys[before] if before < TELLINGS else None
    return event.fact_key is not None
