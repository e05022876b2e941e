"""The tables of the work report (评审工作报告) in Chinese words, for CSV files and for print.

Pure: numbers come in, rows of text and numbers go out. A code without a label is shown as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from models.deadline_labels import DEADLINE_LABELS
from models.explaining import event_label
from models.formulas import GROUNDS
from models.plan import ReviewPlan
from models.public_statistics import PublicStatistics
from models.roles import ROLE_LABELS, Role
from models.stages import STAGES, Stage
from models.statistics import (
    DIMENSIONS,
    FUNNEL,
    MEASURES,
    OUTCOMES,
    UNDECLARED,
    UNKNOWN,
    Cell,
    CycleStatistics,
    grouped,
    rate,
)
from models.wire import SHANGHAI

Text = str | int


class ReportTable(NamedTuple):
    """A table: its name (of the file), its title, the names of its columns, its rows."""

    name: str
    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Text, ...], ...]


_HOPS = {"employer": "用人单位", "department": "业务主管部门", "office": "评委会办事机构"}
_PUBLICITY = {"employer": "单位公示异议", "result": "结果公示异议", "none": "举报投诉"}
_CASES = {"spot_check": "继续教育抽查", "complaint": "举报投诉", "sanction": "限制申报"}
_FINDINGS = {
    "open": "未结",
    "unfounded": "不成立",
    "founded": "成立",
    "curable": "可补正",
    "fraud": "弄虚作假",
    "ineligible": "不符合条件",
    "procedure_broken": "程序违规",
    "ok": "未发现问题",
    "false": "承诺不实",
    "no_answer": "未答复",
    "ban": "限制申报",
    "no_ban": "不限制",
}
MAIN = ("opened", "submitted", "to_office", "accepted", "voted", "passed", "confirmed")
"""The measures of the tables in print."""


class Words:
    """The labels of one plan; without a plan its codes."""

    def __init__(self, plan: ReviewPlan | None) -> None:
        self._plan = plan

    def choice(self, code: str) -> str:
        """A specialty, level, kind of employer or route."""
        if code in (UNKNOWN, UNDECLARED):
            return {UNKNOWN: "未登记", UNDECLARED: "未填报"}[code]
        try:
            return self._plan.choice_label(code).zh if self._plan is not None else code
        except KeyError:
            return code


def event_zh(event: str) -> str:
    """What an event is called."""
    return event_label(event).zh


def stage_zh(stage: str) -> str:
    """What a stage is called."""
    return STAGES[Stage(stage)].label.zh if stage in set(Stage) else stage


def percent(part: int, whole: int) -> str:
    """The share in per cent to one decimal, rounded half up, or a dash of nothing."""
    share = rate(part, whole)
    if share is None:
        return "—"
    tenths = int(share * 1000 + share.__class__(1, 2))
    return f"{tenths // 10}.{tenths % 10}%"


def tables(statistics: CycleStatistics, words: Words) -> tuple[ReportTable, ...]:
    """Every table of the report."""
    return (
        _cells("cells", "分专业、级别、单位类别、途径统计", statistics.cells, statistics.totals, words),
        *(_by_dimension(statistics, dimension, words) for dimension in DIMENSIONS),
        _outcomes(statistics),
        ReportTable(
            "return_reasons",
            "退回原因",
            ("退回环节", "原因代码", "次数"),
            tuple(
                (_HOPS.get(r.hop, r.hop), r.code, r.count)
                for r in sorted(statistics.reasons, key=lambda r: (-r.count, r.hop, r.code))
            ),
        ),
        ReportTable(
            "hop_times",
            "各环节办理时长（工作日）",
            ("环节", "办理人", "办结数", "中位数", "九成以内", "最长", "无法计算"),
            tuple(
                (stage_zh(h.stage), _role(h.role), h.count, _n(h.median), _n(h.p90), _n(h.longest), h.unknown)
                for h in sorted(statistics.hops, key=lambda h: _place(h.stage))
            ),
        ),
        ReportTable(
            "objections",
            "异议、举报及结论",
            ("类别", "结论", "件数"),
            tuple(
                (_PUBLICITY.get(o.of, o.of), _FINDINGS.get(o.finding, o.finding), o.count)
                for o in statistics.objections
            ),
        ),
        ReportTable(
            "side_cases",
            "抽查、举报、限制申报个案",
            ("类别", "结论", "件数"),
            tuple(
                (_CASES.get(c.kind, c.kind), _FINDINGS.get(c.finding, c.finding), c.count)
                for c in statistics.cases
            ),
        ),
        _meetings(statistics),
        ReportTable(
            "steps",
            "各步骤起止时间",
            ("步骤", "首次", "末次", "次数"),
            tuple((event_zh(s.event), _when(s.first), _when(s.last), s.count) for s in statistics.steps),
        ),
        ReportTable(
            "deviations",
            "偏离正常程序的事项",
            ("事项", "次数"),
            tuple((event_zh(event), count) for event, count in statistics.deviations.items()),
        ),
        ReportTable(
            "deadline_moves",
            "期限调整",
            ("期限", "依据", "文号", "涉及申报数"),
            tuple(
                (
                    _deadline(m.name),
                    GROUNDS.get(m.ground, event_zh(m.ground)),
                    m.document_no or "—",
                    m.applications,
                )
                for m in statistics.moves
            ),
        ),
        ReportTable(
            "amendments",
            "方案修订",
            ("版本", "文号", "日期", "内容"),
            tuple((a.version, a.document_no, str(a.dated), a.text or "—") for a in statistics.amendments),
        ),
        ReportTable(
            "pending",
            "未结申报",
            ("申报编号", "当前环节"),
            tuple((p.application_ref, stage_zh(p.stage)) for p in statistics.pending),
        ),
    )


def public_tables(statistics: PublicStatistics, words: Words) -> tuple[ReportTable, ...]:
    """The tables of the public version: counts alone."""
    return (_cells("cells", "分类统计（公开版）", statistics.cells, statistics.totals, words),)


def _cells(
    name: str, title: str, cells: Iterable[object], totals: Mapping[str, Text], words: Words
) -> ReportTable:
    head = (*(label.zh for label in DIMENSIONS.values()), *(label.zh for label in MEASURES.values()))
    rows: list[tuple[Text, ...]] = []
    for cell in cells:
        counts: Mapping[str, Text] = getattr(cell, "counts")  # noqa: B009 - cells of both kinds
        place = tuple(words.choice(getattr(cell, dimension)) for dimension in DIMENSIONS)
        rows.append((*place, *(counts[measure] for measure in MEASURES)))
    last = ("合计", *("" for _ in list(DIMENSIONS)[1:]), *(totals[measure] for measure in MEASURES))
    return ReportTable(name, title, head, (*rows, last))


def _by_dimension(statistics: CycleStatistics, dimension: str, words: Words) -> ReportTable:
    head = (DIMENSIONS[dimension].zh, *(MEASURES[name].zh for name in MAIN), "通过率")
    groups = grouped(statistics.cells, dimension)
    rows: list[tuple[Text, ...]] = [
        (words.choice(value), *(counts[name] for name in MAIN), percent(counts["passed"], counts["voted"]))
        for value, counts in groups.items()
    ]
    whole = statistics.totals
    last: tuple[Text, ...] = (
        "合计",
        *(whole[name] for name in MAIN),
        percent(whole["passed"], whole["voted"]),
    )
    return ReportTable(f"by_{dimension}", f"按{DIMENSIONS[dimension].zh}", head, (*rows, last))


def _outcomes(statistics: CycleStatistics) -> ReportTable:
    whole = statistics.totals
    rows = [
        (label.zh, whole[name], percent(whole[name], whole["opened"]))
        for name, (label, _) in OUTCOMES.items()
    ]
    last = ("合计", whole["opened"], percent(whole["opened"], whole["opened"]))
    return ReportTable("outcomes", "申报结局", ("结局", "申报数", "占比"), (*rows, last))


def _meetings(statistics: CycleStatistics) -> ReportTable:
    head = ("会议", "评委会", "抽取日", "会议日", "评委数", "出席", "回避最多", "表决", "通过")
    rows = tuple(
        (
            m.meeting_ref,
            m.committee_ref,
            str(m.drawn_on),
            str(m.meeting_on),
            m.committee_size,
            _span(m.attending_least, m.attending_most),
            _n(m.recused_most),
            m.votes,
            m.passed,
        )
        for m in statistics.meetings
    )
    return ReportTable("meetings", "评审会议（不含姓名）", head, rows)


def funnel(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """The bars of the main line."""
    return [(label.zh, counts[name]) for name, label in FUNNEL.items()]


def pass_rates(cells: Sequence[Cell], dimension: str, words: Words) -> list[tuple[str, int, int]]:
    """Who was voted on and who passed, by one dimension, where there was a vote."""
    return [
        (words.choice(value), counts["voted"], counts["passed"])
        for value, counts in grouped(cells, dimension).items()
        if counts["voted"]
    ]


def _place(stage: str) -> int:
    return list(Stage).index(Stage(stage)) if stage in set(Stage) else len(Stage)


def _role(role: str) -> str:
    return ROLE_LABELS[Role(role)].zh if role in set(Role) else role


def _deadline(name: str) -> str:
    return DEADLINE_LABELS[name].zh if name in DEADLINE_LABELS else name


def _when(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def _n(number: int | None) -> Text:
    return "—" if number is None else number


def _span(least: int | None, most: int | None) -> str:
    if least is None:
        return "—"
    return str(least) if least == most else f"{least}–{most}"
