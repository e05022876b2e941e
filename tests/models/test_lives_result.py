"""Whole lives after the vote: the list, its publicity and objections, confirmation, certificate, archive."""

from __future__ import annotations

from datetime import date

import pytest

from models.commands import parse
from models.deadlines import DeadlineName
from models.decide import apply, certificate_made
from models.refusal import RefusalCode
from models.stages import Stage
from tests.models.life import (
    Cast,
    Life,
    archived,
    certified,
    plan_terms,
    posted,
    published,
    to_confirm,
    voted,
)

RESULT_PUBLICITY = DeadlineName.RESULT_PUBLICITY
POSTED = "2023-12-18T09:00:00+08:00"


def test_the_main_line_takes_two_publicities_and_ends_in_the_archive() -> None:
    life = archived(Life())
    life.assert_stage(Stage.ARCHIVED)
    assert [(p.of, str(p.last_day)) for p in life.state.publicities] == [
        ("employer", "2023-10-08"),
        ("result", "2023-12-25"),
    ]
    assert life.state.certificate_no == "TJ2023-life"
    life.at("2033-12-29 09:00")
    assert life.state.ended
    assert life.events()[-1] == "record_closed"


def test_the_list_is_posted_in_both_places_and_the_later_posting_counts() -> None:
    life = voted(Life())
    one = life.cast.publish(POSTED)
    one["postings"] = one["postings"][:1]
    assert life.refused(one, "2023-12-18 10:00").field == "postings"
    two = life.cast.publish(POSTED)
    two["postings"][1]["posted_at"] = "2023-12-19T09:00:00+08:00"
    assert life.refused(two).field == "postings", "in the future"
    life.do(two, "2023-12-19 10:00")
    assert life.last_day(RESULT_PUBLICITY) == "2023-12-26"


@pytest.mark.parametrize("posted_at", ["2023-12-15T15:59:00+08:00", "2023-12-18T10:01:00+08:00"])
def test_a_posting_lies_after_the_vote_and_not_in_the_future(posted_at: str) -> None:
    life = voted(Life())
    assert life.refused(life.cast.publish(posted_at), "2023-12-18 10:00").field == "postings"


def test_the_list_is_due_five_working_days_after_the_last_day_of_a_long_meeting() -> None:
    """The meeting of Friday the 15th went on until Monday, when its result was announced (Art. 22)."""
    life = voted(Life(), when="2023-12-18 16:00")
    assert life.state.deadlines[DeadlineName.RESULT_LIST].last_day == date(2023, 12, 25)


def test_a_posting_recorded_weeks_later_is_posted_again() -> None:
    life = voted(Life())
    assert life.refused(life.cast.publish(POSTED), "2024-01-10 10:00").field == "postings"
    assert life.told("escalated", DeadlineName.RESULT_LIST) == ["12-23"]


def test_a_corrected_list_restarts_the_period_and_never_in_the_past() -> None:
    life = published(Life())
    shown = life.state.publicities[-1].list_sha256
    assert life.refused(life.cast.publish("2023-12-20T09:00:00+08:00"), "2023-12-20 10:00").code is (
        RefusalCode.NOT_IN_THIS_STAGE
    )
    back = life.cast.publish("2023-12-16T09:00:00+08:00", corrects=shown, list_sha256="b" * 64)
    assert life.refused(back).field == "postings"
    life.do(life.cast.publish("2023-12-20T09:00:00+08:00", corrects=shown, list_sha256="b" * 64))
    assert life.last_day(RESULT_PUBLICITY) == "2023-12-27"
    life.at("2023-12-27 23:59").assert_stage(Stage.RESULT_PUBLICITY)
    life.at("2023-12-28 00:00").assert_stage(Stage.CONFIRM_PENDING)


def test_a_list_corrected_after_its_period_is_posted_in_full_again_before_anything_is_confirmed() -> None:
    life = to_confirm(Life())
    shown = life.state.publicities[-1].list_sha256
    other = life.cast.publish("2023-12-26T09:30:00+08:00", corrects="c" * 64, list_sha256="b" * 64)
    assert life.refused(other).code is RefusalCode.NOT_IN_THIS_STAGE
    life.do(life.cast.publish("2023-12-26T09:30:00+08:00", corrects=shown, list_sha256="b" * 64))
    life.assert_stage(Stage.RESULT_PUBLICITY)
    assert life.refused(life.cast.confirm()).code is RefusalCode.NOT_IN_THIS_STAGE
    assert life.last_day(RESULT_PUBLICITY) == "2024-01-03"
    life.do(life.cast.confirm(), "2024-01-04 00:00")
    life.assert_stage(Stage.CERTIFIED)


def test_an_open_objection_stays_open_through_a_corrected_list() -> None:
    life = published(Life())
    life.do(life.cast.objects(), "2023-12-19 09:00")
    life.at("2023-12-26 09:00").assert_stage(Stage.RESULT_OBJECTION)
    shown = life.state.publicities[-1].list_sha256
    life.do(life.cast.publish("2023-12-26T08:30:00+08:00", corrects=shown, list_sha256="b" * 64))
    life.at("2024-01-04 00:00").assert_stage(Stage.RESULT_OBJECTION)


def test_what_came_while_the_posting_was_not_recorded_yet_is_an_objection() -> None:
    life = voted(Life())
    life.do(life.cast.objects(person="early"), "2023-12-18 08:00")
    life.do(life.cast.objects(), "2023-12-18 09:30")
    life.do(life.cast.publish(POSTED), "2023-12-18 10:00")
    assert [o.publicity for o in life.state.objections] == ["none", "result"]
    life.at("2023-12-26 00:00").assert_stage(Stage.RESULT_OBJECTION)
    life.do(life.cast.rule("complaint-2", "unfounded", "convening_unit"))
    life.assert_stage(Stage.CONFIRM_PENDING)


@pytest.mark.parametrize(
    ("finding", "after"),
    [
        ("unfounded", Stage.CONFIRM_PENDING),
        ("procedure_broken", Stage.REVIEW_READY),
        ("fraud", Stage.RESULT_CANCELLED),
        ("ineligible", Stage.RESULT_CANCELLED),
    ],
)
def test_an_objection_to_the_result(finding: str, after: Stage) -> None:
    life = published(Life())
    life.do(life.cast.objects(), "2023-12-25 23:59")
    life.at("2024-02-15 00:00").assert_stage(Stage.RESULT_OBJECTION)
    assert len(life.told("escalated", DeadlineName.RESULT_OBJECTION)) == 1
    life.do(life.cast.rule("result-objection-1", finding, "convening_unit"))
    life.assert_stage(after)


def test_a_broken_procedure_means_a_new_vote_and_a_new_publicity() -> None:
    life = published(Life())
    life.do(life.cast.objects(), "2023-12-19 09:00")
    life.do(life.cast.rule("result-objection-1", "procedure_broken", "convening_unit"), "2023-12-20 09:00")
    assert life.state.running_publicity() is None
    life.do(life.cast.schedule(date(2024, 1, 5), date(2023, 12, 25)), "2023-12-26 09:00")
    life.do(life.cast.vote(7), "2024-01-05 15:00")
    life.do(life.cast.publish("2024-01-08T09:00:00+08:00"), "2024-01-08 10:00")
    life.at("2024-01-15 23:59").assert_stage(Stage.RESULT_PUBLICITY)
    life.do(life.cast.confirm(), "2024-01-16 09:00")
    life.assert_stage(Stage.CERTIFIED)


def test_two_objections_both_need_a_finding() -> None:
    life = published(Life())
    life.do(life.cast.objects(), "2023-12-19 09:00")
    life.do(life.cast.objects(person="another"), "2023-12-20 09:00")
    life.do(life.cast.rule("result-objection-1", "unfounded", "convening_unit"))
    life.at("2023-12-26 00:00").assert_stage(Stage.RESULT_OBJECTION)
    life.do(life.cast.rule("result-objection-2", "unfounded", "convening_unit"))
    life.assert_stage(Stage.CONFIRM_PENDING)


def test_a_complaint_is_no_objection_and_is_not_ruled_on_in_its_place() -> None:
    life = published(Life())
    life.at("2023-12-26 00:00")
    assert life.do(life.cast.objects()).event == "complaint"
    life.assert_stage(Stage.CONFIRM_PENDING)
    life.do(life.cast.confirm())
    life.assert_stage(Stage.CERTIFIED)


def test_a_question_at_confirmation_is_looked_into_like_an_objection() -> None:
    life = to_confirm(Life())
    life.do(life.cast.confirm(outcome="question", text="学历存疑"))
    life.assert_stage(Stage.RESULT_OBJECTION)
    life.do(life.cast.rule("question-1", "unfounded", "convening_unit"))
    life.do(life.cast.confirm())
    life.assert_stage(Stage.CERTIFIED)


def test_confirmation_and_certificate_late_are_escalated() -> None:
    life = to_confirm(Life())
    life.at("2024-02-01 09:00").assert_stage(Stage.CONFIRM_PENDING)
    assert life.told("escalated", DeadlineName.CONFIRMATION) == ["01-03"]


def test_an_unarchived_title_is_reminded_of_and_never_lost() -> None:
    life = certified(Life())
    life.at("2025-01-01 09:00").assert_stage(Stage.CERTIFIED)
    assert life.told("escalated", DeadlineName.ARCHIVING) == ["01-27"]


@pytest.mark.parametrize("archive", [False, True], ids=["certified", "archived"])
def test_a_title_is_revoked_after_notice_and_hearing(archive: bool) -> None:
    life = archived(Life()) if archive else certified(Life())
    assert (
        life.refused(life.cast.revoke(hearing_offered=False), "2028-06-01 09:00").field == "hearing_offered"
    )
    assert life.refused(life.cast.revoke(notice_given=False)).field == "notice_given"
    life.do(life.cast.revoke())
    life.assert_stage(Stage.REVOKED)
    assert life.state.ended


def test_a_title_confirmed_but_not_certified_is_revoked_too() -> None:
    life = to_confirm(Life())
    for body in (life.cast.confirm(), life.cast.revoke(person="city-other")):
        apply(life.state, parse(body["kind"], body), life.now)
    certificate_made(life.state, "too-late", life.now)
    life.assert_stage(Stage.REVOKED)
    assert life.state.certificate_no is None


def test_eligibility_is_cancelled_before_the_vote_the_result_after_it_the_title_never() -> None:
    before = voted(Life(Cast("a")), yes=5)
    before.do(before.cast.cancel("eligibility", "city_office"))
    before.assert_stage(Stage.ELIGIBILITY_CANCELLED)
    after = published(Life(Cast("b")))
    after.do(after.cast.cancel("eligibility", "city_office"))
    after.assert_stage(Stage.RESULT_CANCELLED)
    titled = certified(Life(Cast("c")))
    refusal = titled.refused(titled.cast.cancel("eligibility", "city_office"))
    assert refusal.code is RefusalCode.NOT_IN_THIS_STAGE
    error = before.cast.cancel("eligibility", "city_office", ground="error")
    assert published(Life(Cast("d"))).refused(error).field == "ground"


def test_a_declined_fraud_can_still_lose_the_years_eligibility() -> None:
    life = posted(Life())
    life.do(life.cast.objects(), "2023-09-26 09:00")
    life.do(life.cast.rule("employer-objection-1", "fraud"))
    life.do(life.cast.cancel("eligibility", "city_office", ground="fraud"))
    life.assert_stage(Stage.ELIGIBILITY_CANCELLED)


def test_results_are_confirmed_by_the_authority_the_plan_names_and_questioned_by_either() -> None:
    life = to_confirm(Life())
    unit = life.cast.actor("convening_unit")
    refusal = life.refused(life.cast.confirm(actor=unit))
    assert (refusal.code, refusal.field) == (RefusalCode.WRONG_ROLE, "actor.role")
    life.do(life.cast.confirm(actor=unit, outcome="question", text="存疑"))
    other = to_confirm(Life(confirmed_by="convening_unit"))
    other.do(other.cast.confirm(actor=unit))
    other.assert_stage(Stage.CERTIFIED)


def test_a_plan_may_ask_for_objections_in_the_own_name() -> None:
    published(Life()).do(Life().cast.objects(real_name=False), "2023-12-20 09:00")
    strict = published(Life(real_name_required=True))
    anonymous = strict.cast.objects(real_name=False)
    assert strict.refused(anonymous, "2023-12-20 09:00").field == "real_name"
    strict.do(strict.cast.objects())
    assert plan_terms().confirmed_by == "city_office"
    assert plan_terms().real_name_required is False
