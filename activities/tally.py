"""One count over all applications of a view, from which every overview is added up without a second look.

A large cycle has few different stages, deadlines and courts: the database counts the applications of each
once (`ix_applications_tally` holds all that is needed), and the rest is addition.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select

from activities.finding import View
from activities.selecting import conditions
from models.selection import read_search
from models.slack import Today, span_of
from models.tables import Application
from models.wire import Wire, last_day_before, start_of

NEAR = 2
"""Working days left from which on a deadline is near: the second reminder has gone out."""


@dataclass(frozen=True)
class Alike:
    """So many applications that have all of this in common."""

    stage: str
    status: str
    due_at: datetime | None
    specialty: str
    level: str
    action_by: str | None
    applications: int


class StageCount(Wire):
    """The applications of one specialty and level in one stage; `near`, `late`: as of `CourtRow`."""

    specialty: str
    level: str
    stage: str
    applications: int
    near: int
    late: int


class CourtRow(Wire):
    """The applications of one stage that one role is to act on; `action_by` None: nobody.

    `near` of them end within two working days, `late` have passed their last day; `soonest` is the first last
    day to come or gone.
    """

    action_by: str | None
    stage: str
    applications: int
    near: int
    late: int
    soonest: date | None


class DueCount(Wire):
    """The open applications of one stage whose next deadline ends with this day."""

    last_day: date
    stage: str
    applications: int


@dataclass
class _Sum:
    applications: int = 0
    near: int = 0
    late: int = 0
    soonest: datetime | None = None


class Tally:
    """The count of one view, on its day."""

    def __init__(self, alike: Iterable[Alike], today: Today) -> None:
        self._alike, self._today = tuple(alike), today
        (term,) = read_search(f"slack<={NEAR}").terms.terms
        ends = span_of(term, term.values[0], today).before
        assert ends is not None
        self._late, self._near = start_of(today.day), start_of(ends)

    def stages(self) -> list[StageCount]:
        """By specialty, level and stage; ended applications too."""
        sums: dict[tuple[str, str, str], _Sum] = {}
        for one in self._alike:
            self._add(sums.setdefault((one.specialty, one.level, one.stage), _Sum()), one)
        return [
            StageCount(
                specialty=specialty,
                level=level,
                stage=stage,
                applications=n.applications,
                near=n.near,
                late=n.late,
            )
            for (specialty, level, stage), n in sorted(sums.items())
        ]

    def courts(self) -> list[CourtRow]:
        """In whose court the open ones are, by role and the largest number first."""
        sums: dict[tuple[str | None, str], _Sum] = {}
        for one in self._open():
            self._add(sums.setdefault((one.action_by, one.stage), _Sum()), one)
        rows = [
            CourtRow(
                action_by=role,
                stage=stage,
                applications=n.applications,
                near=n.near,
                late=n.late,
                soonest=last_day_before(n.soonest) if n.soonest is not None else None,
            )
            for (role, stage), n in sums.items()
        ]
        return sorted(rows, key=lambda row: (row.action_by or "", -row.applications, row.stage))

    def due_until(self, last: date) -> list[DueCount]:
        """What of the open ones ends from today to `last` (both included), day by day."""
        sums: dict[tuple[date, str], int] = {}
        for one in self._open():
            if one.due_at is None or one.due_at <= self._late:
                continue
            day = last_day_before(one.due_at)
            if day <= last:
                sums[day, one.stage] = sums.get((day, one.stage), 0) + one.applications
        return [
            DueCount(last_day=day, stage=stage, applications=n) for (day, stage), n in sorted(sums.items())
        ]

    def _open(self) -> Iterable[Alike]:
        return (one for one in self._alike if one.status != "ended")

    def _add(self, total: _Sum, one: Alike) -> None:
        total.applications += one.applications
        if one.status == "ended" or one.due_at is None:
            return
        if one.due_at <= self._late:
            total.late += one.applications
        elif one.due_at <= self._near:
            total.near += one.applications
        if total.soonest is None or one.due_at < total.soonest:
            total.soonest = one.due_at


async def tally(view: View) -> Tally:
    """Counts every application of the view. Raises `Refused` where working days cannot be counted."""
    one = Application
    by = (one.stage, one.status, one.due_at, one.specialty, one.level, one.action_by)
    found = await view.session.execute(
        select(*by, func.count()).where(view.seen, *conditions(view.selection, view.today)).group_by(*by)
    )
    return Tally((Alike(*row) for row in found), view.today)
