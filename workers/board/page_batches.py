"""Batches: make one from a search, look at its dry run, approve, send, and see what came of each item."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Request
from fastapi.responses import RedirectResponse, Response

from models.batch_commands import BATCH_COMMANDS
from models.batch_state import ROW_LABELS
from models.commands import CommandId
from models.roles import Actor
from models.search import MOST_CHARACTERS
from workers.board.batch_form import command
from workers.board.render import page
from workers.gateway import routes_batches
from workers.gateway.caller import Caller
from workers.gateway.context import Context, context_of
from workers.gateway.paths import PlanId
from workers.gateway.problems import not_found
from workers.gateway.routes_batches import ItemFilter, MakeBatch, Name
from workers.gateway.tokens import caller_of

router = APIRouter()
Here = Annotated[Context, Depends(context_of)]
Who = Annotated[Caller, Depends(caller_of)]
SHOWN = 200
"""Items on the page; the report has all of them."""


@router.get("/plans/{plan_id}/batches", operation_id="board_batches")
async def batches(request: Request, here: Here, caller: Who, plan_id: PlanId) -> Response:
    """The batches of the visitor's organisations, the newest first."""
    found = await routes_batches.many(here, caller, plan_id, 100)
    return page(request, "batches.html", plan_id, batches=found, labels=ROW_LABELS)


@router.post("/plans/{plan_id}/batches", operation_id="board_make_batch")
async def make(
    here: Here,
    caller: Who,
    plan_id: PlanId,
    batch_ref: Annotated[str, Form(max_length=40)],
    kind: Annotated[str, Form(max_length=40)],
    q: Annotated[str, Form(max_length=MOST_CHARACTERS)],
    text: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Freezes what the search finds and begins the dry run; nothing is sent yet."""
    given = MakeBatch(command=command(kind, text), search=q)
    await routes_batches.make(here, caller, caller.actor(), plan_id, batch_ref, given)
    return RedirectResponse(f"/board/plans/{plan_id}/batches/{batch_ref}", 303)


@router.get("/plans/{plan_id}/batches/{batch_ref}", operation_id="board_batch")
async def batch(request: Request, here: Here, caller: Who, plan_id: PlanId, batch_ref: Name) -> Response:
    """Where it stands, live."""
    view = await routes_batches.state(here, caller, plan_id, batch_ref, Response())
    items = await routes_batches.items(here, caller, plan_id, batch_ref, ItemFilter(limit=SHOWN))
    return page(request, "batch.html", plan_id, batch=view, items=items.items, more=items.next is not None)


@router.post("/plans/{plan_id}/batches/{batch_ref}/{kind}", operation_id="board_order_batch")
async def order(
    here: Here,
    caller: Who,
    plan_id: PlanId,
    batch_ref: Name,
    kind: Annotated[str, Path(max_length=20)],
    command_id: Annotated[CommandId, Form()],
) -> Response:
    """Sends a command to the batch, once for each page that offered it."""
    if kind not in BATCH_COMMANDS:
        raise not_found("指令", "command")
    actor: Actor = caller.actor()
    await routes_batches.ordered(here, caller, plan_id, batch_ref, kind, actor, command_id)
    return RedirectResponse(f"/board/plans/{plan_id}/batches/{batch_ref}", 303)
