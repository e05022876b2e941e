"""Meetings of the committee: plan one, the acts of office and chair, and how it stands, in numbers.

What experts do (come, write, vote) never passes through here: a ballot is secret, and this door knows names.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Response
from pydantic import Field
from sqlalchemy import select

from activities.meeting_room import MeetingRoom
from models.clock import REAL_TIME, BusinessClock
from models.meeting_commands import MEETING_COMMANDS, ROLES_OF
from models.meeting_messages import meeting_workflow_id
from models.meeting_state import MeetingFact, MeetingReceipt, MeetingView
from models.roles import Actor, Reference, Role
from models.tables import ReviewMeeting
from models.wire import Wire
from workers.client_meeting import MeetingClient, UnknownMeeting
from workers.gateway.caller import Caller
from workers.gateway.context import Context, context_of
from workers.gateway.examples import EXAMPLES
from workers.gateway.offices import for_the_plan, speaks_for
from workers.gateway.paths import OF_CALLER, MeetingRef, PlanId, problems
from workers.gateway.problems import problem
from workers.gateway.sending import Envelope, Family, command_body, envelope
from workers.gateway.tokens import actor_of, caller_of

router = APIRouter(prefix="/v1", tags=["meetings"])
Here = Annotated[Context, Depends(context_of)]
Who = Annotated[Caller, Depends(caller_of)]
As = Annotated[Actor, Depends(actor_of)]

_ALL = "/plans/{plan_id}/meetings"
_ONE = f"{_ALL}/{{meeting_ref}}"
_READ = problems(*OF_CALLER, 404, 503)

OF_MEETINGS = Family(
    path=f"{_ONE}/commands",
    prefix="meeting_",
    models=MEETING_COMMANDS,
    senders=ROLES_OF,
    receipt=MeetingReceipt,
    unwaited=False,
)


class MeetingStart(Wire):
    """How a meeting is planned. `meeting_on` is a day in Asia/Shanghai."""

    committee_ref: Reference
    meeting_on: date
    clock: BusinessClock = Field(default=REAL_TIME, description="Of a rehearsal only.")


class MeetingRow(Wire):
    """A meeting as the database has it."""

    meeting_ref: str
    committee_ref: str
    meeting_on: date
    drawn_on: date | None
    status: str
    minutes_sha256: str | None


def _meetings(here: Context, plan_id: str) -> MeetingClient:
    return MeetingClient.beside(here.applications, plan_id)


@router.get(_ALL, operation_id="list_meetings", responses=_READ)
async def every(here: Here, caller: Who, plan_id: PlanId) -> list[MeetingRow]:
    """The meetings of a plan, by day. For the offices of the plan."""
    await for_the_plan(here, caller, plan_id)
    async with here.database.reading() as session:
        found = await session.scalars(
            select(ReviewMeeting)
            .filter_by(plan_id=plan_id)
            .order_by(ReviewMeeting.meeting_on, ReviewMeeting.meeting_ref)
        )
        return [MeetingRow(**{name: getattr(row, name) for name in MeetingRow.model_fields}) for row in found]


@router.put(_ONE, operation_id="start_meeting", responses=problems(*OF_CALLER, 404, 409, 413, 415, 503))
async def start(
    here: Here,
    caller: Who,
    plan_id: PlanId,
    meeting_ref: MeetingRef,
    given: Annotated[MeetingStart, Body(examples=[EXAMPLES["start_meeting"]])],
) -> MeetingView:
    """Plan a meeting; the same body again finds the same one, another body is refused (409)."""
    await for_the_plan(here, caller, plan_id, (Role.OFFICE,))
    body = {"plan_id": plan_id, "meeting_ref": meeting_ref, **given.model_dump(mode="json")}
    return await _meetings(here, plan_id).start(body)


@router.get(_ONE, operation_id="meeting_state", responses=_READ)
async def state(
    here: Here, caller: Who, plan_id: PlanId, meeting_ref: MeetingRef, response: Response
) -> MeetingView:
    """How the meeting and each item of its agenda stand, in numbers. `ETag` is the revision.

    For the offices of the plan and the chair; the chair sees it under the committee.
    """
    found = await _shown(here, caller, plan_id, meeting_ref)
    response.headers["ETag"] = f'"{found.revision}"'
    return found


@router.get(f"{_ONE}/history", operation_id="meeting_history", responses=_READ)
async def history(here: Here, caller: Who, plan_id: PlanId, meeting_ref: MeetingRef) -> list[MeetingFact]:
    """What the office, the chair and the clock did, in numbers; no expert appears in it."""
    await _shown(here, caller, plan_id, meeting_ref)
    return await _meetings(here, plan_id).history(meeting_ref)


async def _shown(here: Context, caller: Caller, plan_id: str, meeting_ref: str) -> MeetingView:
    """The meeting, for those who may see it. Raises `UnknownMeeting` for the others, too."""
    of_the_plan = await speaks_for(here, caller, plan_id)
    found = await _meetings(here, plan_id).state(meeting_ref)
    presides = any(g.role is Role.CHAIR and g.organisation == found.committee_ref for g in caller.grants)
    if not of_the_plan and not presides:
        raise UnknownMeeting(meeting_workflow_id(plan_id, meeting_ref))
    return found


async def in_the_chair(here: Here, actor: As, plan_id: PlanId, meeting_ref: MeetingRef) -> Actor:
    """The actor of an act. A chair acts under the reference of the duty: no expert goes into a history."""
    if actor.role is not Role.CHAIR:
        return actor
    duty = await MeetingRoom(here.database).chair_reference(plan_id, meeting_ref, actor.id)
    if duty is None:
        raise problem(
            403,
            "wrong_person",
            zh="您在本次会议中不担任主任委员或副主任委员。",
            en="You are neither chair nor deputy on the panel of this meeting.",
            fix_zh="请由本次会议的主持人办理，或核对会议编号。",
            fix_en="The chair of this meeting must do it; or check the reference of the meeting.",
            citation="Order 40 Art. 19, 22",
        )
    return actor.model_copy(update={"id": duty})


def _route(kind: str) -> Callable[..., Any]:
    async def send(
        response: Response,
        here: Here,
        actor: Annotated[Actor, Depends(in_the_chair)],
        plan_id: PlanId,
        meeting_ref: MeetingRef,
        given: Annotated[dict[str, Any], Body()],
        headers: Annotated[Envelope, Depends(envelope)],
    ) -> Any:
        body = command_body(kind, given, actor, headers)
        receipt = await _meetings(here, plan_id).send(meeting_ref, body)
        response.headers["ETag"] = f'"{receipt.revision}"'
        return receipt

    return send


OF_MEETINGS.add_to(router, _route)
