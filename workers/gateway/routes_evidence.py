"""Stored papers: those of an application, and one of them, whole or in part; only to who may see them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator
from typing import Annotated
from urllib.parse import quote

import structlog
from fastapi import APIRouter, Depends, Header, Path, Query, Request
from fastapi.responses import StreamingResponse

from activities.evidence.files import download_name, files_of, find_file, mark
from activities.evidence.store import EvidenceStore, key_of
from models.evidence import EvidenceCode, EvidenceRefused, MediaType, Stored, hash_in
from models.roles import Reference
from workers.gateway.access_log import viewing
from workers.gateway.caller import Caller
from workers.gateway.context import Context, context_of
from workers.gateway.paths import OF_CALLER, PlanId, Ref, problems
from workers.gateway.problems import not_found, problem
from workers.gateway.tokens import caller_of

router = APIRouter(prefix="/v1", tags=["evidence"])
Here = Annotated[Context, Depends(context_of)]
Who = Annotated[Caller, Depends(caller_of)]
Hash = Annotated[
    str, Path(pattern=r"^(sha256:)?[0-9a-f]{64}$", description="The hash, with or without `sha256:`.")
]
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_log = structlog.stdlib.get_logger("gateway")


@router.get(
    "/plans/{plan_id}/applications/{application_ref}/evidence",
    operation_id="application_evidence",
    responses=problems(*OF_CALLER, 404, 503),
)
async def papers(
    request: Request, here: Here, caller: Who, plan_id: PlanId, application_ref: Ref
) -> list[Stored]:
    """The papers of an application that the caller may read, in the order in which they came."""
    row = await viewing(request, caller, plan_id, application_ref)
    async with here.database.reading() as session:
        return await files_of(session, row, caller.subject, caller.grants)


@router.get(
    "/evidence/{sha256}",
    operation_id="evidence_file",
    response_class=StreamingResponse,
    responses={
        200: {"description": "The file.", "content": {kind.value: _BINARY for kind in MediaType}},
        206: {"description": "A part of it.", "content": {kind.value: _BINARY for kind in MediaType}},
        **problems(*OF_CALLER, 404, 416, 503),
    },
)
async def paper(
    request: Request,
    here: Here,
    caller: Who,
    sha256: Hash,
    plan: Annotated[Reference | None, Query(description="With `application`: as whose paper.")] = None,
    application: Annotated[
        Reference | None, Query(description="Without it: of the first one that you may see.")
    ] = None,
    asked: Annotated[str | None, Header(alias="Range", max_length=100)] = None,
    if_range: Annotated[str | None, Header(max_length=100)] = None,
) -> StreamingResponse:
    """One paper, as a file to save. What does not have its hash any more is never handed out whole."""
    bare = hash_in(sha256) or ""
    part_of = (plan, application) if plan and application else None
    async with here.database.reading() as session:
        found = await find_file(session, bare, caller.subject, caller.grants, part_of)
    if found is None:
        raise not_found("材料", "paper")
    await viewing(request, caller, found.plan_id, found.application_ref)
    store, file = here.evidence.store, found.file
    size = await store.size(key_of(bare))
    if size != file.size:
        raise await _unsound(here, bare, "missing" if size is None else "altered")
    etag = f'"{bare}"'
    span = _span(asked, size) if if_range in (None, etag) else None
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": etag,
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(download_name(file), safe='')}",
        "Content-Length": str(size if span is None else span[1] - span[0]),
    }
    if span is None:
        return StreamingResponse(_whole(here, store, bare), headers=headers, media_type=file.media_type.value)
    headers["Content-Range"] = f"bytes {span[0]}-{span[1] - 1}/{size}"
    return StreamingResponse(
        store.stream(key_of(bare), span), 206, headers=headers, media_type=file.media_type.value
    )


async def _whole(here: Context, store: EvidenceStore, sha256: str) -> AsyncIterator[bytes]:
    """The file; its last bytes only if all of it has the hash, so that an altered one never ends well."""
    counted, held = hashlib.sha256(), b""
    async for chunk in store.stream(key_of(sha256)):
        if held:
            yield held
        counted.update(chunk)
        held = chunk
    if counted.hexdigest() != sha256:
        raise await _unsound(here, sha256, "altered")
    yield held


async def _unsound(here: Context, sha256: str, state: str) -> EvidenceRefused:
    await mark(here.database, sha256, state)
    _log.error("stored evidence is not sound", sha256=sha256, state=state)
    return EvidenceRefused(
        EvidenceCode.MISSING,
        zh="该材料在存储中缺失或被改动。",
        en="The paper is missing in the store, or was altered there.",
        fix_zh="请联系运行人员从备份恢复；也可重新上传同一文件。",
        fix_en="Tell the operators to restore it from a backup; uploading the same file again heals it, too.",
    )


def _span(asked: str | None, size: int) -> tuple[int, int] | None:
    """First byte and the one after the last; None for the whole file. Raises the problem 416."""
    match = _RANGE.fullmatch((asked or "").strip())
    if match is None or match.groups() == ("", ""):
        return None  # another unit, or several ranges: the whole file is a valid answer
    first, last = match.groups()
    if first:
        begin, end = int(first), min(int(last) + 1 if last else size, size)
    else:
        begin, end = max(0, size - int(last)), size
    if begin >= end:
        raise problem(
            416,
            "range",
            zh=f"文件只有 {size} 字节。",
            en=f"The file has {size} bytes.",
            fix_zh="请更正 Range。",
            fix_en="Correct the Range.",
            headers={"Content-Range": f"bytes */{size}"},
            field="Range",
        )
    return begin, end
