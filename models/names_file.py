"""A file of names for the register: CSV with the columns ref, name, kind. Reads text; knows no database.

`kind` is `person`, or `unit`, or the kind of a unit (institution, enterprise ...); empty means person. Every
fault is found, each with its line: nothing is taken from a file that has one.
"""

from __future__ import annotations

import csv
import io
import re
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from models.criteria import EmploymentKind
from models.roles import Reference
from models.wire import Label

COLUMNS = ("ref", "name", "kind")
LONGEST_NAME = 200
UNIT_KINDS = tuple(kind.value for kind in EmploymentKind)

_REFERENCE: TypeAdapter[str] = TypeAdapter(Reference)
_LONG_NUMBER = re.compile(r"\d{11,}")


class NameRow(NamedTuple):
    """One name: of a person or of a unit, whose kind may be known. `line` is that of the file, from 1."""

    line: int
    ref: str
    name: str
    of: str
    kind: str | None


class Fault(NamedTuple):
    """What is wrong in a line, and what would mend it."""

    line: int
    words: Label


def read_names(text: str) -> tuple[list[NameRow], list[Fault]]:
    """The rows of a file and its faults."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    rows: list[NameRow] = []
    faults: list[Fault] = []
    try:
        heads = [cell.strip().lower() for cell in next(reader, [])]
        if heads[:2] != list(COLUMNS[:2]) or not set(heads) <= set(COLUMNS) or len(set(heads)) < len(heads):
            return [], [
                _fault(1, f"首行须为 {','.join(COLUMNS)}", f"the first line must be {','.join(COLUMNS)}")
            ]
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            line = reader.line_num
            if len(cells) > len(heads):
                faults.append(_fault(line, "列数过多", "has more cells than the first line has columns"))
                continue
            given = dict(zip(heads, (cell.strip() for cell in cells), strict=False))
            row = _row(line, given.get("ref", ""), given.get("name", ""), given.get("kind", ""))
            (rows if isinstance(row, NameRow) else faults).append(row)  # type: ignore[arg-type]
    except csv.Error as error:
        faults.append(_fault(reader.line_num, f"不是 CSV（{error}）", f"is not CSV ({error})"))
    faults += _twice(rows)
    return rows, sorted(faults)


def _row(line: int, ref: str, name: str, kind: str) -> NameRow | Fault:
    wrong = fault_of(ref, name)
    if wrong is not None:
        return Fault(line, wrong)
    if kind in ("", "person"):
        return NameRow(line, ref, name, "person", None)
    if kind == "unit" or kind in UNIT_KINDS:
        return NameRow(line, ref, name, "unit", None if kind == "unit" else kind)
    known = ", ".join(("person", "unit", *UNIT_KINDS))
    return _fault(line, f"kind 须为以下之一：{known}", f"kind must be one of: {known}")


def fault_of(ref: str, name: str) -> Label | None:
    """What is wrong with a reference or its name; None when both may be recorded."""
    try:
        _REFERENCE.validate_python(ref)
    except ValidationError:
        return Label(
            zh="ref 须为不透明编号（字母、数字和 . _ : @ -，最多80个字符，不得为证件号或手机号）",
            en="ref must be an opaque reference: letters, digits and . _ : @ - (at most 80)",
        )
    if not name.strip():
        return Label(zh="姓名或名称为空", en="the name is empty")
    if len(name) > LONGEST_NAME or not name.isprintable():
        return Label(
            zh=f"名称最多{LONGEST_NAME}个可打印字符",
            en=f"a name has at most {LONGEST_NAME} printable characters",
        )
    if _LONG_NUMBER.search(name):
        return Label(
            zh="名称中不得有证件号或手机号", en="a name holds no identity or mobile number: leave it out"
        )
    return None


def _twice(rows: list[NameRow]) -> list[Fault]:
    first: dict[tuple[str, str], NameRow] = {}
    faults = []
    for row in rows:
        earlier = first.setdefault((row.of, row.ref), row)
        if earlier is not row:
            zh, en = f"{row.ref} 已在第{earlier.line}行", f"{row.ref} stands in line {earlier.line} already"
            faults.append(_fault(row.line, zh, en))
    return faults


def _fault(line: int, zh: str, en: str) -> Fault:
    return Fault(line, Label(zh=zh, en=en))
