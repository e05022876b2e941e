"""A file of names: what is taken from it, and the line of every fault."""

from __future__ import annotations

import pytest

from models.names_file import fault_of, read_names


def test_people_and_units_are_read_from_one_file() -> None:
    rows, faults = read_names(
        "\ufeffref,name,kind\np-1,张三,\n\np-2,李四,person\nu-1,计量院,institution\nu-2,协会,unit\n"
    )
    assert faults == []
    assert [(r.line, r.ref, r.name, r.of, r.kind) for r in rows] == [
        (2, "p-1", "张三", "person", None),
        (4, "p-2", "李四", "person", None),
        (5, "u-1", "计量院", "unit", "institution"),
        (6, "u-2", "协会", "unit", None),
    ]


def test_every_fault_is_found_with_its_line() -> None:
    text = (
        "ref,name,kind\np-1,张三,\n120101199001011234,李四,\np-2,,\np-3,王五,company\n"
        "p-1,张三丰,\np-4,赵六13900000000,\np-5,a,b,c\n"
    )
    _, faults = read_names(text)
    assert [(fault.line, fault.words.en.split(":")[0]) for fault in faults] == [
        (3, "ref must be an opaque reference"),
        (4, "the name is empty"),
        (5, "kind must be one of"),
        (6, "p-1 stands in line 2 already"),
        (7, "a name holds no identity or mobile number"),
        (8, "has more cells than the first line has columns"),
    ]
    assert all(fault.words.zh for fault in faults)


@pytest.mark.parametrize("text", ["", "姓名,编号\n张三,p-1\n", "name,ref\n张三,p-1\n", "ref,name,ref\n"])
def test_a_file_without_the_right_first_line_gives_nothing(text: str) -> None:
    rows, faults = read_names(text)
    assert rows == []
    assert [fault.line for fault in faults] == [1]


def test_what_is_no_csv_is_a_fault_of_its_line() -> None:
    _, faults = read_names('ref,name\np-1,"张三\n')
    assert len(faults) == 1
    assert "is not CSV" in faults[0].words.en


def test_a_name_of_many_signs_or_with_control_signs_is_none() -> None:
    assert fault_of("p-1", "欧阳·阿依古丽") is None
    assert fault_of("p-1", "长" * 201) is not None
    assert fault_of("p-1", "张\x07三") is not None
