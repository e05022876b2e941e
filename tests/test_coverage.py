"""docs/coverage.md against the work plan: every sentence has its row, and every test it names exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "coverage.md"
PLAN = ROOT / "docs" / "work-plan-2023.zh.txt"
HEADING = re.compile(r"^[一二三四五六七九]、")
SUBHEADING = re.compile(r"^（[一二三四五六]）[^，]{4,10}。$")


def _sentences() -> list[str]:
    """The sentences of sections 一 to 九, without the headings of the sections."""
    text = PLAN.read_text("utf-8")
    lines = [line.strip() for line in text[text.index("一、专业层级") :].splitlines()]
    found = [s for line in lines for s in re.findall(r"[^。]+。?", line)]
    return [s for s in found if not HEADING.match(s)]


def _rows() -> list[list[str]]:
    lines = PAGE.read_text("utf-8").splitlines()
    rows = [line.strip("|").split("|") for line in lines if line.startswith("|")]
    cells = [[cell.strip() for cell in row] for row in rows]
    return [row for row in cells if row[0] not in ("no.", "---")]


@cache
def _tests_in(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text("utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))


def test_every_sentence_of_the_plan_has_its_row_in_order() -> None:
    sentences = _sentences()
    assert len(sentences) == 39
    assert [row[1] for row in _rows()] == sentences


def test_every_row_names_what_carries_it_and_tests_that_exist() -> None:
    wrong = []
    for number, sentence, carried, proof in _rows():
        tests = re.findall(r"`(tests/[^`:]+)::([^`]+)`", proof)
        if SUBHEADING.match(sentence):
            assert not tests
            continue
        if not carried or not tests:
            wrong.append(f"{number}: nothing carries or proves it")
        for file, name in tests:
            path = ROOT / file
            if not path.is_file() or name not in _tests_in(path):
                wrong.append(f"{number}: {file}::{name} is not there")
    assert wrong == []


def test_every_page_it_links_to_exists() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", PAGE.read_text("utf-8"))
    assert [link for link in links if not (PAGE.parent / link).is_file()] == []
