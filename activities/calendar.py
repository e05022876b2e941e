"""Computes requested deadlines with the working-day calendar, so that the answer is in the history.

A newer calendar then never breaks a replay. A year that is not known is never guessed: the answer says so.
"""

from __future__ import annotations

import logging
from datetime import date, datetime, time
from functools import lru_cache
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.calendar import CalendarYearMissing, Lineage, WorkCalendar
from models.calendar_overlay import read_overlays
from models.deadlines import DeadlineRequest
from models.outbox import DeadlineAnswer
from models.tables import CalendarNotice
from models.wire import SHANGHAI, end_of, last_day_before, local_day

REMINDED_AT = time(9, 0)
"""Business time of day at which reminders are due."""

_log = logging.getLogger(__name__)


class Calendars:
    """Which calendar answers. `as_of` (a rehearsal): the one that was known on the business day.

    Notices that are newer than this release come as TOML files in `folder`, or are issued into the
    database. Both are looked at again whenever a deadline is asked for: a file counts from the moment it is
    there, a notice of the database in every transaction that begins after it was recorded (and in its own).
    Raises `ValueError` for a file that cannot be read at the start; later such a file is reported and what
    was known stays. `released_on` (a rehearsal): of the release's own notices only those issued by then.
    """

    def __init__(self, *, as_of: bool, folder: Path | None = None, released_on: date | None = None) -> None:
        self._as_of, self._folder, self._released_on = as_of, folder, released_on
        self._seen = _stamp(folder)
        self._overlays = read_overlays(folder)
        self._stored: tuple[str | None, tuple[str, ...]] = (None, ())

    def on(self, at: datetime, stored: tuple[str, ...] = ()) -> WorkCalendar:
        """The calendar for a question asked at business time `at`, with the notices `stored` beside it."""
        known_on = local_day(at) if self._as_of else None
        return _loaded(known_on, (*self._newest(), *stored), self._released_on)

    async def within(self, session: AsyncSession, at: datetime) -> WorkCalendar:
        """The same with the notices of the database: one small query, the texts only when one is new.

        Notices are never changed or taken back, and their numbers grow in the order of commits.
        """
        newest = select(CalendarNotice.sha256).order_by(CalendarNotice.id.desc()).limit(1)
        last = await session.scalar(newest)
        if last != self._stored[0]:
            self._stored = last, await stored_notices(session)
        return self.on(at, self._stored[1])

    def _newest(self) -> tuple[str, ...]:
        found = _stamp(self._folder)
        if found != self._seen:
            self._seen = found
            try:
                self._overlays = read_overlays(self._folder)
            except ValueError as problem:
                _log.error("a calendar file is ignored until it is mended: %s", problem)
        return self._overlays


async def stored_notices(session: AsyncSession) -> tuple[str, ...]:
    """The TOML texts of the notices in the database, in the order in which they were recorded."""
    return tuple(await session.scalars(select(CalendarNotice.content).order_by(CalendarNotice.id)))


def _stamp(folder: Path | None) -> tuple[tuple[str, int, int], ...]:
    """Changes when a file comes, goes or is written."""
    files = sorted(folder.glob("*.toml")) if folder is not None else []
    return tuple((file.name, (about := file.stat()).st_mtime_ns, about.st_size) for file in files)


@lru_cache(maxsize=512)
def _loaded(
    known_on: date | None, overlays: tuple[str, ...] = (), released_on: date | None = None
) -> WorkCalendar:
    return WorkCalendar.load(known_on=known_on, overlays=overlays, released_on=released_on)


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
