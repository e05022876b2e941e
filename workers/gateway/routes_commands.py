"""Every command of an application: one route a command, the actor from the token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Request, Response
from fastapi.responses import JSONResponse

from models.commands import COMMANDS
from models.decide import ROLES_OF
from models.refusal import RefusalCode
from models.roles import Actor, Role
from models.state import Receipt
from workers.client import full_id
from workers.client_errors import CommandRefused, ReviewClosed
from workers.gateway.access_log import seen, turned_away
from workers.gateway.caller import Caller
from workers.gateway.context import Context, context_of
from workers.gateway.evidence_named import flagged_evidence
from workers.gateway.paths import PlanId, Ref
from workers.gateway.problems import ProblemError, not_found, problem
from workers.gateway.sending import (
    Accepted,
    Envelope,
    Family,
    command_body,
    envelope,
    handed_over,
    preference,
)
from workers.gateway.tokens import actor_of, caller_of

router = APIRouter(prefix="/v1", tags=["commands"])
Here = Annotated[Context, Depends(context_of)]
Who = Annotated[Caller, Depends(caller_of)]
As = Annotated[Actor, Depends(actor_of)]

_ONE = "/plans/{plan_id}/applications/{application_ref}"

OF_APPLICATIONS = Family(
    path=f"{_ONE}/commands", prefix="", models=COMMANDS, senders=ROLES_OF, receipt=Receipt, unwaited=True
)


def _route(kind: str) -> Callable[..., Any]:
    async def send(
        request: Request,
        response: Response,
        here: Here,
        caller: Who,
        actor: As,
        plan_id: PlanId,
        application_ref: Ref,
        given: Annotated[dict[str, Any], Body()],
        headers: Annotated[Envelope, Depends(envelope)],
        without_waiting: Annotated[bool, Depends(preference)],
    ) -> Any:
        body = command_body(kind, given, actor, headers)
        application = full_id(application_ref, plan_id)
        if actor.role is Role.PUBLIC:
            return await _heard(here, application, body)
        await _known_to(request, here, caller, plan_id, application_ref)
        flagged = await flagged_evidence(here, plan_id, application_ref, kind, body)
        if without_waiting:
            await here.applications.signal(application, body)
            at = f"/v1/plans/{plan_id}/applications/{application_ref}"
            return handed_over(body["command_id"], at, flagged)
        receipt = await here.applications.send(application, body)
        response.headers.update(flagged)
        response.headers["ETag"] = f'"{receipt.revision}"'
        return receipt

    return send


async def _known_to(request: Request, here: Context, caller: Caller, plan_id: str, ref: str) -> None:
    """A command for an application that the caller may not see is answered as if it were not there."""
    if await seen(here.database, caller, plan_id, ref) is not None:
        return
    await turned_away(request, caller, plan_id, ref)
    raise not_found("申报", "application")


async def _heard(here: Context, application: str, body: dict[str, Any]) -> JSONResponse:
    """What the public says is taken down; the answer tells nothing of where the application stands."""
    try:
        receipt = await here.applications.send(application, body)
    except CommandRefused as refused:
        if refused.refusal.code in (RefusalCode.MALFORMED, RefusalCode.REUSED_COMMAND_ID):
            raise
        raise _not_heard() from None
    except ReviewClosed:
        raise _not_heard() from None
    told = Accepted(command_id=receipt.command_id, state="", refused="")
    return JSONResponse(told.model_dump(), status_code=202)


def _not_heard() -> ProblemError:
    return problem(
        409,
        "closed",
        zh="目前不能就此申报提出异议或举报。",
        en="An objection to this application cannot be taken at this moment.",
        fix_zh="请向评委会办事机构书面提出。",
        fix_en="Write to the committee office.",
    )


OF_APPLICATIONS.add_to(router, _route)
OF_APPLICATIONS.add_one(router, f"{_ONE}/decisions", "review", "decide", _route("review"))
