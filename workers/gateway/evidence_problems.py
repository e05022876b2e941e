"""What is refused of uploads and papers, as problems."""

from __future__ import annotations

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from obstore.exceptions import BaseError

from models.evidence import EvidenceRefused
from workers.gateway.catalogue import CATALOGUE
from workers.gateway.catalogue_evidence import OF_UPLOADS, STORE_AWAY
from workers.gateway.problems import RETRY_AFTER, ProblemError, answer, problem

_log = structlog.stdlib.get_logger("gateway")


def of_evidence(refused: EvidenceRefused) -> ProblemError:
    """The problem that stands for it; with where the upload stands, if that is what it is about."""
    status = CATALOGUE[refused.code.value].status
    headers = {} if refused.offset is None else {"Upload-Offset": str(refused.offset)}
    if status == 503:
        headers["Retry-After"] = str(RETRY_AFTER)
    return problem(
        status,
        refused.code.value,
        zh=refused.rule.zh,
        en=refused.rule.en,
        fix_zh=refused.remedy.zh,
        fix_en=refused.remedy.en,
        headers=headers,
        field=refused.field,
    )


def store_away() -> ProblemError:
    """The disk is full, the bucket is away: nothing was acknowledged, and it may be sent again."""
    status, zh, en, fix_zh, fix_en = OF_UPLOADS[STORE_AWAY]
    return problem(
        status,
        STORE_AWAY,
        zh=f"{zh}。",
        en=en,
        fix_zh=fix_zh,
        fix_en=fix_en,
        headers={"Retry-After": str(RETRY_AFTER)},
    )


def install(app: FastAPI) -> None:
    """A refusal, or a fault of the store, that is raised in a route is answered as a problem."""

    async def refused(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, EvidenceRefused)
        return answer(request, of_evidence(error))

    async def away(request: Request, error: Exception) -> JSONResponse:
        _log.error("evidence store failed", exc_info=error, path=request.url.path)
        return answer(request, store_away())

    app.add_exception_handler(EvidenceRefused, refused)
    app.add_exception_handler(BaseError, away)
