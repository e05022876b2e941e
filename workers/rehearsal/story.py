"""What a story is: the steps of its people, the end it must reach, and what its history must tell.

Plain data. When a step is due is said in business dates; the player turns them into real ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from models.audit import Fact
from models.refusal import RefusalCode
from models.stages import Stage
from models.views import DeadlineView
from workers.rehearsal.cast import Cast, Json

Build = Callable[[Cast, datetime], Json]
"""Writes a command at the business time of its sending."""

Way = Literal["update", "signal", "early"]
"""`early` is a signal that comes before its stage: it counts as sent once the application keeps it."""


@dataclass(frozen=True)
class Step:
    """As soon as the application is in `stage`, but not before 08:00 of `not_before`, somebody sends this.

    With `refusal` the answer must be "no" for that reason; the application is then where it was.
    """

    stage: Stage
    build: Build
    not_before: date | None = None
    way: Way = "update"
    refusal: RefusalCode | None = None


@dataclass(frozen=True)
class Told:
    """What is known at the end: the workflow's own history and its deadlines."""

    facts: Sequence[Fact]
    deadlines: Sequence[DeadlineView]

    def first(self, event: str) -> Fact | None:
        """The first fact of that event."""
        return next((fact for fact in self.facts if fact.event == event), None)

    def deadline(self, name: str) -> DeadlineView | None:
        """The deadline of that name."""
        return next((deadline for deadline in self.deadlines if deadline.name == name), None)


Check = Callable[[Told], list[str]]
"""Says in sentences what is not as the story promises; an empty list when all is well."""


@dataclass(frozen=True)
class Story:
    """One application of the 2023 cycle.

    `must` are events that the history holds in this order (others may lie between); `never` are events
    it must not hold; `tells` are the decisive ones for the summary. `closed`: its workflow has ended.
    """

    name: str
    zh: str
    en: str
    steps: tuple[Step, ...]
    ends: Stage
    must: tuple[str, ...]
    tells: tuple[str, ...]
    never: frozenset[str] = frozenset()
    closed: bool = True
    cast: Mapping[str, Any] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()

    def people(self) -> Cast:
        """Everybody around this application."""
        return Cast(ref=self.name, **self.cast)


def day(month_day: str) -> date:
    """`09-18` is 18 September 2023; January to August belong to 2024."""
    month, number = (int(part) for part in month_day.split("-"))
    return date(2023 if month >= 9 else 2024, month, number)


def missing_in_order(must: Sequence[str], events: Sequence[str]) -> str | None:
    """The first of `must` that does not come, in this order, in `events`."""
    rest = iter(events)
    return next((event for event in must if not any(found == event for found in rest)), None)
