"""Reading one application from its workflow, and what waits for the caller. Only what the caller may see."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import ColumnElement, and_, false, or_, select

from models import explaining
from models.audit import Fact
from models.explaining import Explanation
from models.roles import Role
from models.state import RefusedSignal
from models.statistics import CycleStatistics
from models.tables import AccessEntry, InboxItem
from models.views import DeadlineView, Permitted, StateView
from models.visibility import Grant
from models.wire import SHANGHAI, Instant, Wire
from workers.client import full_id
from workers.gateway.access_log import facts_for, looks_at, viewing
from workers.gateway.caller import Caller
from workers.gateway.context import Context, context_of
from workers.gateway.offices import for_the_plan
from workers.gateway.paths import OF_CALLER, Moment, PlanId, Ref, problems
from workers.gateway.problems import problem
from workers.gateway.routes_public import counted
from workers.gateway.tokens import caller_of

router = APIRouter(prefix="/v1", tags=["reading"])
Here = Annotated[Context, Depends(context_of)]
Who = Annotated[Caller, Depends(caller_of)]
_ONE = problems(*OF_CALLER, 404, 503)


class StateAnswer(Wire):
    """The state as the workflow says it now, and the revision that the read model has reached."""

    state: StateView
    read_model_revision: int


class InboxRow(Wire):
    """Work that waits for one of the caller's roles."""

    plan_id: str
    application_ref: str
    role: str
    organisation: str | None
    stage: str
    due_at: Instant | None
    since: Instant


class Look(Wire):
    """Somebody looked at the dossier, or tried to."""

    at: Instant
    subject: str
    grants: str
    service: bool
    what: str
    outcome: str
    request_id: str


class Me(Wire):
    """Who the token stands for."""

    subject: str
    grants: tuple[Grant, ...]
    service: bool


@router.get("/me", operation_id="who_am_i", responses=problems(*OF_CALLER, 503))
async def me(caller: Who) -> Me:
    """Who the token stands for, and the roles it grants."""
    return Me(subject=caller.subject, grants=caller.grants, service=caller.service)


@router.get(
    "/plans/{plan_id}/applications/{application_ref}", operation_id="application_state", responses=_ONE
)
async def state(
    request: Request, response: Response, here: Here, caller: Who, plan_id: PlanId, application_ref: Ref
) -> StateAnswer:
    """Stage, whose court it is, what may come next and why the rest may not. `ETag` is the revision."""
    row = await viewing(request, caller, plan_id, application_ref)
    found = await here.applications.state(full_id(application_ref, plan_id))
    response.headers["ETag"] = f'"{found.revision}"'
    return StateAnswer(state=found, read_model_revision=row.revision)


@router.get(
    "/plans/{plan_id}/applications/{application_ref}/history",
    operation_id="application_history",
    responses=_ONE,
)
async def history(
    request: Request, here: Here, caller: Who, plan_id: PlanId, application_ref: Ref
) -> list[Fact]:
    """Who decided what, when, for which reasons, under which rule and plan version.

    The applicant reads of an objection or a ballot that it took place: neither by whom nor what was said.
    """
    row = await viewing(request, caller, plan_id, application_ref)
    facts = await here.applications.history(full_id(application_ref, plan_id))
    return await facts_for(here.database, caller, row, facts)


@router.get(
    "/plans/{plan_id}/applications/{application_ref}/deadlines",
    operation_id="application_deadlines",
    responses=_ONE,
)
async def deadlines(
    request: Request, here: Here, caller: Who, plan_id: PlanId, application_ref: Ref
) -> list[DeadlineView]:
    """Every deadline with the count behind it, day by day, and its moves."""
    await viewing(request, caller, plan_id, application_ref)
    return await here.applications.deadlines(full_id(application_ref, plan_id))


@router.get(
    "/plans/{plan_id}/applications/{application_ref}/refused",
    operation_id="application_refused",
    responses=_ONE,
)
async def refused(
    request: Request, here: Here, caller: Who, plan_id: PlanId, application_ref: Ref
) -> list[RefusedSignal]:
    """Commands that were sent without waiting and refused, with the reason."""
    await viewing(request, caller, plan_id, application_ref)
    return await here.applications.refused(full_id(application_ref, plan_id))


@router.get(
    "/plans/{plan_id}/applications/{application_ref}/next",
    operation_id="application_next",
    responses=_ONE,
)
async def next_steps(
    request: Request, here: Here, caller: Who, plan_id: PlanId, application_ref: Ref
) -> Permitted:
    """What may come next, by whom, what it needs, and why the rest may not."""
    await viewing(request, caller, plan_id, application_ref)
    return (await here.applications.state(full_id(application_ref, plan_id))).permitted


@router.get(
    "/plans/{plan_id}/applications/{application_ref}/explain",
    operation_id="application_explain",
    responses=_ONE,
)
async def explain(
    request: Request,
    here: Here,
    caller: Who,
    plan_id: PlanId,
    application_ref: Ref,
    at: Moment | None = None,
    fact: Annotated[int | None, Query(ge=1)] = None,
) -> Explanation:
    """The story in words, Chinese and English: why it stands where it stands, who decided what under which
    rule, plan and calendar, what may come next. `at`: as it stood then; `fact`: that one decision.

    The applicant reads of an objection or a ballot that it took place, as in the history.
    """
    row = await viewing(request, caller, plan_id, application_ref)
    known, door = full_id(application_ref, plan_id), here.applications
    state, facts, deadlines, refused = await asyncio.gather(
        door.state(known), door.history(known), door.deadlines(known), door.refused(known)
    )
    facts = await facts_for(here.database, caller, row, facts)
    try:
        return explaining.explain(state, facts, deadlines, refused, at=at, fact=fact)
    except explaining.NothingToTellError as missing:
        raise problem(
            404,
            "not_found",
            zh=missing.rule.zh,
            en=missing.rule.en,
            fix_zh="请按 history 中的编号和时间填写。",
            fix_en="Give a number and a moment that `history` shows.",
            field=missing.field,
        ) from None


@router.get(
    "/plans/{plan_id}/applications/{application_ref}/looks",
    operation_id="application_looks",
    responses=_ONE,
)
async def looks(
    request: Request, here: Here, caller: Who, plan_id: PlanId, application_ref: Ref
) -> list[Look]:
    """Who looked at this dossier through the gateway, or tried to; the last look first."""
    await viewing(request, caller, plan_id, application_ref)
    return [_look(entry) for entry in await looks_at(here.database, plan_id, application_ref)]


def _look(entry: AccessEntry) -> Look:
    return Look(
        at=entry.at.astimezone(SHANGHAI),
        subject=entry.subject,
        grants=entry.grants,
        service=entry.service,
        what=entry.what,
        outcome=entry.outcome,
        request_id=entry.request_id,
    )


def _here(instant: datetime | None) -> datetime | None:
    """The same moment in Asia/Shanghai, as the workflows tell it."""
    return instant.astimezone(SHANGHAI) if instant is not None else None


@router.get("/plans/{plan_id}/inbox", operation_id="inbox", responses=problems(*OF_CALLER, 503))
async def inbox(
    here: Here, caller: Who, plan_id: PlanId, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> list[InboxRow]:
    """What waits for the caller, in all roles that the token grants; the soonest deadline first."""
    async with here.database.reading() as session:
        found = await session.scalars(
            select(InboxItem)
            .where(
                InboxItem.plan_id == plan_id,
                InboxItem.closed_at.is_(None),
                or_(false(), *(_waits_for(caller.subject, grant) for grant in caller.grants)),
            )
            .order_by(InboxItem.due_at.is_(None), InboxItem.due_at, InboxItem.application_ref)
            .limit(limit)
        )
        return [
            InboxRow(
                plan_id=item.plan_id,
                application_ref=item.application_ref,
                role=item.role,
                organisation=item.organisation,
                stage=item.stage,
                due_at=_here(item.due_at),
                since=item.opened_at.astimezone(SHANGHAI),
            )
            for item in found
        ]


def _waits_for(subject: str, grant: Grant) -> ColumnElement[bool]:
    """An applicant's work waits for the person, whatever organisation the token names beside the role."""
    whose = subject if grant.role is Role.APPLICANT else grant.organisation
    if whose is None:
        return false()
    return and_(InboxItem.role == grant.role.value, InboxItem.organisation == whose)


@router.get(
    "/plans/{plan_id}/statistics", operation_id="statistics", responses=problems(*OF_CALLER, 404, 503)
)
async def statistics(here: Here, caller: Who, plan_id: PlanId) -> CycleStatistics:
    """The numbers of the cycle as it stands, for the offices of the plan."""
    await for_the_plan(here, caller, plan_id)
    return await counted(here, plan_id)
