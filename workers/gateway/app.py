"""The gateway as one ASGI application: every router, the door before each route, problems for answers."""

from __future__ import annotations

import asyncio
import json
from functools import cache
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response

from workers.board.app import create_board
from workers.gateway import (
    evidence_problems,
    handlers,
    routes_audit,
    routes_batches,
    routes_commands,
    routes_cycle,
    routes_doctor,
    routes_events,
    routes_evidence,
    routes_lists,
    routes_meetings,
    routes_operations,
    routes_people,
    routes_public,
    routes_reading,
    routes_records,
    routes_searches,
    routes_starts,
    routes_uploads,
    routes_webhooks,
    tus,
)
from workers.gateway.context import Context
from workers.gateway.gate import Gate
from workers.gateway.policy import POLICY
from workers.gateway.problems import Problem
from workers.gateway.tokens import ORGANISATION_HEADER, ROLE_HEADER, admitted

ROUTERS = (
    routes_public.router,
    routes_starts.router,
    routes_commands.router,
    routes_reading.router,
    routes_lists.router,
    routes_searches.router,
    routes_operations.router,
    routes_records.router,
    routes_people.router,
    routes_people.of_oneself,
    routes_events.router,
    routes_cycle.router,
    routes_doctor.router,
    routes_audit.router,
    routes_meetings.router,
    routes_uploads.router,
    routes_evidence.router,
    routes_webhooks.router,
    routes_batches.router,
)
FAMILIES = (routes_commands.OF_APPLICATIONS, routes_cycle.OF_CYCLES, routes_meetings.OF_MEETINGS)
VERSION = "1.0.0"
DESCRIPTION = (
    "Runs professional-title reviews (职称评审). The actor of every command comes from the bearer token. "
    "Send the same `Idempotency-Key` again as often as you like: it counts once. Every answer that is not "
    "'yes' is problem+json with the rule and the remedy in Chinese and English."
)


_FOR_PAGES: dict[str, Any] = {
    "allow_methods": ["GET", "POST", "PUT", "PATCH", "HEAD", "DELETE"],
    "allow_headers": [
        "Authorization",
        "Content-Type",
        "Idempotency-Key",
        "If-Match",
        "Last-Event-ID",
        "Prefer",
        "Range",
        "X-Request-Id",
        *tus.REQUEST_HEADERS,
        ROLE_HEADER,
        ORGANISATION_HEADER,
    ],
    "expose_headers": [
        "ETag",
        "Preference-Applied",
        "Retry-After",
        "WWW-Authenticate",
        "X-Request-Id",
        *tus.ANSWER_HEADERS,
    ],
    "max_age": 600,
}
"""What pages of allowed origins may send and read. Tokens travel in a header: no cookie is ever looked at."""


class NoPolicyError(RuntimeError):
    """A route says not who may use it, or the policy names a route that is not there."""


def create_app(context: Context | None) -> FastAPI:
    """The application; without a context it can only describe itself. Raises `NoPolicyError`."""
    app = FastAPI(
        title="zhicheng",
        version=VERSION,
        description=DESCRIPTION,
        dependencies=[Depends(admitted)],
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    for router in ROUTERS:
        app.include_router(router)
    _every_route_has_a_policy()
    handlers.install(app)
    evidence_problems.install(app)
    app.add_middleware(Gate)
    if context is not None and context.settings.origins():
        app.add_middleware(CORSMiddleware, allow_origins=context.settings.origins(), **_FOR_PAGES)
    app.state.context = context
    if context is not None:
        app.mount("/board", create_board(context))

    async def describe(request: Request) -> Response:  # noqa: ARG001 - the shape of a route
        return Response(await asyncio.to_thread(openapi_text), media_type="application/json")

    app.add_route("/openapi.json", describe, methods=["GET"])
    return app


@cache
def openapi_text() -> str:
    """The OpenAPI document as it is published; drawn once, when somebody asks for it first."""
    return json.dumps(_described(create_app(None)), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _every_route_has_a_policy() -> None:
    for router in ROUTERS:
        for route in router.routes:
            if not isinstance(route, APIRoute):  # a mount, a socket: it would not pass the door
                raise NoPolicyError(f"{route!r} is no route that a policy could stand before")
    names = [route.operation_id for route in every_route()]
    for name in names:
        if name not in POLICY:
            raise NoPolicyError(f"the route '{name}' has no entry in workers.gateway.policy.POLICY")
    if len(set(names)) != len(names) or set(names) != set(POLICY):
        raise NoPolicyError(f"routes and policy differ: {sorted(set(POLICY) ^ set(map(str, names)))}")


def every_route() -> list[APIRoute]:
    """Every route of the gateway but its own description."""
    return [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]


def _described(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with who may use each route."""
    document = app.openapi()
    schemas = document["components"]["schemas"]
    schemas["Problem"] = Problem.model_json_schema(
        mode="serialization", ref_template="#/components/schemas/{model}"
    )
    for name, body in schemas["Problem"].pop("$defs", {}).items():
        schemas.setdefault(name, body)
    for family in FAMILIES:
        schemas.update(family.definitions())
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    document["components"]["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    }
    for operations in document["paths"].values():
        for operation in operations.values():
            access = POLICY[operation["operationId"]]
            operation["security"] = [] if access.public else [{"bearer": []}]
            if not access.public:
                roles = sorted(role.value for role in access.roles)
                operation["x-roles"] = ["anyone with a token"] if access.anyone else roles
    return document
