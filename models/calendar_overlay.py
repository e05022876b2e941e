"""Where the working days of a year come from: the notices on record, and the chinesecalendar package.

The record (`models/calendars/state_council.toml`) names each year's notice and its date of issue, and may
give the days itself; then it wins. This module knows nothing of periods and deadlines.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Literal

import chinese_calendar
from pydantic import Field, model_validator

from models.toml_text import read_toml
from models.wire import Label, Wire

KnownStatus = Literal["official", "provisional"]
YearStatus = Literal["official", "provisional", "missing"]

NEW_YEARS_DAY: str = chinese_calendar.Holiday.new_years_day.value

HOLIDAY_NAMES: dict[str, str] = {
    NEW_YEARS_DAY: "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "Mid-autumn Festival": "中秋节",
    "National Day": "国庆节",
    "Anti-Fascist 70th Day": "抗战胜利70周年纪念日",
}
"""The package's holiday names, in Chinese."""


class SpecialDay(Wire):
    """A day named by a notice: a holiday or a make-up workday."""

    workday: bool
    why: Label


class Holiday(Wire):
    """One item of a notice: rest from `first` to `last`, both included, and the make-up workdays for it."""

    name: Label
    first: date
    last: date
    make_up: tuple[date, ...] = ()

    @model_validator(mode="after")
    def _in_order(self) -> Holiday:
        if self.first > self.last:
            raise ValueError(f"the holiday ends on {self.last}, before it begins on {self.first}")
        if any(self.first <= day <= self.last for day in self.make_up):
            raise ValueError("a make-up workday lies inside its own holiday")
        return self


class Notice(Wire):
    """A notice on the holidays of `year`, dated `issued`. Without `holidays` the package gives the days.

    `status` is provisional for days that are announced but not yet by a State Council notice.
    A notice that `amends` an earlier one (its document number) says only what changes within the year: its
    `holidays` and their make-up days replace what was arranged for those days, `cancelled` days go back to
    what their weekday is, and every other day stays.
    """

    year: int = Field(ge=1950, le=2200)
    document: str
    title: str
    issued: date
    status: KnownStatus = "official"
    verified: bool = False
    holidays: tuple[Holiday, ...] = ()
    amends: str | None = None
    cancelled: tuple[date, ...] = ()

    @model_validator(mode="after")
    def _an_amendment_changes_something(self) -> Notice:
        if self.amends is None and self.cancelled:
            raise ValueError("only a notice that amends another one cancels days")
        if self.amends is not None and not (self.holidays or self.cancelled):
            raise ValueError("a notice that amends another one names holidays or cancelled days")
        if self.cancelled and set(self.cancelled) & set(self.days()):
            raise ValueError("a day is cancelled and arranged anew by the same notice")
        return self

    @model_validator(mode="after")
    def _of_this_year(self) -> Notice:
        for day in (*self.days(), *self.cancelled):
            if day.year != self.year and (day.year, day.month) != (self.year - 1, 12):
                raise ValueError(f"{day} belongs neither to {self.year} nor to the December before")
        return self

    @property
    def from_package(self) -> bool:
        """True when the package gives the days of this notice."""
        return self.amends is None and not self.holidays

    def days(self) -> dict[date, SpecialDay]:
        """The days that this notice names."""
        named: dict[date, SpecialDay] = {}
        for holiday in self.holidays:
            length = (holiday.last - holiday.first).days + 1
            rest = SpecialDay(workday=False, why=_rest(holiday.name))
            named.update((holiday.first + timedelta(days=n), rest) for n in range(length))
        for holiday in self.holidays:
            work = SpecialDay(workday=True, why=_make_up(holiday.name))
            named.update((day, work) for day in holiday.make_up)
        return named


class NoticeFile(Wire):
    """A TOML file of notices."""

    revision: str = ""
    notice: tuple[Notice, ...]


class CalendarYear(Wire):
    """A year whose working days are known: by which notice, and from where the days were taken.

    `notice` is None for a year that the package covers but for which no notice is on record. `arranged_by`
    names the documents that are newer than the release and arranged the year, the last one at the end.
    """

    year: int
    status: KnownStatus
    notice: Notice | None
    days_from: Literal["notice", "chinesecalendar"]
    arranged_by: tuple[str, ...] = ()


class NoticeRecord(Wire):
    """All notices on record, in order of issue; `revision` names this state of the record."""

    revision: str
    notices: tuple[Notice, ...]
    newer: frozenset[str] = frozenset()
    """The documents that came after the release."""

    @classmethod
    def read(cls, overlays: Iterable[str] = (), released_on: date | None = None) -> NoticeRecord:
        """The record of this release, and after it the notices of `overlays` (TOML texts of the same form).

        `released_on`: of the release's own notices only those issued by that day. Raises
        `pydantic.ValidationError` or `tomllib.TOMLDecodeError` for an overlay that cannot be read.
        """
        record = _released()
        kept, revision = record.notices, record.revision
        if released_on is not None:
            kept = tuple(notice for notice in kept if notice.issued <= released_on)
            revision += f"+released-{released_on.isoformat()}"
        texts = tuple(overlays)
        added = tuple(notice for text in texts for notice in _parse(text).notice)
        if texts:
            mark = sha256("\n".join(texts).encode()).hexdigest()[:8]
            revision += f"+overlay-{mark}"
        newer = frozenset(notice.document for notice in added)
        return cls(revision=revision, notices=_in_order((*kept, *added)), newer=newer)


def read_overlays(folder: Path | None) -> tuple[str, ...]:
    """The TOML texts of a folder of newer notices, by file name; none without a folder.

    Raises `ValueError` with one sentence that names the file which cannot be read.
    """
    texts = []
    for file in sorted(folder.glob("*.toml")) if folder is not None else []:
        try:
            text = file.read_text("utf-8")
            _parse(text)
        except (OSError, ValueError) as problem:
            reason = " ".join(str(problem).split())[:300]
            raise ValueError(f"{file} is not a file of notices ({reason})") from None
        texts.append(text)
    return tuple(texts)


def known_years(
    record: NoticeRecord, known_on: date | None
) -> tuple[dict[int, CalendarYear], dict[date, SpecialDay]]:
    """The years known on a day (None: everything on record), and the special days that they name.

    A notice may name days of the December before its year. Of an amended year the package has only the
    last form, so between the two notices that year is not known unless the record itself gives the days.
    """
    by_year: dict[int, list[Notice]] = {year: [] for year in _package_days()}
    for notice in record.notices:
        by_year.setdefault(notice.year, []).append(notice)
    years: dict[int, CalendarYear] = {}
    days: dict[date, SpecialDay] = {}
    for year, notices in sorted(by_year.items()):
        known = _year_as_known(year, notices, known_on, record.newer)
        if known is not None:
            years[year], special = known
            days |= special
    return years, days


def _year_as_known(
    year: int, notices: list[Notice], known_on: date | None, newer: frozenset[str]
) -> tuple[CalendarYear, dict[date, SpecialDay]] | None:
    """A year by its notices in order of issue: whole arrangements, and what amended them afterwards."""
    issued = [notice for notice in notices if known_on is None or notice.issued <= known_on]
    by_package = [notice for notice in notices if notice.from_package]
    days: dict[date, SpecialDay] | None = None
    source: Literal["notice", "chinesecalendar"] = "notice"
    if known_on is None and year in _package_days() and not any(n.amends is None for n in notices):
        days, source = dict(_package_days()[year]), "chinesecalendar"
    for notice in issued:
        if notice.from_package:
            complete = (
                year in _package_days() and notice is by_package[-1] and _released_whole(year, by_package)
            )
            days, source = (dict(_package_days()[year]) if complete else None), "chinesecalendar"
        elif notice.amends is None:
            days, source = notice.days(), "notice"
        elif days is not None:
            kept = {day: special for day, special in days.items() if day not in notice.cancelled}
            days, source = kept | notice.days(), "notice"
    if days is None:
        return None
    last = issued[-1] if issued else None
    found = CalendarYear(
        year=year,
        status=last.status if last is not None else "provisional",
        notice=last,
        days_from=source,
        arranged_by=tuple(notice.document for notice in issued if notice.document in newer),
    )
    return found, days


def _released_whole(year: int, by_package: list[Notice]) -> bool:
    """True when every notice whose days the package gives is there: the package has their last form only."""
    released = [n.document for n in _released().notices if n.year == year and n.from_package]
    return set(released) <= {notice.document for notice in by_package}


@cache
def _released() -> NoticeRecord:
    text = files("models").joinpath("calendars", "state_council.toml").read_text("utf-8")
    file = _parse(text)
    return NoticeRecord(revision=file.revision, notices=_in_order(file.notice))


def _parse(text: str) -> NoticeFile:
    return NoticeFile.model_validate(read_toml(text))


def _in_order(notices: Iterable[Notice]) -> tuple[Notice, ...]:
    return tuple(sorted(notices, key=lambda notice: notice.issued))


@cache
def _package_days() -> Mapping[int, Mapping[date, SpecialDay]]:
    """The package's special days by the year whose notice arranged them.

    The New Year's days that fall in December were arranged by the notice of the next year.
    """
    found: dict[int, dict[date, SpecialDay]] = {}
    for table, workday in ((chinese_calendar.holidays, False), (chinese_calendar.workdays, True)):
        for day, english in table.items():
            name = Label(zh=HOLIDAY_NAMES.get(english, english), en=english)
            year = day.year + 1 if day.month == 12 and english == NEW_YEARS_DAY else day.year
            why = _make_up(name) if workday else _rest(name)
            found.setdefault(year, {})[day] = SpecialDay(workday=workday, why=why)
    covered = {day.year for day in chinese_calendar.holidays}
    return {year: days for year, days in found.items() if year in covered}


def _rest(name: Label) -> Label:
    return Label(zh=f"{name.zh}放假", en=f"{name.en} holiday")


def _make_up(name: Label) -> Label:
    return Label(zh=f"{name.zh}调休上班", en=f"make-up workday for {name.en}")
