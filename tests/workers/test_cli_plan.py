"""The plan commands as an officer uses them: what is printed, and the exit status."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from activities.database import Database
from activities.plans import file_plan, store_version
from models.plan import ReviewPlan
from tests.cli import CliRunner
from tests.databases import sqlite_template, sqlite_url
from workers.cli_plan import plan_app
from workers.plan_words import SECTIONS, field_name, row_value

__all__ = ["sqlite_template", "sqlite_url"]

REAL = "tianjin-quality-2023"
PLANS = Path(__file__).parents[2] / "models" / "plans"
IMPOSSIBLE = Path(__file__).parents[1] / "models" / "plans" / "impossible.toml"

runner = CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1"})


def test_show_prints_values_with_marks_and_sources() -> None:
    result = runner.invoke(plan_app, ["show", REAL])
    assert result.exit_code == 0
    for words in (
        "质量",
        "药品检验",
        "单位公示（工作日）",
        "工作方案七(一)",
        "40号令第20条",
        "已见原文",
    ):
        assert words in result.output


def test_show_speaks_english() -> None:
    result = runner.invoke(plan_app, ["show", REAL, "--lang", "en"])
    assert result.exit_code == 0
    for words in (
        "drug inspection",
        "Committee and vote",
        "5 years as engineer",
        "Order 40 Art. 20",
        "from memory",
    ):
        assert words in result.output


def test_show_without_an_id_shows_the_only_plan_as_json() -> None:
    result = runner.invoke(plan_app, ["show", "--json"])
    assert result.exit_code == 0
    assert ReviewPlan.model_validate_json(result.stdout) == ReviewPlan.load(REAL)


def test_lint_of_the_real_plan_succeeds() -> None:
    result = runner.invoke(plan_app, ["lint", REAL, "--lang", "en"])
    assert result.exit_code == 0
    assert "2023-10-27" in result.output
    assert result.output.rstrip().endswith("0 errors, 1 warnings")


def test_lint_of_an_impossible_file_fails_and_says_why() -> None:
    result = runner.invoke(plan_app, ["lint", str(IMPOSSIBLE)])
    assert result.exit_code == 1
    assert "vote.quorum" in result.output
    assert "->" in result.output


def test_lint_as_json() -> None:
    result = runner.invoke(plan_app, ["lint", str(IMPOSSIBLE), "--json"])
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert {"severity", "field", "rule", "remedy", "citation"} == set(found[0])
    assert found[0]["severity"] == "error"


@pytest.mark.parametrize("command", ["show", "lint"])
def test_an_unknown_plan_gets_one_sentence_with_the_known_ids(command: str) -> None:
    result = runner.invoke(plan_app, [command, "beijing-1999"])
    assert result.exit_code == 2
    assert result.stderr.strip().count("\n") == 0
    assert "beijing-1999" in result.stderr
    assert REAL in result.stderr


@pytest.fixture
def filed(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan that only the database knows, and a second version of the released one."""
    text = (PLANS / f"{REAL}.toml").read_text("utf-8")

    async def file() -> None:
        database = Database(sqlite_url)
        now = datetime(2023, 9, 1, tzinfo=UTC)
        async with database.transaction() as session:
            other = text.replace(f'id = "{REAL}"', 'id = "tianjin-quality-2031"')
            await file_plan(session, other, "津市监〔2031〕1号", now)
            second = text.replace("version = 1\n", "version = 2\n", 1)
            store_version(session, ReviewPlan.from_toml(second), second, "津市监〔2023〕9号", now)
        await database.close()

    asyncio.run(file())
    monkeypatch.setenv("ZHICHENG_DATABASE_URL", sqlite_url.replace("sqlite:", "sqlite+aiosqlite:"))


@pytest.mark.usefixtures("filed")
def test_what_is_on_file_in_the_database_is_shown_and_linted() -> None:
    assert json.loads(runner.invoke(plan_app, ["show", REAL, "--json"]).stdout)["version"] == 2
    shown = runner.invoke(plan_app, ["show", "tianjin-quality-2031", "--json"])
    assert json.loads(shown.stdout)["id"] == "tianjin-quality-2031"
    assert runner.invoke(plan_app, ["lint", "tianjin-quality-2031"]).exit_code == 0
    unknown = runner.invoke(plan_app, ["show", "beijing-1999"])
    assert unknown.exit_code == 2
    assert "tianjin-quality-2031" in unknown.stderr


@pytest.mark.parametrize(
    ("text", "says"), [("id = ", "cannot be read"), ('id = "x"', "is not a plan"), (None, "cannot be read")]
)
def test_a_file_that_is_no_plan(tmp_path: Path, text: str | None, says: str) -> None:
    path = tmp_path / "plan.toml"
    if text is not None:
        path.write_text(text, "utf-8")
    result = runner.invoke(plan_app, ["lint", str(path)])
    assert result.exit_code == 2
    assert says in result.stderr
    assert "Traceback" not in result.output


def test_every_value_of_a_plan_has_a_name_in_chinese() -> None:
    for leaf in ReviewPlan.load(REAL).leaves():
        assert leaf.path.split(".")[0] in SECTIONS
        name, value = row_value(leaf.item, "zh")
        assert value
        shown = name or field_name(leaf.path, "zh")
        assert name is not None or not shown.isascii(), leaf.path
