"""Meetings of the committee: quorum, recusals, agenda and tally, in numbers; the minutes as a record.

No expert is named here, and no ballot: what the page has is what the meeting itself tells (`MeetingView`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi import Response as Plain
from fastapi.responses import Response

from activities.meetings import terms_of
from activities.plans import plan_in_force
from activities.recusals import recusals_by_case
from models.ballot import least_voters, quorum_met
from models.meeting_messages import ItemView
from models.meeting_state import MeetingFact, MeetingView
from workers.board.render import page
from workers.gateway import routes_meetings
from workers.gateway.caller import Caller
from workers.gateway.context import Context, context_of
from workers.gateway.exports import on_record
from workers.gateway.offices import speaks_for
from workers.gateway.paths import MeetingRef, PlanId
from workers.gateway.tokens import caller_of

router = APIRouter()
Here = Annotated[Context, Depends(context_of)]
Who = Annotated[Caller, Depends(caller_of)]


@dataclass(frozen=True)
class Case:
    """One application of the agenda. `recused`: seated members who may not vote on it, by `grounds`.

    `quorum` None: nobody attends yet, or the committee's size is not known.
    """

    item: ItemView
    recused: int
    grounds: Mapping[str, int]
    quorum: bool | None


@router.get("/plans/{plan_id}/meetings", operation_id="board_meetings")
async def meetings(request: Request, here: Here, caller: Who, plan_id: PlanId) -> Response:
    """The meetings of the plan, by day."""
    every = await speaks_for(here, caller, plan_id)
    found = await routes_meetings.every(here, caller, plan_id) if every else []
    return page(request, "meetings.html", plan_id, meetings=found)


@router.get("/plans/{plan_id}/meetings/{meeting_ref}", operation_id="board_meeting")
async def meeting(
    request: Request, here: Here, caller: Who, plan_id: PlanId, meeting_ref: MeetingRef
) -> Response:
    """One meeting: is there a quorum, who is recused from which case, in numbers; agenda and tally."""
    view, facts = await _seen(here, caller, plan_id, meeting_ref)
    async with here.database.reading() as session:
        plan = await plan_in_force(session, plan_id)
        recusals = await recusals_by_case(session, plan_id, meeting_ref)
    size, rule = view.committee_size, terms_of(plan, view.committee_size or 0).rule
    attending = view.head.attending
    cases = [
        Case(
            item=one,
            recused=sum(recusals.get(one.application_ref, {}).values()),
            grounds=recusals.get(one.application_ref, {}),
            quorum=None
            if size is None or not (one.attending or attending)
            else quorum_met(size, one.attending or attending, one.recused, rule),
        )
        for one in view.items
    ]
    return page(
        request,
        "meeting.html",
        plan_id,
        meeting=view,
        cases=cases,
        facts=facts,
        least=least_voters(size, rule) if size is not None else None,
        quorum=None if size is None or not attending else quorum_met(size, attending, 0, rule),
    )


@router.get("/plans/{plan_id}/meetings/{meeting_ref}/minutes", operation_id="board_minutes")
async def minutes(
    request: Request, here: Here, caller: Who, plan_id: PlanId, meeting_ref: MeetingRef
) -> Plain:
    """The meeting in numbers, as a file to keep. Who takes it is on record before it is sent.

    The minutes themselves name experts and hold their opinions: they stay with the office's keeper.
    """
    view, facts = await _seen(here, caller, plan_id, meeting_ref)
    kept = {
        "meeting": view.model_dump(mode="json", exclude={"permitted"}),
        "history": [fact.model_dump(mode="json", exclude={"actor": {"id"}}) for fact in facts],
    }
    content = (json.dumps(kept, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
    search = f"meeting {meeting_ref}"
    await on_record(
        request, here, caller, plan_id, content, what="meeting", search=search, rows=len(view.items)
    )
    name = f'attachment; filename="meeting-{meeting_ref}.json"'
    return Plain(content, media_type="application/json", headers={"Content-Disposition": name})


async def _seen(
    here: Context, caller: Caller, plan_id: str, meeting_ref: str
) -> tuple[MeetingView, list[MeetingFact]]:
    view = await routes_meetings.state(here, caller, plan_id, meeting_ref, Plain())
    return view, await routes_meetings.history(here, caller, plan_id, meeting_ref)
