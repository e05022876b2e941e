"""What is refused of uploads and papers, as problems."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from models.evidence import EvidenceRefused
from workers.gateway.catalogue import CATALOGUE
from workers.gateway.problems import RETRY_AFTER, ProblemError, answer, problem


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


def install(app: FastAPI) -> None:
    """A refusal that is raised in a route is answered as a problem."""

    async def refused(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, EvidenceRefused)
        return answer(request, of_evidence(error))

    app.add_exception_handler(EvidenceRefused, refused)
