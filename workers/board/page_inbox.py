"""The inbox: what waits for the visitor, in all roles and organisations, the soonest deadline first."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from workers.board.render import page
from workers.gateway import routes_reading
from workers.gateway.caller import Caller
from workers.gateway.context import Context, context_of
from workers.gateway.paths import PlanId
from workers.gateway.tokens import caller_of

router = APIRouter()
MOST = 200


@router.get("/plans/{plan_id}/inbox", operation_id="board_inbox")
async def inbox(
    request: Request,
    here: Annotated[Context, Depends(context_of)],
    caller: Annotated[Caller, Depends(caller_of)],
    plan_id: PlanId,
) -> Response:
    """At most `MOST` of them; the page says when there are more."""
    rows = await routes_reading.inbox(here, caller, plan_id, MOST)
    return page(request, "inbox.html", plan_id, rows=rows, more=len(rows) == MOST)
