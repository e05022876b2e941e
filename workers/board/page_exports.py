"""Exports, and looks at a dossier: who took what, who looked at whom."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from workers.board.render import formatters, lang_of, page
from workers.board.sheets import Field, Form, Sheet
from workers.gateway import routes_operations, routes_reading
from workers.gateway.caller import Caller
from workers.gateway.context import Context, context_of
from workers.gateway.paths import PlanId
from workers.gateway.tokens import caller_of

router = APIRouter()
Here = Annotated[Context, Depends(context_of)]
Who = Annotated[Caller, Depends(caller_of)]
SHOWN = 200


@router.get("/plans/{plan_id}/exports", operation_id="board_exports")
async def exports(
    request: Request,
    here: Here,
    caller: Who,
    plan_id: PlanId,
    ref: Annotated[str, Query(max_length=80, pattern=r"^[A-Za-z0-9._:@-]*$")] = "",
) -> Response:
    """The files that were taken, the last one first; with `ref` the looks at that application, too."""
    words = formatters(lang_of(request))
    t, moment = words["t"], words["moment"]
    found = await routes_operations.exported(here, caller, plan_id, SHOWN)
    columns = ("when", "who", "roles", "what", "query", "lines", "sha256", "request")
    taken = [
        (
            moment(one.at),
            one.subject,
            one.grants,
            one.what,
            one.search,
            one.rows,
            one.sha256[:16],
            one.request_id,
        )
        for one in found
    ]
    tables = [Sheet("exports", t("exports"), [t(name) for name in columns], taken)]
    if ref:
        looks = await routes_reading.looks(request, here, caller, plan_id, ref)
        seen = [
            (moment(one.at), one.subject, one.grants, one.what, words["known"](one.outcome), one.request_id)
            for one in looks
        ]
        heads = [t(name) for name in ("when", "who", "roles", "what", "result", "request")]
        tables.append(Sheet("looks", t("looks", ref=ref), heads, seen))
    ask = Form(t("show_looks"), [Field("ref", t("reference"), ref)])
    return page(
        request, "sheet.html", plan_id, title="exports", problem=None, notes=[], forms=[ask], tables=tables
    )
