"""What the event feed tells, in the shape that readers, listeners and receivers of webhooks get."""

from __future__ import annotations

from typing import Literal

from models.audit import UNMOVING
from models.cycle_commands import CYCLE_COMMANDS
from models.lifecycle import BY_EVENT
from models.tables import FeedEvent
from models.wire import SHANGHAI, Instant, Wire

FACT, RETRACTED = "fact", "retracted"
Subject = Literal["application", "cycle", "meeting", "batch"]

MEETING_STEPS = {
    **dict.fromkeys(
        ("commit_draw", "draw", "replace", "open_meeting", "void_ballot", "close_meeting", "call_off"), ""
    ),
    **dict.fromkeys(("set_agenda", "open_ballot", "close_ballot", "break_off", "sign"), "sent"),
}
"""Acts of a meeting that are told, and after which of their steps: the last, that nothing takes back."""

BATCH_MADE = "batch_made"
OF_CYCLES = frozenset(CYCLE_COMMANDS) | {
    *("phase", "step_done", "calendar_missing", "calendar_known", "draw_late", "draw_missing"),
    *("order_done", "order_failed", "last_case_settled"),
}
EVENTS = (
    frozenset(BY_EVENT)
    | UNMOVING
    | OF_CYCLES
    | frozenset(MEETING_STEPS)
    | {BATCH_MADE, "batch_done", "batch_stopped"}
)
"""Every event that there is; a subscription may ask for some."""


class Event(Wire):
    """One event. `retracts`: the number of an event that was never acknowledged, and is no more.

    `subject_ref` is the reference of the application, the plan of the cycle, the meeting or the batch.
    Meetings and batches have no chain of their own: `seq`, `revision`, stages and `hash` are null there.
    """

    sequence: int
    kind: Literal["fact", "retracted"]
    subject: Subject
    subject_ref: str
    retracts: int | None
    plan_id: str
    application_ref: str | None
    seq: int | None
    revision: int | None
    event: str
    from_stage: str | None
    to_stage: str | None
    role: str
    organisation: str | None
    at: Instant
    hash: str | None


def event_of(row: FeedEvent) -> Event:
    """The event of a row; its moment in Asia/Shanghai."""
    names = set(Event.model_fields) - {"at"}
    return Event(at=row.at.astimezone(SHANGHAI), **{name: getattr(row, name) for name in names})
