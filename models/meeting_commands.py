"""What the office, its witness and the chair may ask of a meeting: an update of `ReviewMeetingWorkflow` each.

Like the commands of an application each names its `actor` and a `command_id`; sending one twice gives the
same answer. No command names an expert: what is said here stands in a workflow's history for ever. A place on
the panel is its seat number; the chair acts under the reference of the duty. Days are days in Asia/Shanghai.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.commands import Command, Sha256
from models.draw import DrawNumber, Nonce
from models.reading import read_command
from models.roles import Actor, Reference, Role
from models.wire import Label

Side = Literal["drawer", "witness"]
ReplaceReason = Literal["unavailable", "conflict", "term_over", "disqualified"]
CallOffReason = Literal["no_quorum", "draw_missed", "postponed", "not_needed"]
VoidReason = Literal["slip_lost", "opened_by_mistake", "disturbed"]

SeatNumber = Annotated[int, Field(ge=1, le=500)]
Refs = Annotated[tuple[Reference, ...], Field(max_length=500)]


class CommitDraw(Command):
    """Before the draw: the drawer (office) or the witness is bound to a secret number by its sha-256.

    The first commitment fixes the numbers to draw and the pool; both sides must name the same.
    """

    kind: Literal["commit_draw"] = "commit_draw"
    side: Side
    commitment: Sha256
    numbers: tuple[DrawNumber, ...] = Field(min_length=1, max_length=50)


class Draw(Command):
    """Shows both secret numbers; the panel follows from them. The actor draws, `witness` has watched."""

    kind: Literal["draw"] = "draw"
    witness: Actor
    drawer_nonce: Nonce
    witness_nonce: Nonce


class Replace(Command):
    """The expert on a seat cannot come: the next rank of the same draw follows."""

    kind: Literal["replace"] = "replace"
    seat: SeatNumber
    reason: ReplaceReason


class SetAgenda(Command):
    """Puts applications on the agenda: clears conflicts, then schedules each. Answered one by one.

    `replaces` names the meeting that they were on before.
    """

    kind: Literal["set_agenda"] = "set_agenda"
    application_refs: Refs = Field(min_length=1, max_length=500)
    replaces: Reference | None = None


class OpenMeeting(Command):
    """The meeting begins: who is in the chair, who are the deputies, by their seats. Needs a quorum."""

    kind: Literal["open_meeting"] = "open_meeting"
    chair_seat: SeatNumber
    deputy_seats: tuple[SeatNumber, ...] = Field(default=(), max_length=10)


class OpenBallot(Command):
    """The chair opens the ballot on one application."""

    kind: Literal["open_ballot"] = "open_ballot"
    application_ref: Reference


class CloseBallot(Command):
    """The chair closes a ballot and counts it; signed and sealed, the result is announced at once."""

    kind: Literal["close_ballot"] = "close_ballot"
    application_ref: Reference
    signed: bool = False
    sealed: bool = False


class VoidBallot(Command):
    """The chair voids a ballot that is not closed (a slip was lost); it is opened again for the same roll."""

    kind: Literal["void_ballot"] = "void_ballot"
    application_ref: Reference
    reason: VoidReason


class BreakOff(Command):
    """The quorum is lost: these applications wait for another meeting. Without any: all not voted on yet."""

    kind: Literal["break_off"] = "break_off"
    application_refs: Refs = ()


class Sign(Command):
    """The chair announces the results and signs them, with the committee's seal. Without any: all counted."""

    kind: Literal["sign"] = "sign"
    application_refs: Refs = ()
    sealed: bool = True


class CloseMeeting(Command):
    """The meeting ends; the minutes are made and kept, with their hash. They are not announced."""

    kind: Literal["close_meeting"] = "close_meeting"


class CallOff(Command):
    """The meeting is not held: before it begins, whether drawn or not. What is on its agenda waits for
    another one, which names this one with `replaces`."""

    kind: Literal["call_off"] = "call_off"
    reason: CallOffReason


_MODELS: tuple[type[Command], ...] = (
    CommitDraw,
    Draw,
    Replace,
    SetAgenda,
    OpenMeeting,
    OpenBallot,
    CloseBallot,
    VoidBallot,
    BreakOff,
    Sign,
    CloseMeeting,
    CallOff,
)

MEETING_COMMANDS: dict[str, type[Command]] = {model.model_fields["kind"].default: model for model in _MODELS}

WITNESSES = (Role.CONVENING_UNIT, Role.CITY_OFFICE, Role.OFFICE)
"""Who may watch a draw: another person than the one who draws."""

ROLES_OF: dict[str, tuple[Role, ...]] = {
    "commit_draw": WITNESSES,
    "draw": (Role.OFFICE,),
    "replace": (Role.OFFICE,),
    "set_agenda": (Role.OFFICE,),
    "open_meeting": (Role.OFFICE,),
    "open_ballot": (Role.CHAIR,),
    "close_ballot": (Role.CHAIR,),
    "void_ballot": (Role.CHAIR,),
    "break_off": (Role.CHAIR,),
    "sign": (Role.CHAIR,),
    "close_meeting": (Role.OFFICE, Role.CHAIR),
    "call_off": (Role.OFFICE,),
}
"""Who sends what (process (a) roles)."""


def parse_meeting_command(kind: str, body: object) -> Command:
    """Reads a command of a meeting. Raises `Refused` that names the field, the rule and the remedy."""
    return read_command(MEETING_COMMANDS, kind, body, Label(zh="会议", en="A meeting"))
