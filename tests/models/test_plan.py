"""The plan of 2023 as data: what it says, where each value comes from, and what an application carries."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime

import pytest
from pydantic import ValidationError

from models.criteria import Education, PriorTitle
from models.discipline import sanction_for
from models.plan import ReviewPlan, UnknownPlanError, instant_at
from models.terms import PlanTerms
from tests.models.plan_changes import REAL, real_plan, with_fields, with_value


def test_the_real_plan_is_known_and_an_unknown_one_names_the_known() -> None:
    assert REAL in ReviewPlan.known()
    with pytest.raises(UnknownPlanError) as caught:
        ReviewPlan.load("../plans/" + REAL)
    assert caught.value.known == ReviewPlan.known()
    assert REAL in str(caught.value)


@pytest.mark.parametrize(
    ("field", "exclusive_end"),
    [
        ("department_deadline", "2023-11-06T16:00:00+00:00"),
        ("office_deadline", "2023-11-20T16:00:00+00:00"),
        ("exam_deadline", "2023-11-30T16:00:00+00:00"),
        ("review_deadline", "2023-12-31T16:00:00+00:00"),
        ("correction_cap", "2023-11-20T16:00:00+00:00"),
        ("opens_at", "2023-09-17T16:00:00+00:00"),
    ],
)
def test_deadlines_are_the_first_instant_that_is_too_late(field: str, exclusive_end: str) -> None:
    instant: datetime = getattr(real_plan().terms(), field)
    assert instant == datetime.fromisoformat(exclusive_end)
    assert instant.isoformat().endswith("+08:00")


def test_terms_hold_what_the_work_plan_says() -> None:
    terms = real_plan().terms()
    assert terms.specialties == ("quality", "metrology", "standardization", "drug_inspection")
    assert terms.levels == ("deputy_senior", "intermediate")
    assert terms.routes == ("normal", "exam", "exception", "qualification")
    assert (terms.meeting_from, terms.meeting_to) == (date(2023, 12, 1), date(2023, 12, 31))
    assert (terms.employer_publicity_wd, terms.result_publicity_wd, terms.count_first_day) == (5, 5, False)
    assert (terms.quorum, terms.pass_share, terms.pass_operator) == ((2, 3), (2, 3), ">=")
    assert (terms.committee_min, terms.committee_odd, terms.min_opinions) == (11, True, 3)
    assert (terms.correction_wd, terms.correction_rounds, terms.correction_route) == (5, 1, "full_chain")
    assert terms.publicity_places == ("review_system", "scjg.tj.gov.cn")
    assert not terms.defence


def test_terms_are_short_and_survive_the_wire() -> None:
    terms = real_plan().terms()
    sent = terms.model_dump_json()
    assert len(sent.encode()) < 1600
    assert PlanTerms.model_validate_json(sent) == terms


def test_every_value_names_its_source() -> None:
    found = list(real_plan().leaves())
    assert all(leaf.item.source for leaf in found)
    assert len({leaf.path for leaf in found}) == len(found)


def test_unverified_values_are_listed_and_verified_ones_are_not() -> None:
    unverified = {leaf.path: leaf.item.mark for leaf in real_plan().unverified()}
    assert unverified["correction.wd"] == "I"
    assert unverified["vote.quorum"] == "M"
    assert unverified["after.list_wd"] == "P"
    assert unverified["exam.pass_mark"] == "M"
    assert "publicity.employer_wd" not in unverified
    assert "dates.department.last_day" not in unverified


def test_a_plan_may_close_at_the_end_of_office_hours() -> None:
    terms = with_value("dates.department.until", "17:00").terms()
    assert terms.department_deadline == datetime(2023, 11, 6, 9, 0, tzinfo=UTC)
    assert instant_at(date(2023, 11, 6), "24:00") == datetime(2023, 11, 6, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize("clock", ["25:00", "24:01", "7:00", "noon"])
def test_a_time_of_day_is_hh_mm(clock: str) -> None:
    with pytest.raises(ValidationError):
        with_value("dates.department.until", clock)


def test_a_misspelt_field_is_refused() -> None:
    with pytest.raises(ValidationError):
        with_fields(pubicity={})
    with pytest.raises(tomllib.TOMLDecodeError):
        ReviewPlan.from_toml("id = ")


def test_routes_that_are_off_or_unknown_cannot_be_declared() -> None:
    routes = [option.model_dump() for option in real_plan().routes]
    for option in routes:
        if option["id"] == "exam":
            option["offered"] = "off"
    assert with_fields(routes=routes).terms().routes == ("normal", "exception", "qualification")


def test_labels_are_in_both_languages() -> None:
    assert real_plan().choice_label("drug_inspection").zh == "药品检验"
    assert real_plan().choice_label("deputy_senior").en == "deputy senior"
    assert real_plan().choice_label("exception").zh == "破格申报"
    with pytest.raises(KeyError):
        real_plan().choice_label("law")


def test_the_criteria_of_the_national_base() -> None:
    years = {(row.level, row.education): (row.prior_title, row.years) for row in real_plan().criteria}
    assert years["deputy_senior", Education.DOCTOR] == (PriorTitle.ENGINEER, 2)
    assert years["deputy_senior", Education.BACHELOR] == (PriorTitle.ENGINEER, 5)
    assert years["intermediate", Education.MASTER] == (PriorTitle.ASSISTANT_ENGINEER, 2)
    assert ("deputy_senior", Education.COLLEGE) not in years


@pytest.mark.parametrize(
    ("acted", "decided", "rule", "ban"),
    [
        (date(2023, 10, 1), date(2023, 12, 1), "fraud_order_40", 0),
        (date(2023, 10, 1), date(2024, 9, 1), "fraud_order_40", 0),
        (date(2024, 7, 24), date(2024, 7, 25), "fraud_order_40", 0),
        (date(2024, 7, 25), date(2024, 9, 1), "fraud_2024_56", 3),
    ],
)
def test_a_sanction_follows_from_the_act_the_decision_and_the_rules(
    acted: date, decided: date, rule: str, ban: int
) -> None:
    found = sanction_for(real_plan().sanctions, "applicant", "fraud", acted, decided)
    assert found is not None
    assert (found.id, found.ban_years, found.record_years) == (rule, ban, 3)


def test_an_act_before_any_rule_gets_no_proposal() -> None:
    old = date(2010, 1, 1)
    assert sanction_for(real_plan().sanctions, "applicant", "fraud", old, date(2023, 12, 1)) is None
