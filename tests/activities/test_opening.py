"""Who may begin: one live application a person and cycle, in a plan that exists, on the real clock."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from activities.database import Database
from models.clock import BusinessClock
from models.state import ApplicationState
from models.tables import Application, InboxItem, LiveApplication, Notice
from tests.activities.recorded import Desk, RecordedLife
from tests.activities.test_hops import contents, every, one
from tests.models.life import Cast, moment, submitted


def another(ref: str, **change: Any) -> RecordedLife:
    """A second application, by default of the same person."""
    cast = Cast(ref)
    start = cast.start(**({"applicant": "p-life"} | change))
    return RecordedLife(cast, start_input=start)


async def refusal(desk: Desk, life: RecordedLife, **changes: Any) -> str | None:
    """The code of the refusal, which comes with words in both languages and leaves no row."""
    before = await contents(desk.database)
    result = await desk.open(life, **changes)
    assert await contents(desk.database) == before
    assert result.refused_zh
    assert result.refused_en
    assert result.terms is None
    return result.refused_code


async def test_an_opened_application_knows_its_bar_and_tells_it(database: Database) -> None:
    life = RecordedLife()
    result = await Desk(database).open(life)
    assert result.terms is not None
    assert result.terms.plan_id == "tianjin-quality-2023"
    assert [str(answer.last_day) for answer in result.answers] == ["2023-11-06"]
    row = await one(database, Application)
    assert (row.stage, row.status, row.due_at) == ("draft", "open", moment("2023-11-07"))
    item = await one(database, InboxItem)
    assert (item.role, item.organisation) == ("applicant", "p-life")
    notice = await one(database, Notice)
    assert "2023-11-06" in notice.text_zh
    assert "2023-11-06" in notice.text_en
    assert (await one(database, LiveApplication)).application_ref == "life"


async def test_opening_again_in_the_same_run_changes_nothing(database: Database) -> None:
    desk, life = Desk(database), RecordedLife()
    first = await desk.open(life)
    before = await contents(database)
    assert await desk.open(life) == first
    assert await contents(database) == before


async def test_opening_after_a_lost_task_replaces_the_first_entry(database: Database) -> None:
    desk = Desk(database)
    await desk.open(RecordedLife(start="2023-09-18 09:00"))
    later = RecordedLife(start="2023-09-18 09:01")
    result = await desk.open(later)
    assert result.refused_code is None
    assert (await one(database, Application)).chain == later.state.history[0].hash


@pytest.mark.parametrize(
    ("field", "value"),
    [("plan_id", "no-such-plan"), ("specialty", "astrology"), ("level", "emperor")],
)
async def test_outside_the_plan(database: Database, field: str, value: str) -> None:
    life = RecordedLife()
    given = life.state.input.model_copy(update={field: value})
    assert await refusal(Desk(database), life, application=given) == field


async def test_another_clock_is_for_rehearsals(database: Database) -> None:
    life = RecordedLife()
    clock = BusinessClock(real_start=life.now, business_start=life.now, speed=1000)
    given = life.state.input.model_copy(update={"clock": clock})
    assert await refusal(Desk(database, rehearsal=False), life, application=given) == "clock"
    assert (await Desk(database, rehearsal=True).open(life, application=given)).terms is not None


async def test_a_reference_is_used_once(database: Database) -> None:
    desk, life = Desk(database), RecordedLife()
    await desk.open(life)
    assert await refusal(desk, life, run_id="another-run") == "application_ref"


async def test_one_live_application_a_person(database: Database) -> None:
    desk = Desk(database)
    await desk.open(RecordedLife())
    assert await refusal(desk, another("second")) == "applicant"
    assert (await desk.open(another("third", applicant="p-other"))).terms is not None


async def test_of_two_opened_in_the_same_moment_one_lives(database: Database) -> None:
    """Two clicks, two workers, two references."""
    desks = [Desk(database) for _ in range(4)]
    lives = [another(f"twin-{n}") for n in range(4)]
    results = await asyncio.gather(*(desk.open(life) for desk, life in zip(desks, lives, strict=True)))
    assert sorted(str(r.refused_code) for r in results) == ["None", *["applicant"] * 3]
    assert len(await every(database, Application)) == 1


async def test_a_withdrawn_person_may_begin_again_before_the_bar(database: Database) -> None:
    desk, life = Desk(database), RecordedLife()
    submitted(life).do(life.cast.withdraw(), "2023-09-21 09:00")
    await desk.write_all(life)
    late = another("second")
    assert late.opened is not None
    assert await refusal(desk, late, at=moment("2023-11-07 00:00")) == "plan_id"
    assert (await desk.open(late, at=moment("2023-11-06 23:59"))).terms is not None


async def test_a_person_who_finished_waits_for_the_next_cycle(database: Database) -> None:
    desk, life = Desk(database), RecordedLife()
    submitted(life).at("2023-11-08 09:00")
    await desk.write_all(life)
    assert life.state.ended
    assert await refusal(desk, another("second")) == "applicant"
    assert await every(database, LiveApplication) == []
    again = await desk.open(life, run_id="after-the-retention")
    assert "has ended (" in str(again.refused_en), "told from one that is still under way"


def test_the_story_begins_with_one_fact() -> None:
    state: ApplicationState = RecordedLife().state
    assert [fact.event for fact in state.history] == ["opened"]
