"""The plan lint: silent about errors in the real plan, and exact about a plan nobody could carry out."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from models.calendar import WorkCalendar
from models.plan import ReviewPlan
from models.plan_finding import PlanSeverity
from models.plan_lint import lint
from models.plan_periods import (
    employer_publicity_end,
    last_full_return,
    last_useful_publicity_start,
    results_chain,
)
from tests.models.plan_changes import real_plan, with_fields, with_value

CALENDAR = WorkCalendar.load()
IMPOSSIBLE = Path(__file__).parent / "plans" / "impossible.toml"


def fields(plan: ReviewPlan, severity: PlanSeverity, calendar: WorkCalendar = CALENDAR) -> set[str]:
    """The fields that have a finding of this severity."""
    return {found.field for found in lint(plan, calendar) if found.severity == severity}


def test_the_real_plan_has_no_errors_and_one_trap() -> None:
    assert fields(real_plan(), "error") == set()
    assert fields(real_plan(), "warning") == {"dates.meeting.last_day"}


def test_unverified_values_are_shown_as_information() -> None:
    infos = fields(real_plan(), "info")
    assert {leaf.path for leaf in real_plan().unverified()} <= infos


def test_the_last_useful_start_of_an_employer_publicity() -> None:
    assert last_useful_publicity_start(real_plan(), CALENDAR) == date(2023, 10, 27)
    (found,) = [
        item
        for item in lint(real_plan(), CALENDAR)
        if item.field == "publicity.employer_wd" and item.severity == "info"
    ]
    assert "2023-10-27" in found.rule.zh
    assert "2023-10-27" in found.rule.en


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (date(2023, 9, 22), date(2023, 10, 7)),
        (date(2023, 10, 27), date(2023, 11, 3)),
        (date(2023, 10, 30), date(2023, 11, 6)),
    ],
)
def test_an_employer_publicity_skips_the_holidays(start: date, end: date) -> None:
    assert employer_publicity_end(real_plan(), CALENDAR, start) == end


def test_a_file_returned_after_13_november_has_less_than_its_full_time() -> None:
    assert last_full_return(real_plan(), CALENDAR) == date(2023, 11, 13)


@pytest.mark.parametrize(
    ("meeting", "chain"),
    [
        (date(2023, 12, 15), (date(2023, 12, 22), date(2023, 12, 29), date(2024, 1, 8), date(2024, 1, 22))),
        (date(2023, 12, 29), (date(2024, 1, 8), date(2024, 1, 15), date(2024, 1, 22), date(2024, 2, 4))),
    ],
)
def test_the_chain_from_a_meeting_to_the_certificates(meeting: date, chain: tuple[date, ...]) -> None:
    assert tuple(results_chain(real_plan(), CALENDAR, meeting)) == chain


def test_before_the_2024_calendar_was_announced_nothing_is_guessed() -> None:
    then = WorkCalendar.load(known_on=date(2023, 9, 18))
    assert fields(real_plan(), "error", then) == set()
    (found,) = [item for item in lint(real_plan(), then) if item.field == "publicity.result_wd"]
    assert found.severity == "info"
    assert "2024" in found.rule.zh


def test_an_impossible_plan_is_refused_field_by_field() -> None:
    plan = ReviewPlan.from_toml(IMPOSSIBLE.read_text("utf-8"))
    assert fields(plan, "error") == {
        "amendments",
        "correction.cap",
        "correction.rounds",
        "criteria",
        "dates.office",
        "dates.office.kind",
        "dates.opens",
        "publicity.employer_wd",
        "publicity.places",
        "publicity.result_wd",
        "qualification_map",
        "routes.contest",
        "specialties",
        "vote.committee_min",
        "vote.committee_valid_years",
        "vote.draw_lead_days",
        "vote.min_opinions",
        "vote.pass_operator",
        "vote.quorum",
        "vote.secret",
    }
    assert fields(plan, "warning") == {"dates.department.late_admission", "publicity.count_first_day"}


def test_errors_come_first_and_say_what_to_do() -> None:
    found = lint(ReviewPlan.from_toml(IMPOSSIBLE.read_text("utf-8")), CALENDAR)
    ranks = [("error", "warning", "info").index(item.severity) for item in found]
    assert ranks == sorted(ranks)
    assert all(item.rule.zh and item.rule.en and item.remedy.zh and item.remedy.en for item in found)
    assert all(item.citation for item in found)


@pytest.mark.parametrize(
    ("path", "value", "severity", "field"),
    [
        ("dates.published_by.last_day", date(2023, 9, 18), "error", "dates.opens"),
        ("dates.department.last_day", date(2023, 11, 20), "error", "dates.office"),
        ("dates.department.last_day", date(2023, 9, 25), "error", "publicity.employer_wd"),
        ("dates.exam.last_day", date(2023, 12, 1), "error", "dates.meeting.first_day"),
        ("dates.meeting.last_day", date(2023, 11, 30), "error", "dates.meeting.last_day"),
        ("dates.review.last_day", date(2023, 12, 30), "error", "dates.review"),
        ("dates.exam.kind", "BAR", "error", "dates.exam.kind"),
        ("publicity.employer_wd", 4, "error", "publicity.employer_wd"),
        ("publicity.result_wd", 4, "error", "publicity.result_wd"),
        ("publicity.acceptance_wd", 3, "warning", "publicity.acceptance_wd"),
        ("publicity.count_first_day", True, "warning", "publicity.count_first_day"),
        ("correction.wd", 0, "error", "correction.wd"),
        ("after.certificate_wd", 0, "error", "after.certificate_wd"),
        ("objections.result_wd", -1, "error", "objections.result_wd"),
        ("publicity.result_wd", 401, "error", "publicity.result_wd"),
        ("correction.rounds", 0, "error", "correction.rounds"),
        ("correction.wd", 11, "error", "correction.cap"),
        ("correction.cap.last_day", date(2023, 11, 21), "error", "correction.cap"),
        ("vote.committee_min", 9, "error", "vote.committee_min"),
        ("vote.committee_min", 12, "error", "vote.committee_min"),
        ("vote.formed_by", "series", "error", "vote.committee_min"),
        ("vote.committee_odd", False, "error", "vote.committee_odd"),
        ("vote.quorum", (1, 2), "error", "vote.quorum"),
        ("vote.quorum", (2, 0), "error", "vote.quorum"),
        ("vote.pass_share", (1, 2), "error", "vote.pass_share"),
        ("vote.pass_share", (3, 2), "error", "vote.pass_share"),
        ("vote.min_opinions", 2, "error", "vote.min_opinions"),
        ("vote.min_opinions", 12, "error", "vote.min_opinions"),
        ("vote.min_opinions", 9, "warning", "vote.min_opinions"),
        ("vote.draw_lead_days", 6, "error", "vote.draw_lead_days"),
        ("vote.draw_lead_days", 11, "warning", "vote.draw_lead_days"),
        ("vote.draw_lead_days", 105, "error", "vote.draw_lead_days"),
    ],
)
def test_one_wrong_value_in_the_real_plan(
    path: str, value: object, severity: PlanSeverity, field: str
) -> None:
    assert field in fields(with_value(path, value), severity)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("vote.committee_min", 13),
        ("vote.quorum", (3, 4)),
        ("vote.pass_operator", ">"),
        ("vote.min_opinions", 8),
        ("vote.draw_lead_days", 10),
        ("publicity.employer_wd", 7),
        ("correction.wd", 10),
        ("dates.department.until", "17:00"),
    ],
)
def test_lawful_variants_are_accepted(path: str, value: object) -> None:
    plan = with_value(path, value)
    assert fields(plan, "error") == set()
    assert fields(plan, "warning") == {"dates.meeting.last_day"}


def test_a_date_on_a_rest_day_is_a_warning_since_dates_do_not_move() -> None:
    assert "dates.office" in fields(with_value("dates.office.last_day", date(2023, 11, 25)), "warning")


def test_results_that_cannot_be_out_in_time() -> None:
    def limited(last_day: date) -> ReviewPlan:
        data = real_plan().model_dump()
        data["dates"]["results_by"] = data["dates"]["review"] | {
            "last_day": {"value": last_day, "source": "design", "mark": "I"}
        }
        return ReviewPlan.model_validate(data)

    assert "publicity.result_wd" in fields(limited(date(2023, 12, 14)), "error")
    assert "publicity.result_wd" in fields(limited(date(2023, 12, 31)), "warning")
    assert "publicity.result_wd" not in fields(limited(date(2024, 1, 15)), "warning")


def test_an_amended_plan_lists_its_amendments() -> None:
    change = {
        "version": 2,
        "document": "津人社办函〔2023〕400号",
        "dated": date(2023, 11, 1),
        "what": {"zh": "延长", "en": "extended"},
    }
    assert "amendments" in fields(with_fields(version=2), "error")
    assert "amendments" not in fields(with_fields(version=2, amendments=[change]), "error")


def test_a_choice_listed_twice_is_an_error() -> None:
    levels = [level.model_dump() for level in real_plan().levels]
    assert "levels" in fields(with_fields(levels=[*levels, levels[0]]), "error")
