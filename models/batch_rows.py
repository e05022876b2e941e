"""The items of a batch as a table: a CSV file, or the rows that a caller sends.

One column `application`, perhaps `revision`, and fields of the command. Every fault names line, column and
rule; nothing is taken when anything is wrong.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pydantic import Field, field_validator
from pydantic.json_schema import SkipJsonSchema

from models.audit import digest
from models.batch import MOST_ITEMS, REMIND, TAKEN_FROM_ELSEWHERE, BatchInput, Remind, check_item
from models.commands import COMMANDS
from models.refusal import RefusalCode, Refused, refuse
from models.roles import Actor, Reference
from models.wire import Label, Wire

APPLICATION, REVISION = "application", "revision"
MOST_FAULTS = 20
"""Faults that are told at once."""


MOST_REVISIONS = 2**31 - 1
"""No application has more, and no database keeps more."""


class GivenItem(Wire):
    """One item: the application, the revision that was seen (None: as it stands now), and its own fields.

    `line` is where it stood in the table.
    """

    application_ref: Reference
    revision: int | None = Field(default=None, ge=0)
    fields: dict[str, Any] = Field(default_factory=dict)
    line: SkipJsonSchema[int] = Field(default=0, exclude=True)

    @field_validator("revision")
    @classmethod
    def _can_be_kept(cls, revision: int | None) -> int | None:
        if revision is not None and revision > MOST_REVISIONS:
            raise ValueError(f"a revision is at most {MOST_REVISIONS}")
        return revision


class Fault(Wire):
    """What is wrong in a table. The line of the heads is 1."""

    line: int
    column: str
    rule: Label


def items_digest(plan_id: str, maker: Actor, command: dict[str, Any], rows: Sequence[GivenItem]) -> str:
    """sha-256 that tells what is to be done, by whom, to which applications, from anything else."""
    items = [row.model_dump(mode="json") for row in rows]
    return digest([plan_id, maker.model_dump(mode="json"), command, items])


def columns_for(kind: str) -> tuple[str, ...]:
    """The columns that a table for this command may have."""
    model: type[Wire] = Remind if kind == REMIND else COMMANDS[kind]
    own = [name for name in model.model_fields if name not in TAKEN_FROM_ELSEWHERE and name != "kind"]
    return (APPLICATION, REVISION, *own)


def read_rows(given: BatchInput, text: str) -> list[GivenItem]:
    """The rows of a CSV text (comma, heads in the first line, UTF-8).

    A cell that begins with [ or { is JSON; an empty one is left out. Raises `Refused` with every fault.
    """
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    faults: list[Fault] = []
    heads = [head.strip() for head in next(_lines(reader, faults), [])]
    known = columns_for(given.kind)
    faults += [
        _fault(
            1, head or "(empty)", f"没有此列，可用：{'、'.join(known)}", f"no such column; {', '.join(known)}"
        )
        for head in heads
        if head not in known
    ]
    if len(set(heads)) != len(heads):
        faults.append(_fault(1, "(heads)", "列名重复", "a column stands twice"))
    if APPLICATION not in heads:
        faults.append(_fault(1, APPLICATION, "缺少此列", "the column is missing"))
    rows: list[GivenItem] = []
    if not faults:
        for cells in _lines(reader, faults):
            if not any(cell.strip() for cell in cells):
                continue
            row = _row(reader.line_num, heads, cells, faults)
            if row is not None:
                rows.append(row)
    return _checked(given, rows, faults)


def _lines(reader: Any, faults: list[Fault]) -> Iterator[list[str]]:
    """The lines, up to the first that is none."""
    try:
        yield from reader
    except csv.Error:
        zh, en = "单元格过长或引号不成对", "a cell is too long, or a quote is not closed"
        faults.append(_fault(reader.line_num, "(line)", zh, en))


def check_rows(given: BatchInput, rows: Iterable[GivenItem]) -> list[GivenItem]:
    """The rows that a caller sent, each fit for its command. Raises `Refused` with every fault."""
    return _checked(
        given, [row.model_copy(update={"line": line}) for line, row in enumerate(rows, start=1)], []
    )


def _row(line: int, heads: Sequence[str], cells: Sequence[str], faults: list[Fault]) -> GivenItem | None:
    if len(cells) != len(heads):
        faults.append(
            _fault(
                line,
                "(line)",
                f"应有{len(heads)}格，实有{len(cells)}格",
                f"{len(cells)} cells, not {len(heads)}",
            )
        )
        return None
    fields: dict[str, Any] = {}
    for head, cell in zip(heads, cells, strict=True):
        value = cell.strip()
        if not value:
            continue
        try:
            fields[head] = json.loads(value) if value[0] in "[{" else value
        except (ValueError, RecursionError):
            faults.append(_fault(line, head, "不是有效的 JSON", "it begins like JSON and is none"))
            return None
    try:
        ref, revision = fields.pop(APPLICATION, ""), fields.pop(REVISION, None)
        return GivenItem(application_ref=ref, revision=revision, fields=fields, line=line)
    except ValueError as error:
        column = REVISION if "revision" in str(error) else APPLICATION
        zh = "须为非负整数" if column == REVISION else "须为申报编号"
        en = "must be a number" if column == REVISION else "must be the reference of an application"
        faults.append(_fault(line, column, zh, en))
        return None


def _checked(given: BatchInput, rows: Sequence[GivenItem], faults: list[Fault]) -> list[GivenItem]:
    first: dict[str, int] = {}
    for row in rows:
        ref, line = row.application_ref, row.line
        if ref in first:
            faults.append(
                _fault(
                    line,
                    APPLICATION,
                    f"{ref} 已在第{first[ref]}行出现",
                    f"{ref} stands in line {first[ref]}, too",
                )
            )
        first.setdefault(ref, line)
        taken = TAKEN_FROM_ELSEWHERE & set(row.fields)
        if taken or "kind" in row.fields:
            column = min(taken) if taken else "kind"
            faults.append(_fault(line, column, "该字段由批次自行填写", "the batch gives it: leave it out"))
            continue
        try:
            check_item(given, ref, row.fields)
        except Refused as refused:
            rule = refused.refusal.rule
            faults.append(Fault(line=line, column=refused.refusal.field or "(line)", rule=rule))
    if faults:
        raise _refused(faults)
    if not rows or len(rows) > MOST_ITEMS:
        raise refuse(
            RefusalCode.MALFORMED,
            zh=f"共有{len(rows)}件；一批须为1至{MOST_ITEMS}件。",
            en=f"There are {len(rows)} items; a batch has 1 to {MOST_ITEMS}.",
            fix_zh="请分成若干批。",
            fix_en="Make several batches.",
            field="items",
        )
    return list(rows)


def _fault(line: int, column: str, zh: str, en: str) -> Fault:
    return Fault(line=line, column=column, rule=Label(zh=zh, en=en))


def faulty(rows: Iterable[GivenItem], rule: Label) -> Refused:
    """The refusal of rows whose application breaks a rule."""
    return _refused([Fault(line=row.line, column=APPLICATION, rule=rule) for row in rows])


def _refused(faults: Sequence[Fault]) -> Refused:
    first, more = faults[0], len(faults) - MOST_FAULTS
    zh, en = first.rule.zh.rstrip("。"), first.rule.en.rstrip(".")
    if len(faults) > 1:
        told = faults[:MOST_FAULTS]
        zh = "；".join(f"第{f.line}行“{f.column}”：{f.rule.zh.rstrip('。')}" for f in told)
        en = "; ".join(f"line {f.line}, column {f.column}: {f.rule.en.rstrip('.')}" for f in told)
    return refuse(
        RefusalCode.MALFORMED,
        zh=f"{zh}{f'；另有{more}处' if more > 0 else ''}。",
        en=f"{en}{f'; {more} more' if more > 0 else ''}.",
        fix_zh="请更正后重新提交；未作任何更改。",
        fix_en="Correct it and send it again; nothing was changed.",
        field=f"line {first.line}, column {first.column}" if len(faults) == 1 else "items",
    )
