"""What the cycle itself does in a simulated year: meetings with their agendas, lists, reports.

Pure: it plans from the calendar and says who is on which agenda; the engine carries it out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from math import ceil

from models.wire import local_day, start_of
from workers.simulate.luck import Luck
from workers.simulate.mind import World

AGENDA_AT, BALLOT_AT, LIST_AT = timedelta(hours=9, minutes=30), timedelta(hours=14), timedelta(hours=10)
EXTRA_MEETINGS = 4
"""Meetings after the plan's window, for those whose vote is taken again."""


@dataclass
class Sitting:
    """One meeting: its days, who is on its agenda, and what came after it."""

    number: int
    ref: str
    drawn_on: date
    closes_on: date
    meeting_on: date
    list_on: date
    report_at: datetime
    extra: bool
    attending: int
    agenda: list[str] = field(default_factory=list)
    listed: bool = False
    reported: bool = False


class Season:
    """The meetings of a year under one plan, and the ballots cast in them."""

    def __init__(self, world: World, seed: int) -> None:
        self._world, self._seed = world, seed
        self._habits = world.distribution.meeting
        self.sittings = [self._sitting(n, day, extra) for n, (day, extra) in enumerate(self._days(), start=1)]

    def _days(self) -> list[tuple[date, bool]]:
        """The days of the meetings: some in the window, then a few for second votes."""
        terms, habits, world = self._world.terms, self._habits, self._world
        day = world.working_day(world.working_day(terms.meeting_from, 0), habits.first_after)
        regular = []
        while day <= terms.meeting_to:
            regular.append(day)
            day = world.working_day(day, habits.every)
        extra = []
        for _ in range(EXTRA_MEETINGS):
            extra.append(day)
            day = world.working_day(day, habits.every * 2)
        return [(day, False) for day in regular] + [(day, True) for day in extra]

    def _sitting(self, number: int, day: date, extra: bool) -> Sitting:
        luck = Luck(self._seed, f"meeting-{number}")
        calendar, habits = self._world.calendar, self._habits
        list_on = self._world.working_day(day, luck.draw("list", habits.list_after))
        return Sitting(
            number=number,
            ref=f"meeting-{number}",
            drawn_on=day - timedelta(days=habits.drawn_before),
            closes_on=calendar.working_day_before(day, max(1, habits.agenda_closes)),
            meeting_on=day,
            list_on=list_on,
            report_at=self._report_at(list_on, luck),
            extra=extra,
            attending=luck.draw("attending", habits.attending),
        )

    def closing(self, day: date) -> Sitting | None:
        """The meeting whose agenda closes on this day, if any."""
        return next((s for s in self.sittings if s.closes_on == day), None)

    def share(self, sitting: Sitting, waiting: Iterable[tuple[str, bool]]) -> list[str]:
        """Who of the waiting (reference, whether a vote is taken again) goes on this agenda, in order.

        The meetings left in the window share those who wait; a later one takes second votes only.
        """
        people = list(waiting)
        if sitting.extra:
            return [ref for ref, again in people if again]
        left = sum(1 for s in self.sittings if not s.extra and s.number >= sitting.number)
        return [ref for ref, _ in people[: ceil(len(people) / left)]]

    def luck(self, sitting: Sitting) -> Luck:
        """The draws of one meeting."""
        return Luck(self._seed, f"meeting-{sitting.number}")

    def _report_at(self, list_on: date, luck: Luck) -> datetime:
        """When the office first files the report on a meeting, some days after its list was public."""
        period = self._world.calendar.end_of_period(list_on, self._world.terms.result_publicity_wd)
        days = luck.draw("report", self._world.distribution.result.report_after)
        return start_of(self._world.working_day(period.last_day, max(1, days))) + timedelta(hours=11)

    @property
    def days(self) -> list[date]:
        """The days on which the cycle acts, in order."""
        acts = ((s.closes_on, s.meeting_on, s.list_on, local_day(s.report_at)) for s in self.sittings)
        return sorted({day for days in acts for day in days})

    def acts_on(self, day: date) -> int:
        """How many things the cycle does on this day."""
        return sum(
            act == day
            for s in self.sittings
            for act in (s.closes_on, s.meeting_on, s.list_on, local_day(s.report_at))
        )

    def held_on(self, sitting: Sitting) -> datetime:
        """When the ballots of a meeting begin."""
        return start_of(sitting.meeting_on) + BALLOT_AT

    @property
    def last_day(self) -> date:
        """The last day that is simulated."""
        horizon = self._world.distribution.horizon.days_after_window
        return local_day(self._world.terms.review_deadline) + timedelta(days=horizon)
