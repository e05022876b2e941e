"""Takes a list out of public view when its purpose is reached: the names go, the hash stays.

The plan says how many days after the results were published (PIPL Art. 19, 47; regulations Part 7). An open
objection of one person does not keep the others' names on view.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.plan import ReviewPlan
from models.stages import Stage
from models.tables import Application, Confirmation, PostedEntry, PostedList
from models.wire import end_of, local_day

WAITING = (Stage.PASSED, Stage.RESULT_PUBLICITY, Stage.CONFIRM_PENDING)
"""A line in one of these stages has no result yet: the list stays."""

IN_DISPUTE = (Stage.RESULT_OBJECTION, Stage.REVIEW_READY, Stage.EXPERT_REVIEW, Stage.VOTING, Stage.RECHECK)
"""A line that is looked into, or voted on anew: it does not keep the others on view."""


async def last_public_day(session: AsyncSession, plan: ReviewPlan, posted: PostedList) -> date | None:
    """The last day on which the list is on view; None while results are outstanding."""
    rows = await session.execute(
        select(Application.application_ref, Application.stage, Application.entered_at)
        .join(
            PostedEntry,
            (PostedEntry.plan_id == Application.plan_id)
            & (PostedEntry.application_ref == Application.application_ref),
        )
        .where(PostedEntry.plan_id == posted.plan_id, PostedEntry.n == posted.n)
    )
    confirmed = await session.execute(
        select(Confirmation.application_ref, func.max(Confirmation.at).label("at"))
        .where(Confirmation.plan_id == posted.plan_id, Confirmation.outcome == "confirm")
        .group_by(Confirmation.application_ref)
    )
    published = {row.application_ref: row.at for row in confirmed}
    settled: list[datetime] = []
    for ref, stage, entered_at in rows:
        if stage in WAITING:
            return None
        if stage not in IN_DISPUTE:
            settled.append(published.get(ref, entered_at))
    if not settled:
        return None
    return local_day(max(settled)) + timedelta(days=plan.publicity.taken_down_after_days.value)


async def take_down(session: AsyncSession, plan: ReviewPlan, at: datetime) -> list[int]:
    """Takes down every list in force whose last day is over at business time `at`; gives their numbers.

    The lists that it had replaced lose their names with it. Doing it again changes nothing.
    """
    lists = (
        await session.scalars(select(PostedList).filter_by(plan_id=plan.id).order_by(PostedList.n))
    ).all()
    by_hash = {row.sha256: row for row in lists}
    done = []
    for row in lists:
        if row.status != "published":
            continue
        last_day = await last_public_day(session, plan, row)
        if last_day is None or at < end_of(last_day):
            continue
        row.status = "taken_down"
        older: PostedList | None = row
        while older is not None:
            await _blank(session, older, at)
            done.append(older.n)
            older = by_hash.get(older.corrects) if older.corrects else None
    return sorted(done)


async def _blank(session: AsyncSession, row: PostedList, at: datetime) -> None:
    row.nonce, row.taken_down_at = None, at
    await session.execute(
        update(PostedEntry)
        .filter_by(plan_id=row.plan_id, n=row.n)
        .values(shown_name=None, shown_unit=None, shown_specialty=None, shown_level=None)
    )
