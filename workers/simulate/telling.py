"""Reads a simulated year off its audit chains and says it in days and counts (`SimulationResult`)."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date
from math import ceil
from statistics import median

from models.audit import Fact
from models.calendar import WorkCalendar
from models.deadlines import DeadlineKind
from models.plan import ReviewPlan
from models.refusal import RefusalCode
from models.stages import STAGES, Stage
from models.wire import Label, local_day
from workers.simulate.distribution import Distribution
from workers.simulate.player import Player
from workers.simulate.population import Applicant
from workers.simulate.record import Record
from workers.simulate.result import (
    FUNNEL,
    Breach,
    Drawn,
    EndCount,
    FunnelRow,
    HopTime,
    Life,
    MeetingHeld,
    Missed,
    OpenCase,
    PostUse,
    RefusalCount,
    ReturnCount,
)
from workers.simulate.season import Season

_MILESTONES: dict[str, Callable[[Fact], bool]] = {
    "drafted": lambda f: f.event == "opened",
    "submitted": lambda f: f.event == "submit",
    "recommended": lambda f: f.to_stage == Stage.RECOMMENDED.value,
    "to_department": lambda f: f.event == "file_evidence",
    "to_office": lambda f: f.event == "department_submit",
    "accepted": lambda f: f.event == "office_accept",
    "ready": lambda f: f.to_stage == Stage.REVIEW_READY.value,
    "voted": lambda f: f.event in ("vote_passed", "vote_failed"),
    "passed": lambda f: f.event == "vote_passed",
    "certified": lambda f: f.event == "certificate_made",
}
_RETURNS = {"employer_return": "employer", "department_return": "department", "office_return": "office"}


def drawn(distribution: Distribution) -> Drawn:
    """Names the distribution, with a hash of everything in it."""
    text = distribution.model_dump_json()
    return Drawn(id=distribution.id, sha256=hashlib.sha256(text.encode()).hexdigest(), note=distribution.note)


def funnel(plan: ReviewPlan, people: list[Applicant], record: Record) -> tuple[FunnelRow, ...]:
    """The steps that each application came to, over all and by specialty, level and route."""
    reached = {
        who.ref: {step for step, met in _MILESTONES.items() if any(map(met, record.facts[who.ref]))}
        for who in people
    }

    def row(by: str, value: str, label: Label, some: list[Applicant]) -> FunnelRow:
        counts = {step: sum(step in reached[who.ref] for who in some) for step, _ in FUNNEL}
        return FunnelRow(by=by, value=value, label=label, counts=counts)

    rows = [row("all", "all", Label(zh="全部", en="all"), people)]
    for by, values in (
        ("specialty", [c.id for c in plan.specialties]),
        ("level", [c.id for c in plan.levels]),
        ("route", list(plan.offered_routes())),
    ):
        for value in values:
            some = [who for who in people if getattr(who, by) == value]
            rows.append(row(by, value, plan.choice_label(value), some))
    return tuple(rows)


def ends(players: list[Player]) -> tuple[EndCount, ...]:
    """Where everybody stands in the end, in the order of the stages."""
    count = Counter(player.stage for player in players)
    return tuple(
        EndCount(stage=s.value, label=spec.label, terminal=spec.terminal, count=count[s])
        for s, spec in STAGES.items()
        if count[s]
    )


def arrivals(record: Record) -> dict[date, int]:
    """First submissions by day."""
    days = Counter(
        local_day(fact.at) for facts in record.facts.values() for fact in facts if fact.event == "submit"
    )
    return dict(sorted(days.items()))


def missed(record: Record) -> tuple[Missed, ...]:
    """Whom a date ended."""
    found = []
    for ref, facts in sorted(record.facts.items()):
        for fact in facts:
            if fact.event not in ("lapse", "abandon"):
                continue
            past = [
                t
                for t in record.deadlines[ref]
                if t.kind == DeadlineKind.BAR.value and t.due_at and t.due_at <= fact.at
            ]
            name = "department_submission" if fact.event == "lapse" else "correction"
            ends_at = [t.due_at for t in past if t.name == name and t.due_at]
            last = local_day(max(ends_at, default=fact.at)) if ends_at else local_day(fact.at)
            found.append(
                Missed(
                    application_ref=ref,
                    deadline=name,
                    last_day=date.fromordinal(last.toordinal() - 1),
                    stage=fact.from_stage,
                )
            )
    return tuple(found)


def breaches(plan: ReviewPlan, players: list[Player], record: Record) -> tuple[Breach, ...]:
    """Duties that were escalated, by who had them."""
    offices = {str(role): unit for role, unit in plan.organisations.items()}
    count: Counter[tuple[str, str, str]] = Counter()
    for player in players:
        who = player.who
        holders = {**offices, "employer": who.unit.ref, "department": who.unit.department}
        for fact in record.facts[who.ref]:
            if fact.event == "escalated":
                role = str(fact.details.get("to") or "system")
                count[role, holders.get(role, role), str(fact.details["deadline"])] += 1
    return tuple(
        Breach(role=role, organisation=unit, deadline=name, count=times)
        for (role, unit, name), times in sorted(count.items())
    )


def hops(calendar: WorkCalendar, record: Record) -> tuple[HopTime, ...]:
    """Working days from the day a stage was entered to the day it was left, in the order of the stages."""
    stays: dict[str, list[int]] = defaultdict(list)
    for facts in record.facts.values():
        entered = None
        for fact in facts:
            if fact.from_stage == fact.to_stage and fact.event != "opened":
                continue
            today = local_day(fact.at)
            if entered is not None:
                stays[fact.from_stage].append(calendar.working_days_between(entered, today))
            entered = today
    return tuple(
        HopTime(
            stage=stage.value,
            label=spec.label,
            stays=len(days),
            median=float(median(days)),
            p90=float(sorted(days)[ceil(0.9 * len(days)) - 1]),
            longest=max(days),
        )
        for stage, spec in STAGES.items()
        if (days := stays.get(stage.value)) and not spec.terminal and not spec.automatic
    )


def returns(record: Record) -> tuple[ReturnCount, ...]:
    """Returns by hop and by the first item of their lists, the most frequent first."""
    count: Counter[tuple[str, str]] = Counter()
    for facts in record.facts.values():
        for fact in facts:
            if fact.event in _RETURNS:
                items = fact.details.get("items") or [{"text": "?"}]
                count[_RETURNS[fact.event], str(items[0]["text"])] += 1
    order = sorted(count.items(), key=lambda entry: (-entry[1], entry[0]))
    return tuple(ReturnCount(hop=hop, reason=reason, count=times) for (hop, reason), times in order)


def refusals(players: list[Player]) -> tuple[RefusalCount, ...]:
    """Refused commands by the rule, the most frequent first."""
    count: Counter[tuple[str, str]] = Counter()
    for player in players:
        for refused in player.refusals:
            count[refused.what, refused.code] += 1
    words = {(r.what, r.code): Label(zh=r.rule_zh, en=r.rule_en) for p in players for r in p.refusals}
    order = sorted(count.items(), key=lambda entry: (-entry[1], entry[0]))
    return tuple(
        RefusalCount(
            what=what,
            code=code,
            rule=words[what, code] if code != RefusalCode.GUARD.value else _first_sentence(words[what, code]),
            count=times,
        )
        for (what, code), times in order
    )


def _first_sentence(label: Label) -> Label:
    """The rule without the case it was broken in, so that the same rule has the same words."""
    return Label(zh=label.zh.split("：")[0], en=label.en.split(":")[0])


def posts(people: list[Applicant], record: Record) -> tuple[PostUse, ...]:
    """How the posts of each unit and level were used."""
    found = []
    pools: dict[tuple[str, str], list[Applicant]] = defaultdict(list)
    for who in people:
        if who.pool is not None:
            pools[who.unit.ref, who.level].append(who)
    for (unit, level), some in sorted(pools.items()):
        seen = {who.ref: {f.to_stage for f in record.facts[who.ref]} for who in some}
        found.append(
            PostUse(
                unit=unit,
                level=level,
                free=some[0].unit.posts[level],
                asked=sum(Stage.QUOTA_CHECK.value in stages for stages in seen.values()),
                titled=sum(Stage.CERTIFIED.value in stages for stages in seen.values()),
                blocked=sum(Stage.QUOTA_BLOCKED.value in stages for stages in seen.values()),
            )
        )
    return tuple(found)


def meetings(season: Season, record: Record) -> tuple[MeetingHeld, ...]:
    """The meetings that had an agenda."""
    votes: Counter[tuple[date, str]] = Counter()
    for facts in record.facts.values():
        for fact in facts:
            if fact.event in ("vote_passed", "vote_failed"):
                votes[local_day(fact.at), fact.event] += 1
    return tuple(
        MeetingHeld(
            meeting_ref=s.ref,
            meeting_on=s.meeting_on,
            drawn_on=s.drawn_on,
            attending=s.attending,
            voted=votes[s.meeting_on, "vote_passed"] + votes[s.meeting_on, "vote_failed"],
            passed=votes[s.meeting_on, "vote_passed"],
            list_on=s.list_on if s.listed else None,
            report_on=local_day(s.report_at) if s.reported else None,
        )
        for s in season.sittings
        if s.agenda
    )


def open_cases(players: list[Player], reason: Callable[[str], str]) -> tuple[OpenCase, ...]:
    """Who is not at the end, and why: every stage but the terminal ones."""
    return tuple(
        OpenCase(
            application_ref=p.who.ref,
            stage=p.stage.value,
            since=local_day(p.sight.entered_at),
            reason=reason(p.who.ref),
        )
        for p in players
        if p.failure is None and p.sight is not None and not STAGES[p.stage].terminal
    )


def lives(players: list[Player]) -> tuple[Life, ...]:
    """Every application in one line."""
    return tuple(
        Life(
            application_ref=p.who.ref,
            unit=p.who.unit.ref,
            specialty=p.who.specialty,
            level=p.who.level,
            route=p.who.route,
            stage=p.stage.value,
            since=local_day(p.sight.entered_at),
        )
        for p in players
        if p.sight is not None
    )
