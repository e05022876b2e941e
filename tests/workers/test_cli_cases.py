"""The commands on cases, credit records and reports, as an officer types them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from activities.database import Database
from activities.spot_checks import SpotChecks
from models.cycle_messages import Asked
from models.integrity import draw_sample
from tests.activities.recorded import Desk, told
from tests.activities.stories import revoked
from tests.cli import CliRunner, Result
from tests.databases import sqlite_template, sqlite_url
from tests.models.life import Cast, moment, with_office
from workers.cli import app
from workers.rehearsal.cast import CITY_OFFICE

__all__ = ["sqlite_template", "sqlite_url"]

PLAN = "tianjin-quality-2023"
OFFICER = f"city_office:m-clerk@{CITY_OFFICE}"


@pytest.fixture
def officer(sqlite_url: str) -> CliRunner:
    """A database with two applications checked, and one title revoked."""
    asyncio.run(_prepare(sqlite_url))
    address = sqlite_url.replace("sqlite:", "sqlite+aiosqlite:")
    return CliRunner(env={"ZHICHENG_DATABASE_URL": address, "COLUMNS": "230", "NO_COLOR": "1"})


async def _prepare(url: str) -> None:
    database = Database(url)
    desk = Desk(database)
    for life in (told(with_office, Cast("a")), told(with_office, Cast("b")), revoked()):
        await desk.write_all(life)
    command = {
        "kind": "spot_check",
        "actor": {"role": "city_office", "id": "m-chief", "organisation": CITY_OFFICE},
        "command_id": "check-1",
        "size": 1,
        "seed": "seed-2023-1",
        "question": "请提交继续教育证明",
        "answer_by": "2023-10-20",
        "document_no": "津人社〔2023〕6号",
    }
    asked = Asked(plan_id=PLAN, plan_version=1, at=moment("2023-10-12 09:00"), command=command)
    assert (await SpotChecks(database).spot_check(asked)).refused_en is None
    await database.close()


def do(officer: CliRunner, *words: str, status: int = 0) -> Result:
    result = officer.invoke(app, list(words))
    assert result.exit_code == status, result.output
    return result


def test_a_check_from_the_sample_to_the_finding(officer: CliRunner) -> None:
    (drawn,) = draw_sample("seed-2023-1", ["a", "b"], 1)
    sample = do(officer, "case", "sample", "check-1").output
    assert "drawn again: the same" in sample
    assert drawn in sample
    listed = do(officer, "case", "list", "--kind", "spot_check", "--at", "2023-11-01T09:00", "--json")
    (case,) = json.loads(listed.output)
    assert (case["application_ref"], case["overdue"]) == (drawn, True)
    answer = ("case", "answer", case["id"], "见附件", "--as", f"applicant:p-{drawn}")
    assert "answered by" in do(officer, *answer).output
    rule = ("case", "rule", case["id"], "ok", "--text", "经核查属实", "--at", "2023-11-01T09:00")
    assert "finding     ok" in do(officer, *rule, "--as", OFFICER).output
    assert "ruled" in do(officer, "case", "show", case["id"]).output
    again = do(officer, *rule[:3], "no_answer", *rule[4:], "--as", OFFICER, status=1)
    assert "finding" in again.stderr


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("case", "show", "sc-none"), 1, "zhicheng case list"),
        (("case", "sample", "check-9"), 2, "--plan"),
        (("case", "rule", "x", "perhaps", "--text", "t", "--as", OFFICER), 2, "finding"),
        (("case", "list", "--at", "yesterday"), 2, "YYYY-MM-DDTHH:MM"),
        (("credit", "show", "life", "--on", "soon"), 2, "YYYY-MM-DD"),
        (("report", "build", "--out", "/proc/no", "--filed", "1号"), 2, "--filed"),
    ],
)
def test_what_is_wrong_is_said_with_the_remedy(
    officer: CliRunner, words: tuple[str, ...], status: int, says: str
) -> None:
    assert says in do(officer, *words, status=status).stderr


def test_a_record_is_looked_up_by_person_or_application(officer: CliRunner) -> None:
    for ref in ("life", "p-life"):
        shown = do(officer, "credit", "show", ref).output
        assert "fraud_order_40" in shown
        assert "may apply" in shown
    found = json.loads(do(officer, "credit", "show", "life", "--on", "2024-02-01", "--json").output)
    assert (found["barred"], found["records"][0]["until"]) == (False, "2027-01-03")


def test_the_numbers_and_the_report(officer: CliRunner, tmp_path: Path) -> None:
    at = ("--at", "2024-03-01T09:00")
    assert "撤销职称" in do(officer, "report", "statistics", *at).output
    counted = json.loads(do(officer, "report", "statistics", "--json", *at).output)
    assert counted["totals"]["opened"] == 3
    public = do(officer, "report", "statistics", "--public", "--csv", *at).output
    assert ",3," not in public, "rounded"
    do(officer, "report", "build", "--out", str(tmp_path / "out"), *at)
    assert (tmp_path / "out" / "report.pdf").read_bytes().startswith(b"%PDF")
    assert len(list((tmp_path / "out").iterdir())) == 5


def test_a_word_that_nobody_knows_is_named_instead_of_an_empty_table(officer: CliRunner) -> None:
    assert "'complaint'" in do(officer, "case", "list", "--kind", "complaints", status=2).stderr
    assert "'ruled'" in do(officer, "case", "list", "--status", "closed", status=2).stderr
    assert PLAN in do(officer, "report", "statistics", "--plan", "tianjin-2023", status=2).stderr


def test_a_database_without_tables_is_told_apart(tmp_path: Path) -> None:
    runner = CliRunner(env={"ZHICHENG_DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}"})
    assert "zhicheng migrate" in do(runner, "case", "list", status=3).stderr
