"""The state of one batch as its workflow carries it, and what each leg leaves in it. Pure; numbers only."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import BaseModel, Field

from models.batch import BatchInput
from models.batch_messages import BatchRecord, BatchStatus, ItemStatus, LegKind, LegOver
from models.roles import Actor
from models.wire import Compact, Instant, Label, Wire

KEPT_OPEN = timedelta(days=30)
"""How long a batch that has ended can be retried."""

MOST_FACTS = 200
S = BatchStatus
STATUS_LABELS: dict[BatchStatus, Label] = {
    S.PREPARING: Label(zh="正在建立", en="being made"),
    S.PREPARED: Label(zh="正在试算", en="being asked"),
    S.PREVIEWED: Label(zh="已试算", en="asked"),
    S.APPROVED: Label(zh="已复核", en="approved"),
    S.APPLYING: Label(zh="执行中", en="being sent"),
    S.PAUSED: Label(zh="已暂停", en="paused"),
    S.STOPPING: Label(zh="正在停止", en="being stopped"),
    S.DONE: Label(zh="已完成", en="done"),
    S.STOPPED: Label(zh="已停止", en="stopped"),
}

WRITTEN = "written"
"""The status of the row of a batch whose items lie there and that nobody has started yet."""

NOT_MADE = "not_made"
"""The status of the row of a batch that could not be made: its reference may be used again."""

ROW_LABELS: dict[str, Label] = {
    WRITTEN: Label(zh="已写入，尚未开始", en="written, not begun"),
    NOT_MADE: Label(zh="未能建立", en="could not be made"),
    **{status.value: label for status, label in STATUS_LABELS.items()},
}
"""Every status that the row of a batch may have, before its workflow exists and after."""

STATUS_FOR: dict[str, tuple[BatchStatus, ...]] = {
    "dry_run": (S.PREVIEWED, S.APPROVED),
    "approve": (S.PREVIEWED,),
    "apply": (S.PREVIEWED, S.APPROVED),
    "pause": (S.APPLYING,),
    "resume": (S.PAUSED,),
    "stop": (S.PREPARED, S.PREVIEWED, S.APPROVED, S.APPLYING, S.PAUSED),
    "retry": (S.DONE, S.STOPPED),
}
"""In which states each command is possible."""

_LEG_FOR = {
    S.PREPARING: LegKind.PREPARE,
    S.PREPARED: LegKind.PREVIEW,
    S.APPLYING: LegKind.SEND,
    S.STOPPING: LegKind.CLOSE,
}


class BatchReceipt(Compact):
    """The answer "accepted": where the batch stands and its numbers; it goes on after the answer."""

    command_id: str
    kind: str
    status: BatchStatus
    revision: int
    at: Instant
    counts: dict[str, int] = Field(default_factory=dict)
    duplicate: bool = False


class BatchFact(Compact):
    """One entry of the batch's history: what happened, by whom (None: by itself), when (business time)."""

    at: Instant
    event: str
    status: BatchStatus
    actor: Actor | None = None
    command_id: str | None = None
    counts: dict[str, int] = Field(default_factory=dict)


class BatchAnswered(Wire):
    """An accepted command: the digest of its body, and the receipt given."""

    digest: str
    receipt: BatchReceipt


class BatchState(BaseModel):
    """Everything the workflow knows. It is carried over a continue-as-new as a whole."""

    input: BatchInput
    made_at: Instant
    status: BatchStatus = BatchStatus.PREPARING
    revision: int = 0
    seq: int = 0
    told: int = -1
    leg: int = 0
    running: LegKind | None = None
    round: int = 0
    force: bool = False
    items: int = 0
    irreversible: int = 0
    needs_approval: bool = False
    preview: dict[str, int] = Field(default_factory=dict)
    counts: dict[str, int] = Field(default_factory=dict)
    reasons: dict[str, int] = Field(default_factory=dict)
    approver: Actor | None = None
    approved_at: Instant | None = None
    close_at: Instant | None = None
    closed: bool = False
    answered: dict[str, BatchAnswered] = Field(default_factory=dict)
    history: list[BatchFact] = Field(default_factory=list)


class BatchView(Wire):
    """The answer of the query `state`. `preview` and `reasons`: how many by code; `counts`: by status."""

    batch_ref: str
    plan_id: str
    kind: str
    status: BatchStatus
    label: Label
    revision: int
    at: Instant
    made_at: Instant
    maker: Actor
    approver: Actor | None
    approved_at: Instant | None
    items: int
    irreversible: int
    needs_approval: bool
    preview: dict[str, int]
    counts: dict[str, int]
    reasons: dict[str, int]
    retryable_until: Instant | None
    permitted: tuple[str, ...]
    history: tuple[BatchFact, ...]


def batch_view(state: BatchState, now: datetime) -> BatchView:
    """What the batch says of itself."""
    given = state.input
    return BatchView(
        batch_ref=given.batch_ref,
        plan_id=given.plan_id,
        kind=given.kind,
        status=state.status,
        label=STATUS_LABELS[state.status],
        revision=state.revision,
        at=now,
        made_at=state.made_at,
        maker=given.maker,
        approver=state.approver,
        approved_at=state.approved_at,
        items=state.items,
        irreversible=state.irreversible,
        needs_approval=state.needs_approval,
        preview=state.preview,
        counts=state.counts,
        reasons=state.reasons,
        retryable_until=state.close_at,
        permitted=permitted(state),
        history=tuple(state.history),
    )


def permitted(state: BatchState) -> tuple[str, ...]:
    """The commands that are possible now, whoever sends them."""
    if state.closed:
        return ()
    unapproved = state.needs_approval and state.approver is None
    return tuple(
        kind
        for kind, where in STATUS_FOR.items()
        if state.status in where and not (kind == "apply" and unapproved)
    )


def note(
    state: BatchState, event: str, now: datetime, actor: Actor | None = None, command_id: str | None = None
) -> None:
    """Appends to the history (the last entries are kept)."""
    state.revision += 1
    state.history.append(
        BatchFact(
            at=now,
            event=event,
            status=state.status,
            actor=actor,
            command_id=command_id,
            counts=dict(state.counts),
        )
    )
    del state.history[:-MOST_FACTS]


# --- legs --------------------------------------------------------------------------------------------


def next_leg(state: BatchState) -> LegKind | None:
    """What is to be done now, if nothing is under way."""
    return None if state.running is not None or state.closed else _LEG_FOR.get(state.status)


def begin_leg(state: BatchState, kind: LegKind) -> None:
    """A leg starts."""
    state.leg += 1
    state.running = kind


def leg_over(state: BatchState, outcome: LegOver, now: datetime) -> None:
    """Takes the outcome of the leg that is under way; that of any other has been taken before."""
    kind = state.running
    if kind is None or outcome.leg != state.leg:
        return
    state.running = None
    if kind is LegKind.PREPARE:
        state.items, state.irreversible = outcome.items, outcome.irreversible
        state.needs_approval = outcome.items > outcome.four_eyes_above or outcome.irreversible > 0
        state.counts = {ItemStatus.PENDING.value: outcome.items}
        state.status = S.PREPARED
        note(state, "frozen", now)
    elif kind is LegKind.PREVIEW:
        state.preview, state.counts = outcome.reasons, outcome.counts or state.counts
        if state.status is S.PREPARED and outcome.finished:
            state.status = S.APPROVED if state.approver else S.PREVIEWED
            note(state, "asked", now)
    else:
        state.counts, state.reasons = outcome.counts, outcome.reasons
        if outcome.finished:
            state.status = S.STOPPED if kind is LegKind.CLOSE else S.DONE
            state.close_at = now + KEPT_OPEN
            note(state, state.status.value, now)


def record_of(state: BatchState, now: datetime) -> BatchRecord:
    """The state for its row: a later one only if something was noted, so that an end is told once."""
    if state.revision != state.told:
        state.seq, state.told = state.seq + 1, state.revision
    return BatchRecord(
        batch=state.input,
        seq=state.seq,
        status=state.status,
        made_at=state.made_at,
        at=now,
        items=state.items,
        needs_approval=state.needs_approval,
        approver=state.approver,
        approved_at=state.approved_at,
        preview=state.preview,
        counts=state.counts,
    )
