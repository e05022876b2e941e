"""A list of the passed, without a database: its columns, its bytes, and what a correction changed."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.plan import ReviewPlan
from models.refusal import Refused
from models.result_list import (
    COLUMNS,
    ListEntry,
    ResultList,
    Shown,
    check_columns,
    check_exactly,
    difference,
    number,
)

PLAN = ReviewPlan.load("tianjin-quality-2023")


def shown(person: str, unit: str = "天津市计量院", specialty: str = "计量", level: str = "副高级") -> Shown:
    return Shown(person=person, unit=unit, specialty=specialty, level=level)


def made(*entries: ListEntry, nonce: str = "00") -> ResultList:
    return ResultList(
        plan_id=PLAN.id,
        n=1,
        corrects=None,
        nonce=nonce,
        columns=PLAN.publicity.result_columns.value,
        entries=entries,
    )


def test_a_list_shows_the_columns_of_the_plan_and_nothing_else() -> None:
    (entry,) = number([((1, 0), "app-7", shown("李明"))])
    content = json.loads(made(entry).canonical())
    assert content["columns"] == ["序号", "姓名", "工作单位", "申报专业", "职称级别"]
    assert content["entries"] == [["1", "李明", "天津市计量院", "计量", "副高级"]]
    assert set(content) == {"plan", "list", "corrects", "nonce", "columns", "entries"}
    assert b"app-7" not in made(entry).canonical()


def test_the_hash_is_that_of_the_posted_file_and_of_nothing_guessable() -> None:
    (entry,) = number([((1, 0), "app-7", shown("李明"))])
    one, other = made(entry), made(entry, nonce="01")
    assert one.sha256 == hashlib.sha256(one.canonical()).hexdigest()
    assert one.canonical().endswith(b"}\n")
    assert one.sha256 != other.sha256


@given(
    st.permutations(
        [((1, 0), "a-1", "乙"), ((0, 1), "a-2", "甲"), ((0, 0), "a-3", "丙"), ((0, 0), "a-4", "丙")]
    )
)
def test_the_order_is_that_of_the_plan_however_the_people_come(
    people: list[tuple[tuple[int, int], str, str]],
) -> None:
    entries = number((place, ref, shown(name)) for place, ref, name in people)
    assert [(e.position, e.application_ref) for e in entries] == [
        (1, "a-3"),
        (2, "a-4"),
        (3, "a-2"),
        (4, "a-1"),
    ]


def test_a_column_without_data_is_refused() -> None:
    check_columns(PLAN.publicity.result_columns.value)
    with pytest.raises(Refused, match="身份证号"):
        check_columns(("序号", "姓名", "身份证号"))
    with pytest.raises(Refused):
        check_columns(())
    assert "性别" not in COLUMNS


@pytest.mark.parametrize("refs", [["a", "b"], ["a", "b", "c", "d"], ["a", "b", "c", "c"]])
def test_a_list_that_is_not_exactly_the_passed_is_refused(refs: list[str]) -> None:
    entries = [ListEntry(position=n, application_ref=ref, shown=shown("张")) for n, ref in enumerate(refs, 1)]
    with pytest.raises(Refused, match="not exactly the passed"):
        check_exactly(entries, ["a", "b", "c"])


def test_a_correction_tells_changed_from_moved() -> None:
    """Those behind a removed line move up by one; that changes nothing for them."""
    old = {"a": shown("甲"), "b": shown("乙"), "c": shown("丙")}
    new = {"b": shown("乙"), "c": shown("丙", unit="天津市标准院"), "d": shown("丁")}
    found = difference(old, new)
    assert found == (("d",), ("a",), ("c",), ("b",))
    assert found.group_of("c") == "changed"


REFS = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from([shown("甲"), shown("乙")]))


@given(REFS, REFS)
def test_every_person_is_in_one_group(old: dict[str, Shown], new: dict[str, Shown]) -> None:
    groups = [ref for group in difference(old, new) for ref in group]
    assert sorted(groups) == sorted(set(old) | set(new))
