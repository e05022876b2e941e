"""How a command comes in over HTTP: path, headers and token say what they can, the body says the rest.

The same for applications, cycles and meetings: one route a command, named by its `operation_id`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Header
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from models.commands import Command, CommandId
from models.roles import ROLE_LABELS, Actor, Role
from models.wire import Wire
from workers.gateway.examples import EXAMPLES
from workers.gateway.paths import OF_CALLER, problems
from workers.gateway.problems import problem

TAKEN_FROM_ELSEWHERE = ("actor", "kind", "command_id", "expected_revision")
"""Fields of a command that path, headers and token already say."""

_HOW = (
    "`Idempotency-Key` (or `command_id` in the body) makes it safe to send again; `If-Match` is the revision "
    "that was seen"
)
_WITHOUT_WAITING = "; `Prefer: respond-async` hands it over without waiting"


class Accepted(Wire):
    """The command was handed over and not waited for: `state` and `refused` tell what came of it.

    Both are empty for what the public said: it was heard, and sees nothing of the application.
    """

    command_id: str
    state: str
    refused: str


class Envelope(NamedTuple):
    """What the headers say of a command; a route takes it with `Depends(envelope)`."""

    key: str | None
    if_match: str | None


def envelope(
    idempotency_key: Annotated[CommandId | None, Header()] = None,
    if_match: Annotated[str | None, Header(max_length=40)] = None,
) -> Envelope:
    """Reads the headers of a command."""
    return Envelope(idempotency_key, if_match)


def preference(prefer: Annotated[str | None, Header(max_length=200)] = None) -> bool:
    """Whether the sender does not want to wait (`Prefer: respond-async`, RFC 7240)."""
    return any(part.strip().lower() == "respond-async" for part in (prefer or "").split(","))


def handed_over(command_id: str, at: str, more: Mapping[str, str] | None = None) -> JSONResponse:
    """202: where to look for what came of a command that nobody waits for. `more`: further headers."""
    told = Accepted(command_id=command_id, state=at, refused=f"{at}/refused")
    headers = {"Preference-Applied": "respond-async", **(more or {})}
    return JSONResponse(told.model_dump(), status_code=202, headers=headers)


def command_body(kind: str, given: dict[str, Any], actor: Actor, headers: Envelope) -> dict[str, Any]:
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
    if given.get("kind", kind) != kind:  # the door has looked at the command of the path, and at no other
        raise problem(
            422,
            "malformed",
            zh=f"内容中的 kind 与路径中的 {kind} 不一致。",
            en=f"The body's kind is not '{kind}', which the path says.",
            fix_zh="请省略 kind，或发送至该指令的路径。",
            fix_en="Leave `kind` out, or send it to the path of that command.",
            field="kind",
        )
    body = {**given, "kind": kind, "actor": own}
    if headers.key is not None:
        if given.get("command_id", headers.key) != headers.key:
            raise _disagree("command_id", "Idempotency-Key")
        body["command_id"] = headers.key
    if headers.if_match is not None:
        revision = headers.if_match.strip().removeprefix("W/").strip('"')
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


class Family(NamedTuple):
    """The commands of one kind of workflow, as routes.

    `path` ends where the kind follows; `prefix` goes before the kind in the `operation_id`; `endpoint` gives
    the function of a route; `unwaited`: the workflow takes commands without waiting, too.
    """

    path: str
    prefix: str
    models: Mapping[str, type[Command]]
    senders: Mapping[str, Iterable[Role]]
    receipt: type[BaseModel]
    unwaited: bool

    def operation(self, kind: str) -> str:
        """The name of the route of a command."""
        return f"{self.prefix}{kind}"

    def add_to(self, router: APIRouter, endpoint: Callable[[str], Callable[..., Any]]) -> None:
        """Adds one route a command."""
        for kind in self.models:
            self.add_one(router, f"{self.path}/{kind}", kind, self.operation(kind), endpoint(kind))

    def add_one(
        self, router: APIRouter, path: str, kind: str, operation: str, endpoint: Callable[..., Any]
    ) -> None:
        """Adds the route of a command under a path and a name."""
        by = "、".join(ROLE_LABELS[role].zh for role in self.senders[kind])
        handed: dict[int | str, dict[str, Any]] = {
            202: {"model": Accepted, "description": "Handed over; look at `state` and `refused`."}
        }
        router.add_api_route(
            path,
            endpoint,
            methods=["POST"],
            operation_id=operation,
            name=operation,
            summary=f"{kind} ({by})",
            description=(
                f"{(self.models[kind].__doc__ or '').strip()}\n\n{_HOW}"
                f"{_WITHOUT_WAITING if self.unwaited else ''}."
            ),
            response_model=self.receipt,
            responses={
                **(handed if self.unwaited else {}),
                **problems(*OF_CALLER, 404, 409, 413, 415, 503),
            },
            openapi_extra={
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": self._schema(kind),
                            "example": EXAMPLES[operation],
                        }
                    },
                }
            },
        )

    def _schema(self, kind: str) -> dict[str, Any]:
        """The schema of the body: the command's, without what path, headers and token say."""
        schema = self._whole(kind)
        schema.pop("$defs", None)
        for name in ("actor", "kind"):
            schema["properties"].pop(name, None)
        schema["required"] = [n for n in schema.get("required", ()) if n not in TAKEN_FROM_ELSEWHERE]
        return schema

    def _whole(self, kind: str) -> dict[str, Any]:
        template = f"#/components/schemas/{self.operation(kind)}.{{model}}"
        return self.models[kind].model_json_schema(ref_template=template)

    def definitions(self) -> dict[str, Any]:
        """The schemas that the bodies refer to, for the OpenAPI document."""
        return {
            f"{self.operation(kind)}.{name}": body
            for kind in self.models
            for name, body in self._whole(kind).get("$defs", {}).items()
        }
