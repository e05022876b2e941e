"""Acts on one application from its page: hold, release, a deadline that moves, a name that is corrected.

Each is the command of the contract, with the revision that the page showed: what has changed since is
refused. The name of the command stands in the page, so that a second click counts once.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Path, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BeforeValidator

from models.commands import CommandId
from models.decide import ROLES_OF
from models.roles import Role
from models.wire import ShortText
from workers.client import full_id
from workers.gateway import routes_records
from workers.gateway.access_log import seen, turned_away
from workers.gateway.caller import Caller
from workers.gateway.context import Context, context_of
from workers.gateway.paths import PlanId, Ref
from workers.gateway.policy import POLICY
from workers.gateway.problems import not_found
from workers.gateway.routes_records import CorrectName
from workers.gateway.tokens import caller_of

router = APIRouter()
Here = Annotated[Context, Depends(context_of)]
Who = Annotated[Caller, Depends(caller_of)]
ACTS = ("hold", "release", "revise_deadlines")
"""Commands that the page offers, to those whose role may send them."""

GROUNDS = (
    "investigation",
    "status_retired",
    "status_civil_servant",
    "status_left_employer",
    "status_discipline",
)
Words = Annotated[str, Form(max_length=500)]


def _or_none(given: object) -> object:
    """A field of a form that holds nothing but spaces says nothing."""
    return None if isinstance(given, str) and not given.strip() else given


@router.post("/plans/{plan_id}/applications/{application_ref}/name", operation_id="board_correct_name")
async def correct(
    request: Request,
    here: Here,
    caller: Who,
    plan_id: PlanId,
    application_ref: Ref,
    name: Annotated[ShortText, Form(max_length=200)],
    document_no: Annotated[ShortText | None, BeforeValidator(_or_none), Form()] = None,
) -> Response:
    """Records the applicant's name, or corrects it by a document; the old one stays known."""
    given = CorrectName(name=name, document_no=document_no)
    await routes_records.correct_name(request, here, caller, plan_id, application_ref, given)
    return _back(plan_id, application_ref)


@router.post("/plans/{plan_id}/applications/{application_ref}/{kind}", operation_id="board_act")
async def act(
    request: Request,
    here: Here,
    caller: Who,
    plan_id: PlanId,
    application_ref: Ref,
    kind: Annotated[str, Path(max_length=40)],
    command_id: Annotated[CommandId, Form()],
    revision: Annotated[int, Form(ge=0)],
    text: Words = "",
    ground: Annotated[str, Form(max_length=60)] = "",
    outcome: Annotated[str, Form(max_length=60)] = "",
    document_no: Words = "",
    deadline: Annotated[str, Form(max_length=60)] = "",
    working_days: Annotated[int | None, Form(ge=1, le=60)] = None,
) -> Response:
    """Sends one command; the answer is the page as it stands after it, or the refusal in words."""
    if kind not in acts_of(caller):
        raise not_found("指令", "command")
    if await seen(here.database, caller, plan_id, application_ref) is None:
        await turned_away(request, caller, plan_id, application_ref)
        raise not_found("申报", "application")
    body: dict[str, Any] = {
        "kind": kind,
        "command_id": command_id,
        "expected_revision": revision,
        "actor": _actor(caller, kind).model_dump(mode="json"),
        "text": text,
    }
    match kind:
        case "hold":
            body["ground"] = ground
        case "release":
            body["outcome"] = outcome
        case _:
            change = {"name": deadline, "add_working_days": working_days}
            body |= {"ground": "extension", "document_no": document_no, "changes": [change]}
    await here.applications.send(full_id(application_ref, plan_id), body)
    return _back(plan_id, application_ref)


def acts_of(caller: Caller) -> list[str]:
    """What of `ACTS` one of the caller's roles may send."""
    return [kind for kind in ACTS if caller.roles & POLICY[kind].roles]


def _actor(caller: Caller, kind: str) -> Any:
    """The caller in the one role that may send it. Raises `Refused` when there are several."""
    fitting = [grant.role for grant in caller.grants if grant.role in ROLES_OF[kind]]
    role: Role | None = fitting[0] if len(set(fitting)) == 1 else None
    return caller.actor(role)


def _back(plan_id: str, application_ref: str) -> Response:
    return RedirectResponse(f"/board/plans/{plan_id}/applications/{application_ref}", 303)
