"""What is due to be removed on a day, and what stands against it. Reads; changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from activities.list_take_down import last_public_day
from activities.plans import plan_in_force, plans_in_force
from activities.retention.holds import held_because
from models.plan import ReviewPlan, UnknownPlanError
from models.retention import RULES, Kept, due_on, kept_as, latest_start, period_of
from models.stages import Stage
from models.tables import (
    AccessEntry,
    Application,
    Certificate,
    Contact,
    CreditRecord,
    Cycle,
    CycleNotice,
    Expert,
    Export,
    LegalHold,
    MeetingNotice,
    Minutes,
    OperatorNotice,
    Person,
    PersonIdentity,
    PostedList,
    Removal,
    ReviewMeeting,
)
from models.wire import end_of, last_day_before, local_day

LOGS: Mapping[str, Any] = {"access_log": AccessEntry, "exports": Export}
MESSAGES: Mapping[str, Any] = {
    "cycle_notices": CycleNotice,
    "meeting_notices": MeetingNotice,
    "operator_notices": OperatorNotice,
}


@dataclass(frozen=True)
class Due:
    """One thing whose time is over on the day asked for. `held`: why it stays all the same."""

    kept: Kept
    subject: str
    due_on: date
    counted_from: date | None = None
    plan_id: str | None = None
    application_ref: str | None = None
    rows: int = 1
    held: str | None = None


async def due(
    session: AsyncSession,
    today: date,
    only: Iterable[Kept] | None = None,
    *,
    plan_id: str | None = None,
    ref: str | None = None,
) -> list[Due]:
    """Everything that is due on `today` (Asia/Shanghai), in the order in which it is to be removed.

    `plan_id` and `ref`: of the applications only this one.
    """
    wanted = set(only) if only is not None else set(Kept)
    found: list[Due] = []
    if Kept.PUBLIC_LIST in wanted:
        found += await _lists(session, today)
    if Kept.CREDIT in wanted:
        found += await _credit(session, today)
    if wanted & {Kept.NOT_PURSUED, Kept.NOT_PASSED, Kept.PASSED}:
        found += [one for one in await _applications(session, today, plan_id, ref) if one.kept in wanted]
    if Kept.MEETING in wanted:
        found += await _meetings(session, today)
    if Kept.PERSON in wanted:
        found += await _persons(session, today)
    for kept, tables in ((Kept.ACCESS_LOG, LOGS), (Kept.MESSAGES, MESSAGES)):
        if kept in wanted:
            found += await _logs(session, today, kept, tables)
    return found


# --- applications --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Start:
    """From which day the time of a plan's applications counts; None: its cycle is not closed yet."""

    plan: ReviewPlan | None
    day: date | None


async def start_of_plan(session: AsyncSession, plan_id: str) -> Start:
    """The closing of the cycle; without a cycle on file the last day of the plan's review."""
    try:
        plan: ReviewPlan | None = await plan_in_force(session, plan_id)
    except UnknownPlanError:
        plan = None
    cycle = await session.get(Cycle, plan_id)
    if cycle is not None:
        return Start(plan, local_day(cycle.closed_at) if cycle.closed_at is not None else None)
    return Start(plan, last_day_before(plan.dates.review.instant) if plan is not None else date.min)


def not_removed() -> ColumnElement[bool]:
    """True for rows of `applications` whose words are still there."""
    return ~exists().where(
        Removal.plan_id == Application.plan_id,
        Removal.application_ref == Application.application_ref,
        Removal.chain.is_not(None),
    )


def due_of(row: Application, start: Start) -> Due | None:
    """When an application that has ended is due; None: not known yet."""
    if start.day is None or row.status != "ended":
        return None
    kept = kept_as(Stage(row.stage))
    counted = max(start.day, local_day(row.entered_at))
    day = due_on(counted, period_of(kept, start.plan))
    if day is None:
        return None
    subject = f"application/{row.plan_id}/{row.application_ref}"
    return Due(kept, subject, day, counted, row.plan_id, row.application_ref)


async def _applications(
    session: AsyncSession, today: date, only_plan: str | None, only_ref: str | None
) -> list[Due]:
    found: list[Due] = []
    every = select(Application.plan_id).distinct().order_by(Application.plan_id)
    plans = [only_plan] if only_plan is not None else (await session.scalars(every)).all()
    mine_only = [Application.application_ref == only_ref] if only_ref is not None else []
    for plan_id in plans:
        start = await start_of_plan(session, plan_id)
        stages = [stage for stage in Stage if _may_be_due(start, stage, today)]
        if not stages:
            continue
        rows = await session.scalars(
            select(Application)
            .where(
                Application.plan_id == plan_id,
                Application.status == "ended",
                Application.stage.in_([stage.value for stage in stages]),
                not_removed(),
                *mine_only,
            )
            .order_by(Application.application_ref)
        )
        mine = [one for row in rows if (one := due_of(row, start)) is not None and one.due_on <= today]
        why = await held_because(session, plan_id, [one.application_ref or "" for one in mine], today)
        found += [replace(one, held=why.get(one.application_ref or "")) for one in mine]
    return found


def _may_be_due(start: Start, stage: Stage, today: date) -> bool:
    """Whether one that ended in this stage could be due at all: no later end makes it due earlier."""
    if start.day is None or start.day == date.min:
        return start.day is not None
    day = due_on(start.day, period_of(kept_as(stage), start.plan))
    return day is not None and day <= today


# --- meetings, credit register, lists --------------------------------------------------------------


async def _meetings(session: AsyncSession, today: date) -> list[Due]:
    rows = await session.execute(
        select(ReviewMeeting.plan_id, ReviewMeeting.meeting_ref, ReviewMeeting.closed_at)
        .where(
            ReviewMeeting.closed_at.is_not(None),
            exists().where(
                Minutes.plan_id == ReviewMeeting.plan_id,
                Minutes.meeting_ref == ReviewMeeting.meeting_ref,
                Minutes.content != "",
            ),
        )
        .order_by(ReviewMeeting.plan_id, ReviewMeeting.meeting_ref)
    )
    found = []
    for plan_id, ref, closed_at in rows.all():
        assert closed_at is not None
        counted = local_day(closed_at)
        day = due_on(counted, period_of(Kept.MEETING, (await start_of_plan(session, plan_id)).plan))
        if day is not None and day <= today:
            kept = await session.scalar(
                select(func.count())
                .select_from(LegalHold)
                .where(LegalHold.plan_id == plan_id, LegalHold.lifted_at.is_(None))
            )
            held = "legal_hold" if kept else None
            found.append(Due(Kept.MEETING, f"meeting/{plan_id}/{ref}", day, counted, plan_id, held=held))
    return found


async def _credit(session: AsyncSession, today: date) -> list[Due]:
    over = and_(
        CreditRecord.until < today,
        or_(CreditRecord.banned_until.is_(None), CreditRecord.banned_until < today),
    )
    rows = (await session.scalars(select(CreditRecord).where(over).order_by(CreditRecord.at))).all()
    found = []
    for row in rows:
        end = max(row.until, row.banned_until or row.until)
        why = await held_because(session, row.plan_id, [row.application_ref], today, credit=False)
        found.append(
            Due(
                Kept.CREDIT,
                f"credit/{row.plan_id}/{row.application_ref}/{row.seq}",
                end + date.resolution,
                end,
                row.plan_id,
                row.application_ref,
                held=why.get(row.application_ref),
            )
        )
    return found


async def _lists(session: AsyncSession, today: date) -> list[Due]:
    found = []
    plans = {plan.id: plan for plan in await plans_in_force(session)}
    rows = await session.scalars(
        select(PostedList).where(PostedList.status == "published").order_by(PostedList.plan_id, PostedList.n)
    )
    for row in rows.all():
        plan = plans.get(row.plan_id)
        last = await last_public_day(session, plan, row) if plan is not None else None
        if last is not None and end_of(last) <= end_of(today - date.resolution):
            subject = f"list/{row.plan_id}/{row.n}"
            found.append(Due(Kept.PUBLIC_LIST, subject, last + date.resolution, None, row.plan_id))
    return found


# --- people ------------------------------------------------------------------------------------------


async def _persons(session: AsyncSession, today: date) -> list[Due]:
    """People of the register whose last application is removed, or who never began one."""
    known = {
        *await session.scalars(select(Person.ref)),
        *await session.scalars(select(PersonIdentity.person)),
    }
    ours = select(Application.applicant).where(Application.applicant == Contact.recipient).exists()
    known |= set(await session.scalars(select(Contact.recipient).where(ours)))
    found = []
    for ref in sorted(known):
        one = await due_of_person(session, ref)
        if one is not None and one.due_on <= today:
            found.append(one)
    return found


async def due_of_person(session: AsyncSession, ref: str) -> Due | None:
    """When a person's entry is due; None: not yet, or there is nothing to remove."""
    if await session.get(Expert, ref) is not None or not await _has_what_goes(session, ref):
        return None
    rows = (await session.scalars(select(Application).where(Application.applicant == ref))).all()
    if not rows:
        named = await session.scalar(select(func.max(Person.recorded_at)).filter_by(ref=ref))
        told = await session.scalar(select(func.max(PersonIdentity.recorded_at)).filter_by(person=ref))
        counted = local_day(max(at for at in (named, told) if at is not None))
        day = due_on(counted, period_of(Kept.PERSON))
        return Due(Kept.PERSON, f"person/{ref}", day, counted) if day is not None else None
    days: list[date] = []
    for row in rows:
        one = due_of(row, await start_of_plan(session, row.plan_id))
        if one is None:
            return None
        days.append(one.due_on)
    held = None
    still = await session.scalar(
        select(func.count()).select_from(Application).where(Application.applicant == ref, not_removed())
    )
    if still:
        held = "application_kept"
    elif await session.scalar(select(func.count()).select_from(CreditRecord).filter_by(applicant=ref)):
        held = "credit_record"
    return Due(Kept.PERSON, f"person/{ref}", max(days), None, held=held)


async def has_certificate(session: AsyncSession, ref: str) -> bool:
    """Whether this person holds or held a certificate: its name is kept for ever."""
    found = await session.scalar(
        select(func.count())
        .select_from(Certificate)
        .join(
            Application,
            (Application.plan_id == Certificate.plan_id)
            & (Application.application_ref == Certificate.application_ref),
        )
        .where(Application.applicant == ref)
    )
    return bool(found)


async def _has_what_goes(session: AsyncSession, ref: str) -> bool:
    if await session.scalar(select(func.count()).select_from(PersonIdentity).filter_by(person=ref)):
        return True
    if await session.get(Contact, ref) is not None:
        return True
    named = await session.scalar(select(func.count()).select_from(Person).filter_by(ref=ref))
    return bool(named) and not await has_certificate(session, ref)


# --- logs --------------------------------------------------------------------------------------------


async def _logs(session: AsyncSession, today: date, kept: Kept, tables: Mapping[str, Any]) -> list[Due]:
    period = RULES[kept].period
    assert period is not None
    newest = latest_start(today, period)
    found = []
    for name, table in tables.items():
        when = table.at
        counting = select(func.count(), func.min(when)).where(when < end_of(newest))
        number, oldest = (await session.execute(counting)).one()
        if number:
            counted = local_day(oldest)
            day = due_on(counted, period)
            assert day is not None
            found.append(Due(kept, name, day, counted, rows=number))
    return found
