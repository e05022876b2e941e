"""The plan and its criteria as rows of tables: what, the rule, its source; only what the public looks for."""

from __future__ import annotations

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
    words = citation(item.source, lang)
    if item.verified:
        return words
    mark = in_lang(MARK_LABELS[item.mark], lang)
    return f"{words}（{mark}）" if lang == "zh" else f"{words} ({mark})"


def _cited(plan: ReviewPlan, paths: tuple[str, ...], lang: str) -> Iterator[Row]:
    for path in paths:
        section, name = path.split(".")
        cited: Cited[object] = getattr(getattr(plan, section), name)
        value = cited.value
        words = day_words(value, lang) if isinstance(value, date) else value_words(value, lang)
        yield Row((_name(path, lang), words), source_of(cited, lang))


def _name(path: str, lang: str) -> str:
    return field_name(path, "zh") if lang == "zh" else _EN[path]


def _until(day: date, clock: str, lang: str) -> str:
    if lang == "zh":
        return f"{day_words(day, lang)}{'24时' if clock == '24:00' else clock}前"
    return f"by {clock} on {day_words(day, lang)}"


def _from(day: date, clock: str, lang: str) -> str:
    if lang == "zh":
        return f"{day_words(day, lang)}{'' if clock == '00:00' else clock}起"
    return f"from {day_words(day, lang)}" + ("" if clock == "00:00" else f", {clock}")
