"""Two plans, the same applicants: who ends differently, and at which fact their ways part.

The people are drawn from seed and number only, so whatever differs is the plan's doing.
"""

from __future__ import annotations

from collections import Counter
from datetime import date

from models.audit import Fact
from models.stages import label_of
from models.wire import Label, Wire, local_day
from workers.simulate.engine import Simulated
from workers.simulate.result import SimulationResult

_ALL_THE_SAME = frozenset({"reminded", "escalated"})
"""Facts that move nothing: two lives do not part at a reminder."""


class Step(Wire):
    """One fact of a life: the day, what happened, where it led, the rule; and the deadline, if it was one."""

    on: date
    event: str
    to_stage: str
    rule: str
    deadline: str | None = None
    last_day: date | None = None


class Parted(Wire):
    """One applicant who ends differently.

    `common` counts the facts before anything differs, be it a day (`first_a`, `first_b`). `a`, `b` are the
    first facts that differ in kind: the parting of the ways. None: nothing more happened.
    """

    application_ref: str
    a_end: str
    b_end: str
    a_on: date
    b_on: date
    common: int
    first_a: Step | None
    first_b: Step | None
    a: Step | None
    b: Step | None
    why: Label


class Shift(Wire):
    """How many went from one end under plan A to another under plan B."""

    a_end: str
    b_end: str
    count: int


class Comparison(Wire):
    """The two plans, who changed, and how often each change of end occurs."""

    a_plan: str
    a_version: int
    b_plan: str
    b_version: int
    applicants: int
    seed: int
    same: int
    shifts: tuple[Shift, ...]
    parted: tuple[Parted, ...]
    a_sound: bool
    b_sound: bool


def compare(a: Simulated, b: Simulated) -> Comparison:
    """Compares two years of the same applicants. Raises `ValueError` when they are not the same."""
    one, other = a.result, b.result
    if _people(one) != _people(other):
        raise ValueError("the two years have other applicants: use the same seed, number and distribution")
    ends = {life.application_ref: life for life in other.lives}
    parted, shifts = [], Counter[tuple[str, str]]()
    for life in one.lives:
        again = ends[life.application_ref]
        if life.stage == again.stage:
            continue
        shifts[life.stage, again.stage] += 1
        ref = life.application_ref
        mine, theirs = _moving(a.record.facts[ref]), _moving(b.record.facts[ref])
        common = _common(mine, theirs, to_the_day=True)
        parting = _common(mine, theirs, to_the_day=False)
        first, second = _step(a.record.facts[ref], mine, parting), _step(b.record.facts[ref], theirs, parting)
        parted.append(
            Parted(
                application_ref=ref,
                a_end=life.stage,
                b_end=again.stage,
                a_on=life.since,
                b_on=again.since,
                common=common,
                first_a=_step(a.record.facts[ref], mine, common),
                first_b=_step(b.record.facts[ref], theirs, common),
                a=first,
                b=second,
                why=_why(first, second),
            )
        )
    order = sorted(shifts.items(), key=lambda entry: (-entry[1], entry[0]))
    return Comparison(
        a_plan=one.plan_id,
        a_version=one.plan_version,
        b_plan=other.plan_id,
        b_version=other.plan_version,
        applicants=one.applicants,
        seed=one.seed,
        same=one.applicants - len(parted),
        shifts=tuple(Shift(a_end=x, b_end=y, count=n) for (x, y), n in order),
        parted=tuple(parted),
        a_sound=one.sound,
        b_sound=other.sound,
    )


def _people(result: SimulationResult) -> tuple[object, ...]:
    return (result.applicants, result.seed, result.distribution.sha256)


def _moving(facts: list[Fact]) -> list[Fact]:
    return [fact for fact in facts if fact.event not in _ALL_THE_SAME]


def _common(a: list[Fact], b: list[Fact], *, to_the_day: bool) -> int:
    """How many facts the two lives begin with alike."""
    common = 0
    for x, y in zip(a, b, strict=False):
        alike = (x.event, x.to_stage) == (y.event, y.to_stage)
        if not alike or (to_the_day and local_day(x.at) != local_day(y.at)):
            break
        common += 1
    return common


def _step(whole: list[Fact], moving: list[Fact], place: int) -> Step | None:
    if place >= len(moving):
        return None
    fact = moving[place]
    name = {"lapse": "department_submission", "abandon": "correction"}.get(fact.event)
    day = local_day(fact.at)
    told = [f for f in whole if f.event in _ALL_THE_SAME and f.seq < fact.seq and f.details.get("last_day")]
    last = next((date.fromisoformat(f.details["last_day"]) for f in reversed(told)), None)
    return Step(
        on=day,
        event=fact.event,
        to_stage=fact.to_stage,
        rule=fact.rule,
        deadline=name,
        last_day=last if name else None,
    )


def _why(a: Step | None, b: Step | None) -> Label:
    """The parting in a sentence."""
    return Label(
        zh=f"方案A：{_said(a).zh}；方案B：{_said(b).zh}", en=f"plan A: {_said(a).en}; plan B: {_said(b).en}"
    )


def _said(step: Step | None) -> Label:
    if step is None:
        return Label(zh="此后再无事项", en="nothing more happened")
    stage = label_of(step.to_stage)
    end = Label(zh="", en="")
    if step.deadline is not None:
        upto = f"（截止日{step.last_day}）" if step.last_day else ""
        by = f" (the last day was {step.last_day})" if step.last_day else ""
        end = Label(zh=upto, en=by)
    return Label(
        zh=f"{step.on} {step.event} → {stage.zh}{end.zh}〔{step.rule}〕",
        en=f"{step.on} {step.event} -> {stage.en}{end.en} [{step.rule}]",
    )
