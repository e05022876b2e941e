"""Search: the grammar of the command line and the API, saved searches, and what may be done to many."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from activities.finding import Order, Place, find
from activities.plans import plan_in_force
from activities.saved_searches import save_search, saved_by
from models.batch import NOT_FOR_MANY
from models.refusal import Refused
from models.saved_search import Owner
from models.search import MOST_CHARACTERS, canonical_search
from models.search_fields import FIELDS
from workers.board.batch_form import CHOICES
from workers.board.days import On, morning_of
from workers.board.render import choices_of, lang_of, page
from workers.gateway.caller import Caller
from workers.gateway.context import Context, context_of
from workers.gateway.cursor import Cursor
from workers.gateway.paths import PlanId
from workers.gateway.problems import of_refusal
from workers.gateway.routes_searches import Name
from workers.gateway.searching import Search, looking
from workers.gateway.tokens import caller_of

router = APIRouter()
Here = Annotated[Context, Depends(context_of)]
Who = Annotated[Caller, Depends(caller_of)]
PAGE = 100


@router.get("/plans/{plan_id}/search", operation_id="board_search")
async def search(
    request: Request,
    here: Here,
    caller: Who,
    plan_id: PlanId,
    q: Search = "",
    on: On = None,
    order: Order = "due",
    cursor: Annotated[str, Query(max_length=400)] = "",
) -> Response:
    """What a search finds; one that cannot be read is said why, beside the field."""
    owners = Owner.all_of(caller.subject, caller.grants)
    after = Cursor.read(cursor) if cursor else None
    problem, rows, place, today, plan = None, [], None, None, None
    try:
        async with looking(here, caller, plan_id, q, morning_of(on)) as view:
            today = view.today
            plan = await plan_in_force(view.session, plan_id)
            found, place = await find(
                view.session,
                view.selection,
                view.today,
                view.seen,
                order=order,
                after=Place(after.after, after.due_at) if after is not None else None,
                limit=PAGE,
            )
            rows = list(found)
    except Refused as refused:
        problem = of_refusal(refused.refusal).problem
    async with here.database.reading() as session:
        saved = await saved_by(session, owners)
    return page(
        request,
        "search.html",
        plan_id,
        status=200 if problem is None else problem.status,
        q=q,
        order=order,
        on=on,
        rows=rows,
        today=today,
        choice=choices_of(plan, lang_of(request)),
        next=Cursor(after=place.ref, due_at=place.due_at).text() if place is not None else None,
        problem=problem,
        saved=saved,
        fields=FIELDS.values(),
        choices=CHOICES,
        may_batch=bool(caller.roles - NOT_FOR_MANY),
    )


@router.post("/plans/{plan_id}/search", operation_id="board_save_search")
async def save(
    here: Here,
    caller: Who,
    plan_id: PlanId,
    name: Annotated[Name, Form()],
    q: Annotated[str, Form(max_length=MOST_CHARACTERS)],
) -> Response:
    """Keeps a search under a name, for oneself."""
    async with here.database.transaction() as session:
        owner = Owner(id=caller.subject)
        await save_search(session, owner, name, canonical_search(q), caller.subject, datetime.now(UTC))
    return RedirectResponse(f"/board/plans/{plan_id}/search?q={quote('@' + name)}", 303)
