"""Finds applications by a search: what a person may see, page by page, counted from a business day.

The one way that lists are read: command line, HTTP, board. Batches freeze with the same conditions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import ColumnElement, Select, and_, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from activities.calendar import Calendars
from activities.plans import plan_in_force
from activities.selecting import conditions
from activities.visibility import visible_to
from models.selection import Selection
from models.slack import Today
from models.tables import Application
from models.visibility import Grant
from models.wire import local_day

Order = Literal["ref", "due"]
"""By reference, or the soonest deadline first."""


@dataclass(frozen=True)
class Seer:
    """Who looks: a subject with the roles that it holds."""

    subject: str
    grants: tuple[Grant, ...]


@dataclass(frozen=True)
class Place:
    """Where a page ended: the last row's deadline (in the order `due`) and its reference."""

    ref: str
    due_at: datetime | None = None


@dataclass(frozen=True)
class View:
    """One look: the search written out, the day it counts from, and what may be seen of which plan."""

    session: AsyncSession
    selection: Selection
    today: Today
    seen: ColumnElement[bool]


async def today_of(
    session: AsyncSession,
    calendars: Calendars,
    plan_id: str | None,
    *,
    rehearsal: bool,
    at: datetime | None = None,
) -> Today:
    """The business day, with the calendar of that day.

    `at` if it is given. Else now; in a rehearsal, whose clock is its own, the latest moment that an
    application of the plan has reached.
    """
    moment = at
    if moment is None and rehearsal:
        latest = select(func.max(Application.at))
        moment = await session.scalar(latest.filter_by(plan_id=plan_id) if plan_id else latest)
    moment = moment or datetime.now(UTC)
    return Today(day=local_day(moment), calendar=await calendars.within(session, moment))


async def seen_by(session: AsyncSession, plan_id: str, seer: Seer) -> ColumnElement[bool]:
    """The rows of a plan that somebody may see. Raises `models.plan.UnknownPlanError`."""
    plan = await plan_in_force(session, plan_id)
    offices = {role.value: organisation for role, organisation in plan.organisations.items()}
    return and_(Application.plan_id == plan_id, visible_to(seer.subject, seer.grants, offices))


async def find(
    session: AsyncSession,
    selection: Selection,
    today: Today,
    *where: ColumnElement[bool],
    order: Order = "ref",
    after: Place | None = None,
    limit: int = 100,
) -> tuple[Sequence[Application], Place | None]:
    """At most `limit` rows that fit, and the place to go on from (None: that was all).

    `where` narrows further: pass `seen_by(...)` for everybody but the operator at the command line. A page
    follows `after` even if rows came or went since. Raises `Refused` where working days cannot be counted.
    """
    question = select(Application).where(*where, *conditions(selection, today))
    rows: list[Application] = []
    for part in _ordered(question, order, after):
        rows += await session.scalars(part.limit(limit + 1 - len(rows)))
        if len(rows) > limit:
            break
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1]
    return rows[:limit], Place(ref=last.application_ref, due_at=last.due_at if order == "due" else None)


def _ordered(question: Select[Application], order: Order, after: Place | None) -> list[Select[Application]]:
    """The questions to ask one after the other. What has no deadline comes last: an index gives each part."""
    ref, due = Application.application_ref, Application.due_at
    if order == "ref":
        return [(question.where(ref > after.ref) if after else question).order_by(ref)]
    without = question.where(due.is_(None)).order_by(ref)
    if after is not None and after.due_at is None:
        return [without.where(ref > after.ref)]
    dated = question.where(due.is_not(None)).order_by(due, ref)
    if after is not None:
        dated = dated.where(tuple_(due, ref) > tuple_(after.due_at, after.ref))
    return [dated, without]


async def count_by(
    session: AsyncSession,
    selection: Selection,
    today: Today,
    columns: Iterable[str],
    *where: ColumnElement[bool],
) -> dict[tuple[str | None, ...], int]:
    """How many fit, by the values of these columns of the read model (`stage`, `action_by`, ...)."""
    by = [getattr(Application, name) for name in columns]
    rows = await session.execute(
        select(*by, func.count()).where(*where, *conditions(selection, today)).group_by(*by)
    )
    return {tuple(row[:-1]): row[-1] for row in rows}
