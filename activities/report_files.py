"""The files of a work report: canonical JSON, CSV tables, a PDF; the same bytes for the same numbers.

No name of a person stands in any of them; pending cases are listed by their opaque reference.
"""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from activities.papers.drawing import day_zh, typeset
from activities.papers.font import characters
from models.audit import canonical
from models.plan import ReviewPlan
from models.public_statistics import PublicStatistics, public
from models.report_tables import ReportTable, Words, funnel, pass_rates, percent, public_tables, tables
from models.statistics import DIMENSIONS, MEASURES, CycleStatistics, grouped, problems
from models.wire import SHANGHAI

JSON, ZIP, PDF = "application/json", "application/zip", "application/pdf"
MISSING_SIGN = "〓"
"""Stands for a character that no font of the papers has: a report is never held up by one."""


class ReportHead(NamedTuple):
    """What a report says of itself; `made_by` is an opaque reference."""

    report_ref: str
    title: str
    made_at: datetime
    made_by: str
    plan: ReviewPlan | None


class ReportFiles(NamedTuple):
    """The bytes of a report."""

    json: bytes
    csv: bytes
    pdf: bytes
    public_json: bytes
    public_csv: bytes

    def hashed(self) -> dict[str, tuple[str, str, bytes]]:
        """File name -> sha-256, media type, content."""
        named = {
            "report.json": (JSON, self.json),
            "report.csv.zip": (ZIP, self.csv),
            "report.pdf": (PDF, self.pdf),
            "public.json": (JSON, self.public_json),
            "public.csv.zip": (ZIP, self.public_csv),
        }
        return {name: (_sha256(content), kind, content) for name, (kind, content) in named.items()}


def report_files(statistics: CycleStatistics, head: ReportHead) -> ReportFiles:
    """All files of the report. Takes up to some seconds of CPU: call it in a thread."""
    words = Words(head.plan)
    body = _json(_document(statistics, head))
    shown = public(statistics)
    made = {table.name: table for table in tables(statistics, words)}
    return ReportFiles(
        json=body,
        csv=_zip(made.values()),
        pdf=typeset("work_report", _form(statistics, head, words, made, _sha256(body)), head.made_at),
        public_json=_json({"kind": "public_statistics", **shown.model_dump(mode="json")}),
        public_csv=_zip(_public_tables(shown, words)),
    )


def _document(statistics: CycleStatistics, head: ReportHead) -> dict[str, Any]:
    plan = head.plan
    shares = {
        dimension: {
            value: {"voted": counts["voted"], "passed": counts["passed"]}
            for value, counts in grouped(statistics.cells, dimension).items()
        }
        for dimension in DIMENSIONS
    }
    return {
        "kind": "work_report",
        "report_ref": head.report_ref,
        "title": head.title,
        "made_at": head.made_at.astimezone(SHANGHAI).isoformat(),
        "made_by": head.made_by,
        "plan": {"id": statistics.plan_id, "title": plan.title.zh if plan else statistics.plan_id},
        "measures": {name: label.model_dump() for name, label in MEASURES.items()},
        "statistics": statistics.model_dump(mode="json"),
        "pass_rates": shares,
        "checks": problems(statistics),
    }


def _json(value: Mapping[str, Any]) -> bytes:
    return canonical(value).encode()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def csv_text(table: ReportTable) -> str:
    """A table as CSV (RFC 4180); a text that a spreadsheet would run as a formula is shown as text."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(table.head)
    writer.writerows([_inert(cell) for cell in row] for row in table.rows)
    return out.getvalue()


def _inert(cell: str | int) -> str | int:
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _zip(made: Iterable[ReportTable]) -> bytes:
    """One CSV file a table, with the mark that spreadsheets need to see UTF-8; always the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for table in made:
            about = zipfile.ZipInfo(f"{table.name}.csv", date_time=(1980, 1, 1, 0, 0, 0))
            about.external_attr = 0o644 << 16
            archive.writestr(about, csv_text(table).encode("utf-8-sig"), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _public_tables(shown: PublicStatistics, words: Words) -> tuple[ReportTable, ...]:
    note = ReportTable("note", "说明", ("说明",), ((shown.note.zh,),))
    return (*public_tables(shown, words), note)


# --- the PDF -----------------------------------------------------------------------------------------

_COLUMNS_A_PART = 12
"""Measures that fit on the width of a page beside the four that name the cell."""


def _form(
    statistics: CycleStatistics,
    head: ReportHead,
    words: Words,
    made: Mapping[str, ReportTable],
    json_sha256: str,
) -> dict[str, Any]:
    plan, counts = head.plan, statistics.totals
    data = {
        "title": f"{head.title} {head.report_ref}",
        "author": [],
        "heading": head.title,
        "plan": plan.title.zh if plan else statistics.plan_id,
        "footer": f"{head.title}　{head.report_ref}　不含个人姓名",
        "facts": [
            ["报告文号", head.report_ref],
            ["统计时点", f"{head.made_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"],
            ["组建单位", plan.convening_unit.zh if plan else "—"],
            ["方案版本", f"第{statistics.plan_version}版"],
        ],
        "summary": _summary(statistics, head.made_at),
        "reviewed": _reviewed(counts),
        "integrity": _integrity(counts),
        "funnel": [[name, n, percent(n, counts["opened"])] for name, n in funnel(counts)],
        "rates": [
            [name, voted, passed, percent(passed, voted)]
            for name, voted, passed in pass_rates(statistics.cells, "specialty", words)
        ],
        "reasons": [[f"{hop} {code}", n] for hop, code, n in made["return_reasons"].rows[:12]],
        "tables": {name: _printed(table) for name, table in made.items() if name not in ("cells", "pending")},
        "cells": [_printed(part) for part in _parts(made["cells"])],
        "pending_words": _pending(statistics),
        "pending": list(made["pending"].rows[:1]),
        "pending_table": _printed(_side_by_side(made["pending"])),
        "checks": problems(statistics),
        "json_sha256": json_sha256,
    }
    printable: dict[str, Any] = _printable(data)
    return printable


def _summary(statistics: CycleStatistics, at: datetime) -> str:
    n = statistics.totals
    return (
        f"截至{day_zh(at.astimezone(SHANGHAI))}，本年度共建立申报{n['opened']}件，提交{n['submitted']}件，"
        f"经用人单位推荐{n['recommended']}件、业务主管部门报送{n['to_office']}件，受理{n['accepted']}件。"
        f"提交表决{n['voted']}件，通过{n['passed']}件，通过率{percent(n['passed'], n['voted'])}；"
        f"已确认{n['confirmed']}件，其后撤销{n['revoked']}件。尚有{n['pending']}件未结，列于本报告第七部分，"
        "个案未结不影响其他人员结果的确认。"
    )


def _reviewed(n: Mapping[str, int]) -> str:
    return (
        f"用人单位退回{n['returned_employer']}件，业务主管部门退回{n['returned_department']}件，"
        f"评委会办事机构退回{n['returned_office']}件，合计退回{n['returns']}次。逾期{n['lapsed']}件，"
        f"逾期未补正视为放弃{n['abandoned']}件，撤回{n['withdrawn']}件。参加专业考试{n['exam_sat']}件，"
        f"合格{n['exam_passed']}件，合格率{percent(n['exam_passed'], n['exam_sat'])}。"
    )


def _integrity(n: Mapping[str, int]) -> str:
    return (
        f"公示期间收到异议{n['objections']}件，举报投诉{n['complaints']}件；申请复查{n['rechecks']}件，"
        f"其中成立{n['rechecks_founded']}件。取消当年申报资格{n['eligibility_cancelled']}件，"
        f"取消评审结果{n['result_cancelled']}件，撤销职称{n['revoked']}件。"
    )


def _pending(statistics: CycleStatistics) -> str:
    count = len(statistics.pending)
    return f"以下{count}件在统计时点尚未办结，待结案后另行补报。" if count else "全部申报均已办结。"


def _side_by_side(table: ReportTable, times: int = 3) -> ReportTable:
    """A narrow table, several columns of it on a page."""
    rows = [*table.rows, *[("", "")] * (-len(table.rows) % times)]
    tall = len(rows) // times
    folded = tuple(
        tuple(cell for part in range(times) for cell in rows[part * tall + n]) for n in range(tall)
    )
    return ReportTable(table.name, table.title, table.head * times, folded)


def _parts(table: ReportTable) -> list[ReportTable]:
    """The wide table of cells, cut into tables that fit on a page."""
    names = len(DIMENSIONS)
    cuts = range(names, len(table.head), _COLUMNS_A_PART)
    return [
        ReportTable(
            table.name,
            table.title,
            (*table.head[:names], *table.head[cut : cut + _COLUMNS_A_PART]),
            tuple((*row[:names], *row[cut : cut + _COLUMNS_A_PART]) for row in table.rows),
        )
        for cut in cuts
    ]


def _printed(table: ReportTable) -> dict[str, Any]:
    return {"title": table.title, "head": list(table.head), "rows": [list(row) for row in table.rows]}


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        known = characters()
        return "".join(sign if sign == "\n" or ord(sign) in known else MISSING_SIGN for sign in value)
    if isinstance(value, dict):
        return {key: _printable(inner) for key, inner in value.items()}
    return [_printable(inner) for inner in value] if isinstance(value, list) else value
