"""The publicity periods that run or wait for their proof, each with what is wrong with it."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import aliased

from activities.finding import View
from activities.selecting import conditions
from models.deadlines import DeadlineName
from models.plan import ReviewPlan
from models.publicity_faults import PeriodFacts, PublicityFault, faults_of
from models.stages import Stage
from models.tables import Application, CurrentDeadline, PublicityPosted
from models.wire import Wire, local_day

_OF = {
    Stage.EMPLOYER_PUBLICITY.value: ("employer", DeadlineName.EMPLOYER_PUBLICITY.value),
    Stage.PUBLICITY_ENDED.value: ("employer", DeadlineName.EMPLOYER_PUBLICITY.value),
    Stage.RESULT_PUBLICITY.value: ("result", DeadlineName.RESULT_PUBLICITY.value),
}
"""Stage -> whose publicity, and the deadline that ends it."""

_AT_ONCE = 200
"""Rows that are fetched together: whoever shows a hundred needs no more than the first of them."""


class PublicityRow(Wire):
    """One period. `days_left`: working days until the end of `last_day`; `over`: its proof is awaited."""

    application_ref: str
    employer: str
    of: str
    started_on: date
    last_day: date | None
    days_left: int | None
    over: bool
    places: tuple[str, ...]
    faults: tuple[PublicityFault, ...]


async def publicities(
    view: View, plan: ReviewPlan, *, faulty_only: bool = False, limit: int = 500
) -> list[PublicityRow]:
    """The open periods of the view, the soonest end first."""
    later = aliased(PublicityPosted)
    latest = (
        select(func.max(later.seq))
        .where(
            later.plan_id == PublicityPosted.plan_id,
            later.application_ref == PublicityPosted.application_ref,
            later.of == PublicityPosted.of,
        )
        .scalar_subquery()
    )
    mine = (
        PublicityPosted.plan_id == Application.plan_id,
        PublicityPosted.application_ref == Application.application_ref,
    )
    ends = (
        CurrentDeadline.plan_id == Application.plan_id,
        CurrentDeadline.application_ref == Application.application_ref,
        CurrentDeadline.name == PublicityPosted.of + "_publicity",
    )
    question = (
        select(
            Application.application_ref,
            Application.employer,
            Application.stage,
            PublicityPosted.of,
            PublicityPosted.started_at,
            PublicityPosted.places,
            PublicityPosted.notice_sha256,
            CurrentDeadline.last_day,
        )
        .join(PublicityPosted, and_(*mine))
        .outerjoin(CurrentDeadline, and_(*ends))
        .where(
            view.seen,
            *conditions(view.selection, view.today),
            Application.status != "ended",
            Application.stage.in_(_OF),
            PublicityPosted.seq == latest,
        )
        .order_by(CurrentDeadline.last_day, Application.application_ref)
    )
    found: list[PublicityRow] = []
    streamed = await view.session.stream(question, execution_options={"yield_per": _AT_ONCE})
    async for rows in streamed.partitions():
        for row in rows:
            if row.of != _OF[row.stage][0]:
                continue
            one = _row(view, plan, row)
            if one.faults or not faulty_only:
                found.append(one)
            if len(found) == limit:
                await streamed.close()
                return found
    return found


def _row(view: View, plan: ReviewPlan, row: Any) -> PublicityRow:
    public, is_result = plan.publicity, row.of == "result"
    period = PeriodFacts(
        of=row.of,
        started_on=local_day(row.started_at),
        last_day=row.last_day,
        required=(public.result_wd if is_result else public.employer_wd).value,
        count_first_day=public.count_first_day.value,
        places=tuple(row.places),
        required_places=tuple(public.places.value) if is_result else (),
        has_notice=row.notice_sha256 is not None,
        over=row.stage == Stage.PUBLICITY_ENDED.value,
    )
    return PublicityRow(
        application_ref=row.application_ref,
        employer=row.employer,
        of=row.of,
        started_on=period.started_on,
        last_day=row.last_day,
        days_left=view.today.slack(row.last_day) if row.last_day is not None else None,
        over=period.over,
        places=period.places,
        faults=faults_of(period, view.today),
    )
