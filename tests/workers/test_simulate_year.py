"""Whole simulated years on the real workflows: the same seed, the same result; what they leave is sound."""

from __future__ import annotations

import asyncio
import copy
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from models.audit import Fact
from models.calendar import WorkCalendar
from models.plan import ReviewPlan
from models.plan_periods import terms_on
from models.roles import Role
from models.stages import STAGES, Stage
from tests.support import eventually
from workers.simulate.chart import draw
from workers.simulate.compare import compare
from workers.simulate.distribution import Distribution
from workers.simulate.engine import Simulated, simulate
from workers.simulate.ground import ground
from workers.simulate.invariants import WORDS, Examiner
from workers.simulate.population import Population
from workers.simulate.record import Record
from workers.simulate.result import SimulationResult

PLAN = ReviewPlan.load("tianjin-quality-2023")
PLANS = Path(__file__).parents[2] / "models" / "plans"
PEOPLE, SEED = 5, 14
PROGRAM = str(Path(sys.executable).with_name("zhicheng"))


def a_week_later() -> str:
    """The 2023 plan as another plan, with a week more for the department and what hangs on it."""
    text = (PLANS / "tianjin-quality-2023.toml").read_text("utf-8")
    for old, new, times in (
        ('id = "tianjin-quality-2023"', 'id = "tianjin-quality-a-week-later"', 1),
        ("last_day = { value = 2023-11-06", "last_day = { value = 2023-11-13", 1),
        ("last_day = { value = 2023-11-20", "last_day = { value = 2023-11-27", 2),
    ):
        assert text.count(old) == times, old
        text = text.replace(old, new)
    return text


@pytest.fixture(scope="module")
def year() -> Simulated:
    return asyncio.run(simulate(PLAN, PEOPLE, SEED))


def test_everybody_ends_or_is_listed_with_a_reason(year: Simulated) -> None:
    result = year.result
    assert result.failed == ()
    assert len(result.lives) == PEOPLE
    at_the_end = {life.application_ref for life in result.lives if STAGES[Stage(life.stage)].terminal}
    listed = {case.application_ref for case in result.open}
    assert at_the_end | listed == {life.application_ref for life in result.lives}
    assert not at_the_end & listed
    assert all(case.reason for case in result.open)


def test_no_invariant_is_broken_and_all_that_can_be_were_looked_at(year: Simulated) -> None:
    assert year.result.broken == ()
    looked = {checked.number for checked in year.result.invariants if checked.looked_at}
    assert looked >= {0, 1, 2, 3, 4, 5, 8, 10, 11}


def test_the_counts_agree_with_each_other(year: Simulated) -> None:
    result = year.result
    rows = {(row.by, row.value): row.counts for row in result.funnel}
    whole = rows["all", "all"]
    assert whole["drafted"] == PEOPLE
    assert list(whole.values()) == sorted(whole.values(), reverse=True)
    assert whole["certified"] > 0
    for by in ("specialty", "level", "route"):
        parts = [counts for (kind, _), counts in rows.items() if kind == by]
        assert {step: sum(c[step] for c in parts) for step in whole} == whole
    assert sum(result.arrivals.values()) == whole["submitted"]
    assert sum(end.count for end in result.ends) == PEOPLE
    assert sum(m.voted for m in result.meetings) >= whole["voted"]
    assert sum(m.passed for m in result.meetings) >= whole["passed"] > 0
    assert all(m.list_on and m.report_on and m.list_on < m.report_on for m in result.meetings if m.passed)
    assert result.cycle["open cases"] == str(len(result.open))
    assert {"plan_filed", "plan_published", "close"} < set(result.cycle)
    assert all(use.titled <= use.free for use in result.posts)


def test_the_same_seed_gives_the_same_year(year: Simulated) -> None:
    again = asyncio.run(simulate(PLAN, PEOPLE, SEED))
    assert again.result.model_dump_json() == year.result.model_dump_json()


def test_a_week_more_saves_somebody_and_the_comparison_says_why(year: Simulated) -> None:
    text = a_week_later()
    other = asyncio.run(simulate(ReviewPlan.from_toml(text), PEOPLE, SEED, plan_toml=text))
    found = compare(year, other)
    assert found.a_sound
    assert found.b_sound
    assert found.same + len(found.parted) == PEOPLE
    assert sum(shift.count for shift in found.shifts) == len(found.parted)
    saved = [one for one in found.parted if one.a_end == "lapsed"]
    assert saved
    for one in saved:
        assert one.a is not None
        assert (one.a.event, one.a.deadline, str(one.a.last_day)) == (
            "lapse",
            "department_submission",
            "2023-11-06",
        )
        assert "2023-11-06" in one.why.en
        assert one.b is not None
        assert one.b.event != "lapse"
    with pytest.raises(ValueError, match="other applicants"):
        compare(year, Simulated(other.result.model_copy(update={"seed": 8}), other.record))


def test_the_picture_tells_what_the_result_says(year: Simulated) -> None:
    picture = draw(year.result, PLAN.title)
    assert picture.startswith("<svg")
    assert PLAN.title.zh in picture
    assert f"{PEOPLE} applicants, seed {SEED}" in picture
    assert all(row.label.zh in picture for row in year.result.funnel if row.by == "level")


# --- the invariants see what is broken ------------------------------------------------------------------


def _of(record: Record, event: str, place: int = -1) -> tuple[str, int]:
    """Some application with that fact, and where the fact stands."""
    found = [
        (ref, n)
        for ref, facts in sorted(record.facts.items())
        for n, fact in enumerate(facts)
        if fact.event == event and any(f.event == "certificate_made" for f in facts)
    ]
    return found[place]


def _change(record: Record, event: str, **changes: object) -> None:
    ref, n = _of(record, event)
    record.facts[ref][n] = record.facts[ref][n].model_copy(update=changes)


def _details(record: Record, event: str, **changes: object) -> None:
    ref, n = _of(record, event)
    fact = record.facts[ref][n]
    _change(record, event, details=fact.details | changes)


def _insert(record: Record, after: str, event: str, **details: object) -> None:
    ref, n = _of(record, after)
    fact = record.facts[ref][n]
    made = fact.model_copy(update={"event": event, "details": details, "to_stage": fact.from_stage})
    record.facts[ref].insert(n + 1, made)


def _short_publicity(record: Record) -> None:
    ref, n = _of(record, "publicity_over_clear")
    _change(record, "publicity_over_clear", at=record.facts[ref][n].at - timedelta(days=4))


def _another_dossier(record: Record) -> None:
    ref, _ = _of(record, "start_publicity")
    (dossier,) = record.dossiers[ref].values()
    (work, *more) = dossier.achievements
    changed = dossier.model_copy(
        update={"achievements": (work.model_copy(update={"title": "Another work"}), *more)}
    )
    record.dossiers[ref]["0" * 64] = changed
    _insert(record, "publicity_over_clear", "employer_resubmit", dossier_sha256="0" * 64)


def _untold(record: Record) -> None:
    record.deadlines.clear()


def _unlisted(record: Record) -> None:
    """One of several that passed on a day is left out of the list."""
    ref, n = _of(record, "publish_result")
    passed = next(f for f in record.facts[ref] if f.event == "vote_passed")
    twin = f"{ref}-twin"
    record.facts[twin] = [f for f in record.facts[ref][:n] if f.event != "publish_result"]
    assert passed in record.facts[twin]


def _two_lists(record: Record) -> None:
    _insert(record, "department_submit", "office_return", items=[{"id": "o1"}])
    _insert(record, "department_submit", "office_return", items=[{"id": "o2"}])


DOCTORED: dict[int, Callable[[Record], None]] = {
    0: lambda record: _details(record, "submit", dossier_sha256="f" * 64),
    1: _short_publicity,
    2: lambda record: _details(record, "vote_passed", yes=2),
    3: lambda record: _details(record, "vote_passed", expert="expert-3"),
    5: _untold,
    6: _two_lists,
    7: lambda record: _insert(record, "publicity_over_clear", "employer_object"),
    8: _another_dossier,
    10: lambda record: _change(record, "confirm", actor=record.facts[_of(record, "submit")[0]][1].actor),
    11: _unlisted,
}


def _broken(record: Record, posts: int | None = None) -> set[int]:
    calendar = WorkCalendar.load()
    people = Population(Distribution.load(), SEED).applicants(PEOPLE)
    pools = {who.ref: who.pool for who in people if who.pool is not None}
    free = {
        who.pool: who.unit.posts[who.level] if posts is None else posts
        for who in people
        if who.pool is not None
    }
    examiner = Examiner(record, terms_on(PLAN, calendar), calendar, free, pools)
    return {checked.number for checked in examiner.examine({}) if checked.broken}


@pytest.mark.parametrize("number", DOCTORED)
def test_a_broken_invariant_is_seen(year: Simulated, number: int) -> None:
    record = copy.deepcopy(year.record)
    DOCTORED[number](record)
    assert number in _broken(record)


def test_too_many_posts_and_a_strange_chain_are_seen(year: Simulated) -> None:
    assert _broken(copy.deepcopy(year.record)) == set()
    assert _broken(copy.deepcopy(year.record), posts=0) == {4}
    assert set(WORDS) == {*DOCTORED, 4}
    facts: list[Fact] = next(iter(year.record.facts.values()))
    assert facts[0].actor.role is Role.SYSTEM


# --- the processes ------------------------------------------------------------------------------------------


def test_a_worker_that_dies_ends_the_simulation_with_its_reason() -> None:
    async def scene() -> str:
        async with ground(cached=10) as stand:
            stand.workers[0].process.kill()
            with pytest.raises(RuntimeError) as ended:
                await stand.while_it_stands(asyncio.sleep(3600))
            return str(ended.value)

    assert "the worker ended with status -9" in asyncio.run(scene())


def test_the_command_prints_json_and_draws_another_year(year: Simulated, tmp_path: Path) -> None:
    picture = tmp_path / "year.svg"
    done = subprocess.run(
        [PROGRAM, "simulate", PLAN.id, "-n", "1", "--seed", "37", "--json", "--svg", str(picture)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result = SimulationResult.model_validate(json.loads(done.stdout))
    assert (result.applicants, result.seed) == (1, 37)
    assert result.lives != year.result.lives[:1]
    (never,) = result.missed
    assert (never.deadline, str(never.last_day), never.stage) == (
        "department_submission",
        "2023-11-06",
        "draft",
    )
    assert picture.read_text("utf-8").startswith("<svg")
    assert done.stderr == ""


def test_an_interrupt_stops_server_and_worker() -> None:
    running = subprocess.Popen(
        [PROGRAM, "simulate", PLAN.id, "-n", "4"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=_hears_the_interrupt,
    )
    asyncio.run(eventually(lambda: len(_children(running.pid)) >= 2, 30.0))
    children = _children(running.pid)
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=60)
    assert running.returncode == 130
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]


def _hears_the_interrupt() -> None:
    """A shell lets what it starts in the background ignore Ctrl-C, and that is handed down."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _children(pid: int) -> list[int]:
    """The processes that this one has started."""
    found = [Path(f"/proc/{pid}/task/{pid}/children")]
    return [int(word) for file in found if file.exists() for word in file.read_text().split()]
