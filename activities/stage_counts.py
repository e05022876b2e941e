"""How many applications are where: by specialty, level and stage, and when the next ones fall due."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import and_, case, func, select

from activities.courts import NEAR
from activities.finding import View
from activities.selecting import conditions
from models.selection import read_search
from models.tables import Application
from models.wire import Wire, last_day_before, start_of


class StageCount(Wire):
    """The applications of one specialty and level in one stage; `near`, `late`: as in `activities.courts`."""

    specialty: str
    level: str
    stage: str
    applications: int
    near: int
    late: int


class DueCount(Wire):
    """The open applications of one stage whose next deadline ends with this day."""

    last_day: date
    stage: str
    applications: int


async def stage_counts(view: View) -> list[StageCount]:
    """Every application of the view, ended ones too. Raises `Refused` where days cannot be counted."""
    is_open = Application.status != "ended"
    late = and_(is_open, *conditions(read_search("slack<0"), view.today))
    near = and_(is_open, *conditions(read_search(f"slack>=0 slack<={NEAR}"), view.today))
    one = Application
    found = await view.session.execute(
        select(
            one.specialty,
            one.level,
            one.stage,
            func.count(),
            func.sum(case((near, 1), else_=0)),
            func.sum(case((late, 1), else_=0)),
        )
        .where(view.seen, *conditions(view.selection, view.today))
        .group_by(one.specialty, one.level, one.stage)
        .order_by(one.specialty, one.level, one.stage)
    )
    names = ("specialty", "level", "stage", "applications", "near", "late")
    return [StageCount.model_validate(dict(zip(names, row, strict=True))) for row in found]


async def due_until(view: View, last: date) -> list[DueCount]:
    """What ends from today to `last` (both included), day by day."""
    found = await view.session.execute(
        select(Application.due_at, Application.stage, func.count())
        .where(
            view.seen,
            *conditions(view.selection, view.today),
            Application.status != "ended",
            Application.due_at > start_of(view.today.day),
            Application.due_at <= start_of(last + timedelta(days=1)),
        )
        .group_by(Application.due_at, Application.stage)
        .order_by(Application.due_at, Application.stage)
    )
    return [
        DueCount(last_day=last_day_before(due), stage=stage, applications=n)
        for due, stage, n in found
        if due is not None
    ]
