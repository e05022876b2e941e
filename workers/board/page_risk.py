"""At risk: who will miss which deadline, by unit, and the publicities that somebody has to look at."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from activities.at_risk import By, at_risk
from activities.plans import plan_in_force
from activities.publicity_watch import publicities
from activities.tally import tally
from workers.board.days import On, morning_of
from workers.board.render import page
from workers.gateway.caller import Caller
from workers.gateway.context import Context, context_of
from workers.gateway.paths import PlanId
from workers.gateway.searching import Search, looking
from workers.gateway.tokens import caller_of

router = APIRouter()


@router.get("/plans/{plan_id}/risk", operation_id="board_risk")
async def risk(
    request: Request,
    here: Annotated[Context, Depends(context_of)],
    caller: Annotated[Caller, Depends(caller_of)],
    plan_id: PlanId,
    q: Search = "",
    on: On = None,
    within: Annotated[int, Query(ge=0, le=390)] = 5,
    by: By = "department",
) -> Response:
    """The most urgent first; whose court the work is in; publicities with a fault."""
    async with looking(here, caller, plan_id, q, morning_of(on)) as view:
        plan = await plan_in_force(view.session, plan_id)
        return page(
            request,
            "risk.html",
            plan_id,
            q=q,
            within=within,
            by=by,
            on=on,
            risk=await at_risk(view, plan, within=within, by=by, limit=100),
            courts=(await tally(view)).courts(),
            periods=await publicities(view, plan, faulty_only=True, limit=100),
        )
