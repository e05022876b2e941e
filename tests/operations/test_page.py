"""The page of the thirty questions: every command, call and page that it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from workers.board.app import every_page
from workers.cli import app
from workers.gateway.app import every_route

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
ROW = re.compile(r"^\| (\d+) \| (.+) \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)
ROWS = {int(row[1]): row for row in ROW.finditer(PAGE.read_text("utf-8"))}


def _quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_every_question_has_its_row() -> None:
    assert sorted(ROWS) == list(range(1, 31))


@pytest.mark.parametrize("number", ROWS)
def test_its_commands_are_there(number: int) -> None:
    told = _quoted(ROWS[number][3])
    assert told
    for command in told:
        assert command.startswith("zhicheng ")
        group = typer.main.get_command(app)
        for word in command.split()[1:]:
            known = getattr(group, "commands", None)
            if known is None:
                break
            assert word in known, command
            group = known[word]
        assert getattr(group, "commands", None) is None, f"{command} is a group"


@pytest.mark.parametrize("number", ROWS)
def test_its_calls_are_there(number: int) -> None:
    calls = {f"{method} {route.path}" for route in every_route() for method in route.methods}
    told = _quoted(ROWS[number][4])
    assert told or number == 29
    plan, one = "/v1/plans/{plan_id}", "/v1/plans/{plan_id}/applications/{application_ref}"
    for call in told:
        assert call.replace("{plan}", plan).replace("{app}", one) in calls


@pytest.mark.parametrize("number", ROWS)
def test_its_pages_are_there(number: int) -> None:
    pages = {route.path for route in every_page() if "GET" in route.methods}
    told = _quoted(ROWS[number][5])
    assert told
    for page in told:
        assert page.replace("{board}", "/plans/{plan_id}") in pages
