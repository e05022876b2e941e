"""What single stories promise beyond their events: days that count, officers who were late, counts."""

from __future__ import annotations

from datetime import date

from models.calendar import Lineage, WorkCalendar
from models.wire import local_day
from workers.rehearsal.story import Check, Told, day

MAKE_UP_DAYS = (date(2023, 10, 7), date(2023, 10, 8))
"""Saturday and Sunday, worked in exchange for the National Day holiday (国办发明电〔2022〕16号)."""


def counts_the_make_up_days(told: Told) -> list[str]:
    """The employer's publicity ends where the calendar says, with both make-up days counted."""
    deadline, posted = told.deadline("employer_publicity"), told.first("start_publicity")
    if deadline is None or posted is None or deadline.lineage is None:
        return ["the publicity has no deadline with a lineage"]
    lineage = Lineage.model_validate(deadline.lineage)
    expected = WorkCalendar.load().end_of_period(local_day(posted.at), 5)
    problems = []
    if deadline.start != local_day(posted.at):
        problems.append(f"the period starts on {deadline.start}, it was posted on {local_day(posted.at)}")
    if deadline.last_day != expected.last_day:
        problems.append(f"the last day is {deadline.last_day}, the calendar says {expected.last_day}")
    if not set(MAKE_UP_DAYS) <= set(lineage.counted):
        problems.append(f"the make-up days are not among {', '.join(map(str, lineage.counted))}")
    return problems


def escalated(name: str) -> Check:
    """The officer was late, and that was reported upward."""

    def check(told: Told) -> list[str]:
        found = any(f.event == "escalated" and f.details.get("deadline") == name for f in told.facts)
        return [] if found else [f"nobody was told that {name} had passed"]

    return check


def last_day_after(name: str, month_day: str) -> Check:
    """The deadline was moved past that day."""

    def check(told: Told) -> list[str]:
        deadline = told.deadline(name)
        if deadline is None or deadline.last_day is None or deadline.last_day <= day(month_day):
            return [f"{name} ends on {deadline.last_day if deadline else '(never)'}, not after {month_day}"]
        return []

    return check


def counted(yes: int, of: int) -> Check:
    """The first ballot had these counts."""

    def check(told: Told) -> list[str]:
        vote = next((f for f in told.facts if f.event in ("vote_passed", "vote_failed")), None)
        if vote is None or (vote.details.get("yes"), vote.details.get("attending")) != (yes, of):
            return [f"the ballot does not tell of {yes} yes among {of}"]
        return []

    return check


def times(event: str, number: int) -> Check:
    """The event happened that often."""

    def check(told: Told) -> list[str]:
        found = sum(1 for fact in told.facts if fact.event == event)
        return [] if found == number else [f"{event} happened {found} times, not {number}"]

    return check


def at_once(earlier: str, later: str) -> Check:
    """What had come early was carried out at the very moment it became possible."""

    def check(told: Told) -> list[str]:
        first, second = told.first(earlier), told.first(later)
        if first is None or second is None or first.at != second.at:
            return [f"{later} did not follow {earlier} at once"]
        return []

    return check


def by_the_clock(event: str) -> Check:
    """Nobody but the system, at a deadline, brought it about."""

    def check(told: Told) -> list[str]:
        fact = told.first(event)
        if fact is None or fact.actor.role.value != "system" or fact.command_id is not None:
            return [f"{event} was not brought about by a deadline"]
        return []

    return check
