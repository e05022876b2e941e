"""What everybody may read without a token: the rules, the lists on view, whether a certificate holds."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from activities.calendar import Calendars
from activities.list_public import public_lists
from activities.plans import plan_in_force
from activities.records import Records
from activities.statistics import Statistics
from activities.verification import verify_file, verify_number
from models.drawing.as_json import lifecycle as as_data
from models.drawing.svg import svg
from models.papers import Verdict
from models.plan import UnknownPlanError
from models.public_statistics import PublicStatistics, public
from models.result_list import ResultList
from models.statistics import CycleStatistics
from models.wire import Instant, Wire
from workers.gateway.cached import Remembered
from workers.gateway.catalogue import CATALOGUE, ErrorCode
from workers.gateway.context import Context, context_of
from workers.gateway.paths import PlanId, problems
from workers.gateway.problems import RETRY_AFTER, ProblemError, not_found, problem

router = APIRouter(prefix="/v1", tags=["public"])
Here = Annotated[Context, Depends(context_of)]

_COUNTED: Remembered[CycleStatistics] = Remembered(seconds=10)
"""Anybody may ask, and to count takes as long as the cycle is large."""

FILE_WITHIN = 60.0
"""Seconds in which a file that is looked at must have come."""


class Health(Wire):
    """The gateway serves; whether workers do is told by each answer."""

    status: str = "serving"
    at: Instant


class ListPlace(Wire):
    """Where a list was posted, and when."""

    place: str
    posted_at: Instant


class ListOnView(Wire):
    """A list of the passed. `file` is null once its time on view is over."""

    n: int
    status: str
    sha256: str
    corrects: int | None
    corrected_by: int | None
    postings: tuple[ListPlace, ...]
    file: ResultList | None


@router.get("/health", operation_id="health", responses=problems())
async def health() -> Health:
    """The gateway serves."""
    return Health(at=datetime.now(UTC))


@router.get("/lifecycle", operation_id="lifecycle", responses=problems())
async def lifecycle() -> dict[str, Any]:
    """Every state, transition, actor, deadline and reason code, drawn from the code that decides."""
    return as_data()


@router.get(
    "/lifecycle.svg",
    operation_id="lifecycle_diagram",
    responses={200: {"content": {"image/svg+xml": {}}}, **problems()},
    response_class=Response,
)
async def lifecycle_diagram() -> Response:
    """The diagram of the lifecycle."""
    return Response(svg(), media_type="image/svg+xml")


@router.get("/errors", operation_id="errors", responses=problems())
async def errors() -> list[ErrorCode]:
    """Every code of an answer "no": its status, what it means, and what to do, in Chinese and English."""
    return list(CATALOGUE.values())


@router.get("/certificates/{number}", operation_id="verify_certificate", responses=problems())
async def verify_certificate(number: str, here: Here) -> Verdict:
    """Whether the certificate with this number is in force (网上核验); an unknown one is told in words."""
    async with here.database.reading() as session:
        return await verify_number(session, number)


@router.post(
    "/certificates/file",
    operation_id="verify_file",
    responses=problems(413, 503),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def verify_certificate_file(request: Request, here: Here) -> Verdict:
    """Whether this very file is a paper of ours, unchanged and in force. The file is not kept."""
    if here.files.locked():
        raise _too_many_files()
    async with here.files:
        try:
            async with asyncio.timeout(FILE_WITHIN):
                content = await request.body()
        except TimeoutError:
            raise _too_many_files() from None
        roots = here.settings.papers(may_make_key=False).roots()
        async with here.database.reading() as session:
            return await verify_file(session, content, roots)


def _too_many_files() -> ProblemError:
    """Everybody may send a file, and each is held in memory: some at once, and none for long."""
    return problem(
        503,
        "busy",
        zh="正在核验的文件过多，或传输过慢。",
        en="Too many files are being looked at, or this one came too slowly.",
        fix_zh="请稍后再试；也可按证书编号核验。",
        fix_en="Try again in a moment, or ask by the number of the certificate.",
        headers={"Retry-After": str(RETRY_AFTER)},
    )


@router.get("/plans/{plan_id}/lists", operation_id="public_lists", responses=problems(404))
async def lists(plan_id: PlanId, here: Here) -> list[ListOnView]:
    """The lists of the passed; those on view with their lines."""
    async with here.database.reading() as session:
        try:
            plan = await plan_in_force(session, plan_id)
        except UnknownPlanError:
            raise not_found("方案", "plan") from None
        found = await public_lists(session, plan, datetime.now(UTC))
    return [
        ListOnView(
            n=one.n,
            status=one.status,
            sha256=one.sha256,
            corrects=one.corrects,
            corrected_by=one.corrected_by,
            postings=tuple(ListPlace(place=place, posted_at=at) for place, at in one.postings),
            file=one.file,
        )
        for one in found
    ]


@router.get("/plans/{plan_id}/statistics/public", operation_id="public_statistics", responses=problems(404))
async def public_numbers(plan_id: PlanId, here: Here) -> PublicStatistics:
    """The numbers of the cycle, rounded to multiples of five, as they were at most ten seconds ago."""
    return public(await _COUNTED.get((id(here), plan_id), lambda: counted(here, plan_id)))


async def counted(here: Context, plan_id: str) -> CycleStatistics:
    """The numbers of a cycle as it stands. Raises the problem 404 for an unknown plan."""
    async with here.database.reading() as session:
        try:
            await plan_in_force(session, plan_id)
        except UnknownPlanError:
            raise not_found("方案", "plan") from None
    calendars = Calendars(as_of=here.settings.rehearsal, folder=here.settings.calendar_dir)
    return await Statistics(Records(here.database, calendars, {})).count(plan_id, datetime.now(UTC))
