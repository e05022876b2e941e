"""Moved, suspended and unknown deadlines: extension, interruption, calendar notice, hold, missing year."""

from __future__ import annotations

from datetime import date

import pytest

from models.deadlines import DeadlineName
from models.refusal import RefusalCode
from models.schedule import next_wake
from models.stages import Stage
from tests.models.life import (
    Cast,
    Json,
    Life,
    accepted,
    calendar,
    moment,
    posted,
    published,
    submitted,
    voted,
    with_department,
    with_office,
)

BAR, PUBLICITY = DeadlineName.DEPARTMENT_SUBMISSION, DeadlineName.EMPLOYER_PUBLICITY


def test_an_extension_moves_the_bar_later_and_is_logged_old_to_new() -> None:
    life = submitted(Life())
    life.do(life.cast.revise("extension", [{"name": BAR, "last_day": "2023-11-10"}]), "2023-11-01 09:00")
    assert life.last_day(BAR) == "2023-11-10"
    moved = life.state.revisions[-1]
    assert (str(moved.old_last_day), str(moved.new_last_day)) == ("2023-11-06", "2023-11-10")
    assert moved.document_no == "津人社办函〔2023〕400号"
    assert life.events()[-1] == "deadline_moved"
    life.at("2023-11-10 23:59").assert_stage(Stage.EMPLOYER_REVIEW)
    assert life.told("reminded", BAR) == ["10-30", "11-03", "11-08", "11-09"]
    life.at("2023-11-11 00:00").assert_stage(Stage.LAPSED)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ([], "changes"),
        ([{"name": BAR, "last_day": "2023-11-05"}], "changes.0.last_day"),
        ([{"name": BAR, "last_day": "9999-12-31"}], "changes.0.last_day"),
        ([{"name": BAR}], "changes.0"),
        ([{"name": BAR, "skip_days": ["2023-09-27"]}], "changes.0.skip_days"),
        ([{"name": "correction", "last_day": "2023-11-10"}], "changes.0.name"),
        ([{"name": PUBLICITY, "last_day": "2023-10-07"}], "changes.0.last_day"),
        ([{"name": PUBLICITY, "skip_days": ["2023-10-09"]}], "changes.0.skip_days"),
        ([{"name": PUBLICITY, "skip_days": ["2023-09-24"]}], "changes.0.skip_days"),
        ([{"name": BAR, "add_working_days": 1}, {"name": BAR, "add_working_days": 2}], "changes.1.name"),
        ([{"name": "office_review", "last_day": "2023-11-19"}], "changes.0.last_day"),
    ],
)
def test_a_revision_that_shortens_or_names_nothing(changes: list[Json], field: str) -> None:
    life = posted(Life())
    assert life.refused(life.cast.revise("extension", changes)).field == field


def test_an_interruption_makes_the_publicity_longer_also_after_an_extension() -> None:
    life = posted(Life())
    life.do(life.cast.revise("interruption", [{"name": PUBLICITY, "skip_days": ["2023-09-27"]}]))
    assert life.last_day(PUBLICITY) == "2023-10-09"
    life.do(life.cast.revise("extension", [{"name": PUBLICITY, "add_working_days": 2}]))
    assert life.last_day(PUBLICITY) == "2023-10-11"
    life.do(life.cast.revise("interruption", [{"name": PUBLICITY, "skip_days": ["2023-10-07"]}]))
    assert life.last_day(PUBLICITY) == "2023-10-12"
    life.at("2023-10-12 23:59").assert_stage(Stage.EMPLOYER_PUBLICITY)


def test_a_calendar_notice_recounts_and_shortens_nothing() -> None:
    life = posted(Life())
    life.state.deadlines[PUBLICITY] = life.deadline(PUBLICITY).model_copy(
        update={"last_day": date(2023, 10, 10)}
    )
    life.do(life.cast.revise("calendar_notice", []))
    assert life.last_day(PUBLICITY) == "2023-10-10", "announced; the recount says 8 October"
    assert life.last_day(BAR) == "2023-11-06"


def test_a_calendar_notice_takes_nothing_back_that_a_hold_or_a_late_admission_gave() -> None:
    life = submitted(Life())
    life.do(life.cast.hold(), "2023-10-09 09:00")
    life.do(life.cast.release(), "2023-10-12 09:00")
    assert life.last_day(BAR) == "2023-11-09"
    life.do(life.cast.revise("calendar_notice", []))
    assert life.last_day(BAR) == "2023-11-09"
    late = with_department(Life(Cast("late")))
    day = [{"name": BAR, "last_day": "2023-11-10"}]
    late.do(late.cast.revise("late_admission", day), "2023-11-08 09:00")
    late.do(late.cast.revise("calendar_notice", []))
    assert late.last_day(BAR) == "2023-11-10"


def test_an_amended_plan_moves_a_date_that_lies_ahead() -> None:
    life = submitted(Life())
    life.do(life.cast.revise("plan_amendment", [{"name": "exam", "last_day": "2023-12-05"}]))
    assert life.last_day(DeadlineName.EXAM) == "2023-12-05"
    assert life.state.due_at() == life.deadline(BAR).due_at, "it does not count yet"


def test_a_hold_suspends_the_bar_and_its_release_gives_the_time_back() -> None:
    life = submitted(Life())
    life.do(life.cast.hold(), "2023-11-02 09:00")
    assert life.refused(life.cast.recommend()).code is RefusalCode.ON_HOLD
    life.at("2023-11-15 09:00").assert_stage(Stage.EMPLOYER_REVIEW)
    assert next_wake(life.state, life.now) is None, "a passed and suspended end wakes nobody"
    life.do(life.cast.release())
    assert life.last_day(BAR) == "2023-11-19", "the four and a half days that were left"
    assert life.state.revisions[-1].ground == "hold"
    life.at("2023-11-19 23:59").assert_stage(Stage.EMPLOYER_REVIEW)
    life.at("2023-11-20 00:00").assert_stage(Stage.LAPSED)


def test_reminders_whose_time_passed_on_hold_during_a_pause_of_the_service_wake_nobody() -> None:
    life = submitted(Life())
    life.do(life.cast.hold(), "2023-10-20 09:00")
    life.now = moment("2023-12-01 09:00")
    life.tick()
    wake = next_wake(life.state, life.now)
    assert wake is None or wake > life.now


def test_a_hold_suspends_a_window_too() -> None:
    life = voted(Life(), yes=5)
    life.do(life.cast.hold(), "2023-12-18 09:00")
    life.at("2024-01-08 09:00").assert_stage(Stage.NOT_PASSED)
    life.do(life.cast.release())
    life.do(life.cast.ask_recheck(), "2024-01-10 09:00")
    life.assert_stage(Stage.RECHECK)


def test_a_publicity_runs_on_while_held() -> None:
    life = posted(Life())
    life.do(life.cast.hold(), "2023-09-26 09:00")
    life.do(life.cast.objects(), "2023-09-27 09:00")
    life.at("2023-10-09 00:00").assert_stage(Stage.EMPLOYER_OBJECTION)


def test_an_employer_holds_for_a_change_of_status_only() -> None:
    life = accepted(Life())
    assert life.refused(life.cast.hold(role="employer", person="employer-hr")).field == "ground"
    life.do(life.cast.hold("status_retired", "employer"))
    assert life.refused(life.cast.hold()).code is RefusalCode.ON_HOLD
    life.do(life.cast.release("reject"))
    life.assert_stage(Stage.OFFICE_REJECTED)


def test_a_change_of_status_is_decided_before_anything_goes_on() -> None:
    life = accepted(Life())
    life.do(life.cast.hold("status_left_employer", "employer"))
    agenda = life.cast.schedule(date(2023, 12, 15), date(2023, 11, 30))
    assert life.refused(agenda, "2023-12-01 09:00").code is RefusalCode.ON_HOLD
    life.do(life.cast.release())
    assert life.state.status_flag is None
    life.do(agenda)


def test_an_investigation_ends_in_no_refusal_and_nothing_is_released_twice() -> None:
    life = with_office(Life())
    life.do(life.cast.hold())
    assert life.refused(life.cast.release("reject")).field == "outcome"
    life.do(life.cast.release())
    assert life.refused(life.cast.release()).code is RefusalCode.NOT_IN_THIS_STAGE


def test_declined_while_held_it_can_be_released_and_reopened() -> None:
    life = posted(Life())
    life.do(life.cast.hold())
    life.do(life.cast.withdraw("employer"))
    assert life.refused(life.cast.employer_reopen()).code is RefusalCode.ON_HOLD
    life.do(life.cast.release())
    life.do(life.cast.employer_reopen())
    life.assert_stage(Stage.EMPLOYER_REVIEW)


def publicity_into_2024(life: Life) -> Life:
    """Posted on 25 December, seen in September, when the days of 2024 were not known."""
    voted(life)
    life.do(life.cast.publish("2023-12-25T09:00:00+08:00"), "2023-12-25 10:00")
    return life


def test_an_extension_is_for_the_city_office_an_amendment_also_for_the_office() -> None:
    life = submitted(Life())
    later = [{"name": BAR, "last_day": "2023-11-10"}]
    office = life.cast.actor("office")
    assert life.refused(life.cast.revise("extension", later, actor=office)).field == "ground"
    life.do(life.cast.revise("plan_amendment", later, actor=office))
    assert life.last_day(DeadlineName.DEPARTMENT_SUBMISSION) == "2023-11-10"


def test_reminders_of_a_fixed_date_are_found_once_their_year_is_issued() -> None:
    life = accepted(Life(known_on=date(2023, 9, 30)))
    later = [{"name": "meeting", "last_day": "2024-01-31"}]
    life.do(life.cast.revise("extension", later), "2023-12-20 09:00")
    meeting = life.deadline(DeadlineName.MEETING)
    assert (str(meeting.last_day), meeting.reminders, meeting.missing_year) == ("2024-01-31", (), 2024)
    life.at("2024-01-10 09:00")
    life.calendar = calendar()
    life.at("2024-02-01 09:00")
    assert life.deadline(DeadlineName.MEETING).missing_year is None
    assert life.told("reminded", DeadlineName.MEETING)[-3:] == ["01-24", "01-29", "01-30"]
    assert life.told("escalated", DeadlineName.MEETING) == ["02-01"]
    assert life.events().count("deadline_moved") == 1


def test_a_missing_calendar_year_holds_alerts_and_goes_on_once_it_is_issued() -> None:
    life = publicity_into_2024(Life(known_on=date(2023, 9, 30)))
    unknown = life.deadline(DeadlineName.RESULT_PUBLICITY)
    assert (unknown.due_at, unknown.missing_year) == (None, 2024)
    assert life.events().count("calendar_missing") == 1
    life.at("2024-01-20 09:00").assert_stage(Stage.RESULT_PUBLICITY)
    assert life.events().count("calendar_missing") == 1, "alerted once"
    life.calendar = calendar()
    life.at("2024-01-21 09:00").assert_stage(Stage.CONFIRM_PENDING)
    assert str(life.state.publicities[-1].last_day) == "2024-01-02"


def test_an_unknown_end_of_a_publicity_is_not_set_by_hand_nor_shortened_by_an_extension() -> None:
    life = publicity_into_2024(Life(known_on=date(2023, 9, 30)))
    name = DeadlineName.RESULT_PUBLICITY
    by_hand = life.cast.revise("extension", [{"name": name, "last_day": "2023-12-27"}])
    assert life.refused(by_hand).field == "changes.0.last_day"
    life.do(life.cast.revise("extension", [{"name": name, "add_working_days": 1}]))
    assert life.deadline(name).request.working_days == 6
    life.calendar = calendar()
    life.do(life.cast.revise("calendar_notice", []), "2023-12-28 09:00")
    assert life.last_day(name) == "2024-01-03"


@pytest.mark.parametrize(
    "reach", [submitted, posted, with_department, with_office, accepted], ids=lambda f: str(f.__name__)
)
def test_an_applicant_withdraws_before_the_ballot(reach: object) -> None:
    life = reach(Life())  # type: ignore[operator]
    life.do(life.cast.hold())
    life.do(life.cast.withdraw())
    life.assert_stage(Stage.WITHDRAWN)
    assert life.state.ended


@pytest.mark.parametrize("reach", [voted, published], ids=lambda f: str(f.__name__))
def test_after_the_ballot_nobody_withdraws(reach: object) -> None:
    life = reach(Life())  # type: ignore[operator]
    assert life.refused(life.cast.withdraw()).code is RefusalCode.NOT_IN_THIS_STAGE


def test_the_recommendation_is_withdrawn_by_the_employer_before_acceptance_then_by_the_unit() -> None:
    before = with_office(Life())
    unit = before.cast.withdraw("convening_unit")
    assert before.refused(unit).code is RefusalCode.WRONG_ROLE
    before.do(before.cast.withdraw("employer"))
    before.assert_stage(Stage.EMPLOYER_DECLINED)
    assert not before.state.ended, "the window is open: it may be reopened"
    after = accepted(Life(Cast("after")))
    assert after.refused(after.cast.withdraw("employer")).code is RefusalCode.WRONG_ROLE
    after.do(after.cast.withdraw("convening_unit"))
    after.assert_stage(Stage.EMPLOYER_DECLINED)
    assert after.state.ended


def test_a_return_nobody_answers_any_more_is_closed_by_the_decline() -> None:
    life = with_department(Life())
    life.do(life.cast.department_return())
    life.do(life.cast.withdraw("employer"))
    assert life.state.last_return is None
    life.do(life.cast.employer_reopen())
    assert life.state.action_by == "employer"
