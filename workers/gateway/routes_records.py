"""What stands on record around an application, for the offices: the name, what was told to whom; its diagram.

And what a notice on working days would move in a plan.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field
from sqlalchemy import select

from activities.calendar import Calendars
from activities.calendar_preview import Preview, preview
from activities.names_register import record_one, versions_of
from models.drawing.svg import svg
from models.names_file import NameRow, fault_of
from models.refusal import RefusalCode, refuse
from models.stages import Stage
from models.tables import Notice
from models.wire import SHANGHAI, Instant, ShortText, Wire
from workers.client import full_id
from workers.gateway.access_log import viewing
from workers.gateway.caller import Caller
from workers.gateway.context import Context, context_of
from workers.gateway.offices import for_the_plan
from workers.gateway.paths import OF_CALLER, Moment, PlanId, Ref, problems
from workers.gateway.tokens import caller_of

router = APIRouter(prefix="/v1/plans/{plan_id}", tags=["records"])
Here = Annotated[Context, Depends(context_of)]
Who = Annotated[Caller, Depends(caller_of)]
_ONE = problems(*OF_CALLER, 404, 503)
_WRITES = problems(*OF_CALLER, 404, 413, 415, 503)


class NameVersion(Wire):
    """The applicant's name in one version, and the document of a correction."""

    version: int
    name: str
    recorded_at: Instant
    document_no: str | None


class CorrectName(Wire):
    """A name; another one than is recorded names the document that allows the correction."""

    name: ShortText
    document_no: ShortText | None = None


class Told(Wire):
    """What was told to whom about an application, word for word. `status`: pending, sent, held or void."""

    at: Instant
    to_role: str
    recipient: str | None
    template: str
    subject_zh: str
    text_zh: str
    text_en: str
    status: str
    sent_at: Instant | None


class NoticeText(Wire):
    """A notice on working days, as TOML. `at`: asked as of this business time; now without it."""

    notice_toml: Annotated[str, Field(min_length=1, max_length=20_000)]
    at: Moment | None = None


@router.get(
    "/applications/{application_ref}/diagram.svg",
    operation_id="application_diagram",
    response_class=Response,
    responses={200: {"content": {"image/svg+xml": {}}}, **_ONE},
)
async def diagram(
    request: Request, here: Here, caller: Who, plan_id: PlanId, application_ref: Ref
) -> Response:
    """The lifecycle with the present stage and the way to it marked."""
    await viewing(request, caller, plan_id, application_ref)
    facts = await here.applications.history(full_id(application_ref, plan_id))
    path = [Stage(fact.to_stage) for fact in facts]
    return Response(svg("both", path[-1] if path else None, path), media_type="image/svg+xml")


@router.get("/applications/{application_ref}/notices", operation_id="application_notices", responses=_ONE)
async def notices(
    request: Request, here: Here, caller: Who, plan_id: PlanId, application_ref: Ref
) -> list[Told]:
    """What the applicant and the others were told, and when."""
    await viewing(request, caller, plan_id, application_ref)
    return await told_of(here, plan_id, application_ref)


async def told_of(here: Context, plan_id: str, application_ref: str) -> list[Told]:
    """The same, where the look is on record already."""
    async with here.database.reading() as session:
        rows = await session.scalars(
            select(Notice).filter_by(plan_id=plan_id, application_ref=application_ref).order_by(Notice.id)
        )
        plain = [name for name in Told.model_fields if name not in ("at", "sent_at")]
        return [
            Told(
                at=row.at.astimezone(SHANGHAI),
                sent_at=row.sent_at.astimezone(SHANGHAI) if row.sent_at is not None else None,
                **{name: getattr(row, name) for name in plain},
            )
            for row in rows
        ]


@router.get("/applications/{application_ref}/name", operation_id="applicant_name", responses=_ONE)
async def name_of(
    request: Request, here: Here, caller: Who, plan_id: PlanId, application_ref: Ref
) -> list[NameVersion]:
    """Every version of the applicant's name, the oldest first: what a paper showed at its time."""
    row = await viewing(request, caller, plan_id, application_ref)
    return await names_of(here, row.applicant)


async def names_of(here: Context, applicant: str) -> list[NameVersion]:
    """The same, where the look is on record already."""
    async with here.database.reading() as session:
        found = [known for of, known in await versions_of(session, applicant) if of == "person"]
    return [
        NameVersion(
            version=one.version,
            name=one.name,
            recorded_at=one.recorded_at.astimezone(SHANGHAI),
            document_no=one.document_no,
        )
        for one in found
    ]


@router.put("/applications/{application_ref}/name", operation_id="correct_applicant_name", responses=_WRITES)
async def correct_name(
    request: Request, here: Here, caller: Who, plan_id: PlanId, application_ref: Ref, given: CorrectName
) -> list[NameVersion]:
    """Record the applicant's name, or correct it by a document; the old one stays known."""
    row = await viewing(request, caller, plan_id, application_ref)
    wrong = fault_of(row.applicant, given.name)
    if wrong is not None:
        raise refuse(
            RefusalCode.MALFORMED,
            zh=f"{wrong.zh}。",
            en=f"{wrong.en}.",
            fix_zh="请更正 name。",
            fix_en="Correct `name`.",
            field="name",
        )
    named = NameRow(0, row.applicant, given.name, "person", None)
    async with here.database.transaction() as session:
        await record_one(session, named, datetime.now(UTC), given.document_no)
    return await name_of(request, here, caller, plan_id, application_ref)


@router.post("/calendar/preview", operation_id="preview_calendar", responses=_WRITES)
async def preview_calendar(here: Here, caller: Who, plan_id: PlanId, given: NoticeText) -> Preview:
    """What a notice on working days would move, case by case; nothing is stored or changed."""
    await for_the_plan(here, caller, plan_id)
    calendars = Calendars(as_of=here.settings.rehearsal, folder=here.settings.calendar_dir)
    moment = given.at or datetime.now(UTC)
    return await preview(here.database, calendars, plan_id, given.notice_toml, moment, field="notice_toml")
