"""The committee's year on the command line, against a real server, worker and database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import jsonschema  # type: ignore[import-untyped]
import pytest

from models.cycle_steps import STEPS
from tests.cli import Result
from tests.support import unique
from tests.workers.conftest import Zhicheng, end_cycle
from workers.settings import Settings

PLAN = "tianjin-quality-2023"
OFFICE = "office:wang@tj-scjg-title-office"


@pytest.fixture(autouse=True)
def _ended(served: Settings) -> Iterator[None]:
    """The server is shared: no cycle of this plan is left on it."""
    yield
    asyncio.run(end_cycle(served, PLAN))


def _record(zhicheng: Zhicheng, *words: str) -> Result:
    return zhicheng("cycle", "record-step", "--step", "plan_filed", "--as", OFFICE, *words)


def test_a_cycle_from_the_command_line(zhicheng: Zhicheng) -> None:
    assert "has not begun" in zhicheng("cycle", "show", "--plan", "no-such-plan").stderr
    refused = zhicheng("cycle", "start", "no-such-plan")
    assert (refused.exit_code, "no-such-plan" in refused.stderr) == (1, True)
    words = ["cycle", "start", PLAN, "--rehearse-from", "2023-09-14T09:00:00+08:00"]
    begun = zhicheng(*words)
    assert begun.exit_code == 0, begun.stderr
    assert "preparing" in begun.stdout
    filed = ["--on", "2023-09-14", "--document-no", "津市监〔2023〕1号", "--command-id", unique("filed")]
    filed.append("--json")
    first = _record(zhicheng, *filed)
    assert first.exit_code == 0, first.stderr
    again = _record(zhicheng, *filed)
    assert json.loads(again.stdout) == json.loads(first.stdout), "the same command counts once"
    shown = json.loads(zhicheng("cycle", "show", "--json").stdout)
    done = {step["step"]: step["done_on"] for step in shown["steps"]}
    assert done["plan_filed"] == "2023-09-14"
    assert "plan_filed" in zhicheng("cycle", "show", "--lang", "zh").stdout
    assert "津市监〔2023〕1号" in zhicheng("cycle", "history").stdout
    numbers = json.loads(zhicheng("cycle", "statistics", "--json").stdout)
    assert (numbers["plan_id"], numbers["as_of"]) == (PLAN, None)
    schema = json.loads(zhicheng("schema", "cycle-view").stdout)
    jsonschema.validate(shown, schema)
    early = zhicheng("cycle", "close", "--text", "x", "--as", OFFICE)
    assert (early.exit_code, "Applications are open until 2023-11-06" in early.stderr) == (1, True)
    signal = zhicheng("cycle", "close", "--text", "x", "--as", OFFICE, "--signal")
    assert signal.exit_code == 0, signal.stderr


def test_bad_input_names_the_option(zhicheng: Zhicheng) -> None:
    nobody = zhicheng("cycle", "close", "--text", "x")
    assert (nobody.exit_code, "--as" in nobody.stderr) == (2, True)
    day = zhicheng("cycle", "record-step", "--step", "archived", "--on", "tomorrow", "--as", OFFICE)
    assert (day.exit_code, "--on" in day.stderr) == (2, True)
    version = ["--document-no", "津〔2023〕2号", "--text", "延长", "--as", OFFICE]
    file = zhicheng("cycle", "issue-plan-version", "--plan-toml", "no-such-file", *version)
    assert (file.exit_code, "--plan-toml" in file.stderr) == (2, True)


def test_the_steps_are_listed(zhicheng: Zhicheng) -> None:
    listed = json.loads(zhicheng("cycle", "steps", "--json").stdout)
    assert [step["id"] for step in listed] == [step.value for step in STEPS]
    assert "meetings of the committee" in zhicheng("cycle", "steps").stdout
