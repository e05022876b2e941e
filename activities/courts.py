"""In whose court the applications are: how many by role and stage, and how many of them are near or late."""

from __future__ import annotations

from datetime import date

from sqlalchemy import and_, case, func, select

from activities.finding import View
from activities.selecting import conditions
from models.selection import read_search
from models.tables import Application
from models.wire import Wire, last_day_before

NEAR = 2
"""Working days left from which on a deadline is near: the second reminder has gone out."""


class CourtRow(Wire):
    """The applications of one stage that one role is to act on; `action_by` None: nobody.

    `near` of them end within two working days, `late` have passed their last day; `soonest` is the first last
    day to come or gone.
    """

    action_by: str | None
    stage: str
    applications: int
    near: int
    late: int
    soonest: date | None


async def courts(view: View) -> list[CourtRow]:
    """Counts the open applications of the view. Raises `Refused` where working days cannot be counted."""
    late = and_(*conditions(read_search("slack<0"), view.today))
    near = and_(*conditions(read_search(f"slack>=0 slack<={NEAR}"), view.today))
    soonest = func.min(Application.due_at)
    found = await view.session.execute(
        select(
            Application.action_by,
            Application.stage,
            func.count(),
            func.sum(case((near, 1), else_=0)),
            func.sum(case((late, 1), else_=0)),
            soonest,
        )
        .where(view.seen, Application.status != "ended", *conditions(view.selection, view.today))
        .group_by(Application.action_by, Application.stage)
        .order_by(Application.action_by, func.count().desc(), Application.stage)
    )
    return [
        CourtRow(
            action_by=role,
            stage=stage,
            applications=n,
            near=near_ones,
            late=late_ones,
            soonest=last_day_before(due) if due is not None else None,
        )
        for role, stage, n, near_ones, late_ones, due in found
    ]
