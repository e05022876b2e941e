"""Whatever is raised in a route is answered as a problem; what nobody foresaw is logged with its cause."""

from __future__ import annotations

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from activities.identity_keys import IdentityKeyError
from models.field_errors import in_words
from models.refusal import Refused
from workers.client_errors import ClientError
from workers.gateway.problems import ProblemError, answer, of_error, problem

EXPECTED = (
    ProblemError,
    Refused,
    ClientError,
    IdentityKeyError,
    PoolTimeout,
    OperationalError,
    InterfaceError,
)
"""What a route may raise, and `workers.gateway.problems.of_error` has words for."""

_log = structlog.stdlib.get_logger("gateway")

_KNOWN: dict[int, tuple[str, str, str, str, str]] = {
    404: (
        "not_found",
        "没有此地址。",
        "There is no such address.",
        "请见 /openapi.json。",
        "See /openapi.json.",
    ),
    400: (
        "malformed",
        "请求内容无法读取。",
        "The body cannot be read.",
        "请发送一个 JSON 对象；未作任何更改。",
        "Send one JSON object; nothing was changed.",
    ),
    413: (
        "oversized",
        "请求过大。",
        "The request is too large.",
        "文件请作为引用，不放入指令。",
        "Documents travel as references, never inside a command.",
    ),
    405: (
        "method",
        "此地址不接受该方法。",
        "This address does not take that method.",
        "请见 Allow。",
        "See Allow.",
    ),
}


def install(app: FastAPI) -> None:
    """Everything that is raised in a route is answered as a problem."""

    async def known(request: Request, error: Exception) -> JSONResponse:
        found = of_error(error)
        if found is None:
            return unexpected(request, error)
        if isinstance(error, SQLAlchemyError):
            _log.warning("the database does not answer", reason=type(error).__name__)
        return answer(request, found)

    async def invalid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        path, rule = in_words(error.errors()[0])
        return answer(
            request,
            problem(
                422,
                "malformed",
                zh=f"{path} 不符合要求：{rule.zh}。",
                en=f"{path} breaks a rule: {rule.en}.",
                fix_zh="请按 /openapi.json 更正后重发；未作任何更改。",
                fix_en="Correct it by /openapi.json and send it again; nothing was changed.",
                field=path,
            ),
        )

    async def http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        code, zh, en, fix_zh, fix_en = _KNOWN.get(
            error.status_code, ("refused", "请求不被接受。", "The request is not accepted.", "", "")
        )
        status = 422 if error.status_code == 400 else error.status_code
        found = problem(status, code, zh=zh, en=en, fix_zh=fix_zh, fix_en=fix_en, headers=error.headers)
        return answer(request, found)

    for kind in EXPECTED:
        app.add_exception_handler(kind, known)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)


def unexpected(request: Request, error: Exception) -> JSONResponse:
    """A fault of our own: the caller gets the id to report, the log gets the cause."""
    _log.error("request failed", exc_info=error, path=request.url.path)
    return answer(
        request,
        problem(
            500,
            "unexpected",
            zh="服务内部出错，未确认任何更改。",
            en="The service failed; no change was acknowledged.",
            fix_zh="请用同一 Idempotency-Key 重发；如再次出现请告知 request_id。",
            fix_en="Send it again with the same Idempotency-Key; if it fails again report the request_id.",
        ),
    )
