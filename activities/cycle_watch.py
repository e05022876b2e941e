"""What the database says of a cycle, in numbers: counts that the database groups, whatever its size."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.at_risk import may_miss_window
from activities.plans import plan_in_force
from activities.records import Records
from models.cycle_messages import Asked
from models.cycle_state import UndrawnMeeting, Watched
from models.deadlines import DeadlineKind
from models.plan import ReviewPlan
from models.stages import STAGES, Stage
from models.tables import (
    Application,
    Certificate,
    CurrentDeadline,
    Cycle,
    Paper,
    PostedList,
    ReviewMeeting,
    VoteCount,
)
from models.wire import local_day

MOST_UNDRAWN, MOST_DEPARTMENTS = 20, 10


class Watch:
    """Looks at a cycle."""

    def __init__(self, records: Records) -> None:
        self._records = records

    @activity.defn(name="watch_cycle")
    async def watch_cycle(self, asked: Asked) -> Watched:
        """The numbers as of `asked.at`; they are kept in the cycle's row as well."""
        async with self._records.database.reading() as session:
            watched = await self._count(session, asked)
        async with self._records.database.transaction() as session:
            numbers = watched.model_dump(mode="json")
            mine = update(Cycle).where(Cycle.plan_id == asked.plan_id)
            older = or_(Cycle.watched_at.is_(None), Cycle.watched_at <= asked.at)
            await session.execute(mine.where(older).values(numbers=numbers, watched_at=asked.at))
        return watched

    async def _count(self, session: AsyncSession, asked: Asked) -> Watched:
        plan_id, at = asked.plan_id, asked.at
        plan = await plan_in_force(session, plan_id)
        risky = may_miss_window(plan, await self._records.calendar_on(session, at), at)
        undrawn = await _undrawn(session, plan, at)
        return Watched(
            at=at,
            stages=await _pairs(session, _by(Application.stage, plan_id)),
            overdue=await _overdue(session, plan_id, at),
            undrawn=undrawn,
            next_meeting=undrawn[0].meeting_on if undrawn else None,
            drawn_meetings=await _number(
                session, ReviewMeeting.plan_id == plan_id, ReviewMeeting.drawn_on.is_not(None)
            ),
            **await _risk(session, plan_id, risky),
            **await _meetings(session, plan_id),
            **await _papers(session, plan_id),
        )


def _by(column: Any, plan_id: str) -> Any:
    return select(column, func.count()).where(Application.plan_id == plan_id).group_by(column)


async def _pairs(session: AsyncSession, question: Any) -> dict[str, int]:
    return {str(name): int(count) for name, count in await session.execute(question)}


async def _number(session: AsyncSession, *conditions: ColumnElement[bool]) -> int:
    return int(await session.scalar(select(func.count()).where(*conditions)) or 0)


async def _overdue(session: AsyncSession, plan_id: str, at: datetime) -> dict[str, int]:
    """Applications past a DUTY that counts in their present stage, by deadline."""
    duties: dict[str, list[str]] = {}
    for stage, spec in STAGES.items():
        for deadline in spec.deadlines:
            if deadline.kind is DeadlineKind.DUTY:
                duties.setdefault(deadline.name.value, []).append(stage.value)
    counts = [
        and_(CurrentDeadline.name == name, Application.stage.in_(stages)) for name, stages in duties.items()
    ]
    question = (
        select(CurrentDeadline.name, func.count())
        .join(
            Application,
            and_(
                Application.plan_id == CurrentDeadline.plan_id,
                Application.application_ref == CurrentDeadline.application_ref,
            ),
        )
        .where(
            CurrentDeadline.plan_id == plan_id,
            CurrentDeadline.due_at <= at,
            Application.status != "ended",
            or_(*counts),
        )
        .group_by(CurrentDeadline.name)
    )
    return await _pairs(session, question)


async def _risk(session: AsyncSession, plan_id: str, risky: ColumnElement[bool] | None) -> dict[str, Any]:
    if risky is None:
        return {}
    count = func.count()
    mine = _by(Application.department, plan_id).where(risky, Application.status != "ended")
    worst = mine.order_by(count.desc(), Application.department).limit(MOST_DEPARTMENTS)
    return {
        "at_risk": await _number(
            session, Application.plan_id == plan_id, risky, Application.status != "ended"
        ),
        "at_risk_departments": await _pairs(session, worst),
    }


async def _undrawn(session: AsyncSession, plan: ReviewPlan, at: datetime) -> tuple[UndrawnMeeting, ...]:
    lead = timedelta(days=plan.vote.draw_lead_days.value)
    rows = await session.scalars(
        select(ReviewMeeting)
        .where(
            ReviewMeeting.plan_id == plan.id,
            ReviewMeeting.drawn_on.is_(None),
            ReviewMeeting.status == "planned",
            ReviewMeeting.meeting_on >= local_day(at),
        )
        .order_by(ReviewMeeting.meeting_on, ReviewMeeting.meeting_ref)
        .limit(MOST_UNDRAWN)
    )
    return tuple(
        UndrawnMeeting(meeting_ref=m.meeting_ref, meeting_on=m.meeting_on, draw_by=m.meeting_on - lead)
        for m in rows
    )


async def _meetings(session: AsyncSession, plan_id: str) -> dict[str, Any]:
    """The last meeting held, and the oldest whose passed stand on no list yet; who is on hold waits alone.

    A meeting counts as held on the day on which its result was announced (Order 40 Art. 22).
    """
    closed = await session.scalar(
        select(func.max(ReviewMeeting.meeting_on)).where(
            ReviewMeeting.plan_id == plan_id, ReviewMeeting.status == "closed"
        )
    )
    voted = await session.scalar(
        select(func.max(VoteCount.at)).where(VoteCount.plan_id == plan_id, VoteCount.step == "counted")
    )
    last = max((day for day in (closed, local_day(voted) if voted else None) if day), default=None)
    announced = (
        select(func.max(VoteCount.at).label("at"))
        .join(
            Application,
            and_(
                Application.plan_id == VoteCount.plan_id,
                Application.application_ref == VoteCount.application_ref,
            ),
        )
        .where(
            Application.plan_id == plan_id,
            Application.stage == Stage.PASSED.value,
            Application.status != "on_hold",
            VoteCount.step == "counted",
        )
        .group_by(VoteCount.application_ref)
        .subquery()
    )
    oldest = await session.scalar(select(func.min(announced.c.at)))
    unlisted = local_day(oldest) if oldest is not None else None
    return {"last_meeting": last, "unlisted_meeting": unlisted}


async def _papers(session: AsyncSession, plan_id: str) -> dict[str, Any]:
    """Certificates that have no file yet, the day of the last one, and the lists that are public."""
    made = select(Paper.application_ref).where(
        Paper.plan_id == plan_id, Paper.kind == "certificate", Paper.status == "current"
    )
    valid = (Certificate.plan_id == plan_id, Certificate.status == "valid")
    missing = await _number(session, *valid, Certificate.application_ref.not_in(made))
    last = await session.scalar(select(func.max(Certificate.issued_at)).where(*valid))
    lists = await _number(session, PostedList.plan_id == plan_id, PostedList.status == "published")
    return {
        "certificates_missing": missing,
        "last_certificate": local_day(last) if last is not None else None,
        "public_lists": lists,
    }
