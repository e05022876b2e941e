"""Working days of the State Council calendar, and the periods counted in them.

A period of working days begins on the day after its first day, runs over workdays only (make-up Saturdays
and Sundays count, days off in exchange do not) and ends at 24:00 of the last counted day, Asia/Shanghai.
Sources: Civil Code Art. 201 para 1 and Art. 203 para 2, by analogy; the yearly notices of the General
Office of the State Council, see `models/calendars/state_council.toml`. A year without a notice is never
guessed: it is missing. This module knows no deadline by name and reads no clock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, timedelta

import chinese_calendar
from pydantic import Field

from models.calendar_overlay import CalendarYear, NoticeRecord, SpecialDay, YearStatus, known_years
from models.wire import Compact, Instant, Label, Wire, end_of

MAX_WORKING_DAYS = 400
"""The longest period; more is a slip of the pen."""

MAX_LISTED_DAYS = 20
"""The longest period whose counted days a lineage lists; lineages are stored in every workflow history."""

WEEKDAYS: tuple[Label, ...] = (
    Label(zh="星期一", en="Monday"),
    Label(zh="星期二", en="Tuesday"),
    Label(zh="星期三", en="Wednesday"),
    Label(zh="星期四", en="Thursday"),
    Label(zh="星期五", en="Friday"),
    Label(zh="星期六", en="Saturday"),
    Label(zh="星期日", en="Sunday"),
)

START_NOT_COUNTED = Label(
    zh="开始的当日不计入（《民法典》第二百零一条）", en="the first day is not counted (Civil Code Art. 201)"
)
NOT_VISIBLE = Label(zh="公示中断，当日不计入", en="the publicity was not visible, not counted")
WORKDAY = Label(zh="工作日", en="workday")


class CalendarYearMissing(LookupError):  # noqa: N818 - the name says what is missing
    """The working days of `year` are not known (as of `known_on`); `problem` and `remedy` are for people.

    A deadline that needs the year waits, and an operator is alerted.
    """

    def __init__(self, year: int, known_on: date | None = None) -> None:
        self.year = year
        self.known_on = known_on
        self.problem = Label(
            zh=f"{year}年的工作日安排{f'在{known_on}' if known_on else ''}尚未公布或未录入",
            en=f"the working days of {year} are not known{f' on {known_on}' if known_on else ''}",
        )
        self.remedy = Label(
            zh=f"请在国务院办公厅发布{year}年节假日安排后录入日历，再重新计算",
            en=f"record the State Council's notice for {year} in the calendar, then compute again",
        )
        super().__init__(f"{self.problem.zh}；{self.remedy.zh} / {self.problem.en}: {self.remedy.en}")

    def __reduce__(self) -> tuple[type[CalendarYearMissing], tuple[int, date | None]]:
        return type(self), (self.year, self.known_on)


class DayNote(Wire):
    """One day of a period: whether it is a workday, its ordinal if it was counted, and why."""

    day: date
    workday: bool
    counted: int | None
    why: Label


class Lineage(Compact):
    """How the end of a period was found, compact enough to be kept in a workflow's history.

    `counted` lists the counted days of a period of at most 20 working days and is empty for a longer one;
    `skipped` are workdays left out because a publicity was not visible; `statuses` gives each year's
    status (official or provisional) in the calendar version `calendar`. `notices` names, for each year that
    was arranged by something newer than the release, the documents that did so.
    """

    start: date
    working_days: int
    count_first_day: bool = False
    counted: tuple[date, ...]
    calendar: str
    statuses: dict[str, str]
    skipped: tuple[date, ...] = ()
    notices: dict[str, tuple[str, ...]] = Field(default={})

    @property
    def formula(self) -> str:
        """The count in words: "5 working days after 2023-09-25"."""
        plural = "" if self.working_days == 1 else "s"
        since = "from" if self.count_first_day else "after"
        return f"{self.working_days} working day{plural} {since} {self.start}"


class DueDate(Wire):
    """The end of a period: its last day, and the first instant after it (24:00, Asia/Shanghai)."""

    last_day: date
    due_at: Instant
    lineage: Lineage


class WorkCalendar:
    """The working days of the years known on a day; made with `WorkCalendar.load`."""

    def __init__(
        self,
        version: str,
        years: dict[int, CalendarYear],
        special_days: dict[date, SpecialDay],
        known_on: date | None = None,
    ) -> None:
        self.version = version
        self.known_on = known_on
        self._years = years
        self._special_days = special_days

    @classmethod
    def load(
        cls,
        known_on: date | None = None,
        overlays: Iterable[str] = (),
        released_on: date | None = None,
    ) -> WorkCalendar:
        """The calendar as it was known at the end of `known_on` (None: all that is on record).

        `overlays` are TOML texts of the form of `models/calendars/state_council.toml`, for a notice that is
        newer than this release; their notices win. `released_on`: of the release's own notices only those
        issued by that day. Raises `pydantic.ValidationError` for a malformed one.
        """
        record = NoticeRecord.read(overlays, released_on)
        years, special_days = known_years(record, known_on)
        version = f"cn-state-council@{record.revision}+chinesecalendar-{chinese_calendar.__version__}"
        if known_on is not None:
            version += f"+known-on-{known_on.isoformat()}"
        return cls(version, years, special_days, known_on)

    def years(self) -> tuple[CalendarYear, ...]:
        """The known years in order, each with its notice."""
        return tuple(self._years[year] for year in sorted(self._years))

    def status_of(self, year: int) -> YearStatus:
        """`official`, `provisional` (days known, but no State Council notice on record) or `missing`."""
        known = self._years.get(year)
        return known.status if known else "missing"

    def is_workday(self, day: date) -> bool:
        """Whether people work on `day`. Raises `CalendarYearMissing`."""
        if day.year not in self._years:
            raise CalendarYearMissing(day.year, self.known_on)
        special = self._special_days.get(day)
        return special.workday if special else day.weekday() < 5

    def end_of_period(
        self,
        start: date,
        working_days: int,
        count_first_day: bool = False,
        skip: Collection[date] = (),
    ) -> DueDate:
        """The end of a period of `working_days` (1..400) that begins on `start`, a day in Asia/Shanghai.

        The first day is not counted unless `count_first_day`, and then only if it is a workday. The days of
        `skip` are not counted: a publicity was not visible on them. The last day is a workday by
        construction, so Civil Code Art. 203 para 1 (a period ending on a rest day) never applies.

        Source: Civil Code Art. 201 para 1 (the first day is not counted), Art. 203 para 2 (24:00).
        Raises `ValueError` for a wrong argument and `CalendarYearMissing`.
        """
        _check_day("start", start)
        _check_count("working_days", working_days)
        missed = frozenset(skip)
        counted: list[date] = []
        skipped: list[date] = []
        for day in _days_from(start):
            if not self.is_workday(day) or (day == start and not count_first_day):
                continue
            if day in missed:
                skipped.append(day)
                continue
            counted.append(day)
            if len(counted) == working_days:
                break
        last_day = counted[-1]
        lineage = Lineage(
            start=start,
            working_days=working_days,
            count_first_day=count_first_day,
            counted=tuple(counted) if working_days <= MAX_LISTED_DAYS else (),
            calendar=self.version,
            statuses={str(year): self.status_of(year) for year in range(start.year, last_day.year + 1)},
            skipped=tuple(skipped),
            notices=self._newer_notices(start.year, last_day.year),
        )
        return DueDate(last_day=last_day, due_at=end_of(last_day), lineage=lineage)

    def _newer_notices(self, first: int, last: int) -> dict[str, tuple[str, ...]]:
        years = (self._years[year] for year in range(first, last + 1) if year in self._years)
        return {str(known.year): known.arranged_by for known in years if known.arranged_by}

    def working_day_before(self, last_day: date, n: int) -> date:
        """The workday that lies `n` (1..400) workdays before `last_day`; `last_day` may be a rest day.

        Used for reminders: one workday before Sunday 2023-12-31 is Friday 2023-12-29.
        Raises `ValueError` for a wrong argument and `CalendarYearMissing`.
        """
        _check_day("last_day", last_day)
        _check_count("n", n)
        day, left = last_day, n
        while left:
            day -= timedelta(days=1)
            left -= self.is_workday(day)
        return day

    def working_days_between(self, start_exclusive: date, end_inclusive: date) -> int:
        """How many workdays follow `start_exclusive` up to and including `end_inclusive`.

        Raises `ValueError` when the end lies before the start, and `CalendarYearMissing`.
        """
        _check_day("start_exclusive", start_exclusive)
        _check_day("end_inclusive", end_inclusive)
        if end_inclusive < start_exclusive:
            raise ValueError(f"{end_inclusive} lies before {start_exclusive}: give the earlier day first.")
        length = (end_inclusive - start_exclusive).days
        return sum(self.is_workday(start_exclusive + timedelta(days=n)) for n in range(1, length + 1))

    def explain(self, due: DueDate) -> list[DayNote]:
        """Every day from the start to the last day, counted or not, with the reason.

        Raises `ValueError` when this calendar does not lead to the same last day as the one that `due` was
        computed with, and `CalendarYearMissing`.
        """
        made = due.lineage
        again = self.end_of_period(made.start, made.working_days, made.count_first_day, made.skipped)
        if again.last_day != due.last_day:
            raise ValueError(
                f"{due.last_day} was computed with {made.calendar}, but {self.version} gives "
                f"{again.last_day}: explain it with the calendar it was computed with."
            )
        notes: list[DayNote] = []
        ordinal = 0
        for day in _days_from(made.start):
            workday = self.is_workday(day)
            counts = workday and day not in made.skipped and (made.count_first_day or day != made.start)
            ordinal += counts
            why = self._reason(day, made)
            notes.append(DayNote(day=day, workday=workday, counted=ordinal if counts else None, why=why))
            if day == due.last_day:
                break
        return notes

    def _reason(self, day: date, made: Lineage) -> Label:
        if day == made.start and not made.count_first_day:
            return START_NOT_COUNTED
        if day in made.skipped:
            return NOT_VISIBLE
        if day in self._special_days:
            return self._special_days[day].why
        if day.weekday() < 5:
            return WORKDAY
        weekday = WEEKDAYS[day.weekday()]
        return Label(zh=f"{weekday.zh}休息", en=f"{weekday.en}, rest day")


def _days_from(start: date) -> Iterator[date]:
    day = start
    while True:
        yield day
        day += timedelta(days=1)


def _check_day(name: str, day: date) -> None:
    if isinstance(day, datetime):
        raise ValueError(f"{name} is a moment, not a day: give the calendar day in Asia/Shanghai.")


def _check_count(name: str, count: int) -> None:
    if not 1 <= count <= MAX_WORKING_DAYS:
        raise ValueError(f"{name} is {count}: give a number from 1 to {MAX_WORKING_DAYS}.")
