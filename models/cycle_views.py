"""What a cycle tells of itself: where the year stands, its steps, and the numbers with their date."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import Field

from models.cycle_decide import permitted
from models.cycle_life import next_step, next_wake, overdue_steps, phase_at
from models.cycle_state import CycleState, OrderState, UndrawnMeeting
from models.cycle_steps import PHASE_LABELS, STEPS, Phase, StepId, StepKind
from models.roles import Role
from models.wire import Instant, Label, Wire


class StepView(Wire):
    """One step: `expected` dates are counted from what has not happened yet; `missing_year` has no date."""

    step: StepId
    label: Label
    kind: StepKind
    who: Role
    from_day: date | None = None
    last_day: date | None = None
    due_at: Instant | None = None
    expected: bool = False
    missing_year: int | None = None
    done_on: date | None = None
    document_no: str | None = None
    overdue: bool = False
    reminded: int = 0
    escalated: bool = False
    formula: str | None = None
    calendar: str | None = None
    citation: str


class CycleView(Wire):
    """Where the year stands."""

    plan_id: str
    plan_version: int | None
    phase: Phase
    phase_label: Label
    revision: int
    opened_at: Instant
    now: Instant
    steps: tuple[StepView, ...]
    next_step: StepId | None
    next_look: Instant | None
    overdue: tuple[StepId, ...]
    undrawn: tuple[UndrawnMeeting, ...]
    orders: tuple[OrderState, ...]
    missing_year: int | None
    report_ref: str | None
    closed_at: Instant | None
    open_cases: dict[str, int]
    permitted: tuple[str, ...]
    refused: int
    seq: int
    chain: str


class StatisticsView(Wire):
    """The numbers of the cycle, as of a business instant; None before the first look.

    `counts` are those of the activity `cycle_statistics`; `overdue` counts applications past a DUTY, by
    deadline; `stale`: the last look failed, the numbers are older.
    """

    plan_id: str
    plan_version: int | None
    phase: Phase
    as_of: Instant | None
    stages: dict[str, int] = Field(default_factory=dict)
    overdue: dict[str, int] = Field(default_factory=dict)
    at_risk: int = 0
    at_risk_departments: dict[str, int] = Field(default_factory=dict)
    certificates_missing: int = 0
    undrawn_meetings: int = 0
    counts: dict[str, int] = Field(default_factory=dict)
    counts_as_of: Instant | None = None
    stale: bool = False


def cycle_view(state: CycleState, now: datetime) -> CycleView:
    """The `state` query."""
    opened = state.terms is not None
    phase = phase_at(state, now) if opened else state.phase
    return CycleView(
        plan_id=state.input.plan_id,
        plan_version=state.terms.version if state.terms else None,
        phase=phase,
        phase_label=PHASE_LABELS[phase],
        revision=state.revision,
        opened_at=state.opened_at,
        now=now,
        steps=tuple(_step(state, step, now) for step in StepId) if opened else (),
        next_step=next_step(state, now),
        next_look=next_wake(state) if opened and not state.ended else None,
        overdue=tuple(overdue_steps(state, now)),
        undrawn=state.watched.undrawn if state.watched else (),
        orders=tuple(state.orders.values()),
        missing_year=state.missing_year,
        report_ref=state.report_ref,
        closed_at=state.closed_at,
        open_cases=state.open_cases,
        permitted=permitted(state) if opened else (),
        refused=state.refused_count,
        seq=state.seq,
        chain=state.chain,
    )


def _step(state: CycleState, step: StepId, now: datetime) -> StepView:
    spec, known = STEPS[step], state.step(step)
    found = known.due
    return StepView(
        step=step,
        label=spec.label,
        kind=spec.kind,
        who=spec.who,
        from_day=found.from_day,
        last_day=found.last_day,
        due_at=found.due_at,
        expected=found.expected,
        missing_year=found.missing_year,
        done_on=known.done_on,
        document_no=known.document_no,
        overdue=step in overdue_steps(state, now),
        reminded=known.reminded,
        escalated=known.escalated,
        formula=found.lineage.formula if found.lineage else None,
        calendar=found.lineage.calendar if found.lineage else None,
        citation=spec.citation,
    )


def statistics_view(state: CycleState, now: datetime) -> StatisticsView:
    """The `statistics` query: numbers of the last look, never of this moment."""
    phase = phase_at(state, now) if state.terms is not None else state.phase
    plan_version = state.terms.version if state.terms else None
    head = {"plan_id": state.input.plan_id, "plan_version": plan_version, "phase": phase}
    watched = state.watched
    counted = {"counts": state.statistics, "counts_as_of": state.statistics_at, "stale": state.watch_failed}
    if watched is None:
        return StatisticsView.model_validate({**head, "as_of": None, **counted})
    numbers = {
        "stages": watched.stages,
        "overdue": watched.overdue,
        "at_risk": watched.at_risk,
        "at_risk_departments": watched.at_risk_departments,
        "certificates_missing": watched.certificates_missing,
        "undrawn_meetings": len(watched.undrawn),
    }
    return StatisticsView.model_validate({**head, "as_of": watched.at, **numbers, **counted})
