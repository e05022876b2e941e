"""What goes along with a life: warnings, complaints, whose hold it is, the employer's own date."""

from __future__ import annotations

import re
from datetime import date

import pytest

from models.deadlines import DeadlineKind, DeadlineName
from models.refusal import RefusalCode
from models.stages import Stage
from models.standing import action_organisation
from tests.models.life import Cast, Life, accepted, certified, recommended, submitted, with_office


def test_the_useful_days_of_2023() -> None:
    plan = Life().state.plan
    assert plan.last_publicity_start == date(2023, 10, 27)
    assert plan.last_publicity_day == date(2023, 10, 29)
    assert plan.last_full_return == date(2023, 11, 13)


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2023-10-19", None),
        ("2023-10-20", "The publicity must be posted by 2023-10-27."),
        ("2023-10-27", "The publicity must be posted by 2023-10-27."),
        ("2023-10-29", "The publicity must be posted by 2023-10-29."),
        ("2023-10-30", "The last useful day to post the publicity was 2023-10-29"),
    ],
)
def test_from_20_october_on_the_employer_is_warned(day: str, words: str | None) -> None:
    life = submitted(Life(), f"{day} 09:00")
    receipt = life.do(life.cast.recommend(), f"{day} 10:00")
    if words is None:
        assert receipt.warnings == ()
    else:
        assert receipt.warnings[0].en.startswith(words)
        assert re.findall(r"2023-\d\d-\d\d", receipt.warnings[0].en)[0] in receipt.warnings[0].zh


def test_a_publicity_that_cannot_serve_the_window_is_posted_with_a_warning() -> None:
    life = recommended(Life(), "2023-10-26 09:00")
    fits = life.do(life.cast.start_publicity(), "2023-10-27 09:00")
    assert fits.warnings == ()
    late = recommended(Life(), "2023-10-26 09:00")
    receipt = late.do(late.cast.start_publicity(), "2023-10-30 09:00")
    assert "ends after the department's window" in receipt.warnings[0].en
    assert receipt.stage == Stage.EMPLOYER_PUBLICITY


def test_an_extended_window_ends_the_warning() -> None:
    life = submitted(Life(), "2023-10-30 09:00")
    change = {"name": "department_submission", "last_day": "2023-11-17"}
    life.do(life.cast.revise("extension", [change]), "2023-10-30 10:00")
    assert life.do(life.cast.recommend(), "2023-10-30 11:00").warnings == ()


def test_a_return_after_13_november_says_that_time_is_short() -> None:
    early, late = with_office(Life()), with_office(Life())
    assert early.do(early.cast.office_return(), "2023-11-13 09:00").warnings == ()
    warned = late.do(late.cast.office_return(), "2023-11-14 09:00").warnings
    assert warned[0].en == "Returned after 2023-11-13: less than 5 working days remain for the correction."


def test_a_substantive_return_says_what_has_to_fit_into_it() -> None:
    life = with_office(Life())
    warned = life.do(life.cast.office_return("substantive"), "2023-11-07 09:00").warnings
    assert "new publicity of 5 working days" in warned[0].en


def test_a_complaint_makes_no_decision_stale() -> None:
    life = with_office(Life())
    seen = life.state.revision
    assert life.do(life.cast.objects(), "2023-10-11 09:00").event == "complaint"
    assert life.state.revision == seen
    life.do(life.cast.accept(expected_revision=seen), "2023-10-12 09:00")
    life.assert_stage(Stage.REVIEW_READY)


@pytest.mark.parametrize(
    ("keeper", "of_plan", "whose"),
    [
        ("tj-archive", "tj-talent-archive", "tj-archive"),
        (None, "tj-talent-archive", "tj-talent-archive"),
        ("tj-archive", None, "tj-archive"),
        (None, None, None),
    ],
)
def test_the_file_goes_to_the_named_keeper_or_else_to_the_archive_of_the_plan(
    keeper: str | None, of_plan: str | None, whose: str | None
) -> None:
    life = certified(Life())
    others = {role: unit for role, unit in life.state.plan.organisations.items() if role != "archive"}
    terms = life.state.plan.model_copy(
        update={"organisations": others | ({"archive": of_plan} if of_plan else {})}
    )
    given = life.state.input.model_copy(update={"archive_keeper": keeper})
    life.state = life.state.model_copy(update={"terms": terms, "input": given})
    assert action_organisation(life.state) == whose
    for organisation in ("tj-archive", "tj-talent-archive"):
        if organisation != whose:
            stranger = {"id": "s-1", "role": "archive", "organisation": organisation}
            assert life.refused(life.cast.archive(actor=stranger)).code is RefusalCode.WRONG_ORGANISATION
    if whose is not None:
        life.do(life.cast.archive(actor={"id": "k-1", "role": "archive", "organisation": whose}))
        life.assert_stage(Stage.ARCHIVED)


def test_only_the_keeper_of_the_file_archives() -> None:
    life = certified(Life())
    stranger = {"id": "s-1", "role": "archive", "organisation": "another-archive"}
    assert life.refused(life.cast.archive(actor=stranger)).code is RefusalCode.WRONG_ORGANISATION
    life.do(life.cast.archive())
    life.assert_stage(Stage.ARCHIVED)


def test_the_office_does_not_end_what_the_city_title_office_stopped() -> None:
    life = accepted(Life())
    life.do(life.cast.hold(role="city_office"), "2023-11-09 09:00")
    refusal = life.refused(life.cast.release(role="office"), "2023-11-10 09:00")
    assert refusal.rule.en == "The hold was set by the city title office."
    life.do(life.cast.release(role="city_office"), "2023-11-10 10:00")
    assert life.state.hold is None


def test_a_higher_authority_ends_the_hold_of_the_office() -> None:
    life = accepted(Life())
    life.do(life.cast.hold(role="office"), "2023-11-09 09:00")
    life.do(life.cast.release(role="convening_unit"), "2023-11-10 09:00")
    assert life.state.hold is None


def test_the_date_that_the_employer_asks_for_only_reminds() -> None:
    life = submitted(Life())
    life.do(life.cast.employer_return(correction_due="2023-10-12"), "2023-09-22 09:00")
    own = life.deadline(DeadlineName.EMPLOYER_CORRECTION)
    assert (own.kind, str(own.last_day)) == (DeadlineKind.DUTY, "2023-10-12")
    assert life.at("2023-10-20 09:00").events().count("reminded") == 2
    life.assert_stage(Stage.EMPLOYER_RETURNED)
    life.do(life.cast.resubmit("e1"), "2023-10-20 10:00")
    life.assert_stage(Stage.EMPLOYER_REVIEW)


@pytest.mark.parametrize("day", ["2023-09-22", "2023-11-07"])
def test_that_date_lies_ahead_and_within_the_window(day: str) -> None:
    life = submitted(Life(Cast("own-date")))
    refusal = life.refused(life.cast.employer_return(correction_due=day), "2023-09-22 09:00")
    assert refusal.field == "correction_due"
