"""How the service stands, in numbers that an operator watches: what waits, what is late, what is stuck.

A few grouped counts over indexed tables, of open things only: the cost follows the work that is open, not
the history. No application, no person, no organisation: plans, stages and roles.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from activities.database import Database
from activities.letters import Letters
from activities.webhooks import Webhooks
from models.tables import Application, CurrentDeadline, InboxItem, Notice

SOON = timedelta(days=3)
"""What ends within that time, and is still undecided, is counted as due soon."""


@dataclass(frozen=True)
class Waiting:
    """Applications of a plan in one stage: how many, and for how many seconds the first has been there."""

    plan_id: str
    stage: str
    count: int
    longest: float


@dataclass(frozen=True)
class Due:
    """Open work of one role in a plan: how much is over its date, and how much will be `SOON`."""

    plan_id: str
    role: str
    overdue: int
    soon: int


@dataclass(frozen=True)
class Figures:
    """Taken at `at`. `notices` and `webhooks`: count by name, as the courier tells them.

    `longest_pending`: seconds that the first unsent notice has been waiting. `missing_years`: deadlines of
    living applications that wait for the notice of a calendar year, by year.
    """

    at: datetime
    waiting: tuple[Waiting, ...]
    due: tuple[Due, ...]
    missing_years: dict[int, int]
    notices: dict[str, int]
    webhooks: dict[str, int]
    longest_pending: float


async def take_figures(database: Database, at: datetime) -> Figures:
    """The figures at the instant `at`; ages are those of the business clock, which is the real one."""
    async with database.reading() as session:
        waiting = await _waiting(session, at)
        due = await _due(session, at)
        missing = await _missing_years(session)
        first = await session.scalar(select(func.min(Notice.at)).where(Notice.status == "pending"))
    return Figures(
        at=at,
        waiting=waiting,
        due=due,
        missing_years=missing,
        notices=await Letters(database).figures(),
        webhooks=await Webhooks(database).figures(),
        longest_pending=_seconds(first, at),
    )


async def _waiting(session: AsyncSession, at: datetime) -> tuple[Waiting, ...]:
    rows = await session.execute(
        select(Application.plan_id, Application.stage, func.count(), func.min(Application.entered_at))
        .where(Application.status != "ended")
        .group_by(Application.plan_id, Application.stage)
        .order_by(Application.plan_id, Application.stage)
    )
    return tuple(Waiting(plan, stage, count, _seconds(first, at)) for plan, stage, count, first in rows)


async def _due(session: AsyncSession, at: datetime) -> tuple[Due, ...]:
    late = InboxItem.due_at <= at
    soon = (InboxItem.due_at > at) & (InboxItem.due_at <= at + SOON)
    rows = await session.execute(
        select(InboxItem.plan_id, InboxItem.role, func.count().filter(late), func.count().filter(soon))
        .where(InboxItem.closed_at.is_(None))
        .group_by(InboxItem.plan_id, InboxItem.role)
        .order_by(InboxItem.plan_id, InboxItem.role)
    )
    return tuple(Due(*row) for row in rows)


async def _missing_years(session: AsyncSession) -> dict[int, int]:
    rows = await session.execute(
        select(CurrentDeadline.missing_year, func.count())
        .join(
            Application,
            (Application.plan_id == CurrentDeadline.plan_id)
            & (Application.application_ref == CurrentDeadline.application_ref),
        )
        .where(CurrentDeadline.missing_year.is_not(None), Application.status != "ended")
        .group_by(CurrentDeadline.missing_year)
    )
    return {year: count for year, count in rows if year is not None}


def _seconds(since: datetime | None, at: datetime) -> float:
    return max(0.0, (at - since).total_seconds()) if since is not None else 0.0
