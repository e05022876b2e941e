"""People, for the offices of a plan: whose identity number it is. Each look is on record first.

A number travels in a body, never in a path or a query: those stand in the logs of whatever is on the way.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi import Path as InPath
from fastapi.responses import FileResponse
from pydantic import Field
from starlette.background import BackgroundTask

from activities import identity
from activities.looks import Looker
from activities.person_data import export_person
from models.identity import DOCUMENT_LABELS, Document
from models.refusal import Refused
from models.roles import Reference, Role
from models.wire import SHANGHAI, Instant, Label, ShortText, Wire
from workers.gateway.access_book import grants_in_words
from workers.gateway.caller import Caller
from workers.gateway.context import Context, context_of
from workers.gateway.offices import for_the_plan
from workers.gateway.paths import OF_CALLER, PlanId, problems
from workers.gateway.problems import not_found
from workers.gateway.tokens import caller_of

router = APIRouter(prefix="/v1/plans/{plan_id}/people", tags=["people"])
of_oneself = APIRouter(prefix="/v1/me", tags=["people"])
Here = Annotated[Context, Depends(context_of)]
Who = Annotated[Caller, Depends(caller_of)]
PersonRef = Annotated[
    str,
    InPath(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@-]{0,79}$",
        description="The person's opaque reference.",
        examples=["p-7f3a"],
    ),
]
Number = Annotated[
    str,
    Field(min_length=1, max_length=40, examples=["11010519491231002X"], description="As on the document."),
]
_KEEPERS = (Role.OFFICE, Role.CITY_OFFICE)
"""Who sees a whole number and hands out a copy: in this role of this plan, whatever else an account holds."""

_READS = problems(*OF_CALLER, 404, 503)
_WRITES = problems(*OF_CALLER, 404, 413, 415, 503)


class GivenIdentity(Wire):
    """An identity document. Another number than is recorded names the document that allows the correction."""

    document: Document = Document.RESIDENT_ID
    number: Number
    document_no: ShortText | None = None


class RecordedIdentity(Wire):
    """What came of it. `same_person`: other references with this number, which count as one person.

    `two_live_in`: plans in which this person has two live applications, begun before this was known.
    """

    person: str
    version: int
    new: bool
    same_person: tuple[str, ...]
    two_live_in: tuple[str, ...]


class ShownIdentity(Wire):
    """An identity document; `number` is masked, or whole where it was asked for with a reason."""

    person: str
    version: int
    document: Document
    label: Label
    number: str
    recorded_at: Instant
    recorded_by: str
    document_no: str | None
    same_person: tuple[str, ...]


class Reveal(Wire):
    """Why the whole number is needed; it stands in the access log."""

    reason: ShortText


class Asked(Wire):
    """A number that somebody is looked for by."""

    document: Document = Document.RESIDENT_ID
    number: Number


class FoundPeople(Wire):
    """The references that stand for whoever has the number."""

    persons: tuple[Reference, ...]


@router.put("/{person}/identity", operation_id="record_identity", responses=_WRITES)
async def record(
    request: Request, here: Here, caller: Who, plan_id: PlanId, person: PersonRef, given: GivenIdentity
) -> RecordedIdentity:
    """Record who a reference stands for. The number is kept sealed and is not in the answer."""
    await for_the_plan(here, caller, plan_id)
    async with here.database.transaction() as session:
        done = await identity.record_identity(
            session,
            here.identities,
            looker_of(request, caller),
            person,
            given.document,
            given.number,
            datetime.now(UTC),
            given.document_no,
        )
    return RecordedIdentity(
        person=done.person,
        version=done.version,
        new=done.new,
        same_person=done.same,
        two_live_in=done.twice,
    )


@router.get("/{person}/identity", operation_id="person_identity", responses=_READS)
async def masked(
    request: Request, here: Here, caller: Who, plan_id: PlanId, person: PersonRef
) -> ShownIdentity:
    """The identity document of a person, the number masked."""
    await for_the_plan(here, caller, plan_id)
    return await _shown(request, here, caller, person, None)


@router.post("/{person}/identity/reveal", operation_id="reveal_identity", responses=_WRITES)
async def reveal(
    request: Request, here: Here, caller: Who, plan_id: PlanId, person: PersonRef, given: Reveal
) -> ShownIdentity:
    """The whole number, for a reason that is on record."""
    await for_the_plan(here, caller, plan_id, _KEEPERS)
    return await _shown(request, here, caller, person, given.reason)


@router.post("/find", operation_id="find_person", responses=_WRITES)
async def find(request: Request, here: Here, caller: Who, plan_id: PlanId, given: Asked) -> FoundPeople:
    """Which references stand for whoever has this number. Nothing is decrypted for it."""
    await for_the_plan(here, caller, plan_id)
    async with here.database.transaction() as session:
        found = await identity.persons_with(
            session,
            here.identities,
            looker_of(request, caller),
            given.document,
            given.number,
            datetime.now(UTC),
        )
    return FoundPeople(persons=found)


@router.get(
    "/{person}/data",
    operation_id="person_data",
    response_class=FileResponse,
    responses={200: {"content": {"application/zip": {}}}, **_READS},
)
async def data_of(
    request: Request,
    here: Here,
    caller: Who,
    plan_id: PlanId,
    person: PersonRef,
    reason: Annotated[ShortText, Query(description="Why: the request of the person, for instance.")],
) -> FileResponse:
    """What the system holds on a person of this plan, as a ZIP for that person; the number is masked."""
    await for_the_plan(here, caller, plan_id, _KEEPERS)
    return await _packed(request, here, caller, person, reason, plan_id=plan_id, whole=False)


@of_oneself.get(
    "/data",
    operation_id="my_data",
    response_class=FileResponse,
    responses={200: {"content": {"application/zip": {}}}, **_READS},
)
async def my_data(request: Request, here: Here, caller: Who) -> FileResponse:
    """Everything that the system holds on the caller, as a ZIP (PIPL Art. 45)."""
    return await _packed(request, here, caller, caller.subject, "PIPL Art. 45", plan_id=None, whole=True)


async def _packed(
    request: Request,
    here: Context,
    caller: Caller,
    person: str,
    reason: str,
    *,
    plan_id: str | None,
    whole: bool,
) -> FileResponse:
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="zhicheng-data-"))
    file = folder / "data.zip"
    try:
        with file.open("w+b") as out:
            await export_person(
                here.database,
                here.identities,
                looker_of(request, caller),
                person,
                datetime.now(UTC),
                out,
                here.evidence.store,
                here.settings.data_dir.absolute(),
                whole=whole,
                reason=reason,
                plan_id=plan_id,
            )
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, Refused):
            raise not_found("个人信息", "personal data") from None
        raise
    return FileResponse(
        file,
        media_type="application/zip",
        filename=f"{person}.zip",
        background=BackgroundTask(shutil.rmtree, folder, ignore_errors=True),
    )


def looker_of(request: Request, caller: Caller) -> Looker:
    """The caller, as the access log names them."""
    return Looker(caller.subject, grants_in_words(caller), caller.service, request.state.request_id)


async def _shown(
    request: Request, here: Context, caller: Caller, person: str, reason: str | None
) -> ShownIdentity:
    async with here.database.transaction() as session:
        found = await identity.identity_of(
            session,
            here.identities,
            looker_of(request, caller),
            person,
            datetime.now(UTC),
            whole=reason is not None,
            reason=reason,
        )
    if found is None:
        raise not_found("身份证件登记", "identity document")
    return ShownIdentity(
        person=found.person,
        version=found.version,
        document=found.document,
        label=DOCUMENT_LABELS[found.document],
        number=found.number,
        recorded_at=found.recorded_at.astimezone(SHANGHAI),
        recorded_by=found.recorded_by,
        document_no=found.document_no,
        same_person=found.same,
    )
