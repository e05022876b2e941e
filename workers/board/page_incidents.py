"""Incidents: what failed and what is stuck, the same cause together, and the way to try it again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from models.wire import Label
from workers.board import words
from workers.board.render import lang_of, page
from workers.gateway.caller import Caller
from workers.gateway.context import Context, context_of
from workers.gateway.paths import PlanId
from workers.gateway.problems import not_found
from workers.gateway.routes_operations import AskRetry, failures_of, retried
from workers.gateway.tokens import caller_of

router = APIRouter()
Here = Annotated[Context, Depends(context_of)]
Who = Annotated[Caller, Depends(caller_of)]
Hours = Annotated[int, Query(ge=1, le=10_000)]
Part = Annotated[str, Query(max_length=200)]
CHOICES = (1, 24, 168)
"""Hours back, as the page offers them."""


@router.get("/plans/{plan_id}/incidents", operation_id="board_incidents")
async def incidents(
    request: Request,
    here: Here,
    caller: Who,
    plan_id: PlanId,
    hours: Hours = 24,
    done: Annotated[int | None, Query(ge=0)] = None,
) -> Response:
    """Those of so many hours, and what is stuck at this moment."""
    found, asked = await failures_of(here, caller, plan_id, datetime.now(UTC) - timedelta(hours=hours))
    return page(
        request,
        "incidents.html",
        plan_id,
        found=found,
        asked=asked,
        hours=hours,
        choices=CHOICES,
        done=done,
        kinds=_kinds(lang_of(request)),
    )


@router.get("/plans/{plan_id}/incidents/retry", operation_id="board_ask_retry")
async def ask(
    request: Request, here: Here, caller: Who, plan_id: PlanId, kind: Part, of: Part, cause: Part
) -> Response:
    """What would be tried again, before anything is: the second step sends it."""
    found, _ = await failures_of(here, caller, plan_id, datetime.now(UTC) - timedelta(hours=CHOICES[-1]))
    one = next((one for one in found if (one.kind, one.of, one.cause) == (kind, of, cause)), None)
    if one is None or not one.may_retry:
        raise not_found("事件", "incident")
    return page(request, "retry.html", plan_id, one=one, kinds=_kinds(lang_of(request)))


@router.post("/plans/{plan_id}/incidents/retry", operation_id="board_retry")
async def retry(
    here: Here,
    caller: Who,
    plan_id: PlanId,
    kind: Annotated[str, Form(max_length=60)],
    of: Annotated[str, Form(max_length=200)],
    cause: Annotated[str, Form(max_length=200)],
) -> Response:
    """Tries it again; a second click finds nothing left to try."""
    done = await retried(here, caller, plan_id, AskRetry(kind=kind, of=of, cause=cause))
    return RedirectResponse(f"/board/plans/{plan_id}/incidents?done={done.retried}", 303)


def _kinds(lang: words.Lang) -> dict[str, str]:
    return {kind: label.zh if lang == "zh" else label.en for kind, label in KIND_LABELS.items()}


KIND_LABELS: dict[str, Label] = {
    "batch": Label(zh="批次中被拒绝", en="refused in a batch"),
    "batch_stuck": Label(zh="批次停滞", en="a batch is stuck"),
    "order": Label(zh="年度指令被拒绝", en="an order of the cycle was refused"),
    "notice": Label(zh="通知未送达", en="notices are not delivered"),
    "webhook": Label(zh="推送失败", en="deliveries to a system failed"),
    "paper": Label(zh="证书未制成", en="a paper is not made"),
    "deadline": Label(zh="期限未生效", en="a deadline has not taken effect"),
    "activity": Label(zh="活动反复失败", en="activities fail"),
    "workflow_task": Label(zh="工作流任务停滞", en="workflow tasks are wedged"),
}
