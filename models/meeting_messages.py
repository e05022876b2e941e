"""What the workflow of a meeting says to its activities and gets back: counts and references of applications.

No expert, no slip and no choice has a field here: all of this is kept in a workflow's history.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import Field, field_validator

from models.ballot import VoteRule
from models.clock import REAL_TIME, BusinessClock
from models.refusal import Refusal
from models.roles import Reference
from models.wire import Compact, Instant, Wire

MeetingStatus = Literal["planned", "drawn", "open", "closed", "called_off"]

OVER: tuple[MeetingStatus, ...] = ("closed", "called_off")
"""A meeting that was held, and one that will not be: nothing more is done in it."""

ItemStatus = Literal[
    "cleared", "scheduled", "refused", "prepared", "voting", "counted", "announced", "broken_off"
]
"""An item of the agenda: conflicts cleared; scheduled; refused (the reason stands there); its ballot being
announced to the application, open, counted, announced; or broken off, to be scheduled again."""


class MeetingInput(Wire):
    """What starts a `ReviewMeetingWorkflow`. `clock` other than real time is for rehearsals."""

    plan_id: Reference
    meeting_ref: Reference
    committee_ref: Reference
    meeting_on: date
    clock: BusinessClock = Field(default=REAL_TIME)

    @field_validator("plan_id", "meeting_ref")
    @classmethod
    def _no_slash(cls, value: str) -> str:
        if "/" in value:
            raise ValueError("must not contain '/'")
        return value

    @property
    def workflow_id(self) -> str:
        """`meeting/{plan_id}/{meeting_ref}`."""
        return meeting_workflow_id(self.plan_id, self.meeting_ref)


def meeting_workflow_id(plan_id: str, meeting_ref: str) -> str:
    """The id of the workflow of one meeting."""
    return f"meeting/{plan_id}/{meeting_ref}"


class MeetingTerms(Compact):
    """What the plan says about a meeting, fixed when the meeting is planned."""

    plan_version: int
    committee_size: int
    draw_lead_days: int
    rule: VoteRule
    organisations: dict[str, str]


class MeetingHead(Compact):
    """Where the meeting stands. `chairs`: the references under which chair and deputies act."""

    status: MeetingStatus
    drawn_on: date | None = None
    replaced: int = 0
    attending: int = 0
    chairs: tuple[str, ...] = ()
    minutes_sha256: str | None = None


class ItemView(Compact):
    """One application on the agenda: its ballot in numbers. `abstain` has the blank slips in it."""

    application_ref: str
    status: ItemStatus
    box: int = 0
    attending: int = 0
    recused: int = 0
    opinions: int = 0
    yes: int = 0
    no: int = 0
    abstain: int = 0
    passed: bool | None = None
    minutes_sha256: str | None = None
    reason: str | None = None


class ToSend(Wire):
    """A command to an application, ready to be sent."""

    application_ref: str
    body: dict[str, Any]


class Outcome(Compact):
    """What came of one command to an application. `ended`: nothing will ever be accepted there any more."""

    application_ref: str
    accepted: bool
    ended: bool = False
    stage: str | None = None
    reason: str | None = None


class MeetingAct(Wire):
    """One transaction of a meeting: the command (as JSON) or an alarm, and which step of it.

    `at` is business time. `outcomes`: what came of the commands that the step before had asked for.
    """

    meeting: MeetingInput
    kind: str
    step: str = ""
    at: Instant
    command: dict[str, Any] | None = None
    outcomes: tuple[Outcome, ...] = ()
    terms: MeetingTerms | None = None


class MeetingActDone(Compact):
    """What a transaction did: the head as it now is, the items it touched, what is to be sent.

    `refusal` set: nothing was changed; head and items say how things stand.
    """

    head: MeetingHead | None = None
    terms: MeetingTerms | None = None
    items: tuple[ItemView, ...] = ()
    sends: tuple[ToSend, ...] = ()
    counts: dict[str, int] = Field(default_factory=dict)
    refusal: Refusal | None = None


class Sending(Wire):
    """Commands to applications of one plan, sent one after the other."""

    plan_id: str
    sends: tuple[ToSend, ...]


class SendingDone(Compact):
    """The outcomes, in the order of the sendings."""

    outcomes: tuple[Outcome, ...]
