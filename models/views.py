"""What others may read of an application: its state, what may come next and why the rest may not.

Read-outs only; plain JSON-ready models with labels in Chinese and English.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, cast

from models import guards as g
from models.commands import COMMANDS, Command
from models.deadlines import DEADLINE_KIND_LABELS, Deadline, DeadlineRevision
from models.decide import ROLES_OF, next_commands
from models.decide import offered as offers
from models.guards.publicity import objections_to_rule_on
from models.lifecycle import leaving, stages_of
from models.refusal import Refusal, Refused
from models.roles import ROLE_LABELS, Role
from models.stages import STAGES
from models.state import ApplicationState, RefusedSignal
from models.transitions import Transition
from models.wire import Instant, Label, Wire

_STATE_ONLY = (
    g.window_open,
    g.period_over,
    g.no_open_objection,
    g.status_clean,
    g.meeting_day,
    g.two_publicities,
    g.post_reserved,
)
"""Guards that read only the state: they can be answered before anybody sends a command."""


class Step(Wire):
    """One event that may come next: who, by which command, where it leads, what it needs.

    `blocked` says why it is not possible at this moment, if it is not.
    """

    event: str
    label: Label
    command: str
    by: tuple[str, ...]
    to: str
    needs: tuple[Label, ...]
    citation: str
    blocked: Label | None = None


class NotNow(Wire):
    """A command that is not possible in this stage, and where it would be."""

    command: str
    reason: Label
    possible_in: tuple[str, ...]


class Permitted(Wire):
    """The answer to "what may happen, by whom, and why may the rest not"."""

    steps: tuple[Step, ...]
    not_now: tuple[NotNow, ...]


class Preview(Wire):
    """What a command would be answered at this moment: the refusal, or nothing when it would be accepted."""

    refusal: Refusal | None = None


class StateView(Wire):
    """The state of one application at business time `at`."""

    application_ref: str
    plan_id: str
    plan_version: int | None
    stage: str
    label: Label
    status: str
    revision: int
    action_by: str | None
    action_by_label: Label | None
    entered_at: Instant
    due_at: Instant | None
    at: Instant
    returns: int
    open_objections: tuple[str, ...]
    hold: str | None
    certificate_no: str | None
    early: tuple[str, ...]
    refused: int
    chain: str
    seq: int
    next: tuple[str, ...]
    permitted: Permitted
    post_held: bool | None = None


class DeadlineView(Wire):
    """One deadline: kind, last day, the count behind it, and whether it counts in this stage.

    `moved` are its moves so far: old -> new, why, by which document.
    """

    name: str
    kind: str
    kind_label: Label
    counts_now: bool
    formula: str
    start: date
    last_day: date | None
    due_at: Instant | None
    status: str
    missing_year: int | None
    capped_from: date | None
    reminders: tuple[Instant, ...]
    reminded: int
    escalated: bool
    lineage: dict[str, Any] | None
    moved: tuple[DeadlineRevision, ...] = ()


def permitted(state: ApplicationState, now: datetime) -> Permitted:
    """Every event of the stage with its conditions, and every other command with the reason against it."""
    if state.ended:
        steps: list[Step] = []
    else:
        steps = [_step(state, t, now) for t in leaving(state.stage) if t.command and offers(state, t)]
    offered = {step.command for step in steps}
    return Permitted(
        steps=tuple(steps),
        not_now=tuple(_not_now(state, kind) for kind in COMMANDS if kind not in offered),
    )


def _step(state: ApplicationState, t: Transition, now: datetime) -> Step:
    assert t.command is not None
    return Step(
        event=t.event,
        label=t.label,
        command=t.command,
        by=tuple(r.value for r in t.by),
        to=(t.target or state.stage).value,
        needs=tuple(guard.label for guard in t.guards),
        citation=t.citation,
        blocked=_blocked(state, t, now),
    )


def _blocked(state: ApplicationState, t: Transition, now: datetime) -> Label | None:
    if state.terms is None:
        return Label(zh="方案尚未载入。", en="The plan is not loaded yet.")
    if state.hold is not None and not t.while_held:
        return Label(zh=f"已暂停办理（{state.hold.ground}）。", en=f"On hold ({state.hold.ground}).")
    if state.hold is None and t.command == "release":
        return Label(zh="未被暂停。", en="Not on hold.")
    if t.command == "rule_on_objection" and not objections_to_rule_on(state):
        return Label(zh="没有待核查的异议。", en="No objection awaits a finding.")
    nothing = cast(Command, None)
    for guard in t.guards:
        if guard.check in _STATE_ONLY:
            try:
                guard.check(state, nothing, now)
            except Refused as refused:
                return refused.refusal.rule
    return None


def _not_now(state: ApplicationState, kind: str) -> NotNow:
    label = STAGES[state.stage].label
    by = ", ".join(r.value for r in ROLES_OF[kind])
    by_zh = "、".join(ROLE_LABELS[r].zh for r in ROLES_OF[kind])
    ended = state.ended
    return NotNow(
        command=kind,
        reason=Label(
            zh="申报已终结。" if ended else f"在“{label.zh}”阶段不可执行；由{by_zh}在后续或其他阶段办理。",
            en="The application has ended."
            if ended
            else f"Not possible in '{state.stage.value}'; it is for {by} in other stages.",
        ),
        possible_in=tuple(stage.value for stage in stages_of(kind)),
    )


def state_view(state: ApplicationState, now: datetime) -> StateView:
    """The state with everything an operator or an integration asks first."""
    action_by = state.action_by
    return StateView(
        application_ref=state.input.application_ref,
        plan_id=state.input.plan_id,
        plan_version=state.terms.version if state.terms else None,
        stage=state.stage.value,
        label=STAGES[state.stage].label,
        status=state.status,
        revision=state.revision,
        action_by=action_by,
        action_by_label=ROLE_LABELS[Role(action_by)] if action_by else None,
        entered_at=state.entered_at,
        due_at=state.due_at(),
        at=now,
        returns=state.times_returned,
        open_objections=tuple(o.id for o in state.objections if o.open),
        hold=state.hold.ground if state.hold else None,
        certificate_no=state.certificate_no,
        early=tuple(e.command for e in state.early),
        refused=state.refused_count,
        chain=state.chain,
        seq=state.seq,
        next=next_commands(state),
        permitted=permitted(state, now),
        post_held=state.post_held,
    )


def deadline_views(state: ApplicationState) -> list[DeadlineView]:
    """Every deadline the application has or had, soonest first."""
    current = {d.name for d in state.current_deadlines()}
    ordered = sorted(state.deadlines.values(), key=lambda d: (d.due_at is None, d.due_at or state.entered_at))
    return [
        _deadline_view(
            d,
            d.name in current and not state.ended,
            tuple(moved for moved in state.revisions if moved.name is d.name),
        )
        for d in ordered
    ]


def _deadline_view(d: Deadline, counts_now: bool, moved: tuple[DeadlineRevision, ...]) -> DeadlineView:
    return DeadlineView(
        name=d.name.value,
        kind=d.kind.value,
        kind_label=DEADLINE_KIND_LABELS[d.kind],
        counts_now=counts_now,
        formula=d.formula,
        start=d.start,
        last_day=d.last_day,
        due_at=d.due_at,
        status=d.status,
        missing_year=d.missing_year,
        capped_from=d.capped_from,
        reminders=d.reminders,
        reminded=d.reminded,
        escalated=d.escalated,
        lineage=d.lineage.model_dump(mode="json") if d.lineage else None,
        moved=moved,
    )


def refused_views(state: ApplicationState) -> list[RefusedSignal]:
    """The signals refused, oldest first (the last ones; all are in the audit chain)."""
    return list(state.refused)
