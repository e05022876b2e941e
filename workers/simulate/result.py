"""What came of a simulated year: days and counts only, the same for the same seed on any machine."""

from __future__ import annotations

from datetime import date

from models.wire import Label, Wire
from workers.simulate.invariants import Checked

FUNNEL: tuple[tuple[str, Label], ...] = (
    ("drafted", Label(zh="填报", en="drafted")),
    ("submitted", Label(zh="提交单位", en="submitted")),
    ("recommended", Label(zh="单位推荐", en="recommended")),
    ("to_department", Label(zh="公示后报主管部门", en="to the department")),
    ("to_office", Label(zh="报办事机构", en="to the office")),
    ("accepted", Label(zh="确认接收", en="accepted")),
    ("ready", Label(zh="待评审", en="ready for review")),
    ("voted", Label(zh="表决", en="voted on")),
    ("passed", Label(zh="评审通过", en="passed")),
    ("certified", Label(zh="发证", en="certified")),
)
"""The steps that are counted, in order."""


class FunnelRow(Wire):
    """How many came to each step: all of them, or those of one specialty, level or route."""

    by: str
    value: str
    label: Label
    counts: dict[str, int]


class EndCount(Wire):
    """How many stand in a stage in the end; `terminal` for those that nothing can move on by itself."""

    stage: str
    label: Label
    terminal: bool
    count: int


class Missed(Wire):
    """One application that a date ended: which deadline, its last day, and where the case lay."""

    application_ref: str
    deadline: str
    last_day: date
    stage: str


class Breach(Wire):
    """A duty that was not done in time: whose, which, how often."""

    role: str
    organisation: str
    deadline: str
    count: int


class HopTime(Wire):
    """Working days that applications stayed in a stage."""

    stage: str
    label: Label
    stays: int
    median: float
    p90: float
    longest: int


class ReturnCount(Wire):
    """Returns of a hop for one reason."""

    hop: str
    reason: str
    count: int


class RefusalCount(Wire):
    """Commands that were refused, by the rule."""

    what: str
    code: str
    rule: Label
    count: int


class PostUse(Wire):
    """The posts of one unit at one level: free at first, asked for, taken in the end, found none."""

    unit: str
    level: str
    free: int
    asked: int
    titled: int
    blocked: int


class MeetingHeld(Wire):
    """One meeting in numbers."""

    meeting_ref: str
    meeting_on: date
    drawn_on: date
    attending: int
    voted: int
    passed: int
    list_on: date | None
    report_on: date | None


class OpenCase(Wire):
    """An application that is not at its end when the simulated time is: where, since when, and why."""

    application_ref: str
    stage: str
    since: date
    reason: str


class FailedCase(Wire):
    """An application that did not go on: a fault of the software or of the simulation."""

    application_ref: str
    stage: str
    reason: str


class Life(Wire):
    """One application in one line: who, and how it ended on which day."""

    application_ref: str
    unit: str
    specialty: str
    level: str
    route: str
    stage: str
    since: date


class Drawn(Wire):
    """What the applicants were drawn from: the distribution's name, its hash, and what it is."""

    id: str
    sha256: str
    note: Label


class SimulationResult(Wire):
    """A whole year. Every list is in a fixed order."""

    plan_id: str
    plan_version: int
    applicants: int
    seed: int
    distribution: Drawn
    first_day: date
    last_day: date
    funnel: tuple[FunnelRow, ...]
    ends: tuple[EndCount, ...]
    arrivals: dict[date, int]
    missed: tuple[Missed, ...]
    breaches: tuple[Breach, ...]
    hops: tuple[HopTime, ...]
    returns: tuple[ReturnCount, ...]
    refusals: tuple[RefusalCount, ...]
    posts: tuple[PostUse, ...]
    meetings: tuple[MeetingHeld, ...]
    cycle: dict[str, str]
    open: tuple[OpenCase, ...]
    failed: tuple[FailedCase, ...]
    invariants: tuple[Checked, ...]
    lives: tuple[Life, ...]

    @property
    def broken(self) -> tuple[str, ...]:
        """Every broken invariant, in sentences."""
        return tuple(words for checked in self.invariants for words in checked.broken)

    @property
    def sound(self) -> bool:
        """Nothing failed and no invariant is broken."""
        return not self.failed and not self.broken
