"""The questions of whoever runs a cycle: at risk, in whose court, publicities, left behind, exports."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field
from temporalio.service import RPCError

from activities.at_risk import AtRisk, By, at_risk
from activities.exporting import ExportRow, as_csv, exports_of
from activities.incidents import Incident
from activities.left_behind import LeftRow, left_behind
from activities.plans import plan_in_force
from activities.posts import PoolView, pools
from activities.publicity_watch import PublicityRow, publicities
from activities.tally import CourtRow, tally
from models.roles import Reference, Role
from models.search import MOST_CHARACTERS
from models.wire import Wire, start_of
from workers.client_errors import ServerAway
from workers.gateway.caller import Caller
from workers.gateway.context import Context, context_of
from workers.gateway.exports import csv_answer, on_record
from workers.gateway.offices import for_the_plan, speaks_for
from workers.gateway.paths import OF_CALLER, Moment, PlanId, problems
from workers.gateway.policy import access_to
from workers.gateway.searching import At, Search, looking
from workers.gateway.tokens import caller_of
from workers.incidents import OfServer, every_incident, retry_incident

router = APIRouter(prefix="/v1/plans/{plan_id}", tags=["operations"])
Here = Annotated[Context, Depends(context_of)]
Who = Annotated[Caller, Depends(caller_of)]
Limit = Annotated[int, Query(ge=1, le=500)]
_log = structlog.stdlib.get_logger("operations")
_ONE = problems(*OF_CALLER, 404, 503)


class AskExport(Wire):
    """Which applications."""

    search: str = Field(default="", max_length=MOST_CHARACTERS)


class AskRetry(Wire):
    """Which incident: its kind, what it is of, and its cause, as `GET incidents` tells them."""

    kind: str = Field(max_length=60)
    of: str = Field(max_length=200)
    cause: str = Field(max_length=200)


class RetriedWork(Wire):
    """How many of them are tried again."""

    retried: int


@router.get("/at-risk", operation_id="at_risk", responses=_ONE)
async def risk(
    here: Here,
    caller: Who,
    plan_id: PlanId,
    q: Search = "",
    within: Annotated[int, Query(ge=-390, le=390)] = 5,
    by: By = "department",
    at: At = None,
    limit: Limit = 200,
) -> AtRisk:
    """Who will miss which deadline: at most `within` working days left, the most urgent first, by unit."""
    async with looking(here, caller, plan_id, q, at) as view:
        plan = await plan_in_force(view.session, plan_id)
        return await at_risk(view, plan, within=within, by=by, limit=limit)


@router.get("/court", operation_id="court", responses=_ONE)
async def court(here: Here, caller: Who, plan_id: PlanId, q: Search = "", at: At = None) -> list[CourtRow]:
    """In whose court the open applications are, by role and stage; how many are near their end, or late."""
    async with looking(here, caller, plan_id, q, at) as view:
        return (await tally(view)).courts()


@router.get("/publicities", operation_id="publicities", responses=_ONE)
async def periods(
    here: Here,
    caller: Who,
    plan_id: PlanId,
    q: Search = "",
    faulty: bool = False,
    at: At = None,
    limit: Limit = 500,
) -> list[PublicityRow]:
    """The publicities that run or wait for their proof; `faulty`: only those that somebody has to look at."""
    async with looking(here, caller, plan_id, q, at) as view:
        plan = await plan_in_force(view.session, plan_id)
        return await publicities(view, plan, faulty_only=faulty, limit=limit)


@router.get("/posts", operation_id="posts", responses=_ONE)
async def quota(
    here: Here, caller: Who, plan_id: PlanId, level: Annotated[Reference | None, Query()] = None
) -> list[PoolView]:
    """The posts of units under full post management: capacity, held, free. A unit sees its own."""
    everything = await speaks_for(here, caller, plan_id)
    units = [g.organisation for g in caller.grants if g.role is Role.EMPLOYER and g.organisation]
    async with here.database.reading() as session:
        found = await pools(session, plan_id=plan_id, level=level)
    return [one for one in found if everything or one.employer in units]


@router.get("/left-behind", operation_id="left_behind", responses=_ONE)
async def left(
    here: Here,
    caller: Who,
    plan_id: PlanId,
    subject: Annotated[list[Reference], Query(max_length=100)] = [],  # noqa: B006 - FastAPI copies it
    at: At = None,
) -> list[LeftRow]:
    """What people who left leave behind (name them with `subject`), and seats of experts who cannot sit."""
    await for_the_plan(here, caller, plan_id)
    async with looking(here, caller, plan_id, at=at) as view:
        return await left_behind(view.session, plan_id, subject, view.today)


@router.get("/incidents", operation_id="incidents", responses=_ONE)
async def failures(
    here: Here, caller: Who, plan_id: PlanId, since: Annotated[Moment | None, Query()] = None
) -> list[Incident]:
    """What failed since then (default: in the last hour), the same cause together, and how to try again.

    With it what is stuck now: activities that fail, wedged workflow tasks, late deadlines, batches.
    """
    return (await failures_of(here, caller, plan_id, since)).found


async def failures_of(here: Context, caller: Caller, plan_id: str, since: datetime | None = None) -> OfServer:
    """The incidents of a plan, for its offices. Raises the problem 404 for anybody else."""
    await for_the_plan(here, caller, plan_id)
    async with looking(here, caller, plan_id) as view:
        now = start_of(view.today.day) if here.settings.rehearsal else datetime.now(UTC)
    since = since or datetime.now(UTC) - timedelta(hours=1)
    return await every_incident(here.temporal, here.database, plan_id, since, now)


@router.post(
    "/incidents/retry", operation_id="retry_incident", responses=problems(*OF_CALLER, 404, 413, 415, 503)
)
async def retry(here: Here, caller: Who, plan_id: PlanId, given: AskRetry) -> RetriedWork:
    """Try again what failed for this cause: `activity`, `notice` or `webhook`. Twice does no harm."""
    return await retried(here, caller, plan_id, given)


async def retried(here: Context, caller: Caller, plan_id: str, given: AskRetry) -> RetriedWork:
    """The same from the board. Raises the problems 404 and 503, and `Refused`."""
    await for_the_plan(here, caller, plan_id)
    try:
        count = await retry_incident(here.temporal, here.database, plan_id, given.kind, given.of, given.cause)
    except RPCError as error:
        raise ServerAway(error.status.name) from error
    _log.info("retried", kind=given.kind, of=given.of, cause=given.cause, count=count, subject=caller.subject)
    return RetriedWork(retried=count)


@router.get("/exports", operation_id="list_exports", responses=_ONE)
async def exported(here: Here, caller: Who, plan_id: PlanId, limit: Limit = 200) -> list[ExportRow]:
    """Who exported what, the last one first."""
    await for_the_plan(here, caller, plan_id)
    async with here.database.reading() as session:
        return list(await exports_of(session, plan_id, limit))


@router.post(
    "/exports",
    operation_id="make_export",
    response_class=Response,
    responses={
        200: {"content": {"text/csv": {}}, "description": "One line an application."},
        **problems(*OF_CALLER, 404, 413, 415, 503),
    },
)
async def export(request: Request, here: Here, caller: Who, plan_id: PlanId, given: AskExport) -> Response:
    """What a search finds, as CSV. Who took it is on record before it is sent."""
    exporting = caller.within(access_to("make_export").roles)  # another role besides takes nothing along
    async with looking(here, exporting, plan_id, given.search) as view:
        content, rows = await as_csv(view)
        search = view.selection.search or ""
    await on_record(request, here, caller, plan_id, content, what="applications", search=search, rows=rows)
    return csv_answer(content)
