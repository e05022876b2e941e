"""Whole lives from the agenda to the ballot: schedule guards, quorum, two thirds, re-check, defence."""

from __future__ import annotations

from datetime import date

import pytest

from models.deadlines import DeadlineName
from models.refusal import RefusalCode
from models.stages import Stage
from tests.models.life import Cast, Json, Life, accepted, scheduled, voted

DECEMBER_15, NOVEMBER_30 = date(2023, 12, 15), date(2023, 11, 30)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"drawn_on": "2023-12-09"}, "drawn_on"),
        ({"drawn_on": "2023-12-16", "meeting_on": "2023-12-30"}, "drawn_on"),
        ({"committee_size": 12}, "committee_size"),
        ({"committee_size": 9}, "committee_size"),
        ({"committee_valid_until": "2023-12-14"}, "committee_valid_until"),
        ({"conflicts_cleared": False}, "conflicts_cleared"),
        ({"meeting_on": "2024-01-02"}, "meeting_on"),
        ({"meeting_on": "2023-11-30", "drawn_on": "2023-11-20"}, "meeting_on"),
        ({"meeting_on": "2023-12-04", "drawn_on": "2023-11-20"}, "meeting_on"),
    ],
)
def test_a_meeting_that_may_not_be(change: Json, field: str) -> None:
    life = accepted(Life())
    wrong = life.cast.schedule(DECEMBER_15, NOVEMBER_30) | change
    assert life.refused(wrong, "2023-12-10 09:00").field == field


def test_drawn_exactly_seven_days_before_is_in_time() -> None:
    life = accepted(Life())
    life.do(life.cast.schedule(date(2023, 12, 31), date(2023, 12, 24)), "2023-12-25 09:00")
    life.assert_stage(Stage.EXPERT_REVIEW)


def test_a_meeting_after_december_needs_the_date_moved() -> None:
    life = accepted(Life())
    january = life.cast.schedule(date(2024, 1, 5), date(2023, 12, 20))
    assert life.refused(january, "2023-12-28 09:00").field == "meeting_on"
    life.do(life.cast.revise("plan_amendment", [{"name": "meeting", "last_day": "2024-01-12"}]))
    life.do(january)
    life.assert_stage(Stage.EXPERT_REVIEW)


def test_a_second_schedule_names_the_meeting_it_replaces() -> None:
    life = scheduled(Life())
    other = life.cast.schedule(date(2023, 12, 20), NOVEMBER_30, meeting_ref="meeting-2")
    assert life.refused(other).code is RefusalCode.NOT_IN_THIS_STAGE
    life.do(other | {"replaces": "meeting-1"})
    life.assert_stage(Stage.EXPERT_REVIEW)
    assert life.refused(life.cast.vote(6), "2023-12-15 16:00").code is RefusalCode.TOO_EARLY


@pytest.mark.parametrize("step", ["opened", "counted", "quorum_lost"])
def test_a_meeting_it_was_moved_from_has_nothing_to_say_any_more(step: str) -> None:
    """Another panel was drawn there: neither its votes nor its empty chairs count (Order 40 Art. 19-20)."""
    life = scheduled(Life())
    moved = life.cast.schedule(date(2023, 12, 15), NOVEMBER_30, meeting_ref="meeting-2")
    life.do(moved | {"replaces": "meeting-1"})
    attending = 7 if step == "quorum_lost" else 9
    said = life.cast.vote(6, attending, step=step)
    at = "2023-12-15 16:00"
    assert life.refused(said | {"meeting_ref": "meeting-1"}, at).field == "meeting_ref"
    life.do(said | {"meeting_ref": "meeting-2"})


def test_no_ballot_before_the_day_of_the_meeting() -> None:
    life = scheduled(Life())
    assert life.refused(life.cast.vote(6), "2023-12-14 23:59").code is RefusalCode.TOO_EARLY
    life.do(life.cast.vote(6), "2023-12-15 00:00")
    life.assert_stage(Stage.PASSED)


@pytest.mark.parametrize(
    ("yes", "attending", "recused", "after"),
    [
        (6, 9, 0, Stage.PASSED),
        (5, 9, 0, Stage.NOT_PASSED),
        (6, 10, 1, Stage.PASSED),
        (7, 11, 1, Stage.PASSED),
        (6, 11, 1, Stage.NOT_PASSED),
        (8, 11, 0, Stage.PASSED),
        (7, 11, 0, Stage.NOT_PASSED),
        (0, 8, 0, Stage.NOT_PASSED),
    ],
)
def test_two_thirds_of_those_who_may_vote(yes: int, attending: int, recused: int, after: Stage) -> None:
    life = scheduled(Life())
    life.do(life.cast.vote(yes, attending, recused), "2023-12-15 16:00")
    life.assert_stage(after)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"attending": 7, "no": 1}, "attending"),
        ({"recused": 2, "no": 1}, "attending"),
        ({"attending": 12, "no": 6}, "attending"),
        ({"recused": 10}, "attending"),
        ({"committee_size": 13}, "attending"),
        ({"opinions": 2}, "opinions"),
        ({"opinions": 10}, "opinions"),
        ({"no": 2}, "yes"),
        ({"yes": 7}, "yes"),
        ({"abstain": 1}, "yes"),
        ({"signed": False}, "signed"),
        ({"sealed": False}, "sealed"),
        ({"minutes_sha256": None}, "minutes_sha256"),
    ],
)
def test_a_ballot_that_does_not_count(change: Json, field: str) -> None:
    life = scheduled(Life())
    assert life.refused(life.cast.vote(6) | change, "2023-12-15 16:00").field == field


def test_an_opened_ballot_is_counted_with_the_experts_who_were_there() -> None:
    life = scheduled(Life())
    life.do(life.cast.vote(0, step="opened", no=0, signed=False), "2023-12-15 14:00")
    life.assert_stage(Stage.VOTING)
    assert life.refused(life.cast.withdraw()).code is RefusalCode.NOT_IN_THIS_STAGE
    assert life.refused(life.cast.vote(8, attending=11)).field == "attending"
    life.do(life.cast.vote(5, abstain=1, no=3))
    life.assert_stage(Stage.NOT_PASSED)


def test_a_lost_quorum_sends_it_back_to_another_meeting_and_is_not_invented() -> None:
    life = scheduled(Life())
    there = life.cast.vote(0, step="quorum_lost", attending=9)
    assert life.refused(there, "2023-12-15 16:00").field == "attending"
    life.do(life.cast.vote(0, step="quorum_lost", attending=7))
    life.assert_stage(Stage.REVIEW_READY)
    assert life.state.votes == []
    life.do(life.cast.schedule(date(2023, 12, 26), date(2023, 12, 18)), "2023-12-18 09:00")
    life.do(life.cast.vote(8, attending=11), "2023-12-26 16:00")
    life.assert_stage(Stage.PASSED)


def test_a_quorum_lost_after_the_opening_voids_the_ballot() -> None:
    life = scheduled(Life())
    life.do(life.cast.vote(0, step="opened", no=0), "2023-12-15 14:00")
    life.do(life.cast.vote(0, step="quorum_lost", attending=9, recused=2))
    life.assert_stage(Stage.REVIEW_READY)
    assert life.state.opening is None


def test_a_vote_not_asked_about_is_closed_when_the_window_is_over() -> None:
    life = voted(Life(), yes=5)
    assert life.last_day(DeadlineName.RECHECK_WINDOW) == "2023-12-22"
    life.at("2023-12-22 23:59").assert_stage(Stage.NOT_PASSED)
    late = life.refused(life.cast.ask_recheck(), "2023-12-23 00:00")
    assert late.code is RefusalCode.CLOSED
    life.assert_stage(Stage.CLOSED)


@pytest.mark.parametrize(("finding", "after"), [("upheld", Stage.CLOSED), ("founded", Stage.REVIEW_READY)])
def test_a_recheck(finding: str, after: Stage) -> None:
    life = voted(Life(), yes=5)
    life.do(life.cast.ask_recheck(), "2023-12-22 23:59")
    life.at("2024-03-01 09:00").assert_stage(Stage.RECHECK)
    assert len(life.told("escalated", DeadlineName.RECHECK_RULING)) == 1
    life.do(life.cast.rule_recheck(finding))
    life.assert_stage(after)


def test_a_new_vote_after_a_recheck_may_be_held_in_the_new_year() -> None:
    life = voted(Life(), yes=5)
    life.do(life.cast.ask_recheck(), "2023-12-18 09:00")
    life.do(life.cast.rule_recheck("founded"), "2024-01-05 09:00")
    life.do(life.cast.schedule(date(2024, 1, 20), date(2024, 1, 8)), "2024-01-08 09:00")
    life.do(life.cast.vote(9), "2024-01-20 15:00")
    life.assert_stage(Stage.PASSED)
    assert [vote.passed for vote in life.state.votes] == [False, True]


def test_a_late_meeting_is_the_offices_delay() -> None:
    life = accepted(Life())
    life.at("2024-01-15 09:00").assert_stage(Stage.REVIEW_READY)
    assert life.told("reminded", DeadlineName.MEETING) == ["12-25", "12-28", "12-29"]
    assert life.told("escalated", DeadlineName.MEETING) == ["01-01"]


def with_defence() -> Life:
    """A plan with a defence, on the agenda of 15 December."""
    life = scheduled(Life(defence=True))
    life.assert_stage(Stage.DEFENCE_PENDING)
    return life


def test_a_defence_held_leads_to_the_experts() -> None:
    life = with_defence()
    life.do(life.cast.exam("passed", DECEMBER_15, subject="defence", score=None), "2023-12-15 11:00")
    life.do(life.cast.vote(9), "2023-12-15 16:00")
    life.assert_stage(Stage.PASSED)


def test_an_absence_nobody_explains_is_deemed_abandoned_at_the_end_of_the_time_for_it() -> None:
    life = with_defence()
    life.do(life.cast.exam("absent", DECEMBER_15, subject="defence"), "2023-12-15 11:00")
    assert life.last_day(DeadlineName.DEFENCE_EXCUSE) == "2023-12-22"
    life.at("2023-12-22 23:59").assert_stage(Stage.DEFENCE_PENDING)
    life.at("2023-12-23 00:00").assert_stage(Stage.DEEMED_ABANDONED)


def test_an_excused_absence_is_scheduled_again_and_its_time_is_forgotten() -> None:
    life = with_defence()
    life.do(life.cast.exam("absent", DECEMBER_15, subject="defence"), "2023-12-15 11:00")
    life.do(life.cast.exam("excused", DECEMBER_15, subject="defence"), "2023-12-18 09:00")
    life.assert_stage(Stage.REVIEW_READY)
    life.do(life.cast.schedule(date(2023, 12, 29), date(2023, 12, 20)), "2023-12-21 09:00")
    life.at("2023-12-28 09:00").assert_stage(Stage.DEFENCE_PENDING)


def test_the_plan_of_2023_offers_no_defence() -> None:
    life = accepted(Life())
    refusal = life.refused(
        life.cast.schedule(DECEMBER_15, NOVEMBER_30, conflicts_cleared=False), "2023-12-01 09:00"
    )
    assert "schedule_defence" not in [option.event for option in refusal.next]
    life.do(life.cast.schedule(DECEMBER_15, NOVEMBER_30))
    life.assert_stage(Stage.EXPERT_REVIEW)


def test_the_examination_comes_before_the_meeting() -> None:
    life = accepted(Life(Cast("exam", route="exam")))
    early = life.refused(life.cast.schedule(DECEMBER_15, NOVEMBER_30), "2023-12-01 09:00")
    assert early.code is RefusalCode.NOT_IN_THIS_STAGE
