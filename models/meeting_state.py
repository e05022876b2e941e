"""The state of one meeting as its workflow carries it: counts and references of applications, nothing else.

Pure. Times do not decide here but in the transaction that a command asks for (its answer is in the history);
here stand who may send what in which state, the answers already given, and when the next alarm rings.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from pydantic import BaseModel, Field

from models.answered import body_digest, receipt_again
from models.commands import Command
from models.decide import kind_of
from models.draw import last_draw_day
from models.meeting_commands import ROLES_OF
from models.meeting_messages import OVER, ItemView, MeetingActDone, MeetingHead, MeetingInput, MeetingTerms
from models.refusal import RefusalCode, refuse
from models.roles import ROLE_LABELS, SYSTEM, Actor, Role
from models.wire import SHANGHAI, Compact, Instant, Wire, end_of

REMINDED_BEFORE_DAYS = 3
"""Days before the last day of the draw on which the office is reminded, at 9 o'clock."""

_STATUS_FOR: dict[str, tuple[str, ...]] = {
    "commit_draw": ("planned",),
    "draw": ("planned",),
    "replace": ("drawn",),
    "set_agenda": ("drawn", "open"),
    "open_meeting": ("drawn",),
    "open_ballot": ("open",),
    "close_ballot": ("open",),
    "void_ballot": ("open",),
    "break_off": ("open",),
    "sign": ("open",),
    "close_meeting": ("open",),
    "call_off": ("planned", "drawn"),
}

STATUS_ZH = {
    "planned": "已计划",
    "drawn": "已抽取",
    "open": "进行中",
    "closed": "已结束",
    "called_off": "已取消",
}


class MeetingReceipt(Compact):
    """The answer "accepted": where the meeting stands, what was counted, and each item that was touched."""

    command_id: str
    kind: str
    status: str
    revision: int
    at: Instant
    counts: dict[str, int] = Field(default_factory=dict)
    items: tuple[ItemView, ...] = ()
    duplicate: bool = False


class MeetingFact(Compact):
    """One entry of the meeting's history: who did what, when (business time), in numbers."""

    seq: int
    at: Instant
    event: str
    actor: Actor
    command_id: str | None = None
    applications: tuple[str, ...] = ()
    counts: dict[str, int] = Field(default_factory=dict)


class AnsweredCommand(Wire):
    """An accepted command: the digest of its body, and the receipt given."""

    digest: str
    receipt: MeetingReceipt


class MeetingState(BaseModel):
    """Everything the workflow knows. It is carried over a continue-as-new as a whole."""

    input: MeetingInput
    terms: MeetingTerms | None = None
    head: MeetingHead = MeetingHead(status="planned")
    items: dict[str, ItemView] = Field(default_factory=dict)
    revision: int = 0
    answered: dict[str, AnsweredCommand] = Field(default_factory=dict)
    history: list[MeetingFact] = Field(default_factory=list)
    rung: list[str] = Field(default_factory=list)

    @property
    def closed(self) -> bool:
        """True once the meeting has ended, or will not be held."""
        return self.head.status in OVER

    @property
    def draw_by(self) -> date:
        """The last day on which the draw is in time."""
        assert self.terms is not None
        return last_draw_day(self.input.meeting_on, self.terms.draw_lead_days)


class MeetingView(Wire):
    """The answer of the query `state`."""

    plan_id: str
    meeting_ref: str
    committee_ref: str
    meeting_on: date
    status: str
    revision: int
    draw_by: date | None
    draw_overdue: bool
    committee_size: int | None
    head: MeetingHead
    items: tuple[ItemView, ...]
    permitted: tuple[str, ...]


def meeting_view(state: MeetingState) -> MeetingView:
    """What the meeting says of itself."""
    given = state.input
    return MeetingView(
        plan_id=given.plan_id,
        meeting_ref=given.meeting_ref,
        committee_ref=given.committee_ref,
        meeting_on=given.meeting_on,
        status=state.head.status,
        revision=state.revision,
        draw_by=state.draw_by if state.terms else None,
        draw_overdue="draw_missed" in state.rung and state.head.status == "planned",
        committee_size=state.terms.committee_size if state.terms else None,
        head=state.head,
        items=tuple(state.items.values()),
        permitted=tuple(kind for kind, where in _STATUS_FOR.items() if state.head.status in where),
    )


# --- commands ----------------------------------------------------------------------------------------


def judge(state: MeetingState, command: Command) -> None:
    """The command may be tried: role, organisation, duty, revision and state allow it. Raises `Refused`."""
    kind = kind_of(command)
    if state.terms is None:
        raise refuse(
            RefusalCode.PLAN_PENDING,
            zh="会议正在建立。",
            en="The meeting is being opened.",
            fix_zh="请稍后用同一 command_id 重发。",
            fix_en="Send it again in a moment with the same command_id.",
        )
    _check_actor(state, kind, command.actor)
    if command.expected_revision is not None and command.expected_revision != state.revision:
        raise refuse(
            RefusalCode.STALE_REVISION,
            zh=f"会议已更新至修订号{state.revision}，该指令针对修订号{command.expected_revision}。",
            en=f"It is at revision {state.revision}; the decision was made on {command.expected_revision}.",
            fix_zh="请查看最新情况后重新决定。",
            fix_en="Look at it again and decide on the current revision.",
            field="expected_revision",
        )
    if state.head.status not in _STATUS_FOR[kind]:
        possible = [name for name, where in _STATUS_FOR.items() if state.head.status in where]
        raise refuse(
            RefusalCode.CLOSED if state.closed else RefusalCode.NOT_IN_THIS_STAGE,
            zh=f"会议处于“{STATUS_ZH[state.head.status]}”，不能执行 {kind}。",
            en=f"The meeting is {state.head.status}: '{kind}' is not possible now.",
            fix_zh=f"当前可执行：{'、'.join(possible) or '无'}。",
            fix_en=f"Possible now: {', '.join(possible) or 'nothing'}.",
            field="kind",
            citation="Order 40 Art. 19-23",
        )


def _check_actor(state: MeetingState, kind: str, actor: Actor) -> None:
    assert state.terms is not None
    allowed = ROLES_OF[kind]
    if actor.role not in allowed:
        raise refuse(
            RefusalCode.WRONG_ROLE,
            zh=f"{ROLE_LABELS[actor.role].zh}不能发送此指令。",
            en=f"The role '{actor.role.value}' may not send '{kind}'.",
            fix_zh=f"应由{'、'.join(ROLE_LABELS[role].zh for role in allowed)}发送。",
            fix_en=f"It is for: {', '.join(role.value for role in allowed)}.",
            field="actor.role",
            citation="process (a) roles",
        )
    if actor.role is Role.CHAIR:
        if actor.id not in state.head.chairs or actor.organisation != state.input.committee_ref:
            raise refuse(
                RefusalCode.WRONG_PERSON,
                zh="只有本次会议的主任委员或副主任委员可以主持、宣布和签字。",
                en="Only the chair or a deputy named on this panel presides, announces and signs.",
                fix_zh="请使用本次会议主持职务的编号（acts_as）和评委会编号。",
                fix_en="Act under the reference of the duty (`acts_as`), for the committee.",
                field="actor.id",
                citation="Order 40 Art. 19, 22",
            )
        return
    if actor.organisation != state.terms.organisations.get(actor.role.value):
        raise refuse(
            RefusalCode.WRONG_ORGANISATION,
            zh="该机构在本方案中不承担此职责。",
            en="This organisation does not hold that role in this plan.",
            fix_zh="请由方案指定的机构办理。",
            fix_en="Send it for the organisation that the plan names.",
            field="actor.organisation",
            citation="process (a) roles",
        )


def answer_again(state: MeetingState, command: Command) -> MeetingReceipt | None:
    """The receipt of a command that was accepted before; raises `Refused` if the body differs."""
    return receipt_again(state.answered, command)


def adopt(state: MeetingState, done: MeetingActDone) -> None:
    """Takes over how things stand: the database is the room, and the experts act there by themselves."""
    if done.terms is not None:
        state.terms = done.terms
    if done.head is not None:
        state.head = done.head
    for item in done.items:
        state.items[item.application_ref] = item


def accept(state: MeetingState, command: Command, done: MeetingActDone, now: datetime) -> MeetingReceipt:
    """Records the fact and gives the receipt."""
    kind = kind_of(command)
    note(state, kind, command.actor, now, done, command.command_id)
    receipt = MeetingReceipt(
        command_id=command.command_id,
        kind=kind,
        status=state.head.status,
        revision=state.revision,
        at=now,
        counts=done.counts,
        items=done.items,
    )
    state.answered[command.command_id] = AnsweredCommand(digest=body_digest(command), receipt=receipt)
    return receipt


def note(
    state: MeetingState,
    event: str,
    actor: Actor,
    now: datetime,
    done: MeetingActDone,
    command_id: str | None = None,
) -> None:
    """Appends a fact to the meeting's history."""
    state.revision += 1
    state.history.append(
        MeetingFact(
            seq=len(state.history) + 1,
            at=now,
            event=event,
            actor=actor,
            command_id=command_id,
            applications=tuple(item.application_ref for item in done.items),
            counts=done.counts,
        )
    )


# --- alarms ------------------------------------------------------------------------------------------


def alarms(state: MeetingState) -> list[tuple[datetime, str]]:
    """What is still to ring: a reminder before the last day of the draw, and that it was missed."""
    if state.terms is None or state.head.status != "planned":
        return []
    last = state.draw_by
    reminder = datetime.combine(last - timedelta(days=REMINDED_BEFORE_DAYS), time(9), SHANGHAI)
    wanted = [(reminder, "draw_due"), (end_of(last), "draw_missed")]
    return [(at, name) for at, name in wanted if name not in state.rung]


def due(state: MeetingState, now: datetime) -> list[tuple[datetime, str]]:
    """The alarms that ring by `now`, oldest first."""
    return [(at, name) for at, name in alarms(state) if at <= now]


def rang(state: MeetingState, name: str, at: datetime, done: MeetingActDone) -> None:
    """An alarm has rung: recorded, and told to those who must act."""
    state.rung.append(name)
    note(state, name, SYSTEM, at, done)


def dump(state: MeetingState) -> dict[str, Any]:
    """The state as JSON, for a continue-as-new."""
    return state.model_dump(mode="json")
