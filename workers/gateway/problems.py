"""Every answer that is not "yes": problem+json (RFC 9457) in Chinese and English, never a stack trace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse
from pydantic import Field
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from activities.identity_keys import IdentityKeyError
from models.refusal import Option, Refusal, Refused
from models.wire import Label, Wire
from workers.client_cycle import CycleClosed, UnknownCycle
from workers.client_errors import (
    CommandRefused,
    InputDiffers,
    NoWorker,
    QueryFailed,
    ReferenceTaken,
    ReviewClosed,
    ServerAway,
    StartRefused,
    UnknownApplication,
)
from workers.client_meeting import MeetingClosed, UnknownMeeting
from workers.gateway.catalogue import CATALOGUE

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = 5
"""Seconds after which a caller tries again when nobody serves."""


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
    status = CATALOGUE[refusal.code].status
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
        case UnknownCycle():
            return not_found("评审年度", "cycle")
        case UnknownMeeting():
            return not_found("会议", "meeting")
        case UnknownApplication():
            return not_found("申报", "application")
        case CycleClosed():
            return problem(
                409,
                "closed",
                zh="本年度评审已结束，不再接受指令。",
                en="The cycle is closed and takes no more commands.",
                fix_zh="可查询其经过。",
                fix_en="Read its history.",
            )
        case MeetingClosed():
            return problem(
                409,
                "closed",
                zh="会议已结束或已取消，不再接受指令。",
                en="The meeting is over, or was called off, and takes no more commands.",
                fix_zh="可查询其经过。",
                fix_en="Read its history.",
            )
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
        case PoolTimeout() | OperationalError() | InterfaceError():
            return _database_away()
        case IdentityKeyError():
            return _sealed()
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
    if isinstance(error, InputDiffers):
        return problem(
            409,
            "different_input",
            zh="此编号已用于其他内容。",
            en="This reference exists with another input.",
            fix_zh="用相同内容再次发送可找到它；否则请使用另一编号。",
            fix_en="Send the same input to find it, or use another reference.",
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
        zh="无法开始：内容不符合要求。",
        en=str(error),
        fix_zh="请按 /openapi.json 更正后重发。",
        fix_en="Correct the field by /openapi.json and send it again.",
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


def _database_away() -> ProblemError:
    """It cannot be reached, or too many wait for it: nobody's fault but ours, and nothing to be told of."""
    return problem(
        503,
        "database_away",
        zh="数据库暂时无法应答；未确认任何更改。",
        en="The database does not answer at this moment; no change was acknowledged.",
        fix_zh="请用同一 Idempotency-Key 再次发送（不会重复生效）。",
        fix_en="Send it again with the same Idempotency-Key.",
        headers={"Retry-After": str(RETRY_AFTER)},
    )


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


def _sealed() -> ProblemError:
    return problem(
        503,
        "identity_sealed",
        zh="证件号码无法解密或比对。",
        en="Identity numbers do not open, or cannot be compared.",
        fix_zh="请联系运维：密钥环 ZHICHENG_IDENTITY_KEYS 或 ZHICHENG_IDENTITY_INDEX_KEYS 缺少密钥"
        "（见 docs/privacy.md）。",
        fix_en="Ask the operator: a key is missing in ZHICHENG_IDENTITY_KEYS or ZHICHENG_IDENTITY_INDEX_KEYS "
        "(docs/privacy.md).",
    )
