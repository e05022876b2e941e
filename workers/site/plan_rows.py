"""The plan and its criteria as rows of tables: what, the rule, its source; only what the public looks for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from models.cited import MARK_LABELS, Cited, Sourced
from models.criteria import EDUCATION_LABELS, PRIOR_TITLE_LABELS
from models.plan import Deadline, ReviewPlan
from models.wire import Label
from workers.plan_words import citation, field_name
from workers.site.words import day_words, in_lang, value_words


class Row(NamedTuple):
    """One line of a table: its cells, and the source with its mark when its words were not seen."""

    cells: tuple[str, ...]
    source: str


_OURS = re.compile(r"\b(reading \d+|design)\b")
"""Sources that only the makers of this service can look up."""

_SOURCES_ZH = (
    ("national rule on continuing education", "国家继续教育规定"),
    ("usual form; annex of ", "通常做法；附件未见："),
    (" not seen", ""),
    ("usual practice", "通常做法"),
    ("another city's list", "其他城市的清单"),
    ("Tianjin 2022 sport-series plan", "天津市2022年度体育系列方案"),
    (" gives no time", "未规定时限"),
    ("the work plan names no fee", "工作方案未列收费"),
)

_DATES = (
    "filed_by",
    "published_by",
    "opens",
    "department",
    "office",
    "exam",
    "meeting",
    "review",
    "results_by",
)
_MAIN = ("opens", "department", "office", "exam", "meeting")
_RULES = (
    "mode.review",
    "publicity.employer_wd",
    "publicity.result_wd",
    "publicity.count_first_day",
    "publicity.places",
    "correction.wd",
    "objections.result_wd",
    "objections.real_name_required",
    "objections.recheck_window_wd",
    "vote.committee_min",
    "vote.quorum",
    "vote.pass_share",
    "vote.secret",
    "after.list_wd",
    "after.certificate_wd",
    "publicity.taken_down_after_days",
)
_CONDITIONS = (
    "ce.hours_per_year",
    "ce.professional_share",
    "ce.mode",
    "exam.for_missing",
    "exam.subjects",
    "exam.pass_mark",
    "exception.grounds",
    "exception.peer_recommendations",
    "dates.years_counted_to",
    "qualification_map.version",
)
_ZH: dict[str, str] = {
    "objections.result_wd": "异议核查（工作日）",
    "objections.real_name_required": "异议须实名",
    "vote.pass_share": "通过比例（同意票）",
    "publicity.taken_down_after_days": "结果公布后撤下名单（日）",
    "publicity.count_first_day": "公示发布当日计入",
    "ce.hours_per_year": "继续教育（每年学时）",
    "ce.professional_share": "继续教育专业科目比例",
    "ce.mode": "继续教育证明方式",
    "exam.for_missing": "专业考试适用",
    "exam.subjects": "专业考试科目",
    "exam.pass_mark": "专业考试合格线",
    "exception.grounds": "破格条件",
    "exception.peer_recommendations": "破格的同行推荐（人）",
    "qualification_map.version": "职业资格对应关系文件",
}
"""Where the name that suffices inside a section of the plan does not suffice alone."""

_EN: dict[str, str] = {
    "dates.filed_by": "Plan filed",
    "dates.published_by": "Plan published",
    "dates.opens": "Applications open",
    "dates.department": "Departments submit",
    "dates.office": "Online review",
    "dates.exam": "Professional exam",
    "dates.meeting": "Review meetings",
    "dates.review": "Review ends",
    "dates.results_by": "Results",
    "dates.years_counted_to": "Years of service counted to",
    "mode.review": "Mode of review",
    "publicity.employer_wd": "Publicity at the employer (working days)",
    "publicity.result_wd": "Publicity of the result (working days)",
    "publicity.count_first_day": "Day of posting counted",
    "publicity.places": "Places of publicity",
    "correction.wd": "Time for a correction (working days)",
    "objections.result_wd": "Finding on an objection (working days)",
    "objections.real_name_required": "Objection in one's own name only",
    "objections.recheck_window_wd": "Time to ask for a re-check (working days)",
    "vote.committee_min": "Committee of at least",
    "vote.quorum": "Quorum",
    "vote.pass_share": "Share of yes to pass",
    "vote.secret": "Secret ballot",
    "after.list_wd": "List after the meeting (working days)",
    "after.certificate_wd": "Certificate (working days)",
    "publicity.taken_down_after_days": "List taken down after (days)",
    "ce.hours_per_year": "Continuing education (hours a year)",
    "ce.professional_share": "Professional subjects, share",
    "ce.mode": "Continuing education proved by",
    "exam.for_missing": "Professional exam for",
    "exam.subjects": "Subjects of the exam",
    "exam.pass_mark": "Pass mark",
    "exception.grounds": "Grounds of an exception",
    "exception.peer_recommendations": "Peer recommendations",
    "qualification_map.version": "Map of qualifications",
}


def date_rows(plan: ReviewPlan, lang: str, *, main_only: bool = False) -> list[Row]:
    """The timetable; `main_only` gives those an applicant looks for first."""
    found = []
    for name in _MAIN if main_only else _DATES:
        entry = getattr(plan.dates, name)
        if entry is None:
            continue
        if isinstance(entry, Deadline):
            value = _until(entry.last_day.value, entry.until.value, lang)
            cited: Sourced = entry.last_day
        elif name == "opens":
            value = _from(entry.first_day.value, entry.at.value, lang)
            cited = entry.first_day
        else:
            first, last = (day_words(day.value, lang) for day in (entry.first_day, entry.last_day))
            value = f"{first}至{last}" if lang == "zh" else f"{first} to {last}"
            cited = entry.first_day
        found.append(Row((_name(f"dates.{name}", lang), value), source_of(cited, lang)))
    return found


def rule_rows(plan: ReviewPlan, lang: str) -> list[Row]:
    """Publicity, objections, committee and what follows the vote."""
    return list(_cited(plan, _RULES, lang))


def condition_rows(plan: ReviewPlan, lang: str) -> list[Row]:
    """Conditions beside education and years: continuing education, exam, exception."""
    return list(_cited(plan, _CONDITIONS, lang))


def criteria_tables(plan: ReviewPlan, lang: str) -> list[tuple[str, list[Row]]]:
    """For each level its name and the rows education, title held, years."""
    return [
        (
            in_lang(level.label, lang),
            [
                Row(
                    (
                        in_lang(EDUCATION_LABELS[row.education], lang),
                        in_lang(PRIOR_TITLE_LABELS[row.prior_title], lang),
                        str(row.years),
                    ),
                    source_of(row, lang),
                )
                for row in plan.criteria
                if row.level == level.id
            ],
        )
        for level in plan.levels
    ]


def qualification_rows(plan: ReviewPlan, lang: str) -> list[Row]:
    """Which professional qualification stands for which title."""
    return [
        Row((in_lang(row.label, lang), in_lang(row.title_label, lang)), source_of(row, lang))
        for row in plan.qualification_map.rows
    ]


def labels(items: tuple[Label, ...], lang: str) -> str:
    """Labels in a row."""
    return ("、" if lang == "zh" else ", ").join(in_lang(item, lang) for item in items)


def source_of(item: Sourced, lang: str) -> str:
    """The source as people cite it, and the mark when its words were not seen."""
    words = citation(_OURS.sub("", item.source).strip(";: "), lang)
    if lang == "zh":
        for english, chinese in _SOURCES_ZH:
            words = words.replace(english, chinese)
    if item.verified:
        return words
    mark = in_lang(MARK_LABELS[item.mark], lang)
    if not words:
        return mark
    return f"{words}（{mark}）" if lang == "zh" else f"{words} ({mark})"


def _cited(plan: ReviewPlan, paths: tuple[str, ...], lang: str) -> Iterator[Row]:
    for path in paths:
        section, name = path.split(".")
        cited: Cited[object] = getattr(getattr(plan, section), name)
        value = cited.value
        words = day_words(value, lang) if isinstance(value, date) else value_words(value, lang)
        yield Row((_name(path, lang), words), source_of(cited, lang))


def _name(path: str, lang: str) -> str:
    return _ZH.get(path) or field_name(path, "zh") if lang == "zh" else _EN[path]


def _until(day: date, clock: str, lang: str) -> str:
    if lang == "zh":
        return f"{day_words(day, lang)}{'24时' if clock == '24:00' else clock}前"
    return f"by {clock} on {day_words(day, lang)}"


def _from(day: date, clock: str, lang: str) -> str:
    if lang == "zh":
        return f"{day_words(day, lang)}{'' if clock == '00:00' else clock}起"
    return f"from {day_words(day, lang)}" + ("" if clock == "00:00" else f", {clock}")
