"""What the workflow of a batch says to its activities and hears from them; small, whatever its size."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from models.batch import FOUR_EYES_ABOVE, BatchInput
from models.refusal import Refusal
from models.roles import Actor
from models.wire import Compact, Instant, Wire


class BatchStatus(StrEnum):
    """Where a batch stands."""

    PREPARING = "preparing"
    PREPARED = "prepared"
    PREVIEWED = "previewed"
    APPROVED = "approved"
    APPLYING = "applying"
    PAUSED = "paused"
    STOPPING = "stopping"
    DONE = "done"
    STOPPED = "stopped"


class ItemStatus(StrEnum):
    """Where an item stands. `sending`: it may have been sent; its answer is asked for again."""

    PENDING = "pending"
    SENDING = "sending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    NOT_SENT = "not_sent"


class LegKind(StrEnum):
    """What an activity does for a batch: freeze its items, ask, send, or close what was not sent."""

    PREPARE = "prepare"
    PREVIEW = "preview"
    SEND = "send"
    CLOSE = "close"


class Leg(Wire):
    """One stretch of work of a batch, numbered. It tells its outcome by the signal `leg_over`.

    `at` is business time. `round` counts the retries; `force` is that of the last one. `made_at`: when the
    batch was made, which tells it from another one under its reference (None: of an older release).
    """

    batch: BatchInput
    leg: int
    kind: LegKind
    at: Instant
    round: int = 0
    force: bool = False
    made_at: Instant | None = None


class LegOver(Compact):
    """The outcome of a leg, in numbers. `finished` false: it was interrupted, and something is left.

    `counts` by status of the items, `reasons` by code; `refusal`: the batch cannot be made.
    """

    leg: int
    finished: bool = True
    items: int = 0
    irreversible: int = 0
    four_eyes_above: int = FOUR_EYES_ABOVE
    counts: dict[str, int] = Field(default_factory=dict)
    reasons: dict[str, int] = Field(default_factory=dict)
    refusal: Refusal | None = None


class BatchRecord(Wire):
    """A batch as its workflow reports it, for its row. `seq` only grows."""

    batch: BatchInput
    seq: int
    status: BatchStatus
    made_at: Instant
    at: Instant
    items: int = 0
    needs_approval: bool = False
    approver: Actor | None = None
    approved_at: Instant | None = None
    preview: dict[str, int] = Field(default_factory=dict)
    counts: dict[str, int] = Field(default_factory=dict)
