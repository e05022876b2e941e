"""What is refused of uploads and papers, as problems."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from models.evidence import EvidenceCode, EvidenceRefused
from workers.gateway.problems import RETRY_AFTER, ProblemError, answer, problem

STATUS_OF: dict[EvidenceCode, int] = {
    EvidenceCode.NOT_ALLOWED: 415,
    EvidenceCode.FORGED: 415,
    EvidenceCode.AMBIGUOUS: 415,
    EvidenceCode.BROKEN: 422,
    EvidenceCode.EMPTY: 422,
    EvidenceCode.TOO_LARGE: 413,
    EvidenceCode.QUOTA: 413,
    EvidenceCode.TOO_MANY: 409,
    EvidenceCode.HASH_DIFFERS: 422,
    EvidenceCode.KEY_REUSED: 409,
    EvidenceCode.OFFSET: 409,
    EvidenceCode.ENDED: 410,
    EvidenceCode.UNKNOWN: 404,
    EvidenceCode.PIECES: 422,
    EvidenceCode.PIECE_LOST: 503,
    EvidenceCode.MISSING: 503,
    EvidenceCode.NOT_STORED: 422,
}
"""The status of each refusal."""


def of_evidence(refused: EvidenceRefused) -> ProblemError:
    """The problem that stands for it; with where the upload stands, if that is what it is about."""
    status = STATUS_OF[refused.code]
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
