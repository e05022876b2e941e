"""Around every request: its id, its size, headers that browsers heed, one log line, never a stack trace."""

from __future__ import annotations

import re
import sys
import time
import uuid

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from workers.gateway.handlers import unexpected
from workers.gateway.problems import ProblemError, answer, problem
from workers.observe.metrics import count_request
from workers.observe.tracing import server_span, trace_id_of
from workers.redaction import scrub_text

MOST_BYTES = 1024 * 1024
MOST_FILE_BYTES = 50 * 1024 * 1024
"""Of a file whose signature is looked at."""

_FILES = ("/v1/certificates/file",)
_UPLOADS = "/v1/evidence/uploads"
_OVERRIDES = ("PATCH", "DELETE")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
)
_CSP, _REFERRER = b"content-security-policy", b"referrer-policy"
_HEADERS = (
    *_ALWAYS,
    (_REFERRER, b"no-referrer"),
    (_CSP, b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
)
_BOARD = "/board"
_OF_THE_BOARD = (
    *_ALWAYS,
    (_REFERRER, b"same-origin"),
    (
        _CSP,
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
)
"""Pages: scripts and styles from here only, none of them inside of a page."""
_OF_UPLOADS = ((b"tus-resumable", b"1.0.0"),)
_log = structlog.stdlib.get_logger("gateway")


class Gate:
    """ASGI middleware, outermost."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes on anything that is not HTTP."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        of_uploads = scope["path"].startswith(_UPLOADS)
        request = Request(scope)
        if of_uploads and scope["method"] == "POST":
            _take_the_method_that_is_meant(scope, request)
        request_id = _id_of(request)
        request.state.request_id = request_id
        began, status, started = time.monotonic(), 500, False
        most = MOST_FILE_BYTES if scope["path"] in _FILES else MOST_BYTES
        if of_uploads and scope["method"] == "PATCH":
            most = sys.maxsize  # the upload knows how many bytes it waits for, and reads no more

        async def sending(message: Message) -> None:
            nonlocal status, started
            if message["type"] == "http.response.start":
                status, started = message["status"], True
                message["headers"] = [
                    *message.get("headers", ()),
                    *(_OF_THE_BOARD if scope["path"].startswith(_BOARD) else _HEADERS),
                    *(_OF_UPLOADS if of_uploads else ()),
                    (b"x-request-id", request_id.encode()),
                ]
            await send(message)

        ids = {"request_id": request_id, "correlation_id": request_id}
        with bound_contextvars(**ids), server_span(scope["method"], request.headers) as span:
            try:
                if int(request.headers.get("content-length") or 0) > most:
                    await answer(request, too_large(most))(scope, receive, sending)
                else:
                    await self._app(scope, _bounded(receive, most), sending)
            except Exception as error:  # the last line of defence
                if started:
                    raise
                await unexpected(request, error)(scope, receive, sending)
            finally:
                route = getattr(scope.get("route"), "operation_id", None)
                seconds = time.monotonic() - began
                span.answered(route, status)
                count_request(route, scope["method"], status, seconds)
                _log.info(
                    "request", method=scope["method"], route=route, status=status, ms=round(seconds * 1000)
                )


def _id_of(request: Request) -> str:
    """The id that the caller gave, else its trace id, else a new one; never a number of a person."""
    given = request.headers.get("x-request-id", "")
    if _ID.fullmatch(given) and scrub_text(given) == given:
        return given
    return trace_id_of(request.headers) or uuid.uuid4().hex


def _take_the_method_that_is_meant(scope: Scope, request: Request) -> None:
    """Where a proxy lets no PATCH pass, a POST says what it stands for (tus 1.0.0)."""
    meant = request.headers.get("x-http-method-override", "").upper()
    if meant in _OVERRIDES:
        scope["method"] = meant


def _bounded(receive: Receive, most: int) -> Receive:
    read = 0

    async def bounded() -> Message:
        nonlocal read
        message = await receive()
        if message["type"] == "http.request":
            read += len(message.get("body", b""))
            if read > most:
                raise HTTPException(413)
        return message

    return bounded


def too_large(most: int) -> ProblemError:
    """The body is larger than allowed."""
    return problem(
        413,
        "oversized",
        zh=f"请求超过 {most} 字节。",
        en=f"The request is larger than {most} bytes.",
        fix_zh="文件请作为证据上传，指令中只放引用。",
        fix_en="Documents travel as references, never inside a command.",
    )
