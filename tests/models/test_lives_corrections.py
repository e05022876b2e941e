"""A decision recorded on the wrong person: proposed, approved by another one, undone without a trace lost."""

from __future__ import annotations

import pytest

from models.audit import verify
from models.batch import BatchInput, check_start
from models.commands import COMMANDS
from models.corrections import CORRECTABLE, CORRECTED, CORRECTION, SUPERVISOR, return_to
from models.deadlines import DeadlineName
from models.decide import options
from models.lifecycle import BY_EVENT
from models.refusal import RefusalCode, Refused
from models.stages import Stage
from models.views import permitted
from tests.models.life import (
    Cast,
    Life,
    accepted,
    plan_terms,
    posted,
    recommended,
    submitted,
    voted,
    with_department,
    with_office,
)

EXAM = DeadlineName.EXAM
POST = {"basis": "free_posts", "available": 1, "record": "台账"}


def corrected(life: Life, when: str | None = None, role: str | None = None) -> Life:
    """The latest decision is corrected by two people of the role that made it."""
    undo = life.state.undo
    assert undo is not None
    role = role or undo.by.role.value
    life.do(life.cast.correct(undo.seq, "propose", role), when)
    receipt = life.do(life.cast.correct(undo.seq, "approve", role))
    assert receipt.event == f"corrected_to_{undo.return_to.value}"
    return life


def test_the_wrong_person_is_declined_and_goes_on_as_if_nothing_had_happened() -> None:
    life = submitted(Life())
    life.do(life.cast.employer_decline(), "2023-09-22 09:00")
    wrong = life.state.history[-1]
    corrected(life, "2023-09-25 09:00")
    life.assert_stage(Stage.EMPLOYER_REVIEW)
    assert life.state.history[wrong.seq - 1] == wrong, "nothing is deleted"
    said = life.state.history[-1].details
    assert (said["fact"], said["corrected_event"]) == (wrong.seq, "employer_decline")
    assert said["document_no"]
    assert said["reason"]
    life.do(life.cast.recommend())
    life.assert_stage(Stage.RECOMMENDED)


def test_a_return_that_was_meant_for_another_counts_as_none() -> None:
    life = with_office(Life())
    life.do(life.cast.office_return(), "2023-10-20 09:00")
    assert life.state.times_returned == 1
    corrected(life, "2023-10-23 09:00")
    life.assert_stage(Stage.OFFICE_REVIEW)
    assert (len(life.state.returns), life.state.times_returned) == (1, 0)
    assert life.state.returns[0].corrected
    assert life.state.last_return is None
    life.do(life.cast.office_return(items=[{"id": "o9", "text": "另一份清单"}]), "2023-10-24 09:00")
    assert life.state.times_returned == 1, "its own list is still the first one (told at once)"
    assert life.deadline(DeadlineName.CORRECTION).start.isoformat() == "2023-10-24"


def test_a_publicity_that_was_begun_by_mistake_runs_anew_in_full() -> None:
    life = posted(Life())
    corrected(life, "2023-09-27 09:00")
    life.assert_stage(Stage.RECOMMENDED)
    assert life.state.running_publicity() is None
    assert [p.cancelled for p in life.state.publicities] == [True]
    life.do(life.cast.start_publicity(), "2023-09-28 09:00")
    assert life.last_day(DeadlineName.EMPLOYER_PUBLICITY) == "2023-10-11", "counted from its own day"
    life.at("2023-10-12 09:00")
    life.assert_stage(Stage.PUBLICITY_ENDED)


def test_a_publicity_that_has_run_is_cancelled_with_the_decision_to_post_it() -> None:
    life = posted(Life()).at("2023-10-09 09:00")
    life.assert_stage(Stage.PUBLICITY_ENDED)
    corrected(life)
    life.assert_stage(Stage.RECOMMENDED)
    assert life.state.completed_publicity("employer") is None


def test_evidence_filed_on_the_wrong_person_leaves_the_publicity_in_force() -> None:
    life = with_department(Life())
    corrected(life, "2023-10-10 09:00")
    life.assert_stage(Stage.PUBLICITY_ENDED)
    assert life.state.completed_publicity("employer") is not None
    life.do(life.cast.file_evidence())
    life.assert_stage(Stage.DEPARTMENT_REVIEW)


def test_a_finding_on_the_wrong_objection_opens_it_again() -> None:
    life = posted(Life())
    life.do(life.cast.objects(), "2023-09-28 09:00")
    life.at("2023-10-09 09:00").assert_stage(Stage.EMPLOYER_OBJECTION)
    life.do(life.cast.rule("employer-objection-1", "founded"))
    life.assert_stage(Stage.EMPLOYER_DECLINED)
    undo = life.state.undo
    assert undo is not None
    life.do(life.cast.correct(undo.seq), "2023-10-10 09:00")
    life.do(life.cast.correct(undo.seq, "approve", "department"))
    life.assert_stage(Stage.EMPLOYER_OBJECTION)
    assert [o.id for o in life.state.open_objections("employer")] == ["employer-objection-1"]
    life.do(life.cast.rule("employer-objection-1", "unfounded"))
    life.assert_stage(Stage.PUBLICITY_ENDED)


def test_a_post_is_given_back_and_asked_for_again() -> None:
    life = submitted(Life(Cast("life", full_post_management=True)))
    life.do(life.cast.recommend(post=POST), "2023-09-22 09:00")
    assert life.posts.standing.held == ("life",)
    corrected(life)
    life.assert_stage(Stage.EMPLOYER_REVIEW)
    assert life.posts.standing.held == ()
    life.do(life.cast.recommend(post=POST))
    life.do(life.cast.withdraw("employer"))
    assert life.posts.standing.held == ()
    corrected(life)
    life.assert_stage(Stage.RECOMMENDED)
    assert life.posts.standing.held == ("life",), "the post that was given back is asked for again"


def test_a_place_in_the_order_of_posts_is_asked_for_again() -> None:
    life = submitted(Life(Cast("life", full_post_management=True)))
    life.do(life.cast.recommend(post=POST | {"available": 0}), "2023-09-22 09:00")
    life.do(life.cast.employer_decline())
    assert life.posts.standing.waiting == ()
    corrected(life)
    life.assert_stage(Stage.QUOTA_BLOCKED)
    assert life.posts.standing.waiting == ("life",)


def test_an_acceptance_and_an_examination_are_taken_back() -> None:
    life = accepted(Life(Cast("life", route="exam")), "2023-11-08 09:00")
    life.do(life.cast.exam("passed", life.now.date()), "2023-11-25 09:00")
    corrected(life, role="convening_unit")
    life.assert_stage(Stage.EXAM_PENDING)
    assert life.last_day(EXAM) == "2023-11-30"
    assert life.refused(life.cast.correct(7, "propose", "office")).field == "fact", "one step back only"
    other = corrected(accepted(Life()), "2023-11-09 09:00")
    other.assert_stage(Stage.OFFICE_REVIEW)


def test_the_chain_of_a_correction_goes_on_where_it_was_confirmed_last() -> None:
    life = with_office(Life())
    life.do(life.cast.office_return(), "2023-10-20 09:00")
    life.do(life.cast.resubmit("o1"))
    life.do(life.cast.resubmit(role="employer"))
    life.do(life.cast.resubmit(role="department"))
    life.assert_stage(Stage.OFFICE_REVIEW)
    corrected(life, "2023-10-24 09:00")
    life.assert_stage(Stage.OFFICE_RETURNED)
    assert life.state.action_by == "department"
    assert life.last_day(DeadlineName.CORRECTION) == "2023-10-31", "the time to correct is counted anew"


# --- two people ----------------------------------------------------------------------------------------


def test_it_takes_two_people_of_the_role_that_decided_or_of_its_supervisor() -> None:
    life = with_office(Life())
    life.do(life.cast.accept(), "2023-11-08 09:00")
    undo = life.state.undo
    assert undo is not None
    seq = undo.seq
    assert life.refused(life.cast.correct(seq, "propose", "employer")).code is RefusalCode.WRONG_ROLE
    assert life.refused(life.cast.correct(seq, "approve", "office")).field == "step", "nothing is proposed"
    assert life.refused(life.cast.correct(seq - 1, "propose", "office")).field == "fact"
    life.do(life.cast.correct(seq, "propose", "office", person="office-third"))
    for person in ("office-third", "office-clerk"):
        refusal = life.refused(life.cast.correct(seq, "approve", "office", person=person))
        assert refusal.code is RefusalCode.SEPARATION_OF_DUTIES
    other = life.refused(life.cast.correct(seq, "approve", "office", document_no="津更正〔2023〕8号"))
    assert other.field == "document_no"
    assert life.refused(life.cast.correct(seq, "propose", "office", person="x")).field == "step"
    department = life.refused(life.cast.correct(seq, "approve", "convening_unit", person="department-clerk"))
    assert department.code is RefusalCode.SEPARATION_OF_DUTIES, "nobody acts at two hops"
    life.do(life.cast.correct(seq, "approve", "convening_unit"))
    life.assert_stage(Stage.OFFICE_REVIEW)
    assert life.refused(life.cast.correct(seq, "approve", "office")).field == "step", "once only"


def test_a_proposal_is_dismissed_or_void_once_something_follows() -> None:
    life = with_office(Life())
    life.do(life.cast.office_return(), "2023-10-20 09:00")
    undo = life.state.undo
    assert undo is not None
    life.do(life.cast.correct(undo.seq, "propose", "office"))
    life.do(life.cast.correct(undo.seq, "dismiss", "office"))
    assert life.state.correction is None
    life.do(life.cast.correct(undo.seq, "propose", "office"))
    life.do(life.cast.resubmit("o1"))
    assert (life.state.correction, life.state.undo) == (None, None)
    assert life.refused(life.cast.correct(undo.seq, "approve", "office")).code is RefusalCode.GUARD
    assert life.refused(life.cast.correct(undo.seq, "propose", "office")).field == "fact"


def test_nothing_is_corrected_once_a_ballot_was_counted() -> None:
    life = voted(Life())
    for seq in range(1, life.state.seq + 1):
        assert life.refused(life.cast.correct(seq, "propose", "office")).code is RefusalCode.NOT_IN_THIS_STAGE


def test_while_it_is_on_hold_a_correction_is_proposed_but_not_carried_out() -> None:
    life = recommended(Life())
    undo = life.state.undo
    assert undo is not None
    life.do(life.cast.hold())
    life.do(life.cast.correct(undo.seq))
    assert life.refused(life.cast.correct(undo.seq, "approve")).code is RefusalCode.ON_HOLD
    life.do(life.cast.release())
    life.do(life.cast.correct(undo.seq, "approve"))
    life.assert_stage(Stage.EMPLOYER_REVIEW)


# --- a window that has closed in the meantime ------------------------------------------------------------


def test_back_at_the_department_after_its_window_it_lapses_and_may_be_admitted_late() -> None:
    life = with_office(Life(), "2023-11-06 16:00")
    undo = life.state.undo
    assert undo is not None
    life.do(life.cast.correct(undo.seq, "propose", "department"), "2023-11-08 09:00")
    receipt = life.do(life.cast.correct(undo.seq, "approve", "city_office"))
    assert any("2023-11-20" in warning.en for warning in receipt.warnings), "told at once"
    life.assert_stage(Stage.LAPSED)
    assert not life.state.ended
    life.do(life.cast.revise("late_admission", [{"name": "department_submission", "last_day": "2023-11-15"}]))
    life.assert_stage(Stage.DEPARTMENT_REVIEW)


def test_nobody_loses_a_right_by_a_correction_that_comes_too_late() -> None:
    life = with_office(Life(), "2023-11-06 16:00")
    undo = life.state.undo
    assert undo is not None
    life.do(life.cast.correct(undo.seq, "propose", "department"), "2023-11-21 09:00")
    refusal = life.refused(life.cast.correct(undo.seq, "approve", "department"))
    assert "lapse" in refusal.rule.en
    life.do(life.cast.correct(undo.seq, "dismiss", "department"))
    life.do(life.cast.accept())
    returned = with_office(Life(Cast("other")))
    returned.do(returned.cast.office_return(), "2023-11-13 09:00")
    returned.do(returned.cast.resubmit("o1"), "2023-11-20 09:00")
    for role in ("employer", "department"):
        returned.do(returned.cast.resubmit(role=role))
    latest = returned.state.undo
    assert latest is not None
    returned.do(returned.cast.correct(latest.seq, "propose", "department"))
    late = returned.refused(returned.cast.correct(latest.seq, "approve", "department"))
    assert "2023-11-20" in late.rule.en


# --- the tables ------------------------------------------------------------------------------------------


def test_every_correctable_decision_has_a_way_back_and_a_supervisor() -> None:
    reached = set()
    for event in CORRECTABLE:
        t = BY_EVENT[event]
        assert any(role in SUPERVISOR for role in t.by), event
        for source in t.sources:
            back = return_to(event, source)
            assert back in CORRECTION, (event, source)
            reached.add(back)
    assert reached == set(CORRECTION)
    assert plan_terms() is not None


def test_it_is_offered_only_when_there_is_something_to_correct() -> None:
    life = recommended(Life())
    assert [o.event for o in options(life.state) if o.command == "correct"] == ["correction_proposed"]
    undo = life.state.undo
    assert undo is not None
    life.do(life.cast.correct(undo.seq))
    offered = [o.event for o in options(life.state) if o.command == "correct"]
    assert offered == ["correction_dismissed", "corrected_to_employer_review"]
    corrected_ = life.do(life.cast.correct(undo.seq, "approve"))
    assert corrected_.event in CORRECTED
    assert [step for step in permitted(life.state, life.now).steps if step.command == "correct"] == []
    assert verify(life.state.history) == []


def test_a_batch_never_corrects() -> None:
    given = BatchInput.model_validate(
        {
            "batch_ref": "b-17",
            "plan_id": "tianjin-quality-2023",
            "maker": Cast("life").actor("office"),
            "command": {"kind": "correct", "fact": 3, "document_no": "津更正〔2023〕7号", "reason": "误记"},
            "items_sha256": "0" * 64,
        }
    )
    with pytest.raises(Refused) as refused:
        check_start(given)
    assert refused.value.refusal.field == "command.kind"
    assert "correct" in COMMANDS
