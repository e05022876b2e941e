"""Screening: scope, discipline, criteria and routes, as advice to the people who decide."""

from __future__ import annotations

from datetime import date

import pytest

from models.criteria import full_years
from models.discipline import add_months
from models.eligibility import ApplicantFacts, Finding, screen
from models.plan import ReviewPlan
from tests.models.plan_changes import real_plan, with_value

ON = date(2023, 10, 16)

ENGINEER = ApplicantFacts.model_validate(
    {
        "employment_kind": "enterprise",
        "education": "bachelor",
        "prior_title": "engineer",
        "prior_title_since": date(2018, 12, 31),
        "ce_committed": True,
        "truth_committed": True,
    }
)


def screened(
    changes: dict[str, object] | None = None,
    *,
    on: date = ON,
    plan: ReviewPlan | None = None,
    specialty: str = "quality",
    level: str = "deputy_senior",
    route: str = "normal",
) -> dict[str, Finding]:
    """The findings by code, for the engineer with some facts changed."""
    changed = ApplicantFacts.model_validate(ENGINEER.model_dump() | (changes or {}))
    found = screen(changed, plan or real_plan(), on, specialty=specialty, level=level, route=route)
    return {finding.code: finding for finding in found}


def test_an_engineer_of_five_full_years_raises_nothing() -> None:
    found = screened()
    assert {finding.severity for finding in found.values()} == {"ok"}


def test_findings_carry_words_and_source() -> None:
    for finding in screened({"employment_status": "retired"}).values():
        assert finding.words.zh
        assert finding.words.en
        assert finding.citation


@pytest.mark.parametrize("status", ["civil_servant", "retired", "left"])
def test_people_outside_the_scope(status: str) -> None:
    assert screened({"employment_status": status})["scope.status"].severity == "bar"


@pytest.mark.parametrize(
    ("residence", "severity"),
    [("hk_mo_tw", "ok"), ("work_permit", "ok"), ("permanent_residence", "ok"), ("none", "bar")],
)
def test_talent_from_outside_the_mainland(residence: str, severity: str) -> None:
    assert screened({"residence": residence})["scope.residence"].severity == severity


def test_a_plan_for_other_employers() -> None:
    plan = with_value("scope.employment_kinds", ["institution"])
    assert screened(plan=plan)["scope.employer"].severity == "bar"


@pytest.mark.parametrize(
    ("on", "severity"),
    [(date(2023, 11, 5), "bar"), (date(2023, 11, 6), "bar"), (date(2023, 11, 7), "ok")],
)
def test_a_warning_bars_to_the_last_day_of_its_impact_and_not_after(on: date, severity: str) -> None:
    record = {"kind": "government_warning", "effective_date": date(2023, 5, 6)}
    assert screened({"discipline": (record,)}, on=on)["discipline.impact"].severity == severity


def test_the_date_in_the_decision_wins_over_the_table() -> None:
    record = {
        "kind": "institution_demerit",
        "effective_date": date(2023, 5, 6),
        "impact_until": date(2023, 10, 1),
    }
    assert screened({"discipline": (record,)})["discipline.impact"].severity == "ok"


def test_a_length_that_nobody_verified_only_flags() -> None:
    record = {"kind": "party_warning", "effective_date": date(2023, 5, 6)}
    found = screened({"discipline": (record,)})["discipline.impact"]
    assert (found.severity, found.mark) == ("flag", "P")
    stated = record | {"impact_until": date(2024, 5, 6)}
    assert screened({"discipline": (stated,)})["discipline.impact"].severity == "bar"


def test_a_decision_not_yet_in_effect_is_shown_for_the_next_screening() -> None:
    record = {"kind": "government_warning", "effective_date": date(2023, 12, 1)}
    assert screened({"discipline": (record,)})["discipline.impact"].severity == "flag"


@pytest.mark.parametrize(("missing", "code"), [("ce_committed", "ce"), ("truth_committed", "truth")])
def test_both_commitments_are_asked_for(missing: str, code: str) -> None:
    assert screened({missing: False})[f"commitment.{code}"].severity == "bar"


@pytest.mark.parametrize(
    ("choice", "value"), [("specialty", "law"), ("level", "senior"), ("route", "skilled_worker")]
)
def test_choices_must_be_in_the_plan(choice: str, value: str) -> None:
    chosen = {"specialty": "quality", "level": "deputy_senior", "route": "normal"} | {choice: value}
    found = screened(specialty=chosen["specialty"], level=chosen["level"], route=chosen["route"])
    assert found[f"plan.{choice}"].severity == "bar"


@pytest.mark.parametrize(
    ("facts", "level", "fits", "declared"),
    [
        ({}, "deputy_senior", "ok", "normal"),
        ({}, "deputy_senior", "flag", "exam"),
        ({"prior_title_since": date(2019, 1, 1)}, "deputy_senior", "flag", "normal"),
        ({"education": "doctor", "prior_title_since": date(2021, 12, 31)}, "deputy_senior", "ok", "normal"),
        ({"education": "doctor", "prior_title": "none"}, "intermediate", "ok", "normal"),
        ({"education": "college"}, "deputy_senior", "ok", "exam"),
        ({"education": "college"}, "deputy_senior", "flag", "normal"),
        (
            {"prior_title_since": date(2020, 1, 1), "exception_ground": "奖"},
            "deputy_senior",
            "ok",
            "exception",
        ),
        ({"prior_title_since": date(2020, 1, 1)}, "deputy_senior", "flag", "exception"),
        ({"exception_ground": "奖"}, "deputy_senior", "flag", "exception"),
        ({"prior_title": "none", "prior_title_since": None}, "deputy_senior", "flag", "normal"),
    ],
)
def test_routes_follow_from_the_criteria(
    facts: dict[str, object], level: str, fits: str, declared: str
) -> None:
    assert screened(facts, level=level, route=declared)["criteria.route"].severity == fits


def test_another_route_is_suggested_by_name() -> None:
    words = screened({"education": "college"})["criteria.route"].words
    assert "专业考试" in words.zh
    assert "exam" in words.en


def metrologist(**of: object) -> dict[str, object]:
    held = {"id": "registered_metrologist_1", "since": date(2018, 9, 1), "employer_appointment": True} | of
    return {"prior_title": "none", "prior_title_since": None, "qualifications": (held,)}


def test_a_registered_metrologist_applies_by_qualification() -> None:
    found = screened(metrologist(), route="qualification")
    assert found["criteria.route"].severity == "ok"
    assert found["criteria.qualification"].severity == "ok"


@pytest.mark.parametrize(
    ("changes", "severity"),
    [
        ({"employer_appointment": False}, "flag"),
        ({"since": date(2020, 1, 1)}, "ok"),
        ({"id": "registered_metrologist_2"}, "ok"),
        ({"id": "licensed_pharmacist"}, "flag"),
        ({"id": "unheard_of"}, "flag"),
    ],
)
def test_a_qualification_that_does_not_carry_the_route(changes: dict[str, object], severity: str) -> None:
    found = screened(metrologist(**changes), route="qualification")
    assert found["criteria.route"].severity == "flag"
    assert found["criteria.qualification"].severity == severity


def test_posts_matter_only_under_full_post_management() -> None:
    assert "quota.applies" not in screened()
    assert screened({"full_post_management": True})["quota.applies"].severity == "flag"


def test_facts_hold_nothing_that_identifies_a_person() -> None:
    assert not {"name", "id_number", "phone", "address", "birth_date"} & set(ApplicantFacts.model_fields)


@pytest.mark.parametrize(
    ("since", "to", "years"),
    [
        (date(2018, 12, 31), date(2023, 12, 31), 5),
        (date(2019, 1, 1), date(2023, 12, 31), 4),
        (date(2020, 2, 29), date(2023, 2, 28), 3),
        (date(2020, 2, 29), date(2024, 2, 28), 3),
        (date(2020, 2, 29), date(2024, 2, 29), 4),
    ],
)
def test_full_years_end_on_the_anniversary(since: date, to: date, years: int) -> None:
    assert full_years(since, to) == years


def test_months_end_on_the_corresponding_day_or_at_the_end_of_the_month() -> None:
    assert add_months(date(2023, 5, 6), 6) == date(2023, 11, 6)
    assert add_months(date(2023, 8, 31), 6) == date(2024, 2, 29)
    assert add_months(date(2023, 12, 31), 12) == date(2024, 12, 31)
