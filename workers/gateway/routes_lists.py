"""Lists of applications over HTTP: what a search finds among what the caller may see, page by page."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query

from activities.finding import Order, Place, find
from models.roles import Reference, Role
from models.search import MOST_CHARACTERS
from models.selection import Selection
from models.stages import Stage
from models.tables import Application
from models.wire import SHANGHAI, Instant, Wire
from workers.gateway.caller import Caller
from workers.gateway.context import Context, context_of
from workers.gateway.cursor import Cursor
from workers.gateway.paths import OF_CALLER, PlanId, problems
from workers.gateway.searching import At, looking
from workers.gateway.tokens import caller_of

router = APIRouter(prefix="/v1", tags=["reading"])
Here = Annotated[Context, Depends(context_of)]
Who = Annotated[Caller, Depends(caller_of)]


class Row(Wire):
    """One application as the read model has it at `revision`."""

    plan_id: str
    application_ref: str
    workflow_id: str
    stage: str
    status: str
    action_by: str | None
    employer: str
    department: str
    specialty: str
    level: str
    route: str | None
    due_at: Instant | None
    returns: int
    revision: int
    certificate_no: str | None
    entered_at: Instant
    changed_at: Instant


class Page(Wire):
    """Some rows; `next` is the cursor of the following page, null on the last one."""

    items: tuple[Row, ...]
    next: str | None


class Filter(Wire):
    """What is looked for; every field narrows. `q` is a search; days are days in Asia/Shanghai."""

    q: Annotated[str, Query(max_length=MOST_CHARACTERS)] = ""
    stage: Stage | None = None
    status: Literal["open", "ended"] | None = None
    action_by: Role | None = None
    employer: Reference | None = None
    department: Reference | None = None
    specialty: Reference | None = None
    level: Reference | None = None
    due_before: date | None = None
    changed_since: Instant | None = None
    returns_at_least: Annotated[int, Query(ge=0, le=1000)] | None = None
    order: Order = "ref"
    at: At = None
    limit: Annotated[int, Query(ge=1, le=500)] = 100
    cursor: Annotated[str, Query(max_length=400)] | None = None

    def selection(self) -> Selection:
        """The same as everywhere else, without the search."""
        given = self.model_dump(exclude={"q", "stage", "order", "at", "limit", "cursor"})
        return Selection(stages=(self.stage,) if self.stage else (), **given)


@router.get(
    "/plans/{plan_id}/applications",
    operation_id="list_applications",
    responses=problems(*OF_CALLER, 404, 503),
)
async def many(here: Here, caller: Who, plan_id: PlanId, wanted: Annotated[Filter, Query()]) -> Page:
    """The applications of a plan that the caller may see, page by page.

    In the order of their references, or (`order=due`) the soonest deadline first. `q`: a search like
    `stage:office_review due<2023-11-20 returned>=2`, or `@name` of a saved one.
    """
    after = Cursor.read(wanted.cursor) if wanted.cursor is not None else None
    async with looking(here, caller, plan_id, wanted.q, wanted.at) as view:
        rows, place = await find(
            view.session,
            wanted.selection().model_copy(update={"search": view.selection.search}),
            view.today,
            view.seen,
            order=wanted.order,
            after=Place(after.after, after.due_at) if after is not None else None,
            limit=wanted.limit,
        )
    return Page(
        items=tuple(_row(row) for row in rows),
        next=Cursor(after=place.ref, due_at=place.due_at).text() if place is not None else None,
    )


def _row(row: Application) -> Row:
    return Row(
        plan_id=row.plan_id,
        application_ref=row.application_ref,
        workflow_id=row.workflow_id,
        stage=row.stage,
        status=row.status,
        action_by=row.action_by,
        employer=row.employer,
        department=row.department,
        specialty=row.specialty,
        level=row.level,
        route=row.route,
        due_at=row.due_at.astimezone(SHANGHAI) if row.due_at is not None else None,
        returns=row.returns,
        revision=row.revision,
        certificate_no=row.certificate_no,
        entered_at=row.entered_at.astimezone(SHANGHAI),
        changed_at=row.at.astimezone(SHANGHAI),
    )
