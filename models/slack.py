"""How many working days are left until a last day, or have gone by in a stage; and the days that fit a term.

Today is not counted, the last day is: on a Wednesday, a last day on Friday leaves two. A last day that has
passed leaves less than nothing: minus the working days since, at least minus one. Rest days and make-up
workdays are those of the State Council calendar (`models.calendar`); a year without one is never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from models.calendar import CalendarYearMissing, WorkCalendar
from models.refusal import RefusalCode, refuse
from models.search import Term
from models.search_fields import Kind

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Today:
    """The business day in Asia/Shanghai, and the calendar by which working days are counted."""

    day: date
    calendar: WorkCalendar
    _slack: dict[date, int | None] = field(default_factory=dict, repr=False, compare=False)
    """What was counted already: a list asks for the same few days again and again."""

    def slack(self, last_day: date) -> int | None:
        """Working days left until the end of `last_day`; negative once it has passed.

        None where the calendar of a year on the way is missing.
        """
        if last_day not in self._slack:
            self._slack[last_day] = self._count(last_day)
        return self._slack[last_day]

    def _count(self, last_day: date) -> int | None:
        try:
            if last_day >= self.day:
                return self.calendar.working_days_between(self.day, last_day)
            return -max(1, self.calendar.working_days_between(last_day, self.day))
        except CalendarYearMissing:
            return None

    def days_since(self, entered: date) -> int | None:
        """Working days after `entered` up to today; 0 for a day to come, None where a year is missing."""
        try:
            return self.calendar.working_days_between(min(entered, self.day), self.day)
        except CalendarYearMissing:
            return None


@dataclass(frozen=True)
class Span:
    """Days from `since` on and before `before`; None is open."""

    since: date | None = None
    before: date | None = None


def span_of(term: Term, value: str, today: Today | None) -> Span:
    """The days of the term's column that fit: last days for `due` and `slack`, else days of the instant.

    Raises `Refused` when working days are counted into a year without a notice, or from no day.
    """
    if term.kind is Kind.DAY:
        day = date.fromisoformat(value)
        return _between(term.operator, day, day + _DAY)
    if today is None:
        raise refuse(
            RefusalCode.GUARD,
            zh=f"此处不能按工作日查询（{term.text}）。",
            en=f"Working days cannot be counted here ({term.text}).",
            fix_zh="请改用日期，如 due<2023-11-06。",
            fix_en="Use days instead, like due<2023-11-06.",
            field="q",
        )
    count = int(value)
    try:
        if term.field == "slack":
            return _between(term.operator, _first_day_with(count, today), _first_day_with(count + 1, today))
        return _entered(term.operator, count, today)
    except CalendarYearMissing as missing:
        raise refuse(
            RefusalCode.GUARD,
            zh=f"{missing.problem.zh}，无法计算 {term.text}。",
            en=f"{term.text} cannot be counted: {missing.problem.en}.",
            fix_zh=f"{missing.remedy.zh}。",
            fix_en=f"{missing.remedy.en}.",
            field="q",
        ) from None


def _between(operator: str, first: date, after: date) -> Span:
    """For values that begin on `first` and end before `after`."""
    match operator:
        case "<":
            return Span(before=first)
        case "<=":
            return Span(before=after)
        case ">":
            return Span(since=after)
        case ">=":
            return Span(since=first)
        case _:
            return Span(since=first, before=after)


def _first_day_with(count: int, today: Today) -> date:
    """The first last day that leaves at least so many working days."""
    if count > 0:
        return today.calendar.end_of_period(today.day, count).last_day
    if count == 0:
        return today.day
    return today.calendar.working_day_before(today.day + _DAY, 1 - count)


def _entered(operator: str, count: int, today: Today) -> Span:
    """The days of entering since which `count` working days (more, fewer) have gone by."""
    at_least, more = _entered_before(count, today), _entered_before(count + 1, today)
    match operator:
        case "<":
            return Span(since=at_least)
        case "<=":
            return Span(since=more)
        case ">":
            return Span(before=more)
        case ">=":
            return Span(before=at_least)
        case _:
            return Span(since=more, before=at_least)


def _entered_before(count: int, today: Today) -> date:
    """Whoever entered before this day has been there for at least so many working days."""
    if count == 0:
        return date.max
    return today.calendar.working_day_before(today.day + _DAY, count)
