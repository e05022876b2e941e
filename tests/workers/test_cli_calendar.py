"""The calendar commands, as a user types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.activities.test_calendar_answers import NOTICE
from tests.cli import CliRunner, Result
from workers.cli_calendar import calendar_app


def run(*words: str) -> Result:
    return CliRunner().invoke(calendar_app, words)


def test_due_prints_the_date_last() -> None:
    result = run("due", "2023-09-25", "--working-days", "5")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "2023-10-08"


def test_due_counting_the_first_day() -> None:
    result = run("due", "2023-09-25", "--working-days", "5", "--count-first-day")
    assert result.stdout.splitlines()[-1] == "2023-10-07"


def test_due_explains_every_day() -> None:
    lines = run("due", "2023-09-25", "--working-days", "5", "--explain").stdout.splitlines()
    days = [line.split()[0] for line in lines if line.startswith("2023-") and " " in line]
    assert (days[0], days[-1], len(days)) == ("2023-09-25", "2023-10-08", 14)
    assert lines[-1] == "2023-10-08"


def test_due_as_json_holds_the_date_and_the_count() -> None:
    found = json.loads(run("due", "2023-09-25", "--working-days", "5", "--json").stdout)
    assert found["last_day"] == "2023-10-08"
    assert [note["counted"] for note in found["days"] if note["counted"]] == [1, 2, 3, 4, 5]


def test_due_across_a_year_that_was_not_yet_known() -> None:
    words = ("due", "2023-12-25", "--working-days", "5")
    assert run(*words).stdout.splitlines()[-1] == "2024-01-02"
    assert run(*words, "--known-on", "2023-10-25").stdout.splitlines()[-1] == "2024-01-02"
    result = run(*words, "--known-on", "2023-09-18")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "the working days of 2024 are not known on 2023-09-18" in result.stderr


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (("2023-13-01", "--working-days", "5"), "write it as YYYY-MM-DD"),
        (("2023-09-25", "--working-days", "0"), "give a number from 1 to 400"),
        (("2023-09-25", "--working-days", "5", "--known-on", "yesterday"), "write it as YYYY-MM-DD"),
        (("2027-03-01", "--working-days", "5"), "record the State Council's notice for 2027"),
    ],
)
def test_a_refusal_is_one_line_with_a_remedy(words: tuple[str, ...], remedy: str) -> None:
    result = run("due", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert remedy in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_years_lists_each_year_with_its_notice() -> None:
    lines = run("years").stdout.splitlines()
    of_2024 = next(line for line in lines if line.split()[0] == "2024")
    assert "official" in of_2024
    assert "国办发明电〔2023〕7号" in of_2024
    assert "2023-10-25" in of_2024


def test_years_known_on_a_day() -> None:
    found = json.loads(run("years", "--json", "--known-on", "2023-09-18").stdout)
    assert [year["year"] for year in found][-1] == 2023


def test_a_newer_notice_is_a_file_in_the_calendar_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    words = ("due", "2026-12-30", "--working-days", "2")
    assert run(*words).exit_code == 2
    (tmp_path / "2027.toml").write_text(NOTICE, "utf-8")
    monkeypatch.setenv("ZHICHENG_CALENDAR_DIR", str(tmp_path))
    assert run(*words).stdout.splitlines()[-1] == "2027-01-04"
    (tmp_path / "2027.toml").write_text("[[notice]]", "utf-8")
    result = run(*words)
    assert result.exit_code == 2
    assert "ZHICHENG_CALENDAR_DIR" in result.stderr
    assert "Remedy" in result.stderr
