"""Every answer that is not "yes": problem+json (RFC 9457) in Chinese and English, never a stack trace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import Field
from starlette.exceptions import HTTPException

from models.refusal import Option, Refusal, RefusalCode, Refused
from models.wire import Label, Wire
from workers.client_errors import (
    CommandRefused,
    NoWorker,
    QueryFailed,
    ReferenceTaken,
    ReviewClosed,
    ServerAway,
    StartRefused,
    UnknownApplication,
)

_log = structlog.stdlib.get_logger("gateway")

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = 5
"""Seconds after which a caller tries again when nobody serves."""

STATUS_OF: dict[RefusalCode, int] = {
    RefusalCode.MALFORMED: 422,
    RefusalCode.UNKNOWN_KIND: 404,
    RefusalCode.OVERSIZED: 413,
    RefusalCode.NOT_OPEN_YET: 409,
    RefusalCode.PLAN_PENDING: 503,
    RefusalCode.CLOSED: 409,
    RefusalCode.WRONG_ROLE: 403,
    RefusalCode.WRONG_ORGANISATION: 403,
    RefusalCode.WRONG_PERSON: 403,
    RefusalCode.SEPARATION_OF_DUTIES: 403,
    RefusalCode.NOT_IN_THIS_STAGE: 409,
    RefusalCode.STALE_REVISION: 409,
    RefusalCode.REUSED_COMMAND_ID: 409,
    RefusalCode.EXPIRED: 409,
    RefusalCode.ON_HOLD: 409,
    RefusalCode.TOO_EARLY: 409,
    RefusalCode.GUARD: 422,
}
"""The status of each refusal: 403 may not, 409 not now, 422 not like this."""


class Problem(Wire):
    """Why the answer is no: the rule, the remedy, the field that is to blame, what may come next instead."""

    type: str = Field(examples=["urn:zhicheng:problem:not_in_this_stage"])
    title: str = Field(examples=["The command 'submit' is not possible in 'employer_review'."])
    status: int
    code: str = Field(examples=["not_in_this_stage"])
    rule: Label
    remedy: Label
    field: str | None = None
    citation: str | None = None
    stage: str | None = None
    revision: int | None = None
    next: tuple[Option, ...] = ()
    differing: tuple[str, ...] = ()
    request_id: str | None = None


class ProblemError(Exception):
    """Raised by a route: answered with its problem."""

    def __init__(self, problem: Problem, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(problem.title)
        self.problem, self.headers = problem, dict(headers or {})


def problem(
    status: int,
    code: str,
    *,
    zh: str,
    en: str,
    fix_zh: str,
    fix_en: str,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> ProblemError:
    """A problem in words."""
    return ProblemError(
        Problem(
            type=f"urn:zhicheng:problem:{code}",
            title=en,
            status=status,
            code=code,
            rule=Label(zh=zh, en=en),
            remedy=Label(zh=fix_zh, en=fix_en),
            **more,
        ),
        headers,
    )


def of_refusal(refusal: Refusal) -> ProblemError:
    """The problem that stands for a refusal."""
    status = STATUS_OF[refusal.code]
    return ProblemError(
        Problem(
            type=f"urn:zhicheng:problem:{refusal.code.value}",
            title=refusal.rule.en,
            status=status,
            code=refusal.code.value,
            rule=refusal.rule,
            remedy=refusal.remedy,
            field=refusal.field,
            citation=refusal.citation,
            stage=refusal.stage,
            revision=refusal.revision,
            next=refusal.next,
        ),
        {"Retry-After": str(RETRY_AFTER)} if status == 503 else None,
    )


def not_found(what_zh: str, what_en: str) -> ProblemError:
    """It is not there, or the caller may not see it: the answer is the same."""
    return problem(
        404,
        "not_found",
        zh=f"没有此{what_zh}，或您无权查看。",
        en=f"There is no such {what_en}, or you may not see it.",
        fix_zh="请核对编号与方案，或使用有权限的账户。",
        fix_en="Check the reference and the plan, or use an account that may see it.",
    )


def of_error(error: Exception) -> ProblemError | None:
    """The problem that stands for what a client of the review raised; None for anything unexpected."""
    match error:
        case ProblemError():
            return error
        case Refused(refusal=refusal) | CommandRefused(refusal=refusal):
            return of_refusal(refusal)
        case StartRefused():
            return _of_start(error)
        case UnknownApplication():
            return not_found("申报", "application")
        case ReviewClosed():
            return problem(
                409,
                "closed",
                zh="该申报已终结，不再接受指令。",
                en="The application has ended and takes no more commands.",
                fix_zh="可查询其经过；方案允许时可重新申报。",
                fix_en="Read its history, or apply again where the plan allows.",
            )
        case NoWorker() | ServerAway():
            return _nobody()
        case QueryFailed():
            return problem(
                503,
                "not_readable",
                zh="暂时无法读取该申报。",
                en="The application cannot be read at this moment.",
                fix_zh="请稍后再试；如持续出现请联系运行人员。",
                fix_en="Try again; if it goes on, tell the operators.",
                headers={"Retry-After": str(RETRY_AFTER)},
            )
        case _:
            return None


def _of_start(error: StartRefused) -> ProblemError:
    if error.refusal is not None:
        return of_refusal(error.refusal)
    if isinstance(error, ReferenceTaken):
        return problem(
            409,
            "reference_taken",
            zh="此编号已被另一申报使用。",
            en="This reference is taken by another application.",
            fix_zh="请使用另一编号。",
            fix_en="Use another reference.",
            field="application_ref",
        )
    if error.differing:
        fields = ", ".join(error.differing)
        return problem(
            409,
            "different_input",
            zh=f"此编号已有申报，内容不同：{fields}。",
            en=f"An application with this reference exists with another {fields}.",
            fix_zh="用相同内容再次发送可找到该申报；否则请使用另一编号。",
            fix_en="Send the same input to find it, or use another reference.",
            differing=error.differing,
        )
    return problem(
        422,
        "malformed",
        zh="申报无法开始：内容不符合要求。",
        en=str(error),
        fix_zh="请按 application-input 的 JSON Schema 更正后重发。",
        fix_en="Correct the field by the JSON Schema 'application-input' and send it again.",
    )


def _nobody() -> ProblemError:
    return problem(
        503,
        "no_answer",
        zh="目前没有服务进程应答；指令可能稍后生效。",
        en="Nobody answers at this moment; the command may still take effect.",
        fix_zh="请用同一 Idempotency-Key 再次发送（不会重复生效），或加 Prefer: respond-async。",
        fix_en="Send it again with the same Idempotency-Key, or add `Prefer: respond-async`.",
        headers={"Retry-After": str(RETRY_AFTER)},
    )


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


def answer(request: Request, found: ProblemError) -> JSONResponse:
    """The problem as an answer, with the id of the request."""
    request_id = getattr(request.state, "request_id", None)
    body = found.problem.model_copy(update={"request_id": request_id})
    return JSONResponse(
        body.model_dump(mode="json", exclude_none=True),
        status_code=body.status,
        media_type=MEDIA_TYPE,
        headers=found.headers,
    )


def install(app: FastAPI) -> None:
    """Everything that is raised in a route is answered as a problem."""

    async def known(request: Request, error: Exception) -> JSONResponse:
        found = of_error(error)
        if found is None:
            return unexpected(request, error)
        return answer(request, found)

    async def invalid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        path = ".".join(str(part) for part in first["loc"])
        return answer(
            request,
            problem(
                422,
                "malformed",
                zh=f"{path} 不符合要求。",
                en=f"{path} breaks a rule: {first['msg']}.",
                fix_zh="请按 /openapi.json 更正后重发；未作任何更改。",
                fix_en="Correct it by /openapi.json and send it again; nothing was changed.",
                field=path[:200],
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

    for kind in (
        ProblemError,
        Refused,
        CommandRefused,
        StartRefused,
        UnknownApplication,
        ReviewClosed,
        NoWorker,
        ServerAway,
        QueryFailed,
    ):
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
