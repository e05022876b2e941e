"""What the event feed tells, in the shape that readers, listeners and receivers of webhooks get."""

from __future__ import annotations

from typing import Literal

from models.audit import UNMOVING
from models.lifecycle import BY_EVENT
from models.tables import FeedEvent
from models.wire import SHANGHAI, Instant, Wire

EVENTS = frozenset(BY_EVENT) | UNMOVING
"""Every event that there is; a subscription may ask for some."""


class Event(Wire):
    """One event. `retracts`: the number of an event that was never acknowledged, and is no more."""

    sequence: int
    kind: Literal["fact", "retracted"]
    retracts: int | None
    plan_id: str
    application_ref: str
    seq: int
    revision: int
    event: str
    from_stage: str
    to_stage: str
    role: str
    organisation: str | None
    at: Instant
    hash: str


def event_of(row: FeedEvent) -> Event:
    """The event of a row; its moment in Asia/Shanghai."""
    names = set(Event.model_fields) - {"at"}
    return Event(at=row.at.astimezone(SHANGHAI), **{name: getattr(row, name) for name in names})
