"""What the doctor finds in the database of a plan, for its offices."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends

from activities.calendar import Calendars
from activities.doctor.examination import examine
from activities.papers.storage import FileStore
from models.doctor import Examination
from workers.gateway.caller import Caller
from workers.gateway.context import Context, context_of
from workers.gateway.offices import for_the_plan
from workers.gateway.paths import OF_CALLER, PlanId, problems
from workers.gateway.tokens import caller_of

router = APIRouter(prefix="/v1", tags=["operations"])
Here = Annotated[Context, Depends(context_of)]
Who = Annotated[Caller, Depends(caller_of)]


@router.get("/plans/{plan_id}/doctor", operation_id="doctor", responses=problems(*OF_CALLER, 404, 503))
async def doctor(here: Here, caller: Who, plan_id: PlanId, papers: bool = False) -> Examination:
    """Broken chains, invariants, differences, stuck work; with `papers` the files are hashed, too.

    Looks at the database only, and takes longer the more applications there are; `zhicheng doctor` compares
    them with their workflows as well.
    """
    await for_the_plan(here, caller, plan_id)
    settings = here.settings
    return await examine(
        here.database,
        Calendars(as_of=settings.rehearsal, folder=settings.calendar_dir),
        datetime.now(UTC),
        plan_id=plan_id,
        files=FileStore(settings.data_dir.absolute()) if papers else None,
    )
