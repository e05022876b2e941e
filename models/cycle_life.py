"""What the passing of time means for a cycle: phases, reminders, escalations, what the numbers show.

Pure and synchronous; `now` is business time. What was due happened when it was due: a fact carries its own
moment, whoever notices it, so that a run and its replay make the same chain.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from models.audit import UNMOVING, Fact
from models.commands import Command
from models.cycle_dates import DatesAnswer, DatesAsked, next_tick, tick_on
from models.cycle_messages import OrdersAsked, OrdersEnded
from models.cycle_state import CycleState, OrderState, UndrawnMeeting, Watched
from models.cycle_steps import STEPS, Phase, StepId, StepKind
from models.roles import SYSTEM, Actor, Role
from models.stage_groups import FIRST_LEG
from models.stages import STAGES, Stage
from models.wire import local_day, start_of

AFTER_CLOSING = timedelta(days=7)
"""How often a closed cycle with open cases still looks at them."""

LONG_SILENCE = timedelta(days=3)
"""A cycle that has not looked at itself for longer (an outage, a rehearsal's clock) looks once for all."""

DRAW_MARGIN = timedelta(days=7)
"""How long before the last day for a draw the office is told that it is missing."""

CLOCK_CITATION = "process (c)"
_NOT_MOVING = UNMOVING | {
    "draw_missing",
    "draw_late",
    "step_done",
    "order_done",
    "order_failed",
    "papers_asked",
    "calendar_known",
    "watch_failed",
}
"""Events that make no new revision: no decision on the cycle becomes stale by them."""

_AT_THE_OFFICE = (*(s for s in FIRST_LEG if s is not Stage.DRAFT), Stage.OFFICE_REVIEW, Stage.OFFICE_RETURNED)
_TO_EXAMINE = (*_AT_THE_OFFICE, Stage.ACCEPTED, Stage.EXAM_PENDING)
_TO_VOTE = (*_TO_EXAMINE, Stage.REVIEW_READY, Stage.DEFENCE_PENDING, Stage.EXPERT_REVIEW, Stage.VOTING)
_TO_CERTIFY = (
    Stage.PASSED,
    Stage.RESULT_PUBLICITY,
    Stage.RESULT_OBJECTION,
    Stage.CONFIRM_PENDING,
    Stage.CONFIRMED,
)
OPEN_STAGES = tuple(s.value for s, spec in STAGES.items() if not spec.terminal and s is not Stage.ARCHIVED)
"""Where an application is an open case of its cycle."""

NEXT_AUTHORITY: dict[Role, tuple[Role, ...]] = {
    Role.OFFICE: (Role.CONVENING_UNIT, Role.CITY_OFFICE),
    Role.CITY_OFFICE: (Role.CITY_OFFICE,),
    Role.SYSTEM: (Role.OFFICE, Role.CITY_OFFICE),
}
"""Who is told when a step of a role is overdue."""


def record(
    state: CycleState,
    event: str,
    now: datetime,
    actor: Actor,
    rule: str,
    details: dict[str, Any] | None = None,
    *,
    command: Command | None = None,
    to: Phase | None = None,
) -> Fact:
    """Appends a fact to the audit chain and to the outbox; `to` is the phase it leads to."""
    before = state.phase
    if to is not None:
        state.phase = to
    state.seq += 1
    state.revision += 0 if event in _NOT_MOVING else 1
    fact = Fact(
        seq=state.seq,
        at=max(now, state.last_at),
        revision=state.revision,
        event=event,
        from_stage=before.value,
        to_stage=state.phase.value,
        actor=actor,
        command_id=command.command_id if command else None,
        rule=rule,
        plan=f"{state.input.plan_id}@{state.terms.version}" if state.terms else state.input.plan_id,
        details=details or {},
        prev_hash=state.chain,
    ).sealed()
    state.chain = fact.hash
    state.history.append(fact)
    state.outbox.append(fact)
    return fact


# --- phases ------------------------------------------------------------------------------------------------


def phase_at(state: CycleState, at: datetime) -> Phase:
    """Where the year stands at that moment. Process (c)."""
    if state.closed_at is not None:
        return Phase.CLOSED
    plan, marks = state.plan, state.marks
    if at < plan.opens_at:
        return Phase.PREPARING
    if at < plan.department_deadline:
        return Phase.OPEN
    if marks.list_posted is not None and marks.unlisted_meeting is None:
        over = state.step(StepId.RESULT_PUBLICITY).due.due_at
        return Phase.PUBLICITY if over is None or at < over else Phase.CONFIRMING
    if at < plan.office_deadline:
        return Phase.REVIEWING
    return Phase.EXAMINING if at < start_of(plan.meeting_from) else Phase.MEETING


def boundaries(state: CycleState) -> list[datetime]:
    """The instants at which the phase changes by itself, in order."""
    if state.closed_at is not None or state.terms is None:
        return []
    plan = state.terms
    found = [plan.opens_at, plan.department_deadline, plan.office_deadline, start_of(plan.meeting_from)]
    over = state.step(StepId.RESULT_PUBLICITY).due
    if state.marks.list_posted is not None and over.due_at is not None and not over.expected:
        found.append(over.due_at)
    return sorted(found)


def next_wake(state: CycleState) -> datetime:
    """The next business instant at which the cycle has to look at itself."""
    ahead = [at for at in boundaries(state) if at > state.looked_at]
    return min([state.next_tick, *ahead])


def is_due(state: CycleState, now: datetime) -> bool:
    """True when something has become due by `now`."""
    return state.terms is not None and next_wake(state) <= now


def next_look(state: CycleState, now: datetime) -> datetime | None:
    """The moment of the next look that is due by `now`; after a long silence only the last one."""
    if not is_due(state, now):
        return None
    at = next_wake(state)
    if now - at <= LONG_SILENCE:
        return at
    today = tick_on(local_day(now))
    return today if today <= now else today - timedelta(days=1)


def pass_boundaries(state: CycleState, now: datetime) -> None:
    """Records every change of phase that has become due, at its own instant."""
    for at in [at for at in boundaries(state) if state.looked_at < at <= now]:
        refresh_phase(state, at)
    state.looked_at = max(state.looked_at, now)


def refresh_phase(state: CycleState, at: datetime) -> None:
    """Enters the phase of that moment, if it is another one."""
    phase = phase_at(state, at)
    if phase is not state.phase:
        record(state, "phase", at, SYSTEM, CLOCK_CITATION, to=phase)


def take_tick(state: CycleState, now: datetime) -> bool:
    """True when the daily look is due by `now`; the next one is set."""
    if state.next_tick > now:
        return False
    pause = timedelta(0) if state.closed_at is None else AFTER_CLOSING - timedelta(days=1)
    state.next_tick = next_tick(now) + pause
    return True


# --- dates -------------------------------------------------------------------------------------------------


def dates_asked(state: CycleState, at: datetime) -> DatesAsked:
    """What is asked when dates are needed; the first time, at its opening, a cycle says when it began."""
    return DatesAsked(
        plan_id=state.input.plan_id,
        at=at,
        marks=state.marks,
        rehearsal_clock=not state.input.clock.is_real,
        opened_at=state.opened_at if state.terms is None else None,
    )


def take_dates(state: CycleState, answer: DatesAnswer, now: datetime, *, opening: bool = False) -> None:
    """Takes computed dates into the steps; a moved date is reminded of and escalated anew.

    `opening`: what was to be reminded of before the cycle began is not made up for.
    """
    assert answer.terms is not None
    state.terms, state.calendar, state.stale_dates = answer.terms, answer.calendar, False
    for step, found in answer.steps.items():
        known = state.step(step)
        moved = known.due.due_at != found.due_at
        behind = sum(1 for at in found.reminders if at <= now)
        state.steps[step] = known.model_copy(
            update={
                "due": found,
                "escalated": known.escalated and not moved,
                "reminded": behind if opening else 0 if moved else min(known.reminded, behind),
            }
        )
    _note_missing_year(state, answer.missing_year, now)


def _note_missing_year(state: CycleState, year: int | None, now: datetime) -> None:
    if year == state.missing_year:
        return
    if year is not None:
        waiting = [s.value for s, step in state.steps.items() if step.due.missing_year is not None]
        record(state, "calendar_missing", now, SYSTEM, CLOCK_CITATION, {"year": year, "steps": waiting})
    else:
        record(state, "calendar_known", now, SYSTEM, CLOCK_CITATION, {"year": state.missing_year})
    state.missing_year = year


def set_marks(state: CycleState, **changes: date | None) -> None:
    """Notes what has happened; dates that follow from it are to be computed again."""
    marks = state.marks.model_copy(update=changes)
    if marks != state.marks:
        state.marks, state.stale_dates = marks, True


# --- numbers -----------------------------------------------------------------------------------------------


def take_watched(state: CycleState, watched: Watched) -> None:
    """Takes the numbers of the day: which steps they show to be done, which dates they move."""
    state.watched, state.watch_failed = watched, False
    set_marks(
        state,
        next_meeting=watched.next_meeting,
        last_meeting=watched.last_meeting or state.marks.last_meeting,
        unlisted_meeting=watched.unlisted_meeting,
        certificates_made=watched.last_certificate if _certified(state, watched) else None,
    )
    for step in _shown_done(state, watched):
        done(state, step, local_day(watched.at), watched.at)
    for meeting in watched.undrawn:
        _tell_undrawn(state, meeting, watched.at)


def _none(watched: Watched, stages: tuple[Stage, ...]) -> bool:
    return watched.count(tuple(stage.value for stage in stages)) == 0


def _certified(state: CycleState, watched: Watched) -> bool:
    return (
        state.report_ref is not None
        and watched.certificates_missing == 0
        and watched.last_certificate is not None
        and _none(watched, _TO_CERTIFY)
    )


def _shown_done(state: CycleState, watched: Watched) -> Iterator[StepId]:
    """The steps that the numbers show to be done."""
    plan, at = state.plan, watched.at
    if at < plan.department_deadline:
        return
    if _none(watched, _AT_THE_OFFICE):
        yield StepId.OFFICE_REVIEW
    if _none(watched, _TO_EXAMINE):
        yield StepId.EXAM
    if watched.drawn_meetings and watched.next_meeting is None:
        yield StepId.EXPERTS_DRAWN
    held = watched.last_meeting is not None and _none(watched, _TO_VOTE)
    if held:
        yield StepId.MEETINGS
    listed = state.marks.list_posted is not None and watched.unlisted_meeting is None
    if held and listed:
        yield StepId.RESULT_LIST
    if held and _certified(state, watched):
        yield StepId.CERTIFICATES
        if watched.stages.get(Stage.ARCHIVED.value) and _none(watched, (Stage.CERTIFIED,)):
            yield StepId.ARCHIVED


def done(state: CycleState, step: StepId, on: date, now: datetime, document_no: str | None = None) -> None:
    """Marks a step as done, once."""
    known = state.step(step)
    if known.done_on is None:
        state.steps[step] = known.model_copy(update={"done_on": on, "document_no": document_no})
        record(state, "step_done", now, SYSTEM, STEPS[step].citation, {"step": step.value, "on": f"{on}"})


def _tell_undrawn(state: CycleState, meeting: UndrawnMeeting, now: datetime) -> None:
    late = local_day(now) > meeting.draw_by
    event = "draw_late" if late else "draw_missing"
    if local_day(now) < meeting.draw_by - DRAW_MARGIN:
        return
    if not _first_time(state, f"{event}:{meeting.meeting_ref}:{meeting.meeting_on}"):
        return
    details = {
        "meeting_ref": meeting.meeting_ref,
        "meeting_on": meeting.meeting_on.isoformat(),
        "draw_by": meeting.draw_by.isoformat(),
        "to": Role.OFFICE.value,
    }
    record(state, event, now, SYSTEM, STEPS[StepId.EXPERTS_DRAWN].citation, details)


def _first_time(state: CycleState, key: str) -> bool:
    if key in state.told:
        return False
    state.told.append(key)
    return True


# --- reminders and escalations -----------------------------------------------------------------------------


def remind(state: CycleState, now: datetime) -> None:
    """Reminders and escalations that are due at the look of `now`, each once."""
    for spec in STEPS.values():
        step = state.step(spec.id)
        if spec.kind in (StepKind.INSTANT, StepKind.PERIOD) or spec.id is StepId.CLOSE:
            _passed_by_the_clock(state, spec.id, now)
            continue
        if step.done_on is not None or step.due.due_at is None:
            continue
        if now >= step.due.due_at:
            if spec.kind is StepKind.BAR:
                done(state, spec.id, step.due.last_day or local_day(now), step.due.due_at)
            elif not step.escalated:
                behind = {"escalated": True, "reminded": len(step.due.reminders)}
                state.steps[spec.id] = step.model_copy(update=behind)
                _tell(state, "escalated", spec.id, now)
            continue
        given = sum(1 for at in step.due.reminders if at <= now)
        if given > step.reminded:
            state.steps[spec.id] = step.model_copy(update={"reminded": given})
            _tell(state, "reminded", spec.id, now)


def _passed_by_the_clock(state: CycleState, step: StepId, now: datetime) -> None:
    """An opening that has come, a publicity that has run."""
    found = state.step(step).due
    if step is StepId.CLOSE or found.due_at is None or found.expected or now < found.due_at:
        return
    done(state, step, found.last_day or local_day(now), found.due_at)


def _tell(state: CycleState, event: str, step: StepId, now: datetime) -> None:
    spec, found = STEPS[step], state.step(step).due
    details: dict[str, Any] = {
        "step": step.value,
        "last_day": found.last_day.isoformat() if found.last_day else None,
        "days_left": (found.last_day - local_day(now)).days if found.last_day else None,
        "to": spec.who.value,
    }
    if step is StepId.DEPARTMENT_CLOSES and state.watched is not None:
        details |= {"at_risk": state.watched.at_risk, "departments": state.watched.at_risk_departments}
    elif state.watched is not None and (late := state.watched.overdue.get(step.value)):
        details["applications_late"] = late
    record(state, event, now, SYSTEM, spec.citation, details)


# --- orders ------------------------------------------------------------------------------------------------


def order_started(state: CycleState, order: OrderState) -> None:
    """Something for many applications goes on beside the cycle from now on."""
    state.orders[order.order_id] = order


def order_finished(
    state: CycleState, order_id: str, counts: dict[str, int], reason: str | None, now: datetime
) -> bool:
    """Its outcome becomes a fact. False for an order that is not known, or not running any more."""
    order = state.orders.get(order_id)
    if order is None or order.status != "running":
        return False
    failed = reason is not None
    state.orders[order_id] = order.model_copy(
        update={
            "status": "failed" if failed else "done",
            "finished_at": now,
            "counts": counts,
            "reason": reason,
        }
    )
    details: dict[str, Any] = {"order_id": order_id, "command": order.command, "counts": counts}
    if failed:
        details["reason"] = reason
    record(state, "order_failed" if failed else "order_done", now, SYSTEM, CLOCK_CITATION, details)
    return True


def orders_asked(state: CycleState) -> OrdersAsked | None:
    """What is under way beside the cycle, to be looked at; None when nothing is."""
    running = tuple(order.order_id for order in state.running_orders)
    return OrdersAsked(plan_id=state.input.plan_id, order_ids=running) if running else None


def take_ended(state: CycleState, ended: OrdersEnded | None, now: datetime) -> None:
    """An order that was ended by hand has failed: nobody waits for it, and the papers are made anew."""
    for order_id, reason in ended.reasons.items() if ended is not None else ():
        order_finished(state, order_id, {}, reason, now)


def settle_open_cases(state: CycleState, watched: Watched) -> None:
    """A closed cycle keeps count of its open cases, and ends with the last one."""
    state.open_cases = open_cases_of(watched.stages)
    if not state.open_cases and not state.ended:
        record(state, "last_case_settled", watched.at, SYSTEM, CLOCK_CITATION)
        state.ended = True


def open_cases_of(stages: dict[str, int]) -> dict[str, int]:
    """The open cases by stage."""
    return {stage: n for stage, n in stages.items() if stage in OPEN_STAGES and n}


def next_step(state: CycleState, now: datetime) -> StepId | None:
    """The step with the soonest date that is not done and not past."""
    ahead = [
        (step.due.due_at, spec)
        for spec, step in state.steps.items()
        if step.done_on is None and step.due.due_at is not None and step.due.due_at > now
    ]
    return min(ahead)[1] if ahead else None


def overdue_steps(state: CycleState, now: datetime) -> list[StepId]:
    """The steps whose date has passed undone; an opening and a publicity pass by themselves."""
    return [
        spec.id
        for spec in STEPS.values()
        if spec.kind in (StepKind.DUTY, StepKind.GUARD, StepKind.WINDOW) and state.step(spec.id).overdue(now)
    ]
