"""Which deadlines count in a stage, how each is asked for, and when the application must next wake.

The counting itself is done elsewhere (a calendar activity): here stand only the formulas of the plan.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from models.deadlines import Deadline, DeadlineKind, DeadlineName, DeadlineRequest
from models.stages import STAGES, Stage, StageDeadline
from models.state import ApplicationState
from models.wire import end_of, last_day_before, local_day

N = DeadlineName
CALENDAR_RETRY = timedelta(days=1)
"""How often a deadline whose calendar year is missing is asked for again."""


_FIXED = (N.DEPARTMENT_SUBMISSION, N.OFFICE_REVIEW, N.EXAM, N.MEETING, N.LATE_ADMISSION)
"""Deadlines with a date of the plan: asked for once, kept (and moved) for the whole life.

Who was declined may be reopened until the department's date, which then bars again: it is asked for as the
BAR that it is, with its reminders, also where the plan is amended while the application lies declined.
"""


def requests_on_entry(state: ApplicationState, now: datetime) -> list[DeadlineRequest]:
    """The deadlines to compute on entering the present stage at business time `now`."""
    wanted: list[DeadlineRequest] = []
    for spec in state.deadline_specs():
        known = state.deadlines.get(spec.name)
        if known is not None and (spec.name in _FIXED or spec.name is N.CORRECTION):
            anew = spec.name is N.CORRECTION and state.stage is Stage.OFFICE_RETURNED and not state.correcting
            if anew or _behind_the_plan(state, known):
                wanted.append(_request(state, spec, now))
            continue
        if spec.name is N.DEFENCE_EXCUSE:
            continue
        wanted.append(_request(state, spec, now))
    return wanted


def _behind_the_plan(state: ApplicationState, known: Deadline) -> bool:
    """True for a date of the plan that was amended to a later one since this deadline was computed."""
    fixed = fixed_dates(state)
    return known.name in fixed and known.due_at is not None and known.due_at < fixed[known.name]


def unanswered(state: ApplicationState) -> list[DeadlineRequest]:
    """The requests of the present stage whose answer is still under way: asked for as on its entry."""
    return [r for r in requests_on_entry(state, state.entered_at) if r.name not in state.deadlines]


def amended_requests(state: ApplicationState, now: datetime) -> list[DeadlineRequest]:
    """What to ask again once the terms are those of a later version: the present dates that move with it.

    A correction that was cut off at the plan's cap runs on; one that was not keeps its end.
    """
    again: list[DeadlineRequest] = []
    for spec in state.deadline_specs():
        known = state.deadlines.get(spec.name)
        if spec.name in _FIXED and (known is None or _behind_the_plan(state, known)):
            again.append(_request(state, spec, now))
        elif spec.name is N.CORRECTION and (known is None or known.capped_from is not None):
            asked = known.request if known is not None else _request(state, spec, state.entered_at)
            cap = correction_last_day(state)
            if known is None or (asked.cap is not None and cap > asked.cap):
                formula = asked.formula.replace(f"not past {asked.cap}", f"not past {cap}")
                floor = known.last_day if known is not None else None
                again.append(asked.model_copy(update={"cap": cap, "formula": formula, "not_before": floor}))
    return again


AHEAD = (N.OFFICE_REVIEW, N.EXAM, N.MEETING)
"""Dates of the plan that may be moved for an application that has not come to their stage yet."""


def planned(state: ApplicationState, name: DeadlineName, now: datetime) -> DeadlineRequest:
    """The request of a date of the plan (one of `AHEAD`) whose stage lies ahead."""
    spec = next(s for stage in STAGES.values() for s in stage.deadlines if s.name is name)
    return _request(state, spec, now)


def planned_day(state: ApplicationState, name: DeadlineName) -> date | None:
    """The last day the plan gives for one of `AHEAD`; None for any other deadline."""
    plan = state.plan
    ends = {
        N.OFFICE_REVIEW: plan.office_deadline,
        N.EXAM: plan.exam_deadline,
        N.MEETING: plan.review_deadline,
    }
    return last_day_before(ends[name]) if name in ends else None


def ask_for_deadlines(state: ApplicationState, now: datetime) -> None:
    """Asks for the deadlines of the stage just entered, and forgets earlier ones of the same name.

    Until the answer comes such a deadline has no end: the passed end of an earlier round (a first
    publicity, a first correction) must not end the new one.
    """
    for request in requests_on_entry(state, now):
        state.deadlines.pop(request.name, None)
        state.requests.append(request)


def suspended(state: ApplicationState, deadline: Deadline, kind: DeadlineKind) -> bool:
    """True when passing the end means nothing now: nobody loses a right while held, or untold of a BAR."""
    if kind is DeadlineKind.BAR and not deadline.told:
        return True
    return kind in (DeadlineKind.BAR, DeadlineKind.WINDOW) and state.hold is not None


def fixed_dates(state: ApplicationState) -> dict[DeadlineName, datetime]:
    """The instants that the plan itself gives for the deadlines that are dates."""
    plan = state.plan
    return {
        N.DEPARTMENT_SUBMISSION: plan.department_deadline,
        N.OFFICE_REVIEW: plan.office_deadline,
        N.EXAM: plan.exam_deadline,
        N.MEETING: plan.review_deadline,
        N.LATE_ADMISSION: plan.office_deadline,
    }


def _request(state: ApplicationState, spec: StageDeadline, now: datetime) -> DeadlineRequest:
    plan, today, name = state.plan, local_day(now), spec.name
    fixed = fixed_dates(state)
    if name in fixed:
        kind = DeadlineKind.BAR if name is N.DEPARTMENT_SUBMISSION else spec.kind
        return DeadlineRequest(
            name=name,
            kind=kind,
            formula=f"date of the plan ({name.value})",
            start=today,
            due_at=fixed[name],
            reminders_wd=plan.reminders_wd if kind is not DeadlineKind.WINDOW else (),
        )
    if name is N.ARCHIVING:
        return _dated(spec, today, today + timedelta(days=plan.archive_reminder_days), "30 days after issue")
    if name is N.RECORD_KEEPING:
        until = _years_later(today, plan.record_years)
        return _dated(spec, today, until, f"{plan.record_years} years kept")
    if name is N.EMPLOYER_CORRECTION:
        assert state.correction_due is not None
        own = _dated(spec, today, state.correction_due, "day asked for by the employer")
        return own.model_copy(update={"reminders_wd": (2, 1)})
    if name is N.CORRECTION:
        return _correction(state, spec, today)
    return _counted(state, spec, _counted_from(state, now))


def _counted_from(state: ApplicationState, now: datetime) -> date:
    """The day from which a duty counts: what follows a publicity counts from its last day, not from the day
    that begins at the instant at which it ends (the worked chain of process (c): 01-15 -> 01-22)."""
    publicity = state.publicities[-1] if state.publicities else None
    return last_day_before(now) if publicity is not None and publicity.ended_at == now else local_day(now)


def _counted(state: ApplicationState, spec: StageDeadline, today: date) -> DeadlineRequest:
    plan, publicity = state.plan, state.running_publicity()
    start, working_days = today, 0
    match spec.name:
        case N.EMPLOYER_PUBLICITY | N.RESULT_PUBLICITY:
            assert publicity is not None
            start, working_days = publicity.start_day, publicity.working_days
        case N.EMPLOYER_OBJECTION:
            working_days = plan.employer_objection_wd
        case N.RECHECK_WINDOW:
            working_days = plan.recheck_window_wd
        case N.RECHECK_RULING:
            working_days = plan.recheck_ruling_wd
        case N.RESULT_LIST:
            working_days = plan.list_wd  # from the announcement, which ends the meeting (Order 40 Art. 22)
        case N.RESULT_OBJECTION:
            working_days = plan.result_objection_wd
        case N.CONFIRMATION:
            working_days = plan.confirm_wd
        case N.CERTIFICATE:
            working_days = plan.certificate_wd
        case _:
            raise AssertionError(f"no formula for {spec.name}")
    is_period = spec.kind is DeadlineKind.PERIOD
    return DeadlineRequest(
        name=spec.name,
        kind=spec.kind,
        formula=f"{working_days} working days after {start}",
        start=start,
        working_days=working_days,
        count_first_day=plan.count_first_day and is_period,
        reminders_wd=() if is_period else tuple(n for n in plan.reminders_wd if n < working_days),
    )


def correction_last_day(state: ApplicationState) -> date:
    """The day past which no correction runs: the plan's cap, or the office's own day once that was moved."""
    cap = last_day_before(state.plan.correction_cap)
    office = state.deadlines.get(N.OFFICE_REVIEW)
    moved_to = office.last_day if office is not None else None
    at_first = planned_day(state, N.OFFICE_REVIEW)
    return max(cap, moved_to) if moved_to and at_first and moved_to > at_first else cap


def _correction(state: ApplicationState, spec: StageDeadline, today: date) -> DeadlineRequest:
    plan = state.plan
    cap = correction_last_day(state)
    own = state.correction_due
    return DeadlineRequest(
        name=spec.name,
        kind=spec.kind,
        formula=f"day set by the office, not past {cap}"
        if own
        else (f"{plan.correction_wd} working days after {today}, not past {cap}"),
        start=today,
        last_day=own,
        working_days=None if own else plan.correction_wd,
        cap=cap,
        reminders_wd=(2, 1),
    )


def excuse_request(state: ApplicationState, now: datetime) -> DeadlineRequest:
    """Time to explain an absence from the defence: as long as a correction."""
    days = state.plan.correction_wd
    today = local_day(now)
    return DeadlineRequest(
        name=N.DEFENCE_EXCUSE,
        kind=DeadlineKind.BAR,
        formula=f"{days} working days after {today}",
        start=today,
        working_days=days,
        reminders_wd=(1,),
    )


def _dated(spec: StageDeadline, start: date, last_day: date, formula: str) -> DeadlineRequest:
    return DeadlineRequest(name=spec.name, kind=spec.kind, formula=formula, start=start, last_day=last_day)


def _years_later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def next_wake(state: ApplicationState, now: datetime) -> datetime | None:
    """The next business instant at which a reminder, an escalation or an end is due, if any."""
    moments: list[datetime] = []
    kinds = {spec.name: spec.kind for spec in state.deadline_specs()}
    for deadline in state.current_deadlines():
        if deadline.missing_year is not None and not deadline.passed(now):
            moments.append(now + CALENDAR_RETRY)
        if deadline.due_at is None:
            continue
        moments.extend(deadline.reminders[deadline.reminded : deadline.reminded + 1])
        if suspended(state, deadline, kinds[deadline.name]):
            continue
        if not deadline.escalated:
            moments.append(deadline.due_at)
    return min(moments, default=None)


def next_end(state: ApplicationState, now: datetime) -> datetime | None:
    """The first instant by `now` at which something ends the present stage (a DUTY that passes does not)."""
    if state.terms is None or state.ended:
        return None
    kinds = {spec.name: spec.kind for spec in state.deadline_specs()}
    ends = [
        deadline.due_at
        for deadline in state.current_deadlines()
        if deadline.due_at is not None
        and deadline.passed(now)
        and kinds[deadline.name] is not DeadlineKind.DUTY
        and not suspended(state, deadline, kinds[deadline.name])
    ]
    return min(ends, default=None)


def suspended_end(deadline: Deadline, held_at: datetime, released_at: datetime) -> date | None:
    """The new last day of a BAR after a hold: the time that was left when the hold began runs again.

    None when the deadline had passed before the hold. By design: nobody loses a right while held.
    """
    if deadline.due_at is None or deadline.due_at <= held_at:
        return None
    return last_day_before(released_at + (deadline.due_at - held_at))


def moved(deadline: Deadline, last_day: date) -> Deadline:
    """The deadline with a later last day, from now on its own: a recount does not take it back.

    Its request asks for the new reminders; until they are known there are none.
    """
    request = deadline.request.model_copy(
        update={
            "formula": f"moved to {last_day}",
            "last_day": last_day,
            "due_at": None,
            "working_days": None,
            "cap": None,
            "not_before": None,
            "ground": None,
            "document_no": None,
        }
    )
    return deadline.model_copy(
        update={
            "formula": request.formula,
            "last_day": last_day,
            "due_at": end_of(last_day),
            "reminders": (),
            "reminded": 0,
            "escalated": False,
            "request": request,
        }
    )
