"""Applications under an amended plan: the dates follow, what runs is not touched, nothing moves earlier."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from models.commands import parse
from models.deadlines import DeadlineName
from models.decide import apply
from models.plan_periods import terms_on
from models.refusal import Refusal, RefusalCode
from models.settle import settle
from models.stages import Stage
from models.wire import end_of
from tests.models.life import (
    Cast,
    Json,
    Life,
    accepted,
    calendar,
    plan_terms,
    posted,
    recommended,
    submitted,
    with_department,
    with_office,
)
from tests.models.test_plan_amend import version_2

BAR, OFFICE, CORRECTION = (
    DeadlineName.DEPARTMENT_SUBMISSION,
    DeadlineName.OFFICE_REVIEW,
    DeadlineName.CORRECTION,
)
AMENDED = {
    "dates.department.last_day.value": date(2023, 11, 13),
    "dates.office.last_day.value": date(2023, 11, 27),
    "dates.exam.last_day.value": date(2023, 12, 7),
    "dates.meeting.first_day.value": date(2023, 12, 8),
    "correction.cap.last_day.value": date(2023, 11, 27),
}


def order(life: Life, dates_of: Mapping[str, object] = AMENDED, **more: Any) -> Json:
    """The command by which the second version reaches an application."""
    dates = terms_on(version_2(dates_of), calendar()).dates()
    given = {"plan_version": 2, "plan_dates": dates.model_dump(mode="json")}
    return life.cast.revise("plan_amendment", []) | given | more


def moves(life: Life) -> list[tuple[str, str, str]]:
    return [
        (f.details["deadline"], f.details["old_last_day"], f.details["new_last_day"])
        for f in life.state.history
        if f.event == "deadline_moved"
    ]


def test_the_bar_moves_and_every_later_fact_names_the_second_version() -> None:
    life = submitted(Life())
    life.do(order(life), "2023-10-20 09:00")
    assert moves(life) == [("department_submission", "2023-11-06", "2023-11-13")]
    assert life.state.revisions[-1].document_no == "津人社办函〔2023〕400号"
    assert life.state.history[1].plan == "tianjin-quality-2023@1"
    told = next(f for f in life.state.history if f.event == "revise_deadlines")
    assert told.plan == "tianjin-quality-2023@2"
    life.at("2023-11-07 00:05").assert_stage(Stage.EMPLOYER_REVIEW)
    life.at("2023-11-14 00:05").assert_stage(Stage.LAPSED)
    assert life.told("reminded", BAR) == ["11-06", "11-09", "11-10"]
    assert life.state.history[-1].plan == "tianjin-quality-2023@2"


def test_later_stages_use_the_new_dates() -> None:
    life = recommended(Life())
    life.do(order(life))
    life.do(life.cast.start_publicity(), "2023-09-25 09:00")
    life.do(life.cast.file_evidence(), "2023-10-09 09:00")
    life.do(life.cast.department_submit(), "2023-11-10 09:00")
    assert life.last_day(OFFICE) == "2023-11-27"
    life.do(life.cast.accept(), "2023-11-24 09:00")
    assert life.last_day(DeadlineName.MEETING) == "2023-12-31"
    early = life.cast.schedule(date(2023, 12, 4), date(2023, 11, 24))
    assert life.refused(early).field == "meeting_on", "the window begins on 8 December now"


def test_a_running_publicity_is_not_touched() -> None:
    life = posted(Life())
    before = life.deadline(DeadlineName.EMPLOYER_PUBLICITY)
    life.do(order(life), "2023-09-27 09:00")
    assert life.deadline(DeadlineName.EMPLOYER_PUBLICITY) == before
    assert moves(life) == [("department_submission", "2023-11-06", "2023-11-13")]


def test_one_whose_dates_do_not_move_is_told_and_versioned_without_a_change() -> None:
    life = accepted(Life())
    life.do(order(life, {"dates.department.last_day.value": date(2023, 11, 13)}))
    assert moves(life) == []
    assert life.state.plan.version == 2
    assert life.events()[-1] == "revise_deadlines"
    assert life.state.plan.department_deadline == end_of(date(2023, 11, 13))


def test_a_single_extension_that_goes_further_stays() -> None:
    life = submitted(Life())
    life.do(life.cast.revise("extension", [{"name": BAR, "last_day": "2023-11-17"}]), "2023-10-09 09:00")
    life.do(order(life), "2023-10-20 09:00")
    assert life.last_day(BAR) == "2023-11-17"
    assert len(moves(life)) == 1


def test_a_correction_cut_off_at_the_cap_runs_on() -> None:
    life = with_office(Life())
    life.do(life.cast.office_return(), "2023-11-16 09:00")
    assert life.last_day(CORRECTION) == "2023-11-20", "the fifth day would be 23 November"
    life.do(order(life), "2023-11-17 09:00")
    assert life.last_day(CORRECTION) == "2023-11-23"
    assert moves(life) == [("correction", "2023-11-20", "2023-11-23")]
    assert life.deadline(CORRECTION).formula.endswith("not past 2023-11-27")


def test_a_correction_that_the_cap_did_not_cut_keeps_its_end() -> None:
    life = with_office(Life())
    life.do(life.cast.office_return(), "2023-11-07 09:00")
    life.do(order(life), "2023-11-08 09:00")
    assert life.last_day(CORRECTION) == "2023-11-14"
    assert moves(life) == []


def test_one_who_lapsed_waits_longer_for_a_late_admission_and_may_be_corrected_until_the_new_cap() -> None:
    life = with_department(Life())
    life.at("2023-11-07 00:05").assert_stage(Stage.LAPSED)
    life.do(order(life), "2023-11-08 09:00")
    assert moves(life) == [("late_admission", "2023-11-20", "2023-11-27")]
    late = life.cast.revise("late_admission", [{"name": BAR, "last_day": "2023-11-24"}])
    life.do(late)
    life.assert_stage(Stage.DEPARTMENT_REVIEW)
    life.do(life.cast.department_submit(), "2023-11-22 09:00")
    life.do(life.cast.office_return())
    assert life.last_day(CORRECTION) == "2023-11-27"


def test_one_who_was_declined_may_be_reopened_until_the_new_bar() -> None:
    life = submitted(Life())
    life.do(life.cast.employer_decline())
    life.do(order(life))
    life.at("2023-11-08 09:00").assert_stage(Stage.EMPLOYER_DECLINED)
    life.do(life.cast.employer_reopen())
    life.assert_stage(Stage.EMPLOYER_REVIEW)
    assert life.last_day(BAR) == "2023-11-13"


def test_one_that_lapsed_in_the_same_minute_is_refused() -> None:
    life = submitted(Life())
    life.at("2023-11-07 00:00").assert_stage(Stage.LAPSED)
    assert life.refused(order(life)).code is RefusalCode.CLOSED


def test_an_answer_under_way_with_the_old_date_is_overtaken() -> None:
    life = with_department(Life())
    apply(life.state, parse("review", life.cast.department_submit()), life.now)
    under_way = life.state.take_cause()
    assert under_way is not None
    answers = life.answers(under_way.requests)
    apply(life.state, parse("revise_deadlines", order(life)), life.now)
    settle(life.state, under_way.requests, answers, life.now)
    assert life.last_day(OFFICE) == "2023-11-20", "asked for under the first version"
    life.drain()
    assert life.last_day(OFFICE) == "2023-11-27"


def test_a_count_under_way_when_a_notice_comes_is_made_again_and_never_shorter() -> None:
    life = recommended(Life())
    apply(life.state, parse("start_publicity", life.cast.start_publicity()), life.now)
    under_way = life.state.take_cause()
    assert under_way is not None
    longer = [
        a.model_copy(update={"due_at": end_of(date(2023, 10, 20))}) for a in life.answers(under_way.requests)
    ]
    apply(life.state, parse("revise_deadlines", life.cast.revise("calendar_notice", [])), life.now)
    names = {request.name for request in life.state.asked()}
    assert names == {BAR, DeadlineName.EMPLOYER_PUBLICITY}, "also the one that has no answer yet"
    settle(life.state, under_way.requests, longer, life.now)
    life.drain()
    assert life.last_day(DeadlineName.EMPLOYER_PUBLICITY) == "2023-10-20", "announced meanwhile"


def _earlier(life: Life) -> Json:
    dates = plan_terms().dates().model_copy(update={"office_deadline": end_of(date(2023, 11, 17))})
    return order(life, plan_dates=dates.model_dump(mode="json"))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (lambda life: order(life, plan_version=1), "plan_version"),
        (lambda life: order(life, plan_dates=None), None),
        (_earlier, "plan_dates.office_deadline"),
        (lambda life: order(life, ground="extension"), "ground"),
        (lambda life: order(life, changes=[{"name": BAR, "last_day": "2023-11-20"}]), "changes"),
    ],
)
def test_a_version_that_cannot_be_followed(body: Any, field: str | None) -> None:
    life = submitted(Life(Cast("refusing")))
    before = life.state.model_dump()
    refused: Refusal = life.refused(body(life))
    if field is not None:
        assert refused.field == field
    assert life.state.model_dump() == before


def test_the_same_version_again_is_refused() -> None:
    life = submitted(Life())
    life.do(order(life))
    assert life.refused(order(life)).field == "plan_version"
