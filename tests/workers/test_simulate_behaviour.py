"""What people and offices do next, decided from what is seen: pure, no server."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from models.calendar import WorkCalendar
from models.commands import parse
from models.plan import ReviewPlan
from models.plan_periods import terms_on
from models.stages import STAGES, Stage
from models.wire import SHANGHAI
from workers.simulate import behaviour
from workers.simulate.behaviour import decide
from workers.simulate.distribution import Distribution
from workers.simulate.mind import Act, Await, Mind, Next, Rest, Sight, Wait, World
from workers.simulate.population import Population
from workers.simulate.season import Season

PLAN = ReviewPlan.load("tianjin-quality-2023")
CALENDAR = WorkCalendar.load()
BAR = PLAN.dates.department.instant


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def given(**changes: Any) -> Distribution:
    """The distribution with sections overridden, e.g. `employer={"hurries": 1.0}`."""
    whole = Distribution.load().model_dump()
    for section, values in changes.items():
        whole[section] |= values
    return Distribution.model_validate(whole)


CALM = {
    "applicant": {"withdraws": 0.0, "abandons": 0.0, "substantive": 0.0},
    "employer": {"returns": 0.0, "declines": 0.0, "objections": 0.0, "cancels": 0.0},
    "department": {"returns": 0.0, "rejects": 0.0},
    "office": {"returns": 0.0, "refuses": 0.0, "holds": 0.0},
    "result": {"cancelled": 0.0, "objections": 0.0, "questions": 0.0},
}
"""Nothing goes wrong."""


def merged(*parts: dict[str, dict[str, Any]]) -> Distribution:
    found: dict[str, dict[str, Any]] = {}
    for part in parts:
        for section, values in part.items():
            found[section] = found.get(section, {}) | values
    return given(**found)


def mind(
    stage: Stage, entered: str, distribution: Distribution | None = None, number: int = 1, **more: Any
) -> Mind:
    distribution = distribution or given(**CALM)
    people = Population(distribution, 7)
    entered_at = moment(entered)
    sight = Sight.model_validate(
        {"stage": stage, "status": "open", "now": entered_at, "entered_at": entered_at, "ends_at": BAR} | more
    )
    world = World(terms_on(PLAN, CALENDAR), CALENDAR, distribution)
    return Mind(people.applicant(number), sight, world, people.luck(number))


def act(found: Next) -> Act:
    assert isinstance(found, Act), found
    return found


def body(m: Mind) -> dict[str, Any]:
    return act(decide(m)).body(m.who.cast(PLAN.id, 11))


def test_every_stage_has_somebody_who_decides() -> None:
    assert set(behaviour.STAGES) == set(STAGES)


@pytest.mark.parametrize("stage", [s for s in Stage if not STAGES[s].automatic])
def test_what_is_sent_can_be_read_and_is_sent_in_working_hours(stage: Stage) -> None:
    restless = given(office={"holds": 0.5}, result={"objections": 0.5}, employer={"objections": 0.5})
    for number in range(1, 9):
        _can_be_read_and_in_working_hours(stage, number, restless)


def _can_be_read_and_in_working_hours(stage: Stage, number: int, restless: Distribution) -> None:
    m = mind(
        stage,
        "2023-10-16 11:00",
        restless,
        number,
        open_objections=("employer-objection-1",) if "objection" in stage.value else (),
        action_by="applicant",
        done={"start_publicity": 1, "publish_result": 1, "office_return": 1},
        report_at=moment("2023-10-16 10:00"),
    )
    found = decide(m)
    if isinstance(found, Act):
        assert (act(decide(m)).at, act(decide(m)).what) == (found.at, found.what)
        sent = found.body(m.who.cast(PLAN.id, 11))
        assert parse(sent["kind"], sent).actor
        assert found.at >= m.sight.now
        assert CALENDAR.is_workday(found.at.date())
        latest = 21 * 60 + 30 if stage is Stage.DRAFT else 17 * 60 + 30
        assert 9 * 60 <= found.at.hour * 60 + found.at.minute <= latest


def test_a_unit_that_hurries_posts_on_the_last_useful_day() -> None:
    slow = {"employer": {"posts": [[9, 1]], "hurries": 1.0}}
    found = act(decide(mind(Stage.RECOMMENDED, "2023-10-23 10:00", merged(CALM, slow))))
    assert found.at.date().isoformat() == "2023-10-27"


def test_one_that_does_not_posts_too_late_and_the_period_does_not_end_in_time() -> None:
    slow = {"employer": {"posts": [[9, 1]], "hurries": 0.0}}
    found = act(decide(mind(Stage.RECOMMENDED, "2023-10-23 10:00", merged(CALM, slow))))
    assert found.at.date().isoformat() == "2023-11-03"


def test_a_department_that_is_too_late_lets_the_window_close() -> None:
    slow = {"department": {"review": [[30, 1]], "hurries": 0.0}}
    found = decide(mind(Stage.DEPARTMENT_REVIEW, "2023-10-30 10:00", merged(CALM, slow)))
    assert found == Wait(BAR, "too late: department_submit")
    in_time = {"department": {"review": [[30, 1]], "hurries": 1.0}}
    hurried = act(decide(mind(Stage.DEPARTMENT_REVIEW, "2023-10-30 10:00", merged(CALM, in_time))))
    assert hurried.at.date().isoformat() == "2023-11-06"


def test_what_the_department_let_lapse_may_be_admitted_late() -> None:
    kind = merged(CALM, {"city_office": {"admits_late": 1.0}})
    end = moment("2023-11-21 00:00")
    late = mind(
        Stage.LAPSED, "2023-11-07 00:00", kind, ends_at=end, before=Stage.DEPARTMENT_REVIEW, status="open"
    )
    sent = body(late)
    assert (sent["kind"], sent["ground"]) == ("revise_deadlines", "late_admission")
    own_fault = mind(Stage.LAPSED, "2023-11-07 00:00", kind, ends_at=end, before=Stage.RECOMMENDED)
    assert isinstance(decide(own_fault), Wait)


def test_an_incomplete_dossier_is_repaired_after_the_refusal() -> None:
    careless = merged(CALM, {"arrival": {"incomplete": 1.0, "never": 0.0}})
    first = mind(Stage.DRAFT, "2023-09-18 08:30", careless)
    parts = body(first)["dossier"]["achievements"][0]["parts"]
    assert "copyright_page" not in [part["name"] for part in parts]
    again = mind(Stage.DRAFT, "2023-09-18 08:30", careless, refused=1, now=moment("2023-10-09 10:00"))
    parts = body(again)["dossier"]["achievements"][0]["parts"]
    assert "copyright_page" in [part["name"] for part in parts]
    assert act(decide(again)).at.date() > again.sight.now.date()


def test_a_second_list_of_the_office_repeats_what_was_not_repaired() -> None:
    strict = merged(CALM, {"office": {"again": 1.0}})
    m = mind(
        Stage.OFFICE_REVIEW,
        "2023-10-30 10:00",
        strict,
        ends_at=None,
        done={"office_return": 1, "office_resubmit": 1},
    )
    assert [item["unrepaired"] for item in body(m)["items"]] == ["o1"]


def test_a_case_without_time_for_a_correction_is_not_returned() -> None:
    strict = merged(CALM, {"office": {"returns": 1.0, "hurries": 1.0, "review": [[10, 1]]}})
    early = mind(Stage.OFFICE_REVIEW, "2023-10-20 10:00", strict, ends_at=None)
    late = mind(Stage.OFFICE_REVIEW, "2023-11-16 10:00", strict, ends_at=None)
    assert act(decide(early)).what == "office_return"
    assert act(decide(late)).what == "office_accept"


def test_a_hold_ends_in_the_way_it_was_meant() -> None:
    outcomes = {1.0: "reject", 0.0: "resume"}
    for share, outcome in outcomes.items():
        m = mind(
            Stage.OFFICE_REVIEW,
            "2023-10-20 10:00",
            merged(CALM, {"office": {"hold_rejects": share}}),
            status="on_hold",
        )
        assert (body(m)["kind"], body(m)["outcome"]) == ("release", outcome)


def test_the_cycle_is_waited_for_where_it_acts() -> None:
    waits = {
        Stage.REVIEW_READY: "meeting",
        Stage.EXPERT_REVIEW: "vote",
        Stage.PASSED: "list",
        Stage.CONFIRM_PENDING: "report",
    }
    for stage, what in waits.items():
        assert decide(mind(stage, "2023-12-15 10:00", ends_at=None)) == Await(what)
    assert decide(mind(Stage.CLOSED, "2023-12-15 10:00", status="ended")) == Rest("ended")


def test_the_people_do_the_same_on_two_plans_until_a_date_parts_them() -> None:
    later = PLAN.model_dump(mode="json")
    later["dates"]["department"]["last_day"]["value"] = "2023-11-13"
    other = terms_on(ReviewPlan.model_validate(later), CALENDAR)
    slow = merged(CALM, {"department": {"review": [[30, 1]], "hurries": 0.0}})
    one = mind(Stage.EMPLOYER_REVIEW, "2023-10-10 10:00", slow)
    two = Mind(one.who, one.sight, World(other, CALENDAR, slow), one.luck)
    assert act(decide(one)).at == act(decide(two)).at


def test_meetings_lie_in_the_window_and_are_drawn_in_time() -> None:
    distribution = Distribution.load()
    season = Season(World(terms_on(PLAN, CALENDAR), CALENDAR, distribution), 7)
    regular = [s for s in season.sittings if not s.extra]
    assert len(regular) == 2
    for sitting in season.sittings:
        assert (sitting.meeting_on - sitting.drawn_on).days >= PLAN.vote.draw_lead_days.value
        assert sitting.drawn_on < sitting.closes_on < sitting.meeting_on < sitting.list_on
        assert CALENDAR.working_days_between(sitting.meeting_on, sitting.list_on) <= 5
    assert all(s.meeting_on <= PLAN.dates.meeting.last_day.value for s in regular)


def test_the_meetings_left_share_those_who_wait() -> None:
    season = Season(World(terms_on(PLAN, CALENDAR), CALENDAR, Distribution.load()), 7)
    waiting = [(f"a-{n}", False) for n in range(10)]
    first, last = [s for s in season.sittings if not s.extra]
    assert season.share(first, waiting) == ["a-0", "a-1", "a-2", "a-3", "a-4"]
    assert len(season.share(last, waiting)) == 10
    extra = next(s for s in season.sittings if s.extra)
    assert season.share(extra, [("a-0", False), ("a-1", True)]) == ["a-1"]
