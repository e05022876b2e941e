"""The committee's year, for the offices of the plan: begin a cycle, its commands, where it stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Response
from pydantic import Field

from models.audit import Fact
from models.clock import REAL_TIME, BusinessClock
from models.cycle_commands import CYCLE_COMMANDS
from models.cycle_decide import SENDERS, check_organisation
from models.cycle_state import CycleReceipt
from models.cycle_views import CycleView
from models.roles import Actor, Role
from models.state import RefusedSignal
from models.wire import Wire
from workers.gateway.caller import Caller
from workers.gateway.context import Context, context_of
from workers.gateway.offices import for_the_plan, offices_of_plan
from workers.gateway.paths import OF_CALLER, PlanId, problems
from workers.gateway.sending import Envelope, Family, command_body, envelope, handed_over, preference
from workers.gateway.tokens import actor_of, caller_of

router = APIRouter(prefix="/v1", tags=["cycle"])
Here = Annotated[Context, Depends(context_of)]
Who = Annotated[Caller, Depends(caller_of)]
As = Annotated[Actor, Depends(actor_of)]

_PATH = "/plans/{plan_id}/cycle"
_READ = problems(*OF_CALLER, 404, 503)

OF_CYCLES = Family(
    path=f"{_PATH}/commands",
    prefix="cycle_",
    models=CYCLE_COMMANDS,
    senders=SENDERS,
    receipt=CycleReceipt,
    unwaited=True,
)


class CycleStart(Wire):
    """How a cycle begins: an empty object, outside of a rehearsal."""

    clock: BusinessClock = Field(default=REAL_TIME, description="Of a rehearsal only.")


@router.put(_PATH, operation_id="start_cycle", responses=problems(*OF_CALLER, 404, 409, 413, 415, 503))
async def start(
    here: Here, caller: Who, plan_id: PlanId, given: Annotated[CycleStart, Body(examples=[{}])]
) -> CycleView:
    """Begin the year of a committee; the same body again finds the same one."""
    await for_the_plan(here, caller, plan_id, (Role.OFFICE, Role.CITY_OFFICE))
    return await here.cycles.start({"plan_id": plan_id, **given.model_dump(mode="json")})


@router.get(_PATH, operation_id="cycle_state", responses=_READ)
async def state(here: Here, caller: Who, plan_id: PlanId, response: Response) -> CycleView:
    """Phase, every step with its date, what is overdue, what may be sent. `ETag` is the revision."""
    await for_the_plan(here, caller, plan_id)
    found = await here.cycles.state(plan_id)
    response.headers["ETag"] = f'"{found.revision}"'
    return found


@router.get(f"{_PATH}/history", operation_id="cycle_history", responses=_READ)
async def history(here: Here, caller: Who, plan_id: PlanId) -> list[Fact]:
    """The last facts of the year: who decided what, under which rule; the database keeps all of them."""
    await for_the_plan(here, caller, plan_id)
    return await here.cycles.history(plan_id)


@router.get(f"{_PATH}/refused", operation_id="cycle_refused", responses=_READ)
async def refused(here: Here, caller: Who, plan_id: PlanId) -> list[RefusedSignal]:
    """Commands that were sent without waiting and refused, with the reason."""
    await for_the_plan(here, caller, plan_id)
    return await here.cycles.refused(plan_id)


def _route(kind: str) -> Callable[..., Any]:
    async def send(
        response: Response,
        here: Here,
        actor: As,
        plan_id: PlanId,
        given: Annotated[dict[str, Any], Body()],
        headers: Annotated[Envelope, Depends(envelope)],
        without_waiting: Annotated[bool, Depends(preference)],
    ) -> Any:
        body = command_body(kind, given, actor, headers)
        if without_waiting:  # the workflow puts on record what it refuses: nobody else writes into it
            check_organisation(await offices_of_plan(here, plan_id), actor)
            await here.cycles.signal(plan_id, body)
            return handed_over(body["command_id"], f"/v1/plans/{plan_id}/cycle")
        receipt = await here.cycles.send(plan_id, body)
        response.headers["ETag"] = f'"{receipt.revision}"'
        return receipt

    return send


OF_CYCLES.add_to(router, _route)
