"""One application: story, deadlines with their count, what may come next, papers, refused messages."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Annotated, Any
from urllib.parse import quote
from uuid import uuid4

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from markupsafe import Markup

from activities.calendar import Calendars
from activities.evidence.files import files_of
from activities.screening import last_findings
from models.audit import Fact, verify
from models.calendar import CalendarYearMissing, DueDate, Lineage, WorkCalendar
from models.drawing.svg import svg
from models.explaining import corrected_words, corrections_of, explain
from models.stages import Stage
from models.views import DeadlineView
from models.wire import end_of
from workers.board.page_acts import GROUNDS, acts_of
from workers.board.render import lang_of, page
from workers.client import full_id
from workers.gateway import routes_records
from workers.gateway.access_log import facts_for, seen, viewing
from workers.gateway.caller import Caller
from workers.gateway.context import Context, context_of
from workers.gateway.paths import PlanId, Ref
from workers.gateway.policy import POLICY
from workers.gateway.tokens import caller_of

router = APIRouter()


@router.get("/plans/{plan_id}/applications/{application_ref}", operation_id="board_application")
async def application(
    request: Request,
    here: Annotated[Context, Depends(context_of)],
    caller: Annotated[Caller, Depends(caller_of)],
    plan_id: PlanId,
    application_ref: Ref,
) -> Response:
    """Asked of its workflow; the look is on record first."""
    row = await viewing(request, caller, plan_id, application_ref)
    known = full_id(application_ref, plan_id)
    state, history, deadlines, refused = await asyncio.gather(
        here.applications.state(known),
        here.applications.history(known),
        here.applications.deadlines(known),
        here.applications.refused(known),
    )
    history = await facts_for(here.database, caller, row, history)
    async with here.database.reading() as session:
        calendars = Calendars(as_of=here.settings.rehearsal, folder=here.settings.calendar_dir)
        calendar = await calendars.within(session, state.at)
        papers = await files_of(session, row, caller.subject, caller.grants)
        findings = await last_findings(session, plan_id, application_ref)
    as_office = caller.within(POLICY["application_notices"].roles)
    offices = await seen(here.database, as_office, plan_id, application_ref) is not None
    told = await routes_records.told_of(here, plan_id, application_ref) if offices else None
    names = await routes_records.names_of(here, row.applicant) if offices else None
    stage, trail = Stage(state.stage), _trail(history)
    diagram = await asyncio.to_thread(svg, lang_of(request), stage, trail, standalone=False)
    ui = here.settings.temporal_ui_url
    return page(
        request,
        "application.html",
        plan_id,
        row=row,
        state=state,
        history=history,
        broken=verify(history, kept=True),
        explained=explain(state, history, deadlines, refused),
        corrected={one: corrected_words(by) for one, by in corrections_of(history).items()},
        deadlines=[(one, _count(one, calendar)) for one in deadlines],
        refused=refused,
        papers=papers,
        told=told,
        names=names,
        findings=findings,
        acts=acts_of(caller) if state.status != "ended" else [],
        grounds=GROUNDS,
        command_id=f"board-{uuid4().hex}",
        diagram=Markup(diagram),
        web_ui=f"{ui}/namespaces/{here.temporal.namespace}/workflows/{quote(known, safe='')}" if ui else None,
    )


def _trail(history: Iterable[Fact]) -> list[Stage]:
    """The stages in the order in which they were reached."""
    found: list[Stage] = []
    for fact in history:
        for stage in (Stage(fact.from_stage), Stage(fact.to_stage)):
            if not found or found[-1] is not stage:
                found.append(stage)
    return found


def _count(one: DeadlineView, calendar: WorkCalendar) -> list[Any]:
    """The days behind a deadline, each with why it counts; nothing for a fixed date."""
    if one.lineage is None or one.last_day is None:
        return []
    last = one.capped_from or one.last_day
    due = DueDate(last_day=last, due_at=end_of(last), lineage=Lineage.model_validate(one.lineage))
    try:
        return list(calendar.explain(due))
    except (ValueError, CalendarYearMissing):
        return []
