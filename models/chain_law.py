"""What an application's audit chain must say by itself: the invariants of docs/process.md (end of section b).

They are read off the chain and the calendar, not off the code that made it: the count of a publicity is
counted again, a majority is computed again. Numbers are those of the invariants; 10: every step is a legal
transition. Pure; used on a simulated year and on a running service.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from models.audit import Fact
from models.calendar import WorkCalendar
from models.lifecycle import BY_EVENT
from models.roles import Role
from models.terms import PlanTerms
from models.wire import local_day

COUNTS = frozenset(
    {"step", "committee_size", "attending", "recused", "opinions", "yes", "no", "abstain"}
    | {"signed", "sealed", "minutes_sha256"}
)
"""All that may be recorded of a ballot (invariant 3)."""

_PUBLICITIES = (
    ("start_publicity", "publicity_over", "file_evidence"),
    ("publish_result", "result_over", "confirm"),
)
"""The two periods: what begins each, what ends it, and what must come after."""


@dataclass(frozen=True)
class Look:
    """One case in which an invariant was looked for, and what is wrong if it is not `good`."""

    number: int
    good: bool
    words: str


def looks(facts: Sequence[Fact], terms: PlanTerms, calendar: WorkCalendar) -> Iterator[Look]:
    """Every case in the chain of one application, in order. Raises `CalendarYearMissing`."""
    yield from steps(facts)
    yield from publicities(facts, terms, calendar)
    yield from ballots(facts, terms)
    yield from defect_lists(facts)
    yield from objections(facts)


def steps(facts: Iterable[Fact]) -> Iterator[Look]:
    """10: every step is a legal transition, by a role that may make it."""
    for fact in facts:
        known = BY_EVENT.get(fact.event)
        if known is None:
            continue
        legal = fact.from_stage in {s.value for s in known.sources} and fact.actor.role in known.by
        yield Look(10, legal, f"'{fact.event}' by {fact.actor.role.value} from {fact.from_stage}")


def publicities(facts: Sequence[Fact], terms: PlanTerms, calendar: WorkCalendar) -> Iterator[Look]:
    """1: before a certificate both publicities have run in full, by a count of our own, and were proved."""
    if not any(f.event == "certificate_made" for f in facts):
        return
    lengths = (terms.employer_publicity_wd, terms.result_publicity_wd)
    for (start, over, then), least in zip(_PUBLICITIES, lengths, strict=True):
        step = _last([f for f in facts if f.event == then])
        earlier = [f for f in facts if step is not None and f.seq < step.seq]
        posted = _last([f for f in earlier if f.event in (start, f"re{start}")])
        ended = _last([f for f in earlier if f.event.startswith(over)])
        whole = step is not None and posted is not None and ended is not None
        yield Look(1, whole, f"no completed {start} before '{then}'")
        if step is None or posted is None or ended is None:
            continue
        first, last = _posted_on(posted), local_day(ended.at - timedelta(minutes=1))
        days = calendar.working_days_between(first, last)
        yield Look(1, days >= least, f"{start} on {first} ran {days} working days until {last}")
        yield Look(1, ended.at <= step.at, f"'{then}' came before the period was over")


def ballots(facts: Iterable[Fact], terms: PlanTerms) -> Iterator[Look]:
    """2 and 3: the quorum, the counts, the majority; nothing but counts, and by the chair."""
    share = Fraction(*terms.pass_share)
    for fact in facts:
        known = BY_EVENT.get(fact.event)
        if known is None or known.command != "record_vote":
            continue
        said = fact.details
        yield Look(3, set(said) <= COUNTS, f"a ballot left {sorted(set(said) - COUNTS)}")
        yield Look(3, fact.actor.role is Role.CHAIR, f"a ballot by {fact.actor.role.value}")
        if fact.event not in ("vote_passed", "vote_failed"):
            continue
        n = said.get("attending", 0) - said.get("recused", 0)
        quorum = Fraction(n, said["committee_size"]) >= Fraction(*terms.quorum)
        yield Look(2, quorum, f"{n} of {said['committee_size']} experts voted")
        counted = said.get("yes", 0) + said.get("no", 0) + said.get("abstain", 0)
        yield Look(2, counted == n, f"{counted} ballots of {n} experts")
        passed = Fraction(said.get("yes", 0)) >= share * n
        yield Look(2, passed == (fact.event == "vote_passed"), f"{said.get('yes', 0)} of {n} yes")


def defect_lists(facts: Iterable[Fact]) -> Iterator[Look]:
    """6: a later list of the office holds only what was not repaired or has newly arisen."""
    known: set[str] = set()
    for place, fact in enumerate(f for f in facts if f.event == "office_return"):
        items: list[dict[str, Any]] = fact.details.get("items", [])
        fair = all(i.get("newly_arisen") or i.get("unrepaired") in known for i in items)
        yield Look(6, not place or fair, "a second list with a defect that could have been told")
        known |= {item["id"] for item in items}


def objections(facts: Iterable[Fact]) -> Iterator[Look]:
    """7: an objection falls into a period that hangs; later ones are complaints."""
    starts = ("start_publicity", "publish_result", "republish_result")
    ends = ("publicity_over", "result_over", "cancel_publicity")
    hanging = False
    for fact in facts:
        if fact.event in starts:
            hanging = True
        elif fact.event.startswith(ends):
            hanging = False
        elif fact.event in ("employer_object", "result_object"):
            yield Look(7, hanging, "an objection outside a publicity")


def _last(facts: Sequence[Fact]) -> Fact | None:
    return facts[-1] if facts else None


def _posted_on(fact: Fact) -> date:
    """The day from which a publicity counts: the later posting of a list, else the day of the fact."""
    postings: Iterable[dict[str, str]] = fact.details.get("postings", ())
    days = [local_day(datetime.fromisoformat(p["posted_at"])) for p in postings]
    return max(days, default=local_day(fact.at))
