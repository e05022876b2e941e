"""What a decision is made from: the person's luck, the application as seen, the plan and the calendar.

Business time only: people act on working days between 9:00 and 17:30, applicants until late in the evening.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from pydantic import Field

from models.calendar import WorkCalendar
from models.stages import Stage
from models.terms import PlanTerms
from models.wire import SHANGHAI, Instant, Wire, end_of, local_day, start_of
from workers.rehearsal.cast import Cast, Json
from workers.simulate.distribution import Distribution, Rows
from workers.simulate.luck import Luck
from workers.simulate.population import Applicant

OFFICE_HOURS = (9 * 60, 17 * 60 + 30)
EVENING = 21 * 60 + 30
"""Minutes of the day, Asia/Shanghai."""


class Sight(Wire):
    """An application as those see it who act on it.

    `ends_at` is the soonest end that decides something (BAR, period, window); a duty is not one. `done`
    counts the accepted events by name, `last` is the latest of them, `refused` the refusals since then.
    """

    stage: Stage
    status: Literal["open", "on_hold", "ended"]
    now: Instant
    entered_at: Instant
    ends_at: Instant | None = None
    before: Stage | None = None
    action_by: str | None = None
    correcting: bool = False
    open_objections: tuple[str, ...] = ()
    done: dict[str, int] = Field(default_factory=dict)
    last: str | None = None
    refused: int = 0
    report_at: Instant | None = None


@dataclass(frozen=True)
class Act:
    """Somebody sends a command at this moment; `body` makes it with the cast of the application."""

    at: datetime
    what: str
    body: Callable[[Cast], Json]


@dataclass(frozen=True)
class Wait:
    """Nobody acts before `until`, when something happens by itself or is looked at again."""

    until: datetime
    why: str


@dataclass(frozen=True)
class Await:
    """The cycle acts next: it sets a meeting, publishes the list, or files the report."""

    what: Literal["meeting", "vote", "list", "report"]


@dataclass(frozen=True)
class Rest:
    """Nobody will act any more: the application has ended, or it stays open for this reason."""

    why: str


Next = Act | Wait | Await | Rest


@dataclass(frozen=True)
class World:
    """What everybody knows: the plan, the calendar, and how people are."""

    terms: PlanTerms
    calendar: WorkCalendar
    distribution: Distribution

    def working_day(self, day: date, days: int) -> date:
        """The day itself for 0 if it is a workday, else the workday `days` (at least 1) after it."""
        if days == 0 and self.calendar.is_workday(day):
            return day
        left = max(days, 1)
        while left:
            day += timedelta(days=1)
            left -= self.calendar.is_workday(day)
        return day

    def workday_before(self, end: datetime) -> date:
        """The last workday that lies wholly before this exclusive end."""
        return self.calendar.working_day_before(local_day(end), 1)

    def started_on(self, who: Applicant) -> date:
        """The day on which the draft is begun: some days before it is handed in, within the window."""
        opening = self.working_day(local_day(self.terms.opens_at), 0)
        arrives = who.arrives if who.arrives is not None else who.idles
        wanted = self.working_day(opening, max(0, arrives - who.drafted)) if arrives else opening
        return min(wanted, self.workday_before(self.terms.department_deadline))

    def submits_on(self, who: Applicant) -> date | None:
        """The day on which the dossier is handed in; None: never."""
        if who.arrives is None:
            return None
        opening = self.working_day(local_day(self.terms.opens_at), 0)
        return max(self.working_day(opening, who.arrives), self.started_on(who))


@dataclass(frozen=True)
class Mind:
    """One person's application at one moment, with everything a decision needs."""

    who: Applicant
    sight: Sight
    world: World
    luck: Luck

    @property
    def given(self) -> Distribution:
        """The distribution."""
        return self.world.distribution

    @property
    def terms(self) -> PlanTerms:
        """The plan."""
        return self.world.terms

    @property
    def defects(self) -> float:
        """The factor of this dossier on every chance of a return."""
        return self.given.quality[self.who.quality].defects

    def times(self, event: str) -> int:
        """How often this event has happened."""
        return self.sight.done.get(event, 0)

    def chance(self, question: str, share: float) -> bool:
        """Asked once: the same question has the same answer."""
        return self.luck.chance(question, min(1.0, share))

    def after(self, question: str, rows: Rows, since: datetime | None = None, extra: int = 0) -> datetime:
        """The working moment some drawn days after `since`, by default after the stage was entered."""
        days = self.luck.draw(question, rows) + extra
        return self.moment(question, local_day(since or self.sight.entered_at), days)

    def moment(self, question: str, day: date, days: int) -> datetime:
        """A drawn minute of the working day `days` after `day`, and never before now."""
        minute = self.luck.between(f"{question}/minute", *OFFICE_HOURS)
        at = _at(self.world.working_day(day, days), minute)
        now = self.sight.now
        if at > now:
            return at
        soon = now + timedelta(minutes=20)
        today = local_day(now)
        if self.world.calendar.is_workday(today) and _at(today, OFFICE_HOURS[0]) <= soon < _at(
            today, OFFICE_HOURS[1]
        ):
            return soon
        if self.world.calendar.is_workday(today) and soon < _at(today, OFFICE_HOURS[0]):
            return _at(today, minute)
        return _at(self.world.working_day(today, 1), minute)

    def in_time(self, at: datetime, end: datetime | None, question: str, hurries: float) -> datetime:
        """`at`, or the last working moment before `end` for those who hurry when they would be late."""
        if end is None or at < end or not self.chance(question, hurries):
            return at
        minute = self.luck.between(f"{question}/minute", 15 * 60, OFFICE_HOURS[1])
        last = _at(self.world.workday_before(end), minute)
        return last if last > self.sight.now else at

    def defect(self, hop: str, item: str, reasons: dict[str, float]) -> list[Json]:
        """The one item of a return list: what is wrong with this dossier."""
        return [{"id": item, "text": self.luck.pick(f"{hop}/reason", reasons)}]

    @property
    def useful_end(self) -> datetime | None:
        """The moment from which on posting a notice does not serve the department's window any more."""
        last = self.terms.last_publicity_day or self.terms.last_publicity_start
        if self.sight.correcting or last is None:
            return self.sight.ends_at
        return min(end_of(last), self.sight.ends_at or end_of(last))


def _at(day: date, minute: int) -> datetime:
    return datetime.combine(day, time(minute // 60, minute % 60), SHANGHAI)


def evening(day: date, minute: int) -> datetime:
    """A minute of that day at which applicants are awake."""
    return start_of(day) + timedelta(minutes=min(minute, EVENING))
