"""The story in words: every entry with who, when, rule, plan, calendar; which deadline ended what and why."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from models.explaining import Explanation, NothingToTellError, explain
from models.lifecycle import BY_EVENT
from models.views import deadline_views, refused_views, state_view
from tests.models.life import Life, moment, posted, published, with_department, with_office
from tests.models.random_life import BEGINNINGS


def told(life: Life, at: str | None = None, fact: int | None = None) -> Explanation:
    state = life.state
    views = state_view(state, life.now), state.history, deadline_views(state), refused_views(state)
    return explain(*views, at=moment(at) if at else None, fact=fact)


@pytest.fixture(scope="module")
def corrected() -> Life:
    """Returned by mistake on 20 October, corrected on the 23rd by two people."""
    life = with_office(Life())
    life.do(life.cast.office_return(), "2023-10-20 09:00")
    life.do(life.cast.correct(9, "propose", "office"), "2023-10-23 09:00")
    life.do(life.cast.correct(9, "approve", "convening_unit"))
    life.signal(life.cast.vote(3))
    return life


def test_each_decision_has_who_when_rule_plan_and_calendar(corrected: Life) -> None:
    story = told(corrected).story
    assert [one.seq for one in story] == list(range(1, corrected.state.seq + 1))
    posted = next(one for one in story if one.event == "start_publicity")
    for part in ("2023-09-25 09:00", "employer employer-clerk@tj-metrology-institute", "Order 40 Art. 16"):
        assert part in posted.sentence.en
    assert posted.plan == "tianjin-quality-2023@1"
    assert posted.calendar is not None
    assert posted.calendar in posted.sentence.en
    assert posted.calendar in posted.sentence.zh


def test_a_corrected_decision_says_so_and_names_the_one_that_corrects_it(corrected: Life) -> None:
    story = {one.seq: one for one in told(corrected).story}
    assert (story[9].corrected_by, story[11].corrects) == (11, 9)
    assert "corrected by 11" in story[9].sentence.en
    assert "已由第11项更正" in story[9].sentence.zh
    assert "o1: 论文缺目录扫描件" in story[9].words
    only = told(corrected, fact=9)
    assert [one.seq for one in only.story] == [9, 11]


def test_it_says_which_deadline_ended_what_and_why_that_day() -> None:
    life = with_department(Life()).at("2023-11-08 09:00")
    whole = told(life)
    assert whole.stage == "lapsed"
    over = next(one for one in whole.story if one.event == "publicity_over_clear")
    assert over.ended_by is not None
    assert "5 working days after 2023-09-25" in over.ended_by.en
    assert "2023-10-08" in over.ended_by.en
    lapse = next(one for one in whole.story if one.event == "lapse")
    assert lapse.ended_by is not None
    assert "until 24:00 on 2023-11-06" in lapse.ended_by.en
    assert "city title office may admit" in whole.why.en
    assert "2023-11-20" in whole.why.zh


def test_a_past_moment_is_told_as_it_stood_then(corrected: Life) -> None:
    then = told(corrected, "2023-10-21 09:00")
    assert (then.past, then.stage) == (True, "office_returned")
    assert then.story[-1].corrected_by is None, "nobody knew it then"
    assert "applicant" in then.why.en
    assert [one.last_day.isoformat() for one in then.deadlines if one.last_day] == ["2023-10-27"]
    assert then.refused == ()
    assert "office_resubmit" in {one.event for one in then.next}


def test_an_extension_that_came_later_is_not_told_of_an_earlier_day() -> None:
    life = with_office(Life())
    life.do(life.cast.office_return(), "2023-10-20 09:00")
    change = {"name": "correction", "add_working_days": 3}
    life.do(life.cast.revise("extension", [change]), "2023-10-24 09:00")
    ends = {one.name: one.last_day for one in told(life).deadlines}
    before = {one.name: one.last_day for one in told(life, "2023-10-23 09:00").deadlines}
    assert (str(before["correction"]), str(ends["correction"])) == ("2023-10-27", "2023-11-01")


def test_what_was_refused_and_what_may_come_next_is_told(corrected: Life) -> None:
    now = told(corrected)
    assert [one.command for one in now.refused] == ["record_vote"]
    assert "record_vote" in now.refused[0].sentence.zh
    assert {one.event for one in now.next} >= {"office_accept", "office_return", "withdraw"}
    assert "submit" in {one.command for one in now.not_now}
    held = next(one for one in now.next if one.event == "release")
    assert held.blocked is not None


@pytest.mark.parametrize("way", [posted, published], ids=["employer", "result"])
def test_nothing_is_ruled_on_before_somebody_objected(way: Callable[[Life], Life]) -> None:
    life = way(Life())
    ruling = [one for one in told(life).next if one.command == "rule_on_objection"]
    assert ruling
    assert {one.blocked.en for one in ruling if one.blocked} == {"No objection awaits a finding."}
    life.do(life.cast.objects())
    ruling = [one for one in told(life).next if one.command == "rule_on_objection"]
    assert not any(one.blocked for one in ruling)


def test_a_moment_or_a_number_that_is_not_there_is_named() -> None:
    life = with_office(Life())
    with pytest.raises(NothingToTellError, match="opened on 2023-09-18"):
        told(life, "2023-09-01 09:00")
    with pytest.raises(NothingToTellError, match="no fact 99"):
        told(life, fact=99)


@pytest.mark.parametrize("life", BEGINNINGS, ids=lambda life: life.state.stage.value)
def test_every_life_can_be_told(life: Life) -> None:
    whole = told(life)
    assert len(whole.story) == len(life.state.history)
    assert all(one.label.zh != one.event or one.event not in BY_EVENT for one in whole.story)
    for one in whole.story:
        assert told(life, f"{one.at:%Y-%m-%d %H:%M}").story, "each moment can be told"
