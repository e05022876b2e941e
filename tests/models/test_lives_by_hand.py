"""Days and doors that a second reader of the regulations computed by hand; each of them had been wrong."""

from __future__ import annotations

from datetime import date

import pytest

from models.cycle_dates import Marks, dates_of
from models.cycle_steps import StepId
from models.deadlines import DeadlineName as N
from models.plan import ReviewPlan
from models.refusal import RefusalCode
from models.stages import Stage
from tests.models.life import (
    Life,
    accepted,
    calendar,
    posted,
    published,
    recommended,
    submitted,
    to_confirm,
    voted,
)
from tests.models.plan_changes import REAL


@pytest.mark.parametrize("way", ["taken down", "withdrawn"])
def test_an_objection_outlives_the_notice_that_it_was_raised_on(way: str) -> None:
    """The one who recommended cannot end it by posting anew (process (b), EMPLOYER_PUBLICITY)."""
    life = posted(Life())
    life.do(life.cast.objects(), "2023-09-26 09:00")
    if way == "taken down":
        life.do(life.cast.cancel("publicity", "employer"), "2023-09-26 10:00")
    else:
        life.do(life.cast.withdraw("employer"), "2023-09-26 10:00")
        life.do(life.cast.employer_reopen(), "2023-09-26 10:30")
    life.do(life.cast.recommend(), "2023-09-26 11:00")
    life.do(life.cast.start_publicity(), "2023-09-27 09:00")
    life.at("2023-10-12 09:00").assert_stage(Stage.EMPLOYER_OBJECTION)
    assert [objection.finding for objection in life.state.objections] == [None]
    life.do(life.cast.rule("employer-objection-1", "unfounded"))
    life.assert_stage(Stage.PUBLICITY_ENDED)


def test_no_ballot_by_a_committee_whose_filing_has_expired() -> None:
    """Valid on the planned day, not on the day on which it votes (Order 40 Art. 8)."""
    life = accepted(Life())
    planned = life.cast.schedule(date(2023, 12, 15), date(2023, 11, 30), committee_valid_until="2023-12-20")
    life.do(planned, "2023-12-01 09:00")
    refusal = life.refused(life.cast.vote(9), "2023-12-21 09:00")
    assert (refusal.code, refusal.field) == (RefusalCode.GUARD, "committee_valid_until")
    life.at("2023-12-21 10:00").assert_stage(Stage.EXPERT_REVIEW)


@pytest.mark.parametrize(
    ("when", "what", "stage"),
    [
        ("2023-12-25 23:59", "result", Stage.RESULT_OBJECTION),
        ("2023-12-26 00:00", "none", Stage.CONFIRM_PENDING),
    ],
)
def test_what_came_after_the_last_day_stays_a_complaint_though_the_posting_is_recorded_later(
    when: str, what: str, stage: Stage
) -> None:
    """Posted on 18 December, over at 24:00 of the 25th, recorded on the 27th (process (b), invariant 7)."""
    life = voted(Life())
    life.do(life.cast.objects(), when)
    life.do(life.cast.publish("2023-12-18T09:00:00+08:00"), "2023-12-27 10:00")
    assert [objection.publicity for objection in life.state.objections] == [what]
    life.assert_stage(stage)


def test_the_duty_to_confirm_counts_from_the_last_day_of_the_publicity() -> None:
    """The worked chain of process (c): last day 01-15, report by 01-22 (16, 17, 18, 19, 22)."""
    life = voted(Life())
    life.do(life.cast.publish("2024-01-08T09:00:00+08:00"), "2024-01-08 10:00")
    life.at("2024-01-16 00:00").assert_stage(Stage.CONFIRM_PENDING)
    assert life.last_day(N.RESULT_PUBLICITY) == "2024-01-15"
    assert life.last_day(N.CONFIRMATION) == "2024-01-22"


def test_application_and_cycle_name_the_same_day_for_the_report() -> None:
    life = to_confirm(Life())
    marks = Marks(last_meeting=date(2023, 12, 15), list_posted=date(2023, 12, 18))
    report = dates_of(ReviewPlan.load(REAL), calendar(), marks)[StepId.REPORT]
    assert life.last_day(N.CONFIRMATION) == str(report.last_day) == "2024-01-02"


def test_the_time_for_an_objection_counts_from_the_last_day_of_the_publicity() -> None:
    """20 working days after 25 December: 26 to 29; 2 to 5, 8 to 12, 15 to 19, 22 and 23 January."""
    life = published(Life())
    life.do(life.cast.objects(), "2023-12-19 09:00")
    life.at("2023-12-26 09:00").assert_stage(Stage.RESULT_OBJECTION)
    assert life.last_day(N.RESULT_OBJECTION) == "2024-01-23"


@pytest.mark.parametrize("day", ["2023-10-28", "2023-10-29"])
def test_a_notice_posted_on_the_weekend_before_serves_the_window(day: str) -> None:
    """It counts from Monday the 30th on, as one of Friday the 27th does (process (e))."""
    life = submitted(Life(), "2023-10-26 09:00")
    said = life.do(life.cast.recommend(), f"{day} 09:00").warnings
    assert [warning.en for warning in said] == ["The publicity must be posted by 2023-10-29."]
    assert life.do(life.cast.start_publicity(), f"{day} 10:00").warnings == ()
    assert life.last_day(N.EMPLOYER_PUBLICITY) == "2023-11-03"


@pytest.mark.parametrize(
    ("hidden", "accepted"),
    [("2023-10-28", True), ("2023-10-27", True), ("2023-10-30", False), ("2023-11-03", False)],
    ids=["a Saturday", "the day of the posting", "the first day", "the last day"],
)
def test_only_a_counted_day_on_which_the_notice_was_hidden_costs_the_period(
    hidden: str, accepted: bool
) -> None:
    """Posted on Friday 27 October; counted are 30 and 31 October, 1, 2 and 3 November (reading 33)."""
    life = recommended(Life())
    life.do(life.cast.start_publicity(), "2023-10-27 09:00")
    evidence = life.cast.file_evidence(hidden_days=[hidden])
    if accepted:
        assert life.do(evidence, "2023-11-06 09:00").event == "file_evidence"
    else:
        refusal = life.refused(evidence, "2023-11-06 09:00")
        assert refusal.field == "hidden_days"
        assert hidden in refusal.rule.en


def test_a_curable_objection_does_not_revive_the_day_of_an_earlier_return() -> None:
    life = submitted(Life())
    life.do(life.cast.employer_return(correction_due="2023-09-26"), "2023-09-21 09:00")
    life.do(life.cast.resubmit("e1"), "2023-09-22 09:00")
    life.do(life.cast.recommend(), "2023-09-22 10:00")
    life.do(life.cast.start_publicity(), "2023-09-25 09:00")
    life.do(life.cast.objects(), "2023-09-26 09:00")
    life.at("2023-10-09 09:00")
    life.do(life.cast.rule("employer-objection-1", "curable"), "2023-10-09 10:00")
    assert life.told("escalated", N.EMPLOYER_CORRECTION) == []
    assert N.EMPLOYER_CORRECTION not in {deadline.name for deadline in life.state.current_deadlines()}
