"""Whole lives, first leg: dossier, employer, posts, publicity and its objections, department."""

from __future__ import annotations

from datetime import date

import pytest

from models.commands import parse
from models.deadlines import DeadlineName
from models.decide import apply, expire
from models.refusal import RefusalCode
from models.stages import Stage
from tests.models.life import Cast, Life, posted, recommended, submitted, with_department

EMPLOYER_PUBLICITY = DeadlineName.EMPLOYER_PUBLICITY


def test_a_publicity_over_national_day_ends_on_the_second_make_up_sunday() -> None:
    life = posted(Life())
    assert life.last_day(EMPLOYER_PUBLICITY) == "2023-10-08"
    early = life.refused(life.cast.file_evidence(), "2023-10-08 23:59")
    assert early.code is RefusalCode.NOT_IN_THIS_STAGE
    life.assert_transition(
        Stage.PUBLICITY_ENDED,
        life.cast.file_evidence(),
        Stage.DEPARTMENT_REVIEW,
        "file_evidence",
        "2023-10-09 00:00",
    )


def test_nothing_is_submitted_before_the_cycle_opens() -> None:
    life = Life(start="2023-09-17 23:59")
    assert life.refused(life.cast.submit()).code is RefusalCode.NOT_OPEN_YET
    life.do(life.cast.submit(), "2023-09-18 00:00")
    life.assert_stage(Stage.EMPLOYER_REVIEW)


def test_27_october_is_the_last_useful_start_of_the_publicity() -> None:
    life = recommended(Life())
    life.do(life.cast.start_publicity(), "2023-10-27 17:00")
    assert life.last_day(EMPLOYER_PUBLICITY) == "2023-11-03"
    life.do(life.cast.file_evidence(), "2023-11-04 00:00")
    life.do(life.cast.department_submit(), "2023-11-06 23:59")
    life.assert_stage(Stage.OFFICE_REVIEW)


def test_a_publicity_begun_on_30_october_ends_with_the_window_and_lapses() -> None:
    life = recommended(Life())
    life.do(life.cast.start_publicity(), "2023-10-30 09:00")
    assert life.last_day(EMPLOYER_PUBLICITY) == "2023-11-06"
    life.at("2023-11-06 23:59").assert_stage(Stage.EMPLOYER_PUBLICITY)
    life.at("2023-11-07 00:00").assert_stage(Stage.LAPSED)
    ends = [e for e in life.events() if e in ("publicity_over_clear", "lapse")]
    assert ends == ["publicity_over_clear", "lapse"], "the period ends before the window closes"
    assert life.state.ended, "not the department's delay: nobody may admit it late"


def test_the_employer_returns_and_the_applicant_answers_every_item() -> None:
    life = submitted(Life())
    life.do(life.cast.employer_return(), "2023-09-21 10:00")
    life.assert_stage(Stage.EMPLOYER_RETURNED)
    assert life.state.action_by == "applicant"
    assert life.refused(life.cast.resubmit()).field == "answers"
    life.assert_transition(
        Stage.EMPLOYER_RETURNED, life.cast.resubmit("e1"), Stage.EMPLOYER_REVIEW, "employer_resubmit"
    )
    assert life.state.last_return is None


def test_a_resubmission_cannot_take_the_commitments_back() -> None:
    life = submitted(Life())
    life.do(life.cast.employer_return())
    dossier = life.cast.dossier()
    dossier["facts"]["ce_committed"] = False
    assert life.refused(life.cast.resubmit("e1", dossier=dossier)).field == "dossier.facts.ce_committed"


def test_a_declined_application_is_reopened_before_the_window_closes_only() -> None:
    life = submitted(Life())
    life.do(life.cast.employer_decline(), "2023-09-25 09:00")
    life.do(life.cast.employer_reopen(), "2023-11-06 23:59")
    life.assert_stage(Stage.EMPLOYER_REVIEW)
    other = submitted(Life(Cast("other")))
    other.do(other.cast.employer_decline(), "2023-09-25 09:00")
    assert other.refused(other.cast.employer_reopen(), "2023-11-07 00:00").code is RefusalCode.CLOSED
    assert other.state.stage is Stage.EMPLOYER_DECLINED


def test_a_unit_under_post_management_waits_for_a_free_post() -> None:
    life = submitted(Life(Cast("posts", full_post_management=True)))
    post = {"basis": "free_posts", "available": 0, "record": "岗位台账"}
    assert life.refused(life.cast.recommend()).field == "post"
    life.do(life.cast.recommend(post=post))
    life.assert_stage(Stage.QUOTA_BLOCKED)
    assert life.refused(life.cast.recommend(post=post)).field == "post.available"
    life.assert_transition(
        Stage.QUOTA_BLOCKED,
        life.cast.recommend(post=post | {"available": 1}, person="employer-other"),
        Stage.QUOTA_CHECK,
        "quota_freed",
        "2023-10-09 09:00",
    )
    life.assert_stage(Stage.RECOMMENDED)
    assert life.state.post_held


def test_a_blocked_application_is_declined_or_lapses() -> None:
    post = {"basis": "ratio", "available": 0, "record": "结构比例"}
    declined = submitted(Life(Cast("posts", full_post_management=True)))
    declined.do(declined.cast.recommend(post=post))
    declined.do(declined.cast.employer_decline())
    declined.assert_stage(Stage.EMPLOYER_DECLINED)
    waiting = submitted(Life(Cast("posts", full_post_management=True)))
    waiting.do(waiting.cast.recommend(post=post))
    waiting.at("2023-11-07 00:00").assert_stage(Stage.LAPSED)


def test_whoever_recommended_looks_into_no_objection_even_if_another_freed_the_post() -> None:
    life = submitted(Life(Cast("posts", full_post_management=True)))
    post = {"basis": "free_posts", "available": 0, "record": "岗位台账"}
    life.do(life.cast.recommend(post=post, person="first"))
    life.do(life.cast.recommend(post=post | {"available": 1}, person="second"))
    life.do(life.cast.start_publicity(), "2023-09-25 09:00")
    life.do(life.cast.objects(), "2023-09-26 09:00")
    for person in ("first", "second"):
        ruling = life.cast.rule("employer-objection-1", "unfounded", person=person)
        assert life.refused(ruling).code is RefusalCode.SEPARATION_OF_DUTIES
    life.do(life.cast.rule("employer-objection-1", "unfounded"))


def test_whoever_objected_looks_into_no_objection_of_the_own() -> None:
    life = posted(Life())
    own = life.cast.objects(actor=life.cast.actor("employer", "employer-2"))
    life.do(own, "2023-09-26 09:00")
    life.do(life.cast.objects())
    ruling = life.cast.rule("employer-objection-1", "unfounded", person="employer-2")
    assert life.refused(ruling).code is RefusalCode.SEPARATION_OF_DUTIES
    life.do(life.cast.rule("employer-objection-2", "unfounded", person="employer-2"))


def test_an_objection_in_the_name_of_an_office_needs_that_office() -> None:
    life = posted(Life())
    for role in ("employer", "department", "office", "city_office"):
        forged = life.cast.objects()
        forged["actor"] |= {"role": role, "organisation": "another"}
        assert life.refused(forged).code is RefusalCode.WRONG_ORGANISATION
    other = life.cast.objects(actor={"id": "p-other", "role": "applicant"})
    assert life.refused(other).code is RefusalCode.WRONG_PERSON
    life.do(life.cast.objects(actor=life.cast.actor("department")))


def test_one_person_has_ten_objections_waiting_and_others_still_object() -> None:
    life = posted(Life())
    for _ in range(10):
        life.do(life.cast.objects(person="busy"))
    refusal = life.refused(life.cast.objects(person="busy"))
    assert refusal.code is RefusalCode.GUARD
    life.do(life.cast.objects(person="another"))
    life.do(life.cast.rule("employer-objection-1", "unfounded"))
    life.do(life.cast.objects(person="busy"))


def test_an_objection_at_2359_is_in_time_and_at_midnight_it_is_a_complaint() -> None:
    life = posted(Life())
    life.do(life.cast.objects(), "2023-10-08 23:59")
    life.at("2023-10-09 00:00").assert_stage(Stage.EMPLOYER_OBJECTION)
    late = posted(Life(Cast("late")))
    receipt = late.do(late.cast.objects(), "2023-10-09 00:00")
    assert receipt.event == "complaint"
    late.assert_stage(Stage.PUBLICITY_ENDED)
    late.do(late.cast.file_evidence())


@pytest.mark.parametrize(
    ("finding", "after"),
    [
        ("unfounded", Stage.PUBLICITY_ENDED),
        ("curable", Stage.EMPLOYER_RETURNED),
        ("founded", Stage.EMPLOYER_DECLINED),
        ("fraud", Stage.EMPLOYER_DECLINED),
    ],
)
def test_the_finding_on_an_objection_after_the_period(finding: str, after: Stage) -> None:
    life = posted(Life())
    life.do(life.cast.objects(), "2023-09-27 09:00")
    life.at("2023-10-10 09:00").assert_stage(Stage.EMPLOYER_OBJECTION)
    life.do(life.cast.rule("employer-objection-1", finding))
    life.assert_stage(after)
    counts = life.state.completed_publicity("employer") is not None
    assert counts == (after is Stage.PUBLICITY_ENDED)


@pytest.mark.parametrize(
    ("finding", "after"),
    [
        ("unfounded", Stage.EMPLOYER_PUBLICITY),
        ("curable", Stage.EMPLOYER_RETURNED),
        ("founded", Stage.EMPLOYER_DECLINED),
        ("fraud", Stage.EMPLOYER_DECLINED),
    ],
)
def test_the_finding_on_an_objection_while_the_period_runs(finding: str, after: Stage) -> None:
    life = posted(Life())
    life.do(life.cast.objects(), "2023-09-26 09:00")
    life.do(life.cast.rule("employer-objection-1", finding), "2023-09-27 09:00")
    life.assert_stage(after)
    if after is Stage.EMPLOYER_PUBLICITY:
        life.at("2023-10-09 00:00").assert_stage(Stage.PUBLICITY_ENDED)


def test_what_was_declined_for_fraud_is_not_reopened() -> None:
    life = posted(Life())
    life.do(life.cast.objects(), "2023-09-26 09:00")
    life.do(life.cast.rule("employer-objection-1", "fraud"), "2023-09-27 09:00")
    assert life.refused(life.cast.employer_reopen(), "2023-09-28 09:00").code is RefusalCode.GUARD


def test_a_curable_objection_leads_to_a_new_publicity_of_full_length() -> None:
    life = posted(Life())
    life.do(life.cast.objects(), "2023-09-26 09:00")
    life.do(life.cast.rule("employer-objection-1", "curable"), "2023-09-27 09:00")
    life.do(life.cast.resubmit("c1"), "2023-09-28 09:00")
    life.do(life.cast.recommend(), "2023-10-08 09:00")
    life.do(life.cast.start_publicity(), "2023-10-09 09:00")
    assert life.last_day(EMPLOYER_PUBLICITY) == "2023-10-16"


def test_an_adverse_finding_needs_a_hearing_and_two_objections_need_two_findings() -> None:
    life = posted(Life())
    life.do(life.cast.objects(), "2023-09-26 09:00")
    life.do(life.cast.objects(person="another"), "2023-09-27 09:00")
    life.at("2023-10-09 09:00").assert_stage(Stage.EMPLOYER_OBJECTION)
    unheard = life.cast.rule("employer-objection-1", "founded", hearing_held=False)
    assert life.refused(unheard).field == "hearing_held"
    life.do(life.cast.rule("employer-objection-1", "unfounded"))
    life.assert_stage(Stage.EMPLOYER_OBJECTION)
    assert life.refused(life.cast.rule("employer-objection-1", "unfounded")).field == "objection_id"
    life.do(life.cast.rule("employer-objection-2", "unfounded"))
    life.assert_stage(Stage.PUBLICITY_ENDED)


def test_the_employer_late_with_an_objection_is_escalated_and_nobody_is_harmed() -> None:
    life = posted(Life())
    life.do(life.cast.objects(), "2023-09-26 09:00")
    life.at("2023-10-31 09:00").assert_stage(Stage.EMPLOYER_OBJECTION)
    assert life.told("escalated", DeadlineName.EMPLOYER_OBJECTION) == ["10-21"]
    life.do(life.cast.rule("employer-objection-1", "unfounded"))
    life.assert_stage(Stage.PUBLICITY_ENDED)


@pytest.mark.parametrize("when", ["2023-09-27 09:00", "2023-10-09 09:00"], ids=["running", "over"])
def test_a_cancelled_publicity_runs_again_in_full(when: str) -> None:
    life = posted(Life())
    life.do(life.cast.cancel("publicity", "employer"), when)
    life.assert_stage(Stage.EMPLOYER_REVIEW)
    life.do(life.cast.recommend(), "2023-10-10 09:00")
    life.do(life.cast.start_publicity(), "2023-10-11 09:00")
    assert life.last_day(EMPLOYER_PUBLICITY) == "2023-10-18"
    life.at("2023-10-18 23:59").assert_stage(Stage.EMPLOYER_PUBLICITY)
    life.at("2023-10-19 00:00").assert_stage(Stage.PUBLICITY_ENDED)


def test_the_end_of_a_first_publicity_never_ends_the_second() -> None:
    """Before the calendar has answered, the second posting has no end yet."""
    life = posted(Life())
    life.do(life.cast.cancel("publicity", "employer"), "2023-10-09 09:00")
    life.do(life.cast.recommend(), "2023-10-10 09:00")
    body = life.cast.start_publicity()
    apply(life.state, parse(body["kind"], body), life.now)
    expire(life.state, life.now)
    life.assert_stage(Stage.EMPLOYER_PUBLICITY)


def test_a_notice_hidden_on_some_day_is_posted_again() -> None:
    life = posted(Life())
    hidden = life.cast.file_evidence(hidden_days=["2023-09-27"])
    assert life.refused(hidden, "2023-10-09 09:00").field == "hidden_days"


def test_a_longer_publicity_may_be_announced_but_no_shorter_one() -> None:
    life = recommended(Life())
    assert life.refused(life.cast.start_publicity(working_days=4)).field == "working_days"
    life.do(life.cast.start_publicity(working_days=7), "2023-09-25 09:00")
    assert life.last_day(EMPLOYER_PUBLICITY) == "2023-10-10"


def test_the_department_returns_for_a_formal_repair_through_the_employers_seal() -> None:
    life = with_department(Life())
    life.do(life.cast.department_return(), "2023-10-10 09:00")
    assert life.state.action_by == "applicant"
    early = life.refused(life.cast.resubmit(role="employer"))
    assert early.code in (RefusalCode.WRONG_ROLE, RefusalCode.NOT_IN_THIS_STAGE)
    life.do(life.cast.resubmit("d1"))
    life.assert_stage(Stage.DEPARTMENT_RETURNED)
    assert life.state.action_by == "employer"
    changed = life.cast.resubmit(role="employer", dossier=life.cast.dossier())
    assert life.refused(changed).field == "dossier"
    life.assert_transition(
        Stage.DEPARTMENT_RETURNED,
        life.cast.resubmit(role="employer"),
        Stage.DEPARTMENT_REVIEW,
        "department_resubmit",
    )


def test_a_substantive_return_of_the_department_needs_a_new_publicity() -> None:
    life = with_department(Life())
    life.do(life.cast.department_return("substantive"), "2023-10-10 09:00")
    life.do(life.cast.resubmit("d1"))
    life.assert_stage(Stage.EMPLOYER_REVIEW)
    assert life.state.completed_publicity("employer") is None
    life.do(life.cast.recommend())
    life.do(life.cast.start_publicity())
    life.do(life.cast.file_evidence(), "2023-10-18 09:00")
    life.assert_stage(Stage.DEPARTMENT_REVIEW)


def test_a_formal_repair_may_not_change_what_was_publicised() -> None:
    life = with_department(Life())
    life.do(life.cast.department_return(), "2023-10-10 09:00")
    dossier = life.cast.dossier()
    dossier["achievements"][0]["title"] = "Another paper"
    assert life.refused(life.cast.resubmit("d1", dossier=dossier)).field == "dossier"
    honest = life.cast.resubmit("d1", dossier=dossier, change_class="substantive")
    life.assert_transition(Stage.DEPARTMENT_RETURNED, honest, Stage.EMPLOYER_REVIEW, "substantive_resubmit")


def test_the_department_rejects_with_a_reason() -> None:
    life = with_department(Life())
    assert life.refused(life.cast.department_reject(reasons=[])).field == "reasons"
    life.do(life.cast.department_reject())
    life.assert_stage(Stage.DEPARTMENT_REJECTED)
    assert life.refused(life.cast.objects()).code is RefusalCode.CLOSED


@pytest.mark.parametrize("stage", ["draft", "employer_review", "department_returned"])
def test_an_application_that_stands_still_lapses_for_good(stage: str) -> None:
    life = Life()
    if stage == "employer_review":
        submitted(life)
    elif stage == "department_returned":
        with_department(life)
        life.do(life.cast.department_return())
    life.at("2023-11-06 23:59").assert_stage(Stage(stage))
    life.at("2023-11-07 00:00").assert_stage(Stage.LAPSED)
    assert life.state.ended


def test_the_departments_delay_may_be_healed_by_a_recorded_late_admission() -> None:
    life = with_department(Life())
    life.at("2023-11-07 00:00").assert_stage(Stage.LAPSED)
    assert not life.state.ended
    late = [{"name": "department_submission", "last_day": "2023-11-10"}]
    office = life.cast.revise("late_admission", late)
    office["actor"] = life.cast.actor("office")
    assert life.refused(office).code is RefusalCode.WRONG_ROLE
    too_far = [{"name": "department_submission", "last_day": "2023-11-21"}]
    assert life.refused(life.cast.revise("late_admission", too_far)).field == "changes"
    twice = [{"name": "department_submission", "add_working_days": 2}, *late]
    assert life.refused(life.cast.revise("late_admission", twice)).field == "changes"
    life.assert_transition(
        Stage.LAPSED,
        life.cast.revise("late_admission", late),
        Stage.DEPARTMENT_REVIEW,
        "admit_late",
        "2023-11-08 09:00",
    )
    life.do(life.cast.department_submit(), "2023-11-10 23:59")
    life.assert_stage(Stage.OFFICE_REVIEW)


def test_a_late_admission_used_up_lapses_again_and_none_is_possible_after_the_offices_date() -> None:
    life = with_department(Life())
    late = [{"name": "department_submission", "last_day": "2023-11-10"}]
    life.do(life.cast.revise("late_admission", late), "2023-11-08 09:00")
    life.at("2023-11-11 00:00").assert_stage(Stage.LAPSED)
    life.at("2023-11-20 23:59")
    assert not life.state.ended
    life.at("2023-11-21 00:00")
    assert life.state.ended
    assert life.refused(life.cast.revise("late_admission", late)).code is RefusalCode.CLOSED


def test_the_dossier_is_for_what_the_application_was_begun_with() -> None:
    life = Life()
    dossier = life.cast.dossier(level="intermediate")
    assert life.refused(life.cast.submit(dossier=dossier)).field == "dossier.level"
    dossier = life.cast.dossier(specialty="quality")
    assert life.refused(life.cast.submit(dossier=dossier)).field == "dossier.specialty"


def test_reminders_come_5_2_and_1_working_days_before_and_once_each() -> None:
    life = submitted(Life())
    life.at("2023-11-06 23:00")
    assert life.told("reminded", DeadlineName.DEPARTMENT_SUBMISSION) == ["10-30", "11-02", "11-03"]
    assert date(2023, 11, 6) == life.deadline(DeadlineName.DEPARTMENT_SUBMISSION).last_day
