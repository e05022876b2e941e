"""Starting applications, and every command of the contract: one route a command, the actor from the token."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Header, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from activities.plans import plan_in_force
from models.application import Employer
from models.clock import REAL_TIME, BusinessClock
from models.commands import COMMANDS, CommandId
from models.decide import ROLES_OF
from models.plan import UnknownPlanError
from models.refusal import RefusalCode
from models.roles import ROLE_LABELS, Actor, Reference, Role
from models.state import Receipt
from models.wire import Wire
from workers.client import full_id
from workers.client_errors import CommandRefused, ReviewClosed, StartRefused
from workers.client_start import StartOutcome
from workers.gateway.access_log import seen, turned_away
from workers.gateway.caller import Caller
from workers.gateway.context import Context, context_of
from workers.gateway.examples import EXAMPLES
from workers.gateway.paths import OF_CALLER, PlanId, Ref, problems
from workers.gateway.problems import Problem, ProblemError, not_found, of_error, problem
from workers.gateway.tokens import actor_of, caller_of

router = APIRouter(prefix="/v1", tags=["commands"])
Here = Annotated[Context, Depends(context_of)]
Who = Annotated[Caller, Depends(caller_of)]
As = Annotated[Actor, Depends(actor_of)]

AT_ONCE = 8
"""Applications of one request that are started side by side."""

MOST_STARTS = 200
TAKEN_FROM_ELSEWHERE = ("actor", "kind", "command_id", "expected_revision")
"""Fields of a command that path, headers and token already say."""


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
    """What came of one item: the outcome, or why not."""

    application_ref: str
    status: int
    outcome: StartOutcome | None = None
    problem: Problem | None = None


class StartResults(Wire):
    """In the order of the items."""

    items: tuple[StartResult, ...]


class Accepted(Wire):
    """The command was handed over and not waited for: `state` and `refused` tell what came of it.

    Both are empty for what the public said: it was heard, and sees nothing of the application.
    """

    command_id: str
    state: str
    refused: str


_START_EXAMPLE = EXAMPLES["start"]


@router.put(
    "/plans/{plan_id}/applications/{application_ref}",
    operation_id="start_application",
    status_code=201,
    responses={
        200: {"model": StartOutcome, "description": "It was started before, with the same input."},
        **problems(*OF_CALLER, 404, 409, 413, 503),
    },
)
async def start(
    here: Here,
    caller: Who,
    plan_id: PlanId,
    application_ref: Ref,
    given: Annotated[Start, Body(examples=[_START_EXAMPLE])],
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
    responses=problems(*OF_CALLER, 413, 503),
)
async def start_many(here: Here, caller: Who, plan_id: PlanId, given: StartMany) -> StartResults:
    """Begin many applications: a result per item, whatever becomes of the others."""
    gate, office = asyncio.Semaphore(AT_ONCE), await _office_of(here, plan_id)

    async def one(item: StartOne) -> StartResult:
        async with gate:
            try:
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


async def _known_to(request: Request, here: Context, caller: Caller, plan_id: str, ref: str) -> None:
    """A command for an application that the caller may not see is answered as if it were not there."""
    if await seen(here.database, caller, plan_id, ref) is not None:
        return
    await turned_away(request, caller, plan_id, ref)
    raise not_found("申报", "application")


def _body(
    kind: str, given: dict[str, Any], actor: Actor, key: str | None, if_match: str | None
) -> dict[str, Any]:
    """The command as the contract wants it. Raises a problem where body, headers and token disagree."""
    own = actor.model_dump(mode="json")
    if "actor" in given and {"organisation": None} | _mapping(given["actor"]) != own:
        raise problem(
            403,
            "wrong_person",
            zh="内容中的 actor 与登录身份不一致。",
            en="The actor in the body is not who the token stands for.",
            fix_zh="请省略 actor：它取自登录凭证。",
            fix_en="Leave `actor` out: it is taken from the token.",
            field="actor",
        )
    body = {**given, "kind": given.get("kind", kind), "actor": own}
    if key is not None:
        if given.get("command_id", key) != key:
            raise _disagree("command_id", "Idempotency-Key")
        body["command_id"] = key
    if if_match is not None:
        revision = if_match.strip().removeprefix("W/").strip('"')
        if not revision.isdecimal() or str(given.get("expected_revision", revision)) != revision:
            raise _disagree("expected_revision", "If-Match")
        body["expected_revision"] = int(revision)
    return body


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {"id": value}


def _disagree(field: str, header: str) -> Exception:
    return problem(
        422,
        "malformed",
        zh=f"请求头 {header} 与内容中的 {field} 不一致，或不是有效值。",
        en=f"The header {header} and the body's {field} disagree, or it is no valid value.",
        fix_zh="请只给出其中之一。",
        fix_en="Give one of the two.",
        field=header,
    )


def _wants_no_answer(prefer: str | None) -> bool:
    return any(part.strip().lower() == "respond-async" for part in (prefer or "").split(","))


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
        idempotency_key: Annotated[CommandId | None, Header()] = None,
        if_match: Annotated[str | None, Header(max_length=40)] = None,
        prefer: Annotated[str | None, Header(max_length=200)] = None,
    ) -> Any:
        body = _body(kind, given, actor, idempotency_key, if_match)
        application = full_id(application_ref, plan_id)
        if actor.role is Role.PUBLIC:
            return await _heard(here, application, body)
        await _known_to(request, here, caller, plan_id, application_ref)
        if _wants_no_answer(prefer):
            await here.applications.signal(application, body)
            at = f"/v1/plans/{plan_id}/applications/{application_ref}"
            told = Accepted(command_id=body["command_id"], state=at, refused=f"{at}/refused")
            return JSONResponse(
                told.model_dump(), status_code=202, headers={"Preference-Applied": "respond-async"}
            )
        receipt = await here.applications.send(application, body)
        response.headers["ETag"] = f'"{receipt.revision}"'
        return receipt

    return send


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


def _schema(kind: str) -> dict[str, Any]:
    """The schema of the body: the command's, without what path, headers and token say."""
    schema = COMMANDS[kind].model_json_schema(ref_template=f"#/components/schemas/{kind}.{{model}}")
    schema.pop("$defs", None)
    for name in ("actor", "kind"):
        schema["properties"].pop(name, None)
    schema["required"] = [n for n in schema.get("required", ()) if n not in TAKEN_FROM_ELSEWHERE]
    return schema


def definitions() -> dict[str, Any]:
    """The schemas that the bodies of commands refer to, for the OpenAPI document."""
    found: dict[str, Any] = {}
    for kind, model in COMMANDS.items():
        whole = model.model_json_schema(ref_template=f"#/components/schemas/{kind}.{{model}}")
        found.update({f"{kind}.{name}": body for name, body in whole.get("$defs", {}).items()})
    return found


def _register() -> None:
    for kind, model in COMMANDS.items():
        by = "、".join(ROLE_LABELS[role].zh for role in ROLES_OF[kind])
        router.add_api_route(
            f"/plans/{{plan_id}}/applications/{{application_ref}}/commands/{kind}",
            _route(kind),
            methods=["POST"],
            operation_id=kind,
            name=kind,
            summary=f"{kind} ({by})",
            description=(
                f"{(model.__doc__ or '').strip()}\n\n`Idempotency-Key` (or `command_id` in the body) makes "
                "it safe to send again; `If-Match` is the revision that was seen; `Prefer: respond-async` "
                "hands it over without waiting."
            ),
            response_model=Receipt,
            responses={
                202: {"model": Accepted, "description": "Handed over; look at `state` and `refused`."},
                **problems(*OF_CALLER, 404, 409, 413, 503),
            },
            openapi_extra={
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {"schema": _schema(kind), "example": EXAMPLES.get(kind, {})}
                    },
                }
            },
        )


_register()
