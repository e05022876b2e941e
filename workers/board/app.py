"""The board as an application of its own in the gateway: pages, their door, problems as pages, files."""

from __future__ import annotations

import structlog
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from fastapi.routing import APIRoute
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from models.drawing.svg_style import STYLE
from workers.board import (
    page_acts,
    page_application,
    page_batches,
    page_cycle,
    page_desks,
    page_exports,
    page_inbox,
    page_incidents,
    page_meetings,
    page_results,
    page_risk,
    page_search,
    page_service,
    sign_in,
)
from workers.board.door import SignInNeededError, entered
from workers.board.render import page, static_file
from workers.board.session import Sessions
from workers.gateway.context import Context
from workers.gateway.handlers import EXPECTED
from workers.gateway.policy import BOARD_POLICY
from workers.gateway.problems import ProblemError, of_error, problem

ROUTERS = (
    sign_in.router,
    page_cycle.router,
    page_risk.router,
    page_search.router,
    page_application.router,
    page_inbox.router,
    page_batches.router,
    page_meetings.router,
    page_results.router,
    page_desks.router,
    page_incidents.router,
    page_service.router,
    page_exports.router,
    page_acts.router,
)
_log = structlog.stdlib.get_logger("board")
STATIC = {"board.css": "text/css", "htmx.min.js": "text/javascript"}


def every_page() -> list[APIRoute]:
    """Every route of the board."""
    return [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]


def create_board(context: Context) -> FastAPI:
    """The board. Raises `RuntimeError` where a page has no entry in the policy, or an entry no page."""
    names = [route.operation_id for route in every_page()]
    if sorted(map(str, names)) != sorted(BOARD_POLICY):
        raise RuntimeError(f"pages and policy differ: {sorted(set(map(str, names)) ^ set(BOARD_POLICY))}")
    board = FastAPI(dependencies=[Depends(entered)], docs_url=None, redoc_url=None, openapi_url=None)
    for router in ROUTERS:
        board.include_router(router)
    board.state.context, board.state.sessions = context, Sessions(context.settings)
    _install(board)

    async def static(request: Request) -> Response:
        name = request.path_params["name"]
        if name == "diagram.css":
            return Response(STYLE, media_type="text/css")
        if name not in STATIC:
            raise HTTPException(404)
        return Response(static_file(name), media_type=STATIC[name])

    board.add_route("/static/{name}", static, methods=["GET"])
    return board


def _install(board: FastAPI) -> None:
    """Whatever is raised in a page is shown as a page, in the words of the API."""

    async def to_sign_in(request: Request, error: Exception) -> Response:  # noqa: ARG001 - a handler
        if request.headers.get("hx-request"):
            return Response(status_code=401, headers={"HX-Redirect": "/board/sign-in"})
        return RedirectResponse("/board/sign-in", 303)

    async def known(request: Request, error: Exception) -> Response:
        found = of_error(error)
        if found is None:
            raise error
        if isinstance(error, SQLAlchemyError):
            _log.warning("the database does not answer", reason=type(error).__name__)
        return _shown(request, found)

    async def malformed(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])[:200]
        return _shown(
            request,
            problem(
                422,
                "malformed",
                zh=f"{field} 不符合要求。",
                en=f"{field} breaks a rule: {first['msg']}.",
                fix_zh="请更正后重试；未作任何更改。",
                fix_en="Correct it and try again; nothing was changed.",
            ),
        )

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        found = problem(
            error.status_code,
            "not_found" if error.status_code == 404 else "refused",
            zh="没有此页面，或不能这样打开。",
            en="There is no such page, or it cannot be opened like this.",
            fix_zh="请从栏目进入。",
            fix_en="Go on from the sections above.",
        )
        return _shown(request, found)

    board.add_exception_handler(SignInNeededError, to_sign_in)
    board.add_exception_handler(RequestValidationError, malformed)
    board.add_exception_handler(HTTPException, http)
    for kind in EXPECTED:
        board.add_exception_handler(kind, known)


def _shown(request: Request, found: ProblemError) -> Response:
    plan = request.path_params.get("plan_id")
    answer = page(request, "problem.html", plan, status=found.problem.status, problem=found.problem)
    answer.headers.update(found.headers)
    return answer
