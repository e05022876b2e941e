"""Whole lives at the office: acceptance, one complete list, the correction and its bar, examination."""

from __future__ import annotations

from datetime import date

import pytest

from models.deadlines import DeadlineName
from models.refusal import RefusalCode
from models.stages import Stage
from tests.models.life import Cast, Json, Life, accepted, with_office

CORRECTION = DeadlineName.CORRECTION
SECOND = {"id": "o2", "text": "论文缺版权页"}


def returned(life: Life, when: str = "2023-11-07 09:00", **change: object) -> Life:
    """The office has returned it for a formal correction."""
    with_office(life)
    life.do(life.cast.office_return(**change), when)  # type: ignore[arg-type]
    return life


def corrected(life: Life, when: str = "2023-11-08 09:00") -> Life:
    """The whole chain has confirmed."""
    life.do(life.cast.resubmit("o1"), when)
    life.do(life.cast.resubmit(role="employer"))
    life.do(life.cast.resubmit(role="department"))
    return life


def test_a_formal_correction_goes_through_the_whole_chain_in_order() -> None:
    life = returned(Life())
    assert life.last_day(CORRECTION) == "2023-11-14"
    assert life.refused(life.cast.resubmit(role="employer")).code is RefusalCode.WRONG_ROLE
    assert life.refused(life.cast.resubmit()).field == "answers"
    life.do(life.cast.resubmit("o1"), "2023-11-08 09:00")
    assert life.refused(life.cast.resubmit(role="department")).field == "actor.role"
    assert life.refused(life.cast.resubmit("o1")).field == "actor.role"
    life.do(life.cast.resubmit(role="employer"))
    smuggled = life.cast.resubmit(role="department", dossier=life.cast.dossier())
    assert life.refused(smuggled).field == "dossier"
    life.assert_transition(
        Stage.OFFICE_RETURNED,
        life.cast.resubmit(role="department"),
        Stage.OFFICE_REVIEW,
        "office_resubmit",
        "2023-11-14 23:59",
    )
    life.do(life.cast.accept(), "2023-11-15 09:00")
    life.assert_stage(Stage.REVIEW_READY)


def test_a_direct_route_is_checked_like_the_chain() -> None:
    life = returned(Life(correction_route="direct"))
    assert life.refused(life.cast.resubmit()).field == "answers"
    dossier = life.cast.dossier()
    dossier["achievements"][0]["title"] = "Another paper"
    assert life.refused(life.cast.resubmit("o1", dossier=dossier)).field == "dossier"
    life.do(life.cast.resubmit("o1"))
    life.assert_stage(Stage.OFFICE_REVIEW)


def test_a_correction_not_sent_in_time_is_deemed_abandoned_exactly_at_its_end() -> None:
    life = returned(Life())
    life.do(life.cast.resubmit("o1"), "2023-11-14 09:00")
    life.at("2023-11-14 23:59").assert_stage(Stage.OFFICE_RETURNED)
    late = life.cast.resubmit(role="employer")
    assert life.refused(late, "2023-11-15 00:00").code is RefusalCode.CLOSED
    life.assert_stage(Stage.DEEMED_ABANDONED)
    assert life.told("reminded", CORRECTION) == ["11-10", "11-13"]


def test_a_returned_file_does_not_pass_the_november_gate_again() -> None:
    life = returned(Life(), "2023-11-03 09:00")
    life.at("2023-11-07 12:00").assert_stage(Stage.OFFICE_RETURNED)
    corrected(life, "2023-11-08 09:00").assert_stage(Stage.OFFICE_REVIEW)


def test_a_substantive_correction_has_its_publicity_inside_the_limit() -> None:
    life = returned(Life(), change_class="substantive", correction_due="2023-11-20")
    life.do(life.cast.resubmit("o1"))
    life.assert_stage(Stage.EMPLOYER_REVIEW)
    assert life.state.due_at() == life.deadline(CORRECTION).due_at
    life.do(life.cast.recommend())
    life.do(life.cast.start_publicity())
    assert life.last_day(DeadlineName.EMPLOYER_PUBLICITY) == "2023-11-14"
    life.do(life.cast.file_evidence(), "2023-11-15 09:00")
    life.do(life.cast.department_submit())
    life.assert_stage(Stage.OFFICE_REVIEW)
    life.at("2023-11-21 00:00").assert_stage(Stage.OFFICE_REVIEW)


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_a_substantive_correction_past_its_limit_is_deemed_abandoned(steps: int) -> None:
    life = returned(Life(), change_class="substantive")
    life.do(life.cast.resubmit("o1"), "2023-11-10 09:00")
    for body in (life.cast.recommend(), life.cast.start_publicity())[:steps]:
        life.do(body)
    life.at("2023-11-14 23:59")
    assert not life.state.ended
    life.at("2023-11-15 00:00").assert_stage(Stage.DEEMED_ABANDONED)


def test_a_decline_during_a_correction_ends_it() -> None:
    life = returned(Life(), change_class="substantive")
    life.do(life.cast.resubmit("o1"))
    life.do(life.cast.employer_decline())
    life.assert_stage(Stage.EMPLOYER_DECLINED)
    assert life.state.ended


def test_a_second_list_holds_only_what_was_not_repaired_or_has_newly_arisen() -> None:
    life = corrected(returned(Life()))
    assert life.refused(life.cast.office_return(items=[SECOND])).field == "items.0"
    unknown = SECOND | {"unrepaired": "o9"}
    assert life.refused(life.cast.office_return(items=[unknown])).field == "items.0"
    arisen = SECOND | {"newly_arisen": True}
    assert life.refused(life.cast.office_return(items=[arisen])).field == "items.0.newly_arisen"
    life.do(life.cast.office_return(items=[SECOND | {"unrepaired": "o1"}]), "2023-11-15 09:00")
    life.assert_stage(Stage.OFFICE_RETURNED)
    assert life.last_day(CORRECTION) == "2023-11-20", "five working days, cut off at the plan's cap"
    assert str(life.deadline(CORRECTION).capped_from) == "2023-11-22"


def test_what_a_correction_brought_in_may_be_listed_anew() -> None:
    life = returned(Life())
    dossier = life.cast.dossier()
    dossier["achievements"][0]["parts"][2]["sha256"] = "a" * 64
    life.do(life.cast.resubmit("o1", dossier=dossier), "2023-11-08 09:00")
    life.do(life.cast.resubmit(role="employer"))
    life.do(life.cast.resubmit(role="department"))
    life.do(life.cast.office_return(items=[SECOND | {"newly_arisen": True}]))
    life.assert_stage(Stage.OFFICE_RETURNED)


def test_a_plan_with_two_rounds_gives_two_complete_lists() -> None:
    life = corrected(returned(Life(correction_rounds=2)))
    life.do(life.cast.office_return(items=[SECOND]), "2023-11-09 09:00")
    life.do(life.cast.resubmit("o2"))
    life.do(life.cast.resubmit(role="employer"))
    life.do(life.cast.resubmit(role="department"))
    third = {"id": "o3", "text": "业绩证明不清晰"}
    assert life.refused(life.cast.office_return(items=[third])).field == "items.0"


def test_the_end_of_a_first_correction_never_ends_the_second() -> None:
    life = corrected(returned(Life(), correction_due="2023-11-08"), "2023-11-08 10:00")
    again = life.cast.office_return(items=[SECOND | {"unrepaired": "o1"}])
    life.do(again, "2023-11-10 09:00")
    assert life.last_day(CORRECTION) == "2023-11-17"
    life.at("2023-11-17 23:59").assert_stage(Stage.OFFICE_RETURNED)


@pytest.mark.parametrize("due", ["2023-11-07", "2023-11-06", "2023-11-21"])
def test_a_due_date_of_the_offices_own_lies_ahead_and_within_the_cap(due: str) -> None:
    life = with_office(Life())
    bad = life.cast.office_return(correction_due=due)
    assert life.refused(bad, "2023-11-07 09:00").field == "correction_due"


def test_returned_on_the_last_day_there_would_be_no_time_until_the_offices_date_is_moved() -> None:
    life = with_office(Life())
    refusal = life.refused(life.cast.office_return(), "2023-11-20 09:00")
    assert "office_review" in refusal.remedy.en
    later = [{"name": "office_review", "last_day": "2023-11-27"}]
    life.do(life.cast.revise("extension", later))
    life.do(life.cast.office_return())
    assert life.last_day(CORRECTION) == "2023-11-27"


def test_a_return_is_a_complete_list_with_a_class() -> None:
    life = with_office(Life())
    assert life.refused(life.cast.office_return(items=[])).field == "items"
    same = [{"id": "o1", "text": "一"}, {"id": "o1", "text": "二"}]
    assert life.refused(life.cast.office_return(items=same)).field == "items"
    assert life.refused(life.cast.office_return(change_class=None)).field == "change_class"


def test_the_office_late_is_escalated_once_and_never_rejects() -> None:
    life = with_office(Life())
    life.at("2024-02-01 09:00").assert_stage(Stage.OFFICE_REVIEW)
    assert life.told("escalated", DeadlineName.OFFICE_REVIEW) == ["11-21"]
    life.do(life.cast.accept())
    life.assert_stage(Stage.REVIEW_READY)


def test_the_office_refuses_with_a_reason() -> None:
    life = with_office(Life())
    assert life.refused(life.cast.office_refuse(reasons=[])).field == "reasons"
    life.do(life.cast.office_refuse())
    life.assert_stage(Stage.OFFICE_REJECTED)


def test_the_office_needs_its_check_list_and_the_department_its_checks() -> None:
    life = with_office(Life())
    assert life.refused(life.cast.accept(attested=[])).field == "attested"


@pytest.mark.parametrize(
    ("result", "after"),
    [
        ("passed", Stage.REVIEW_READY),
        ("failed", Stage.EXAM_FAILED),
        ("absent", Stage.EXAM_FAILED),
        ("cheated", Stage.ELIGIBILITY_CANCELLED),
    ],
)
def test_the_examination(result: str, after: Stage) -> None:
    life = accepted(Life(Cast("exam", route="exam")))
    life.assert_stage(Stage.EXAM_PENDING)
    life.do(life.cast.exam(result, date(2023, 11, 25)), "2023-11-28 09:00")
    life.assert_stage(after)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"held_on": "2023-11-29"}, "held_on"),
        ({"score": None}, "score"),
        ({"score": 59}, "result"),
        ({"pass_line": None}, "score"),
    ],
)
def test_an_examination_that_does_not_add_up(change: Json, field: str) -> None:
    life = accepted(Life(Cast("exam", route="exam")))
    wrong = life.cast.exam("passed", date(2023, 11, 25)) | change
    assert life.refused(wrong, "2023-11-28 09:00").field == field


def test_an_examination_not_held_in_time_is_the_offices_delay() -> None:
    life = accepted(Life(Cast("exam", route="exam")))
    life.at("2023-12-10 09:00").assert_stage(Stage.EXAM_PENDING)
    assert life.told("escalated", DeadlineName.EXAM) == ["12-01"]
