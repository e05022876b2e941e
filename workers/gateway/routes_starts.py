"""Beginning applications: one, or many with a result each."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Response
from pydantic import Field

from activities.plans import plan_in_force
from models.application import Employer
from models.clock import REAL_TIME, BusinessClock
from models.plan import UnknownPlanError
from models.roles import Reference, Role
from models.wire import Wire
from workers.client_errors import StartRefused
from workers.client_start import StartOutcome
from workers.gateway.caller import Caller
from workers.gateway.context import Context, context_of
from workers.gateway.examples import EXAMPLES
from workers.gateway.paths import OF_CALLER, PlanId, Ref, problems
from workers.gateway.problems import RETRY_AFTER, Problem, ProblemError, of_error, problem
from workers.gateway.tokens import caller_of

router = APIRouter(prefix="/v1", tags=["commands"])
Here = Annotated[Context, Depends(context_of)]
Who = Annotated[Caller, Depends(caller_of)]

AT_ONCE = 8
"""Applications of one request that are started side by side."""

MOST_STARTS = 200

BUDGET = 30.0
"""Seconds in which items of one request are begun; the rest is told to come again."""


class Start(Wire):
    """How an application begins. `applicant` is the person's opaque reference."""

    applicant: Reference
    employer: Employer
    department: Reference
    specialty: Reference
    level: Reference
    archive_keeper: Reference | None = None
    clock: BusinessClock = Field(default=REAL_TIME, description="Of a rehearsal only.")


class StartOne(Start):
    """One of many."""

    application_ref: Reference


class StartMany(Wire):
    """At most 200 at once; send the rest when this is answered."""

    items: Annotated[tuple[StartOne, ...], Field(min_length=1, max_length=MOST_STARTS)]


class StartResult(Wire):
    """What came of one item: the outcome, or why not.

    `status` 503: it was not tried, or nobody answered; send those items again.
    """

    application_ref: str
    status: int
    outcome: StartOutcome | None = None
    problem: Problem | None = None


class StartResults(Wire):
    """In the order of the items."""

    items: tuple[StartResult, ...]


@router.put(
    "/plans/{plan_id}/applications/{application_ref}",
    operation_id="start_application",
    status_code=201,
    responses={
        200: {"model": StartOutcome, "description": "It was started before, with the same input."},
        **problems(*OF_CALLER, 404, 409, 413, 415, 503),
    },
)
async def start(
    here: Here,
    caller: Who,
    plan_id: PlanId,
    application_ref: Ref,
    given: Annotated[Start, Body(examples=[EXAMPLES["start"]])],
    response: Response,
) -> StartOutcome:
    """Begin an application; the same body again finds the same one (200), another body is refused (409)."""
    office = await _office_of(here, plan_id)
    outcome = await _begun(here, caller, office, plan_id, application_ref, given)
    response.status_code = 201 if outcome.outcome == "started" else 200
    return outcome


@router.post(
    "/plans/{plan_id}/applications",
    operation_id="start_applications",
    responses=problems(*OF_CALLER, 413, 415, 503),
)
async def start_many(
    here: Here,
    caller: Who,
    plan_id: PlanId,
    given: Annotated[
        StartMany, Body(examples=[{"items": [{"application_ref": "a-1", **EXAMPLES["start"]}]}])
    ],
) -> StartResults:
    """Begin many applications: a result per item, whatever becomes of the others.

    Items that could not be begun in half a minute are answered 503: send those again.
    """
    gate, office = asyncio.Semaphore(AT_ONCE), await _office_of(here, plan_id)
    until = time.monotonic() + BUDGET

    async def one(item: StartOne) -> StartResult:
        async with gate:
            try:
                if time.monotonic() > until:
                    raise _too_much()
                outcome = await _begun(here, caller, office, plan_id, item.application_ref, item)
            except Exception as error:  # an item that fails must not hide what came of the others
                found = of_error(error)
                if found is None:
                    raise
                return StartResult(
                    application_ref=item.application_ref, status=found.problem.status, problem=found.problem
                )
        status = 201 if outcome.outcome == "started" else 200
        return StartResult(application_ref=item.application_ref, status=status, outcome=outcome)

    return StartResults(items=tuple(await asyncio.gather(*(one(item) for item in given.items))))


def _too_much() -> ProblemError:
    return problem(
        503,
        "not_begun",
        zh="一次请求过多，此项尚未办理。",
        en="There was no time left for this item; it was not begun.",
        fix_zh="请再次发送此项。",
        fix_en="Send this item again.",
        headers={"Retry-After": str(RETRY_AFTER)},
    )


async def _begun(
    here: Context, caller: Caller, office: str | None, plan_id: str, application_ref: str, given: Start
) -> StartOutcome:
    _may_start(caller, given, office)
    try:
        return await here.applications.start(_input(plan_id, application_ref, given))
    except StartRefused as refused:
        raise caller.told(refused, given.applicant, given.employer.id, office) from None


def _input(plan_id: str, application_ref: str, given: Start) -> dict[str, Any]:
    body = given.model_dump(mode="json", exclude={"application_ref"}, exclude_none=True)
    return {**body, "plan_id": plan_id, "application_ref": application_ref}


async def _office_of(here: Context, plan_id: str) -> str | None:
    """The office of the plan; None for an unknown plan, in which nothing can begin."""
    async with here.database.reading() as session:
        try:
            return (await plan_in_force(session, plan_id)).organisations.get(Role.OFFICE)
        except UnknownPlanError:
            return None


def _may_start(caller: Caller, given: Start, office: str | None) -> None:
    if caller.may_begin(given.applicant, given.employer.id, office):
        return
    raise problem(
        403,
        "wrong_person",
        zh="只能为本人或本单位人员发起申报。",
        en="An application is begun by the applicant, the own unit, or the office.",
        fix_zh="请核对 applicant 与 employer，或使用相应账户。",
        fix_en="Check `applicant` and `employer`, or use their account.",
        field="applicant",
    )
