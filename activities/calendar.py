"""Computes requested deadlines with the working-day calendar, so that the answer is in the history.

A newer calendar then never breaks a replay. A year that is not known is never guessed: the answer says so.
"""

from __future__ import annotations

from datetime import date, datetime, time
from functools import lru_cache

from models.calendar import CalendarYearMissing, Lineage, WorkCalendar
from models.deadlines import DeadlineRequest
from models.outbox import DeadlineAnswer
from models.wire import SHANGHAI, end_of, last_day_before, local_day

REMINDED_AT = time(9, 0)
"""Business time of day at which reminders are due."""


class Calendars:
    """Which calendar answers. `as_of` (a rehearsal): the one that was known on the business day."""

    def __init__(self, *, as_of: bool) -> None:
        self._as_of = as_of

    def on(self, at: datetime) -> WorkCalendar:
        """The calendar for a question asked at business time `at`."""
        return _loaded(local_day(at) if self._as_of else None)


@lru_cache(maxsize=512)
def _loaded(known_on: date | None) -> WorkCalendar:
    return WorkCalendar.load(known_on=known_on)


def answer(request: DeadlineRequest, calendar: WorkCalendar) -> DeadlineAnswer:
    """The end of the requested deadline: exclusive instant, last day, lineage and reminders.

    A counted end is cut off at `cap` and never earlier than `not_before` (an announced publicity does not
    shrink). `missing_year` without `due_at`: it cannot be known yet. With `due_at`: only the reminders
    cannot.
    """
    lineage: Lineage | None = None
    capped_from: date | None = None
    if request.due_at is not None:
        last_day, due_at = last_day_before(request.due_at), request.due_at
    else:
        try:
            last_day, lineage = _last_day(request, calendar)
        except CalendarYearMissing as missing:
            if request.cap is None or request.cap.year >= missing.year:
                return DeadlineAnswer(name=request.name, missing_year=missing.year)
            last_day = request.cap
        if request.cap is not None and last_day > request.cap:
            last_day, capped_from = request.cap, last_day
        if request.not_before is not None and last_day < request.not_before:
            last_day = request.not_before
        due_at = end_of(last_day)
    reminders, missing_year = _reminders(request, last_day, calendar)
    return DeadlineAnswer(
        name=request.name,
        due_at=due_at,
        reminders=reminders,
        lineage=lineage,
        capped_from=capped_from,
        missing_year=missing_year,
    )


def _last_day(request: DeadlineRequest, calendar: WorkCalendar) -> tuple[date, Lineage | None]:
    if request.last_day is not None:
        return request.last_day, None
    if request.working_days is None:
        raise ValueError(f"{request.name}: give due_at, last_day or working_days.")
    due = calendar.end_of_period(
        request.start, request.working_days, request.count_first_day, skip=request.skip
    )
    return due.last_day, due.lineage


def _reminders(
    request: DeadlineRequest, last_day: date, calendar: WorkCalendar
) -> tuple[tuple[datetime, ...], int | None]:
    """The instants of the reminders after the start, or the year that is missing to find them."""
    try:
        days = {calendar.working_day_before(last_day, n) for n in request.reminders_wd}
    except CalendarYearMissing as missing:
        return (), missing.year
    return tuple(
        datetime.combine(day, REMINDED_AT, SHANGHAI) for day in sorted(days) if day > request.start
    ), None
