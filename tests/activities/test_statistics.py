"""The statistics against an independent count in Python, over random lives, on both kinds of database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from functools import cache
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.calendar import Calendars
from activities.database import Database
from activities.people import record_name
from activities.records import Records
from activities.statistics import Statistics, count_cycle
from models.audit import Fact
from models.corrections import CORRECTED
from models.cycle_messages import Asked
from models.outbox import HopBatch
from models.public_statistics import STEP, public, rounded
from models.refusal import Refused
from models.stages import Stage
from models.statistics import (
    FUNNEL,
    MEASURES,
    OUTCOMES,
    Cell,
    CycleStatistics,
    PendingCase,
    grouped,
    no_counts,
    outcome_of,
    problems,
    quantile,
    total,
)
from models.tables import Unit
from models.wire import local_day
from tests.activities.recorded import RecordedLife
from tests.models import life as ways
from tests.models.life import Cast, Life, calendar, moment
from tests.models.random_life import jump, next_body
from workers.registry import FACTS

PLAN = "tianjin-quality-2023"
NOW = moment("2024-03-01 09:00")
KINDS = {"tj-metrology-institute": "事业单位", "binhai-instruments": "企业"}
EMPLOYERS = (*KINDS, "jinmen-talent-agency")
BEGINNINGS = (
    ways.submitted,
    ways.with_department,
    ways.with_office,
    ways.accepted,
    ways.scheduled,
    ways.published,
    ways.certified,
)


def _grown(seed: int) -> RecordedLife:
    rng = Random(seed)
    cast = Cast(
        f"app-{seed}",
        employer=rng.choice(EMPLOYERS),
        specialty=rng.choice(["metrology", "quality"]),
        level=rng.choice(["deputy_senior", "intermediate"]),
        route=rng.choice(["normal", "normal", "exam"]),
    )
    life = RecordedLife(cast)
    if cast.route == "normal" and rng.random() < 0.85:
        BEGINNINGS[seed % len(BEGINNINGS)](life)
    for _ in range(rng.randrange(7)):
        if life.state.ended:
            break
        jump(life, rng)
        try:
            life.do(next_body(life, rng))
        except Refused:
            continue
    return life


@cache
def lives() -> tuple[RecordedLife, ...]:
    return tuple(_grown(seed) for seed in range(30))


async def write(database: Database, told: Sequence[RecordedLife]) -> Records:
    """Every batch of every life, through the writers of the service, in one transaction."""
    records = Records(database, Calendars(as_of=True), FACTS)
    async with database.transaction() as session:
        for ref, kind in KINDS.items():
            await record_name(session, Unit, ref, f"单位 {ref}", NOW, kind="旧类别")
            await record_name(session, Unit, ref, f"单位 {ref}", NOW, kind=kind)
        for life in told:
            for batch in _batches(life):
                await records.write(session, batch)
    return records


def _batches(life: RecordedLife) -> list[HopBatch]:
    assert life.opened is not None
    told = life.batches[0].snapshot.model_copy(update={"counting": ()})
    first = HopBatch(hop="records", snapshot=told, facts=(life.opened.fact,))
    return [first, *life.batches]


# --- the count in Python -----------------------------------------------------------------------------


def _had(facts: Sequence[Fact], *events: str) -> bool:
    return any(fact.event in events for fact in facts)


def standing(life: Life) -> list[Fact]:
    """The facts of a life that were not corrected later on."""
    wrong = {fact.details["fact"] for fact in life.state.history if fact.event in CORRECTED}
    return [fact for fact in life.state.history if fact.seq not in wrong]


def by_hand(life: Life) -> dict[str, int]:
    """Every measure of one life, out of its history; what was corrected later on did not happen."""
    state, facts = life.state, standing(life)
    ballots = [fact.event for fact in facts if fact.event in ("vote_passed", "vote_failed")]
    exams = [f for f in facts if f.event in ("exam_pass", "exam_fail", "exam_cheat")]
    hops = [r.hop for r in state.returns if not r.corrected]
    counts = no_counts() | {
        "opened": 1,
        outcome_of(state.stage.value): 1,
        "submitted": _had(facts, "submit"),
        "recommended": _had(facts, "recommend"),
        "to_department": _had(facts, "file_evidence"),
        "to_office": _had(facts, "department_submit"),
        "accepted": _had(facts, "office_accept"),
        "voted": bool(ballots),
        "passed": ballots[-1:] == ["vote_passed"],
        "confirmed": _had(facts, "confirm"),
        "returns": len(hops),
        "exam_sat": any(f.details["result"] != "absent" for f in exams),
        "exam_passed": any(f.details["result"] == "passed" for f in exams),
        "objections": sum(f.event.endswith("_object") or f.event == "confirm_question" for f in facts),
        "complaints": sum(f.event == "complaint" for f in facts),
        "rechecks": _had(facts, "ask_recheck"),
        "rechecks_founded": _had(facts, "recheck_founded"),
    }
    counts |= {f"returned_{hop}": hop in hops for hop in ("employer", "department", "office")}
    return {name: int(count) for name, count in counts.items()}


def cell_of(life: Life) -> tuple[str, str, str, str]:
    state = life.state
    route = state.dossier.route if state.dossier else "undeclared"
    kind = KINDS.get(state.input.employer.id, "unknown")
    return (state.input.specialty, state.input.level, kind, route)


async def test_the_counts_are_those_that_a_person_would_make(database: Database) -> None:
    records = await write(database, lives())
    found = await Statistics(records).count(PLAN, NOW)
    expected: dict[tuple[str, str, str, str], Counter[str]] = {}
    for life in lives():
        expected.setdefault(cell_of(life), Counter()).update(by_hand(life))
    assert {cell.key: +Counter(cell.counts) for cell in found.cells} == {k: +c for k, c in expected.items()}
    assert problems(found) == []
    assert all(found.totals[name] for name in FUNNEL), "a measure that nothing reaches is not tested"
    stages = Counter(life.state.stage.value for life in lives())
    assert found.stages == dict(stages)
    _check_the_rest(found)


def _check_the_rest(found: CycleStatistics) -> None:
    returned: Counter[tuple[str, str]] = Counter()
    for life in lives():
        for r in life.state.returns:
            returned.update((r.hop, reason.code) for reason in r.reasons if not r.corrected)
    assert {(r.hop, r.code): r.count for r in found.reasons} == returned
    asked = Counter(
        o.publicity if o.id.split("-")[0] not in ("complaint",) else "none"
        for life in lives()
        for o in life.state.objections
    )
    by_kind: Counter[str] = Counter()
    for row in found.objections:
        by_kind[row.of] += row.count
    assert by_kind == asked
    facts = [fact for life in lives() for fact in standing(life)]
    for step in found.steps:
        at = [fact.at for fact in facts if fact.event == step.event]
        assert (step.first, step.last, step.count) == (min(at), max(at), len(at))
    assert found.deviations["hold"] == sum(fact.event == "hold" for fact in facts)
    corrected = Counter(fact.event for fact in facts if fact.event in CORRECTED)
    assert corrected, "a correction that no life has is not tested"
    assert {e: n for e, n in found.deviations.items() if e in CORRECTED} == corrected
    meetings: dict[str, list[int]] = {}
    for life in lives():
        for vote in life.state.votes:
            meetings.setdefault(vote.meeting_ref, []).append(vote.attending)
    for meeting in found.meetings:
        attending = meetings.get(meeting.meeting_ref, [])
        assert (meeting.attending_least, meeting.attending_most) == (
            min(attending, default=None),
            max(attending, default=None),
        )


async def test_turns_are_measured_in_working_days(database: Database) -> None:
    """Submitted on Wednesday 20 September, recommended on Friday 22: two working days with the employer.

    With the department from 9 to 10 October: one. With the office from 10 October to 8 November: 21.
    """
    life = RecordedLife()
    ways.accepted(life)
    records = await write(database, [life])
    found = await Statistics(records).count(PLAN, NOW)
    times = {hop.stage: hop for hop in found.hops}
    assert [times[stage].median for stage in ("employer_review", "department_review")] == [2, 1]
    counted = calendar().working_days_between(date(2023, 10, 10), date(2023, 11, 8))
    assert (times["office_review"].median, times["office_review"].p90) == (counted, counted)
    async with database.reading() as session:
        early = await count_cycle(session, PLAN, NOW, calendar(date(2022, 1, 1)))
    unknown = {hop.stage: (hop.median, hop.unknown) for hop in early.hops}
    assert unknown["office_review"] == (None, 1), "a year without a calendar is not guessed"


async def test_a_cycle_sees_stages_courts_and_what_is_overdue(database: Database) -> None:
    life = RecordedLife()
    ways.with_office(life)
    records = await write(database, [life, RecordedLife(Cast("draft"))])
    ask = Statistics(records).cycle_statistics
    done = await ask(Asked(plan_id=PLAN, plan_version=1, at=moment("2023-10-12 09:00"), command={}))
    assert done.counts == {
        "applications": 2,
        "stage.draft": 1,
        "stage.office_review": 1,
        "court.applicant": 1,
        "court.office": 1,
    }
    late = await ask(Asked(plan_id=PLAN, plan_version=1, at=moment("2023-11-21 00:00"), command={}))
    assert late.counts["overdue.office"] == 1


async def test_an_empty_cycle_has_no_numbers(database: Database) -> None:
    records = await write(database, [])
    found = await Statistics(records).count("no-such-plan", NOW)
    assert (found.cells, set(found.totals.values()), found.hops) == ((), {0}, ())
    assert problems(found) == []


def test_the_lives_reach_far_and_differ() -> None:
    """What the comparison above is worth depends on them."""
    outcomes = {outcome_of(life.state.stage.value) for life in lives()}
    assert {"pending", "titled", "withdrawn", "eligibility_cancelled"} <= outcomes
    assert len({cell_of(life) for life in lives()}) > 8
    assert {local_day(life.now).year for life in lives()} >= {2023}


# --- pure --------------------------------------------------------------------------------------------


def _statistics(rows: list[dict[str, int]]) -> CycleStatistics:
    cells = tuple(
        Cell(specialty=f"s{n}", level="middle", unit_kind="企业", route="normal", counts=no_counts() | row)
        for n, row in enumerate(rows)
    )
    totals = total(cells)
    pending = tuple(PendingCase(application_ref=f"a{n}", stage="draft") for n in range(totals["pending"]))
    return CycleStatistics(
        plan_id=PLAN,
        plan_version=1,
        at=NOW,
        cells=cells,
        totals=totals,
        stages={"draft": totals["opened"]} if totals["opened"] else {},
        pending=pending,
    )


@st.composite
def rows(draw: st.DrawFn) -> list[dict[str, int]]:
    """Consistent counts of some cells."""
    made = []
    for _ in range(draw(st.integers(0, 5))):
        outcomes = {name: draw(st.integers(0, 6)) for name in draw(st.sets(st.sampled_from(list(OUTCOMES))))}
        row, last = dict(outcomes), sum(outcomes.values())
        for name in FUNNEL:
            row[name] = last
            last = draw(st.integers(0, last))
        made.append(row)
    return made


@given(rows())
def test_consistent_counts_have_no_problems_and_are_rounded_one_by_one(counts: list[dict[str, int]]) -> None:
    made = _statistics(counts)
    assert problems(made) == []
    assert total(made.cells) == made.totals
    for dimension in ("specialty", "level", "unit_kind", "route"):
        assert (
            sum(group["opened"] for group in grouped(made.cells, dimension).values()) == made.totals["opened"]
        )
    shown = public(made)
    for cell, seen in zip(made.cells, shown.cells, strict=True):
        for name in MEASURES:
            assert abs(seen.counts[name] - cell.counts[name]) < STEP / 2
            assert seen.counts[name] % STEP == 0
    assert shown.totals == {name: rounded(made.totals[name]) for name in MEASURES}


def test_one_and_two_look_like_none_and_totals_are_not_the_sum_of_the_parts() -> None:
    assert [rounded(count) for count in range(9)] == [0, 0, 0, 5, 5, 5, 5, 5, 10]
    shown = public(_statistics([{"opened": 2, "withdrawn": 2}, {"opened": 2, "withdrawn": 2}]))
    assert [cell.counts["withdrawn"] for cell in shown.cells] == [0, 0]
    assert shown.totals["withdrawn"] == 5


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ({"submitted": 3}, "submitted (3) exceeds opened (2)"),
        ({"lapsed": 1}, "the outcomes do not add up"),
        ({"exam_passed": 1}, "more passed the examination"),
        ({"returned_office": 1}, "fewer returns"),
        ({"rechecks_founded": 1}, "more re-checks founded"),
    ],
)
def test_a_number_that_does_not_fit_is_named(wrong: dict[str, int], what: str) -> None:
    made = _statistics([{"opened": 2, "titled": 2} | wrong])
    assert any(what in problem for problem in problems(made)), problems(made)


def test_quantiles_are_numbers_that_occurred() -> None:
    numbers = {1: 4, 3: 4, 10: 2}
    assert [quantile(numbers, Fraction(share, 10)) for share in (4, 5, 8, 9, 10)] == [1, 3, 3, 10, 10]
    assert quantile({}, Fraction(1, 2)) is None


def test_every_stage_has_one_outcome() -> None:
    named = [stage for _, stages in OUTCOMES.values() for stage in stages]
    assert len(named) == len(set(named))
    assert {outcome_of(stage.value) for stage in Stage} == set(OUTCOMES)
