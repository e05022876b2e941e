"""How a deadline was found is said in both languages."""

from __future__ import annotations

import re

import pytest

from models.deadlines import DeadlineName
from models.formulas import formula_words
from tests.models.random_life import BEGINNINGS

WORDS = {
    "date of the plan (exam)": "方案规定的日期",
    "30 days after issue": "自签发之日起30日",
    "10 years kept": "保存10年",
    "day asked for by the employer": "用人单位要求的日期",
    "day set by the office, not past 2023-11-27": "评委会办事机构指定的日期，不迟于2023-11-27",
    "5 working days after 2023-11-20, not past 2023-11-27": "自2023-11-20次日起第5个工作日，不迟于2023-11-27",
    "5 working days after 2023-09-25": "自2023-09-25次日起第5个工作日",
    "moved to 2023-11-27": "调整至2023-11-27",
    "3 working days after 2023-11-20, not counting 2023-11-21, 2023-11-22": (
        "自2023-11-20次日起第3个工作日，不计2023-11-21、2023-11-22"
    ),
    "moved to 2023-11-27, not counting 2023-11-21, not counting 2023-11-22": (
        "调整至2023-11-27，不计2023-11-21、2023-11-22"
    ),
    "1 working day from 2023-09-25": "自2023-09-25当日起第1个工作日",
}


@pytest.mark.parametrize("formula", WORDS)
def test_each_way_has_its_words(formula: str) -> None:
    assert (formula_words(formula).zh, formula_words(formula).en) == (WORDS[formula], formula)


def test_no_deadline_of_a_life_is_found_in_a_way_without_words() -> None:
    found = {due.name: due.formula for life in BEGINNINGS for due in life.state.deadlines.values()}
    rare = {DeadlineName.EMPLOYER_CORRECTION, DeadlineName.DEFENCE_EXCUSE, DeadlineName.LATE_ADMISSION}
    assert set(found) >= set(DeadlineName) - rare
    for formula in found.values():
        assert not re.search(r"[A-Za-z]", formula_words(formula).zh), formula


def test_what_nobody_knows_stays_as_it_was_written() -> None:
    assert formula_words("by hand").zh == "by hand"
