"""Who will miss a deadline: by the working days that are left, and by what must still happen before it.

Of the departments' window the law says what must still happen: an employer's publicity that ends before it
closes (process (e)). So an application may be late for it while days are left.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from activities.finding import View
from activities.selecting import conditions
from models.calendar import CalendarYearMissing, WorkCalendar
from models.plan import ReviewPlan
from models.plan_periods import last_useful_publicity_start
from models.selection import read_search
from models.stage_groups import FIRST_LEG
from models.stages import Stage
from models.tables import Application, CurrentDeadline
from models.wire import Wire, last_day_before, local_day, start_of

WARN_BEFORE = timedelta(days=7)
"""How long before the last useful day to post the departments are told who is not posted (process (e))."""

LAST_DAYS = timedelta(days=4)
"""So close to the end of the window everything that the department has not submitted is at risk."""

_UNPOSTED = (
    Stage.EMPLOYER_REVIEW,
    Stage.EMPLOYER_RETURNED,
    Stage.QUOTA_CHECK,
    Stage.QUOTA_BLOCKED,
    Stage.RECOMMENDED,
)
_BEGUN = tuple(stage for stage in FIRST_LEG if stage is not Stage.DRAFT)

By = Literal["department", "employer"]


class RiskRow(Wire):
    """One application at risk. `slack`: working days left until the end of `last_day`, negative once passed.

    `may_miss`: what must still happen before the departments' window closes may no longer fit (process (e)).
    """

    application_ref: str
    stage: str
    status: str
    action_by: str | None
    employer: str
    department: str
    deadline: str | None
    last_day: date
    slack: int | None
    may_miss: bool


class UnitRisk(Wire):
    """How many are at risk at one unit, and the fewest working days that one of them has left."""

    unit: str
    applications: int
    least_slack: int | None


class AtRisk(Wire):
    """The applications with at most `within` working days left on the day `on`, the most urgent first.

    `units` counts all of them; `rows` shows the first ones, `more` says that there are others.
    """

    on: date
    within: int
    total: int
    units: tuple[UnitRisk, ...]
    rows: tuple[RiskRow, ...]
    more: bool


def may_miss_window(plan: ReviewPlan, calendar: WorkCalendar, at: datetime) -> ColumnElement[bool] | None:
    """Which applications may miss the departments' window (process (e)); None when it is not near."""
    gate = plan.dates.department.instant
    if at >= gate:
        return None
    try:
        last = last_useful_publicity_start(plan, calendar)
    except CalendarYearMissing:
        last = None
    risky = [and_(Application.stage == Stage.EMPLOYER_PUBLICITY.value, Application.due_at >= gate)]
    if last is not None and local_day(at) >= last - WARN_BEFORE:
        risky.append(Application.stage.in_(_values(_UNPOSTED)))
    if at >= gate - LAST_DAYS:
        risky.append(Application.stage.in_(_values(_BEGUN)))
    return or_(*risky)


async def at_risk(
    view: View, plan: ReviewPlan, *, within: int = 5, by: By = "department", limit: int = 200
) -> AtRisk:
    """Who of the view will miss a deadline. Raises `Refused` where working days cannot be counted."""
    risky = may_miss_window(plan, view.today.calendar, start_of(view.today.day))
    late = false() if risky is None else risky
    near = and_(*conditions(read_search(f"slack<={within}"), view.today))
    where = (
        view.seen,
        *conditions(view.selection, view.today),
        Application.status != "ended",
        Application.due_at.is_not(None),  # one that waits for a calendar year is late for nothing yet
        or_(near, late),
    )
    unit = getattr(Application, by)
    counted = await view.session.execute(
        select(unit, func.count(), func.min(Application.due_at))
        .where(*where)
        .group_by(unit)
        .order_by(func.min(Application.due_at), func.count().desc(), unit)
    )
    units = tuple(
        UnitRisk(unit=name, applications=n, least_slack=_slack(view, due)) for name, n, due in counted
    )
    found = await view.session.execute(
        select(Application, late)
        .where(*where)
        .order_by(Application.due_at, Application.application_ref)
        .limit(limit + 1)
    )
    pairs = [(row, bool(misses)) for row, misses in found]
    names = await _next_deadlines(view.session, [row for row, _ in pairs[:limit]])
    return AtRisk(
        on=view.today.day,
        within=within,
        total=sum(one.applications for one in units),
        units=units,
        rows=tuple(_row(view, row, misses, names) for row, misses in pairs[:limit]),
        more=len(pairs) > limit,
    )


def _row(view: View, row: Application, misses: bool, names: dict[tuple[str, str], str]) -> RiskRow:
    due_at = row.due_at
    assert due_at is not None
    return RiskRow(
        application_ref=row.application_ref,
        stage=row.stage,
        status=row.status,
        action_by=row.action_by,
        employer=row.employer,
        department=row.department,
        deadline=names.get((row.plan_id, row.application_ref)),
        last_day=last_day_before(due_at),
        slack=_slack(view, due_at),
        may_miss=misses,
    )


def _slack(view: View, due_at: datetime) -> int | None:
    return view.today.slack(last_day_before(due_at))


async def _next_deadlines(session: AsyncSession, rows: list[Application]) -> dict[tuple[str, str], str]:
    """The name of the deadline that ends next, by plan and reference."""
    due = {(row.plan_id, row.application_ref): row.due_at for row in rows}
    one = CurrentDeadline
    found = await session.execute(
        select(one.plan_id, one.application_ref, one.due_at, one.name)
        .where(one.plan_id.in_({plan for plan, _ in due}), one.application_ref.in_([ref for _, ref in due]))
        .order_by(one.name)
    )
    return {(plan, ref): name for plan, ref, ends, name in found if due.get((plan, ref)) == ends}


def _values(stages: Iterable[Stage]) -> list[str]:
    return [stage.value for stage in stages]
