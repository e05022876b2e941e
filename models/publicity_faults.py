"""What is wrong with a publicity that runs or has just ended. Pure: an officer decides what follows."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Literal

from models.calendar import CalendarYearMissing
from models.slack import Today
from models.wire import Label, Wire

SOON = 1
"""Working days left from which on a period ends soon: the result or the evidence is to be prepared."""


class PublicityFault(StrEnum):
    """Why somebody has to look at a period."""

    SHORT = "short"
    NO_NOTICE = "no_notice"
    NO_EVIDENCE = "no_evidence"
    PLACE_MISSING = "place_missing"
    ENDS_ON_REST_DAY = "ends_on_rest_day"
    ENDS_SOON = "ends_soon"
    NO_END = "no_end"


FAULT_LABELS: dict[PublicityFault, Label] = {
    PublicityFault.SHORT: Label(zh="公示天数不足", en="too short"),
    PublicityFault.NO_NOTICE: Label(zh="缺公示文本", en="no text of the notice"),
    PublicityFault.NO_EVIDENCE: Label(zh="缺公示图片、情况说明", en="no image and statement yet"),
    PublicityFault.PLACE_MISSING: Label(zh="未在规定处公示", en="not posted everywhere"),
    PublicityFault.ENDS_ON_REST_DAY: Label(zh="截止日为休息日", en="ends on a rest day"),
    PublicityFault.ENDS_SOON: Label(zh="即将期满", en="ends soon"),
    PublicityFault.NO_END: Label(zh="截止日待日历公布", en="waits for a calendar year"),
}


class PeriodFacts(Wire):
    """A period as it was posted. `required`: the plan's working days; `over`: ended, its proof is due."""

    of: Literal["employer", "result"]
    started_on: date
    last_day: date | None
    required: int
    count_first_day: bool
    places: tuple[str, ...]
    required_places: tuple[str, ...]
    has_notice: bool
    over: bool


def faults_of(period: PeriodFacts, today: Today) -> tuple[PublicityFault, ...]:
    """What is wrong, in a fixed order; nothing for a period that simply runs.

    Source: work plan 七(一), 七(五); Order 40 Art. 16, 26 (not less than five working days).
    """
    found = []
    last = period.last_day
    if last is None:
        found.append(PublicityFault.NO_END)
    elif last < _least_end(period, today):
        found.append(PublicityFault.SHORT)
    if period.of == "employer" and not period.has_notice:
        found.append(PublicityFault.NO_NOTICE)
    if period.over:
        found.append(PublicityFault.NO_EVIDENCE)
    if _missing(period.required_places, period.places):
        found.append(PublicityFault.PLACE_MISSING)
    if last is not None and not period.over:
        if not _works(last, today):
            found.append(PublicityFault.ENDS_ON_REST_DAY)
        left = today.slack(last)
        if left is not None and left <= SOON:
            found.append(PublicityFault.ENDS_SOON)
    return tuple(found)


def _least_end(period: PeriodFacts, today: Today) -> date:
    """The first last day that is long enough; a year that is missing makes nothing short."""
    return _end_of(today, period.started_on, period.required, period.count_first_day)


@lru_cache(maxsize=1_000)
def _end_of(today: Today, start: date, working_days: int, count_first_day: bool) -> date:
    try:
        return today.calendar.end_of_period(start, working_days, count_first_day).last_day
    except CalendarYearMissing:
        return date.min


def _works(day: date, today: Today) -> bool:
    try:
        return today.calendar.is_workday(day)
    except CalendarYearMissing:
        return True


def _missing(required: Collection[str], places: Collection[str]) -> bool:
    return bool(set(required) - set(places))
