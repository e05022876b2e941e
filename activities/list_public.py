"""What the public may see of the lists of a plan: those in force with their words, the others by hash alone.

No application reference, no reason of a correction, nobody's outcome leaves the database here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from activities.list_records import posted_file
from activities.list_take_down import last_public_day
from models.deadlines import DeadlineName
from models.plan import ReviewPlan
from models.result_list import ResultList
from models.tables import CurrentDeadline, ListPosting, PostedEntry, PostedList
from models.wire import end_of, local_day


@dataclass(frozen=True)
class Period:
    """Lines whose period is the same: its first moment, and its last day (None: not computed yet).

    `posted_at` None: the period of these lines has not begun.
    """

    posted_at: datetime | None
    last_day: date | None
    positions: tuple[int, ...]


@dataclass(frozen=True)
class PublicList:
    """A list as the public sees it; `file` is None for one that is not on view (any more)."""

    n: int
    status: str
    sha256: str
    corrects: int | None
    corrected_by: int | None
    postings: tuple[tuple[str, datetime], ...]
    taken_down_on: date | None
    file: ResultList | None
    periods: tuple[Period, ...] = ()


async def public_lists(
    session: AsyncSession, plan: ReviewPlan, at: datetime, *, with_draft: bool = False
) -> list[PublicList]:
    """Every list, in order. One whose time on view is over at `at` shows no names, taken down or not.

    `with_draft`: also the draft, as it is about to be posted.
    """
    rows = (await session.scalars(select(PostedList).filter_by(plan_id=plan.id).order_by(PostedList.n))).all()
    numbers = {row.sha256: row.n for row in rows}
    successors = {row.corrects: row.n for row in rows if row.corrects and row.status != "draft"}
    started = {row.sha256: row.started_at for row in rows}
    found = []
    for row in rows:
        if row.status == "draft" and not with_draft:
            continue
        status, taken_down_on = row.status, local_day(row.taken_down_at) if row.taken_down_at else None
        if status == "published":
            last = await last_public_day(session, plan, row)
            if last is not None and at >= end_of(last):
                status, taken_down_on = "taken_down", local_day(end_of(last))
        on_view = status in ("published", "draft")
        postings = await session.scalars(
            select(ListPosting).filter_by(plan_id=plan.id, n=row.n).order_by(ListPosting.place)
        )
        found.append(
            PublicList(
                n=row.n,
                status=status,
                sha256=row.sha256,
                corrects=numbers.get(row.corrects) if row.corrects else None,
                corrected_by=successors.get(row.sha256),
                postings=tuple((posting.place, posting.posted_at) for posting in postings),
                taken_down_on=taken_down_on,
                file=await posted_file(session, row) if on_view else None,
                periods=await _periods(session, row, started) if status == "published" else (),
            )
        )
    return found


async def _periods(
    session: AsyncSession, row: PostedList, started: Mapping[str, datetime | None]
) -> tuple[Period, ...]:
    lines = await session.execute(
        select(PostedEntry, CurrentDeadline.last_day)
        .outerjoin(
            CurrentDeadline,
            (CurrentDeadline.plan_id == PostedEntry.plan_id)
            & (CurrentDeadline.application_ref == PostedEntry.application_ref)
            & (CurrentDeadline.name == DeadlineName.RESULT_PUBLICITY.value),
        )
        .where(PostedEntry.plan_id == row.plan_id, PostedEntry.n == row.n)
        .order_by(PostedEntry.position)
    )
    groups: dict[tuple[datetime | None, date | None], list[int]] = {}
    for entry, last_day in lines:
        begun = entry.outcome in ("accepted", "linked")
        key = (started.get(entry.period_sha256), last_day) if begun else (None, None)
        groups.setdefault(key, []).append(entry.position)
    return tuple(Period(at, last_day, tuple(lines)) for (at, last_day), lines in groups.items())
