"""What a plan's dates leave room for, computed with the State Council calendar.

These are the dates people ask for: the last day on which an employer can usefully post its notice, the last
day on which the office can return a file with its full time, and the chain from a meeting to certificates.
All days are Asia/Shanghai; a period ends at 24:00 of its last workday (Civil Code Art. 201 and 203).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple, Protocol

from models.calendar import CalendarYearMissing
from models.plan import ReviewPlan
from models.terms import PlanTerms
from models.wire import end_of


class Due(Protocol):
    """The end of a period, as a calendar gives it."""

    @property
    def last_day(self) -> date: ...


class PeriodCalendar(Protocol):
    """What is needed of a calendar; its methods raise `CalendarYearMissing` for a year not yet announced."""

    def is_workday(self, day: date) -> bool: ...

    def end_of_period(self, start: date, working_days: int, count_first_day: bool = False) -> Due: ...


class ResultsChain(NamedTuple):
    """The last days of the steps after a meeting, if each takes all the time it has."""

    list_by: date
    publicity_ends: date
    report_by: date
    certificates_by: date


def last_useful_publicity_start(plan: ReviewPlan, calendar: PeriodCalendar) -> date | None:
    """The last workday on which an employer publicity can start and still end before the department's gate.

    A publicity that ends at the very instant the gate closes is too late. None when no day of the cycle does.
    Source: work plan 七(一); Order 40 Art. 16. Raises `CalendarYearMissing`.
    """
    gate = plan.dates.department
    for day in _backwards(gate.last_day.value, plan.dates.opens.first_day.value):
        if calendar.is_workday(day) and end_of(employer_publicity_end(plan, calendar, day)) < gate.instant:
            return day
    return None


def _with_rest_days(day: date, calendar: PeriodCalendar) -> date:
    """The last of the rest days that follow `day`; `day` itself if a workday does.

    A notice posted on one of them counts from the same workday on (process (e): 10-27, or 10-28 and 10-29).
    """
    while not calendar.is_workday(day + timedelta(days=1)):
        day += timedelta(days=1)
    return day


def employer_publicity_end(plan: ReviewPlan, calendar: PeriodCalendar, start: date) -> date:
    """The last day of an employer publicity posted on `start`. Raises `CalendarYearMissing`."""
    public = plan.publicity
    return calendar.end_of_period(start, public.employer_wd.value, public.count_first_day.value).last_day


def last_full_return(plan: ReviewPlan, calendar: PeriodCalendar) -> date | None:
    """The last day on which a return for correction leaves its full time before the cap; None when none.

    Source: Order 40 Art. 18; work plan 七(二). Raises `CalendarYearMissing`.
    """
    fix = plan.correction
    for day in _backwards(fix.cap.last_day.value, plan.dates.opens.first_day.value):
        if end_of(calendar.end_of_period(day, fix.wd.value, False).last_day) <= fix.cap.instant:
            return day
    return None


def terms_on(plan: ReviewPlan, calendar: PeriodCalendar) -> PlanTerms:
    """The plan's terms with the last days on which a publicity or a return still leaves its full time.

    Without those days where the calendar of a year is missing: then nobody is warned of a guess.
    """
    try:
        useful = {
            "last_publicity_start": (start := last_useful_publicity_start(plan, calendar)),
            "last_publicity_day": _with_rest_days(start, calendar) if start else None,
            "last_full_return": last_full_return(plan, calendar),
        }
    except CalendarYearMissing:
        return plan.terms()
    return plan.terms().model_copy(update=useful)


def results_chain(plan: ReviewPlan, calendar: PeriodCalendar, meeting: date) -> ResultsChain:
    """The last days of list, publicity, report and certificates after a meeting that ends on `meeting`.

    Source: work plan 七(五)-(六); Order 40 Art. 26. Raises `CalendarYearMissing`.
    """
    after, public = plan.after, plan.publicity
    list_by = calendar.end_of_period(meeting, after.list_wd.value, False).last_day
    ends = calendar.end_of_period(list_by, public.result_wd.value, public.count_first_day.value).last_day
    report_by = calendar.end_of_period(ends, after.report_wd.value, False).last_day
    certificates_by = calendar.end_of_period(report_by, after.certificate_wd.value, False).last_day
    return ResultsChain(list_by, ends, report_by, certificates_by)


def _backwards(last: date, first: date) -> Iterator[date]:
    day = last
    while day >= first:
        yield day
        day -= timedelta(days=1)
