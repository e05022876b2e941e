"""The dates of a cycle: each step's last day with its lineage and reminders, from the plan and the calendar.

Pure. What has happened so far (`Marks`) fixes the chain after a meeting; until then its dates are expected
from the last day on which the plan lets the committee meet. A calendar year that is missing is never
guessed: the step has no date and names the year.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from pydantic import Field

from models.calendar import CalendarYearMissing, Lineage, WorkCalendar
from models.cycle_steps import STEPS, StepId, StepKind, StepSpec
from models.plan import ReviewPlan
from models.wire import SHANGHAI, Compact, Instant, Wire, end_of, last_day_before, local_day

TICK = time(8, 30)
"""Business time of day at which a cycle looks at itself; reminders are due then."""

WINDOW_REMINDER_WD = (1,)
"""The end of the meeting window is reminded of on the last working day before it (reading 4)."""


class Marks(Compact):
    """What has happened and moves dates: days in Asia/Shanghai, None while it has not.

    `next_meeting` is the first planned meeting whose experts are not drawn; `unlisted_meeting` the oldest
    meeting that has passed somebody who stands on no list yet; `last_meeting` the last one held.
    `list_posted` is the later posting of the last list, `report_filed` the day of the last report.
    """

    next_meeting: date | None = None
    unlisted_meeting: date | None = None
    last_meeting: date | None = None
    list_posted: date | None = None
    report_filed: date | None = None
    certificates_made: date | None = None


class StepDate(Compact):
    """When a step is due. `due_at` is the first instant that is too late, or the instant of an opening.

    `expected`: counted from what has not happened yet. `missing_year` without `due_at`: not known.
    `from_day` is the first day of a window or a period.
    """

    due_at: Instant | None = None
    last_day: date | None = None
    from_day: date | None = None
    reminders: tuple[Instant, ...] = ()
    expected: bool = False
    missing_year: int | None = None
    lineage: Lineage | None = None


class CycleTerms(Compact):
    """The part of the plan that a cycle carries: its instants, who holds which office, and a few numbers."""

    plan_id: str
    version: int
    opens_at: Instant
    department_deadline: Instant
    office_deadline: Instant
    exam_deadline: Instant
    meeting_from: date
    meeting_to: date
    draw_lead_days: int
    reminders_wd: tuple[int, ...]
    organisations: dict[str, str]

    @staticmethod
    def of(plan: ReviewPlan) -> CycleTerms:
        """The terms of a plan."""
        dates = plan.dates
        return CycleTerms(
            plan_id=plan.id,
            version=plan.version,
            opens_at=dates.opens.instant,
            department_deadline=dates.department.instant,
            office_deadline=dates.office.instant,
            exam_deadline=dates.exam.instant,
            meeting_from=dates.meeting.first_day.value,
            meeting_to=dates.meeting.last_day.value,
            draw_lead_days=plan.vote.draw_lead_days.value,
            reminders_wd=plan.mode.reminders_wd.value,
            organisations={role.value: unit for role, unit in plan.organisations.items()},
        )


class DatesAsked(Wire):
    """The question to the calendar activity. `rehearsal_clock`: the cycle does not run on real time.

    `opened_at`: a cycle asks that begins at this moment, and on record there may be no other of its plan.
    """

    plan_id: str
    at: Instant
    marks: Marks = Marks()
    rehearsal_clock: bool = False
    opened_at: Instant | None = None


class DatesAnswer(Compact):
    """The terms of the plan in force and the dates of every step; or why there is no such cycle."""

    terms: CycleTerms | None = None
    steps: dict[StepId, StepDate] = Field(default_factory=dict)
    calendar: str | None = None
    refused_zh: str | None = None
    refused_en: str | None = None
    field: str | None = None

    @property
    def missing_year(self) -> int | None:
        """The first calendar year that a date or a reminder waits for."""
        return min((d.missing_year for d in self.steps.values() if d.missing_year), default=None)


def dates_of(plan: ReviewPlan, calendar: WorkCalendar, marks: Marks) -> dict[StepId, StepDate]:
    """Every step's date by this plan and calendar, given what has happened."""
    return dict(_dates(plan, calendar, marks))


def _dates(plan: ReviewPlan, calendar: WorkCalendar, marks: Marks) -> Iterator[tuple[StepId, StepDate]]:
    dates, vote, reminders = plan.dates, plan.vote, plan.mode.reminders_wd.value
    lead = timedelta(days=vote.draw_lead_days.value)
    first, last = dates.meeting.first_day.value, dates.meeting.last_day.value

    def fixed(step: StepId, due_at: datetime, **more: object) -> tuple[StepId, StepDate]:
        date_ = StepDate(due_at=due_at, last_day=last_day_before(due_at), **more)
        return step, _with_reminders(STEPS[step], date_, calendar, reminders)

    yield fixed(StepId.PLAN_FILED, dates.filed_by.instant)
    yield fixed(StepId.PLAN_PUBLISHED, dates.published_by.instant)
    opens = dates.opens.instant
    yield StepId.OPENS, StepDate(due_at=opens, last_day=local_day(opens))
    yield fixed(StepId.DEPARTMENT_CLOSES, dates.department.instant)
    yield fixed(StepId.OFFICE_REVIEW, dates.office.instant)
    yield fixed(StepId.COMMITTEE_CHECKED, end_of(first - lead))
    next_meeting = marks.next_meeting or first
    yield fixed(StepId.EXPERTS_DRAWN, end_of(next_meeting - lead), expected=marks.next_meeting is None)
    yield fixed(StepId.EXAM, dates.exam.instant)
    yield fixed(StepId.MEETINGS, end_of(last), from_day=first)
    yield from _chain(plan, calendar, marks, last)
    yield StepId.CLOSE, StepDate()


def _chain(
    plan: ReviewPlan, calendar: WorkCalendar, marks: Marks, last_meeting_day: date
) -> Iterator[tuple[StepId, StepDate]]:
    """List, publicity, report, certificates, archive: each counted from the step before it.

    Source: process (c), worked chain; Tianjin 2022 plan for the working days.
    """
    after, public, reminders = plan.after, plan.publicity, plan.mode.reminders_wd.value

    def counted(
        step: StepId, start: date | None, days: int, *, first_counts: bool, expected: bool
    ) -> StepDate:
        if start is None:
            return StepDate(expected=expected, missing_year=missing)
        try:
            due = calendar.end_of_period(start, days, first_counts)
        except CalendarYearMissing as year:
            return StepDate(expected=expected, missing_year=year.year)
        found = StepDate(
            due_at=due.due_at,
            last_day=due.last_day,
            from_day=start if STEPS[step].kind is StepKind.PERIOD else None,
            expected=expected,
            lineage=due.lineage,
        )
        fewer = tuple(n for n in reminders if n < days)
        return _with_reminders(STEPS[step], found, calendar, fewer)

    missing: int | None = None
    meeting = marks.unlisted_meeting or marks.last_meeting or last_meeting_day
    held = marks.unlisted_meeting is not None or marks.last_meeting is not None
    listed = counted(StepId.RESULT_LIST, meeting, after.list_wd.value, first_counts=False, expected=not held)
    missing = listed.missing_year
    yield StepId.RESULT_LIST, listed
    waiting = marks.unlisted_meeting is not None or marks.list_posted is None
    posted = listed.last_day if waiting else marks.list_posted
    period = counted(
        StepId.RESULT_PUBLICITY,
        posted,
        public.result_wd.value,
        first_counts=public.count_first_day.value,
        expected=waiting,
    )
    missing = period.missing_year
    yield StepId.RESULT_PUBLICITY, period
    report = counted(
        StepId.REPORT, period.last_day, after.report_wd.value, first_counts=False, expected=waiting
    )
    missing = report.missing_year
    yield StepId.REPORT, report
    filed = report.last_day if waiting or marks.report_filed is None else marks.report_filed
    certificates = counted(
        StepId.CERTIFICATES,
        filed,
        after.certificate_wd.value,
        first_counts=False,
        expected=waiting or marks.report_filed is None,
    )
    missing = certificates.missing_year
    yield StepId.CERTIFICATES, certificates
    made = marks.certificates_made or certificates.last_day
    if made is None:
        yield StepId.ARCHIVED, StepDate(expected=True, missing_year=missing)
        return
    until = made + timedelta(days=after.archive_reminder_days.value)
    archived = StepDate(due_at=end_of(until), last_day=until, expected=marks.certificates_made is None)
    yield StepId.ARCHIVED, _with_reminders(STEPS[StepId.ARCHIVED], archived, calendar, reminders)


def _with_reminders(
    spec: StepSpec, found: StepDate, calendar: WorkCalendar, days: tuple[int, ...]
) -> StepDate:
    """The date with the instants at which the role in charge is reminded; none while a year is missing."""
    if spec.kind in (StepKind.PERIOD, StepKind.INSTANT) or found.last_day is None:
        return found
    wanted = WINDOW_REMINDER_WD if spec.kind is StepKind.WINDOW else days
    try:
        on = sorted({calendar.working_day_before(found.last_day, n) for n in wanted})
    except CalendarYearMissing as missing:
        return found.model_copy(update={"missing_year": missing.year})
    return found.model_copy(update={"reminders": tuple(tick_on(day) for day in on)})


def tick_on(day: date) -> datetime:
    """The moment of that day at which the cycle looks at itself, in Asia/Shanghai."""
    return datetime.combine(day, TICK, SHANGHAI)


def next_tick(after: datetime) -> datetime:
    """The first such moment that is later than `after`."""
    today = tick_on(local_day(after))
    return today if today > after else tick_on(local_day(after) + timedelta(days=1))
