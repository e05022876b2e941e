"""Uploading papers over tus 1.0.0, with any client of that protocol: begin, ask, send, discard.

An upload belongs to an application and to the caller who began it; nobody else learns that it is there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Request, Response
from pydantic import TypeAdapter, ValidationError
from starlette.requests import ClientDisconnect

from activities.evidence.refusals import too_many_bytes, unknown
from activities.evidence.uploads import NewUpload, state_of
from models.commands import CommandId
from models.evidence import EvidenceKind, hash_in, reference
from models.roles import Reference
from models.tables import EvidenceUpload
from workers.gateway import tus
from workers.gateway.access_log import seen, turned_away
from workers.gateway.caller import Caller
from workers.gateway.context import Context, context_of
from workers.gateway.paths import OF_CALLER, problems
from workers.gateway.problems import RETRY_AFTER, not_found, problem
from workers.gateway.tokens import caller_of

router = APIRouter(prefix="/v1/evidence", tags=["evidence"])
Here = Annotated[Context, Depends(context_of)]
Who = Annotated[Caller, Depends(caller_of)]
UploadRef = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="As `Location` named it.")]
Version = Annotated[str | None, Header(alias="Tus-Resumable", max_length=20, description="1.0.0")]

IDLE_SECONDS = 60
"""How long a sender may be silent within a request; what has come by then counts."""

_REFERENCE = TypeAdapter(Reference)
_ONE = (*OF_CALLER, 400, 404, 410, 412, 503)
_OFFSET = {"Upload-Offset": {"schema": {"type": "integer"}, "description": "Bytes that are stored."}}


@router.options(
    "/uploads",
    operation_id="evidence_protocol",
    status_code=204,
    response_class=Response,
    responses=problems(),
)
async def protocol(here: Here) -> Response:
    """What of the protocol is spoken, and how large a file may be."""
    return Response(
        status_code=204,
        headers={
            "Tus-Version": tus.VERSION,
            "Tus-Extension": tus.EXTENSIONS,
            "Tus-Max-Size": str(here.settings.evidence_max_bytes),
            "Tus-Checksum-Algorithm": ",".join(tus.ALGORITHMS),
        },
    )


@router.post(
    "/uploads",
    operation_id="begin_upload",
    status_code=201,
    response_class=Response,
    responses={
        201: {"description": "Begun; `Location` is where the bytes go."},
        **problems(*OF_CALLER, 400, 404, 409, 412, 413, 503),
    },
)
async def begin(
    request: Request,
    here: Here,
    caller: Who,
    version: Version = None,
    upload_length: Annotated[str | None, Header(max_length=20, description="Bytes of the file.")] = None,
    upload_metadata: Annotated[
        str | None,
        Header(
            max_length=tus.MOST_METADATA,
            description="Keys with values in Base64: `plan`, `application`; `kind` (dossier, publicity, "
            "objection; dossier without it); `filename`, `filetype`, `sha256` if they are known.",
        ),
    ] = None,
    idempotency_key: Annotated[CommandId | None, Header()] = None,
) -> Response:
    """Begin an upload for an application; the same `Idempotency-Key` again finds the same one."""
    tus.check_version(version)
    if upload_length is None or not upload_length.isdecimal():
        raise tus.unreadable("Upload-Length")
    new = _new(tus.metadata(upload_metadata), int(upload_length), caller, idempotency_key)
    if await seen(here.database, caller, new.plan_id, new.application_ref) is None:
        await turned_away(request, caller, new.plan_id, new.application_ref)
        raise not_found("申报", "application")
    row = await here.evidence.uploads.begin(new, datetime.now(UTC))
    return Response(
        status_code=201,
        headers={
            "Location": f"/v1/evidence/uploads/{row.upload_ref}",
            "Upload-Expires": tus.http_date(row.expires_at),
        },
    )


def _new(said: dict[str, str], size: int, caller: Caller, key: str | None) -> NewUpload:
    try:
        return NewUpload(
            plan_id=_REFERENCE.validate_python(said.get("plan")),
            application_ref=_REFERENCE.validate_python(said.get("application")),
            owner=caller.subject,
            kind=EvidenceKind(said.get("kind", EvidenceKind.DOSSIER)),
            size=size,
            file_name=said.get("filename") or said.get("name"),
            declared_type=said.get("filetype") or said.get("type"),
            declared_sha256=_declared(said.get("sha256")),
            key=key,
        )
    except (ValidationError, ValueError):
        raise problem(
            400,
            "bad_header",
            zh="Upload-Metadata 中的 plan、application、kind 或 sha256 缺失或不符合要求。",
            en="`plan`, `application`, `kind` or `sha256` in Upload-Metadata is missing or breaks a rule.",
            fix_zh=f"kind 可为：{'、'.join(EvidenceKind)}；sha256 为小写十六进制。",
            fix_en=f"`kind` is one of {', '.join(EvidenceKind)}; `sha256` is in lower-case hex.",
            field="Upload-Metadata",
        ) from None


def _declared(text: str | None) -> str | None:
    if text is None:
        return None
    found = hash_in(text)
    if found is None:
        raise ValueError("no hash")
    return found


@router.head(
    "/uploads/{upload_ref}",
    operation_id="upload_offset",
    response_class=Response,
    responses={200: {"description": "Where it stands.", "headers": _OFFSET}, **problems(*_ONE)},
)
async def offset(
    request: Request, here: Here, caller: Who, upload_ref: UploadRef, version: Version = None
) -> Response:
    """How many bytes are stored; the upload goes on from there."""
    tus.check_version(version)
    row = await _mine(request, here, caller, upload_ref)
    if state_of(row, datetime.now(UTC)) not in ("open", "stored"):
        return Response(status_code=410)
    return Response(headers=_standing(row.received, row.sha256, row) | {"Upload-Length": str(row.size)})


@router.patch(
    "/uploads/{upload_ref}",
    operation_id="upload_bytes",
    status_code=204,
    response_class=Response,
    responses={
        204: {"description": "They are stored.", "headers": _OFFSET},
        **problems(*_ONE, 409, 413, 415, 460),
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {tus.MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def send(
    request: Request,
    here: Here,
    caller: Who,
    upload_ref: UploadRef,
    version: Version = None,
    upload_offset: Annotated[str | None, Header(max_length=20)] = None,
    upload_checksum: Annotated[str | None, Header(max_length=200)] = None,
) -> Response:
    """Send bytes from `Upload-Offset` on, as many as you like; what has come when a connection breaks counts.

    With the last byte the file is judged and stored; `Zhicheng-Evidence` is its reference then.
    """
    tus.check_version(version)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != tus.MEDIA_TYPE:
        raise _wrong_media_type()
    if upload_offset is None or not upload_offset.isdecimal():
        raise tus.unreadable("Upload-Offset")
    row = await _mine(request, here, caller, upload_ref)
    at = int(upload_offset)
    if at + int(request.headers.get("content-length") or 0) > row.size:
        raise too_many_bytes(row.size)
    body, checksum = _body(request), tus.Checksum(upload_checksum) if upload_checksum else None
    slots = here.evidence.slots
    if slots.locked():
        raise _too_many_senders()
    async with slots:
        reached = await here.evidence.receiver.receive(
            row,
            at,
            checksum.over(body) if checksum else body,
            lambda: datetime.now(UTC),
            checksum.right if checksum else None,
        )
    if checksum is not None and not checksum.right():
        raise tus.mismatch()
    return Response(status_code=204, headers=_standing(reached.offset, reached.sha256, row))


@router.delete(
    "/uploads/{upload_ref}",
    operation_id="discard_upload",
    status_code=204,
    response_class=Response,
    responses=problems(*_ONE),
)
async def discard(
    request: Request, here: Here, caller: Who, upload_ref: UploadRef, version: Version = None
) -> Response:
    """Discard an upload that is not finished. A stored paper stays."""
    tus.check_version(version)
    await here.evidence.uploads.discard(await _mine(request, here, caller, upload_ref), datetime.now(UTC))
    return Response(status_code=204)


async def _mine(request: Request, here: Context, caller: Caller, upload_ref: str) -> EvidenceUpload:
    """The caller's own upload, for an application that the caller may still see."""
    row = await here.evidence.uploads.find(upload_ref)
    if row is None:
        raise unknown()
    visible = await seen(here.database, caller, row.plan_id, row.application_ref)
    if row.owner != caller.subject or visible is None:
        await turned_away(request, caller, row.plan_id, row.application_ref)
        raise unknown()
    return row


def _standing(offset: int, sha256: str | None, row: EvidenceUpload) -> dict[str, str]:
    told = {"Upload-Offset": str(offset)}
    if sha256 is not None:
        return told | {tus.REFERENCE_HEADER: reference(sha256)}
    return told | {"Upload-Expires": tus.http_date(row.expires_at)}


async def _body(request: Request) -> AsyncIterator[bytes]:
    """What comes, until it ends, breaks off, or nothing comes for too long."""
    stream = request.stream()
    while True:
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                chunk = await anext(stream)
        except (StopAsyncIteration, ClientDisconnect, TimeoutError):
            return
        if chunk:
            yield chunk


def _wrong_media_type() -> Exception:
    return problem(
        415,
        "upload_media_type",
        zh=f"Content-Type 须为 {tus.MEDIA_TYPE}。",
        en=f"The Content-Type of bytes is {tus.MEDIA_TYPE}.",
        fix_zh="请使用支持 tus 的客户端，或更正 Content-Type。",
        fix_en="Use a client that speaks tus, or correct the Content-Type.",
        field="Content-Type",
    )


def _too_many_senders() -> Exception:
    return problem(
        503,
        "busy",
        zh="正在接收的上传过多。",
        en="Too many uploads are being received at this moment.",
        fix_zh="请稍后从同一 Upload-Offset 继续。",
        fix_en="Go on from the same Upload-Offset in a moment.",
        headers={"Retry-After": str(RETRY_AFTER)},
    )
