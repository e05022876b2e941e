"""Notices on working days as they came in history, each issued to a running cycle on the real server.

The worker's release knows the notices up to the day before; the notice itself comes from the database.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import func, select
from temporalio.testing import WorkflowEnvironment

from activities.database import Database
from activities.plans import file_plan
from models.calendar_overlay import Holiday
from models.tables import CalendarNotice
from models.wire import Label
from tests.cli import CliRunner
from tests.support import eventually, unique
from tests.workflows.cycle import Cycle, Life, moment
from tests.workflows.plans_of_years import amendment, notice_of_record, plan_of_year
from tests.workflows.year import Year, begin, city, command
from workers.cli import app
from workers.database import upgrade
from workers.registry import WORKFLOWS, make_activities
from workers.settings import Settings
from workers.worker import build_worker

LABOUR_DAY_2019 = amendment(
    2019,
    "国办发明电〔2019〕3号",
    date(2019, 3, 22),
    "国办发明电〔2018〕15号",
    Holiday(
        name=Label(zh="劳动节", en="Labour Day"),
        first=date(2019, 5, 1),
        last=date(2019, 5, 4),
        make_up=(date(2019, 4, 28), date(2019, 5, 5)),
    ),
)
SPRING_2020 = amendment(
    2020,
    "国办发明电〔2020〕1号",
    date(2020, 1, 26),
    "国办发明电〔2019〕16号",
    Holiday(name=Label(zh="春节", en="Spring Festival"), first=date(2020, 1, 24), last=date(2020, 2, 2)),
)
YEAR_2023 = notice_of_record("国办发明电〔2022〕16号")
YEAR_2024 = notice_of_record("国办发明电〔2023〕7号")
EMERGENCY_2024 = amendment(
    2024,
    "国办发明电〔2024〕99号",
    date(2024, 6, 17),
    "国办发明电〔2023〕7号",
    Holiday(name=Label(zh="防汛停工", en="flood"), first=date(2024, 6, 19), last=date(2024, 6, 20)),
)
WORKED_OFF_2024 = amendment(
    2024,
    "国办发明电〔2024〕100号",
    date(2024, 6, 18),
    "国办发明电〔2024〕99号",
    Holiday(
        name=Label(zh="防汛停工", en="flood"),
        first=date(2024, 6, 19),
        last=date(2024, 6, 20),
        make_up=(date(2024, 6, 22), date(2024, 6, 23)),
    ),
)


@dataclass(frozen=True)
class Running:
    """A publicity that runs when the notice is issued: posted when, how long; its end before and after."""

    posted: str
    working_days: int
    before: str | None
    after: str


@dataclass(frozen=True)
class Story:
    """One notice: the cycle it comes into, when it is issued, and what runs then."""

    notice: str
    document: str
    opens: date
    department: date
    issued: str
    release: date
    running: tuple[Running, ...]
    posted_later: Running | None = None


STORIES = {
    # Labour Day was 1 May alone; now 1-4 May are free, Sunday 28 April and Sunday 5 May are worked.
    "2019-03-22": Story(
        LABOUR_DAY_2019,
        "国办发明电〔2019〕3号",
        opens=date(2019, 3, 18),
        department=date(2019, 5, 13),
        issued="2019-03-22 10:00",
        release=date(2019, 3, 21),
        running=(
            # 30 days after Wed 20 March: 21-22 (2), 25-29 (7), 1-4 April (11; the 5th is Tomb-sweeping Day),
            # 8-12 (16), 15-19 (21), 22-26 (26), 29-30 (28).
            # Before: 2, 3 May (30). After: Sun 28 April is one more (29 at 30 April), then Sun 5 May (30).
            Running("2019-03-20 09:00", 30, "2019-05-03", "2019-05-05"),
            # 27 days: 26 at 26 April as above. Before: Mon 29 April. After, the count would end on
            # Sun 28 April, one day earlier: what was announced stays.
            Running("2019-03-20 09:00", 27, "2019-04-29", "2019-04-29"),
        ),
        # 5 days after Thu 25 April, posted after the notice: 26, Sun 28, 29, 30, Sun 5 May.
        posted_later=Running("2019-04-25 09:00", 5, None, "2019-05-05"),
    ),
    # The Spring Festival, 24-30 January, was extended to Sunday 2 February: Fri 31 January is free, and so is
    # Sat 1 February, which had been a make-up workday.
    "2020-01-27": Story(
        SPRING_2020,
        "国办发明电〔2020〕1号",
        opens=date(2020, 1, 6),
        department=date(2020, 2, 24),
        issued="2020-01-27 10:00",
        release=date(2020, 1, 25),
        running=(
            # 5 days after Wed 22 January. Before: 23, 31 January, Sat 1, 3, 4 February.
            # After: 23 January, 3, 4, 5, 6 February.
            Running("2020-01-22 09:00", 5, "2020-02-04", "2020-02-06"),
            # 5 days after Mon 20 January. Before: 21, 22, 23, 31 January, Sat 1 February.
            # After: 21, 22, 23 January, 3, 4 February.
            Running("2020-01-20 09:00", 5, "2020-02-01", "2020-02-04"),
        ),
    ),
    # The calendar of 2023: New Year's Day is Sat 31 December 2022 to Mon 2 January.
    "2022-12-08": Story(
        YEAR_2023,
        "国办发明电〔2022〕16号",
        opens=date(2022, 12, 4),
        department=date(2023, 1, 16),
        issued="2022-12-08 15:00",
        release=date(2022, 12, 7),
        running=(
            # 20 days after Mon 5 December: 6-9 (4), 12-16 (9), 19-23 (14), 26-30 (19), then a day of 2023,
            # which nobody knows before the notice. After: Tue 3 January.
            Running("2022-12-05 09:00", 20, None, "2023-01-03"),
            # 18 days after the same day: 26-29 December are 15-18. It needs no day of 2023.
            Running("2022-12-05 09:00", 18, "2022-12-29", "2022-12-29"),
        ),
    ),
    # The calendar of 2024: Mon 1 January is free.
    "2023-10-25": Story(
        YEAR_2024,
        "国办发明电〔2023〕7号",
        opens=date(2023, 10, 19),
        department=date(2024, 1, 15),
        issued="2023-10-25 16:00",
        release=date(2023, 10, 24),
        running=(
            # 52 days after Fri 20 October: 23-31 (7), November 22 (29), December 21 (50): Fri 29 December is
            # the 50th. Before: not known. After: Tue 2 and Wed 3 January.
            Running("2023-10-20 09:00", 52, None, "2024-01-03"),
        ),
    ),
    # Invented: Wed 19 and Thu 20 June 2024 are free because of a flood.
    "2024-06-17": Story(
        EMERGENCY_2024,
        "国办发明电〔2024〕99号",
        opens=date(2024, 5, 13),
        department=date(2024, 7, 8),
        issued="2024-06-17 10:00",
        release=date(2024, 6, 16),
        running=(
            # 5 days after Fri 14 June. Before: 17, 18, 19, 20, 21. After: 17, 18, 21, 24, 25.
            Running("2024-06-14 09:00", 5, "2024-06-21", "2024-06-25"),
        ),
    ),
}
"""What is expected, each date counted by hand."""


@dataclass
class Ground:
    """A cycle of that year with its plan on file, and a worker whose release is of the day before."""

    cycle: Cycle
    plan_id: str
    settings: Settings

    async def posted(self, story: Story, running: Running) -> Life:
        """An application whose publicity was posted then."""
        life = await self.cycle.start(f"{story.opens} 09:00", plan_id=self.plan_id)
        await life.at((moment(running.posted) - timedelta(hours=1)).strftime("%Y-%m-%d %H:%M"))
        await life.send(life.cast.submit())
        await life.send(life.cast.recommend())
        await life.at(running.posted)
        await life.send(life.cast.start_publicity(working_days=running.working_days))
        return life

    async def zhicheng(self, *words: str) -> Any:
        """What the command line prints as JSON, for somebody on this installation."""
        environ = {
            "ZHICHENG_TEMPORAL_ADDRESS": self.cycle.environment.client.service_client.config.target_host,
            "ZHICHENG_TASK_QUEUE": self.cycle.queue,
            "ZHICHENG_DATABASE_URL": self.settings.database_url.get_secret_value(),
            "ZHICHENG_PLAN": self.plan_id,
            "ZHICHENG_REHEARSAL": "true",
        }
        result = await asyncio.to_thread(CliRunner(env=environ).invoke, app, list(words))
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout) if "--json" in words else result.stdout


Opened = Callable[[Story], Any]


@pytest_asyncio.fixture(loop_scope="session")
async def ground(environment: WorkflowEnvironment, tmp_path: Path) -> AsyncIterator[Opened]:
    """Makes the ground of a story."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'history.db'}"
    upgrade(url)
    database = Database(url)

    @asynccontextmanager
    async def opened(story: Story) -> AsyncIterator[Ground]:
        queue, plan_id = unique("history"), unique("plan")
        settings = Settings.load(task_queue=queue, rehearsal=True, database_url=url)
        activities = make_activities(database, rehearsal=True, released_on=story.release)
        toml = plan_of_year(plan_id, story.opens, story.department)
        async with database.transaction() as session:
            await file_plan(session, toml, "津人社办函〔2019〕1号", moment(f"{story.opens} 08:00"))
        async with build_worker(environment.client, settings, WORKFLOWS, activities):
            yield Ground(Cycle(environment, queue, database), plan_id, settings)
            year = environment.client.get_workflow_handle(f"cycle/{plan_id}")
            await year.terminate("end of the test")

    yield opened
    await database.close()


async def _ends(life: Life, name: str = "employer_publicity") -> str | None:
    last = (await life.deadlines())[name].last_day
    return last.isoformat() if last else None


async def _issue(year: Year, notice: str, document: str, *, apply: bool) -> dict[str, Any]:
    body = command(
        "issue_calendar", city(), notice_toml=notice, document_no=document, text="节假日安排", apply=apply
    )
    receipt = await year.send(body)
    if apply:
        counts = await year.order(receipt.order_id)
        assert (counts["chosen"], counts["refused"]) == (counts["accepted"], 0), counts
    return {**receipt.facts, **receipt.counts}


@pytest.mark.parametrize("day", STORIES)
async def test_a_notice_moves_what_runs_as_the_law_says(ground: Opened, day: str) -> None:
    story = STORIES[day]
    async with ground(story) as here:
        lives = await asyncio.gather(*(here.posted(story, running) for running in story.running))
        draft = await here.cycle.start(f"{story.opens} 10:00", plan_id=here.plan_id)
        for life, running in zip(lives, story.running, strict=True):
            assert await _ends(life) == running.before
        await asyncio.gather(*(life.at(story.issued) for life in (*lives, draft)))
        year = await begin(here.cycle, story.issued, here.plan_id)
        moving = [r for r in story.running if r.before != r.after]

        shown = await _issue(year, story.notice, story.document, apply=False)
        assert (shown["moves"], shown["still_unknown"]) == (len(moving), 0), shown
        for life, running in zip(lives, story.running, strict=True):
            assert await _ends(life) == running.before, "it only asked what would move"
        bar = (await draft.deadlines())["department_submission"]

        await _issue(year, story.notice, story.document, apply=True)
        for life, running in zip(lives, story.running, strict=True):
            await eventually(lambda life=life, running=running: _has(life, running.after))  # type: ignore[misc]
            await _explained(here, life, story, running)
        after = (await draft.deadlines())["department_submission"]
        assert (after.last_day, after.moved) == (bar.last_day, ()), "a date of the plan is no count"
        assert after.missing_year is None, "its reminders are known, at the latest now"
        if story.posted_later is not None:
            late = await here.posted(story, story.posted_later)
            assert await _ends(late) == story.posted_later.after
        again = await _issue(year, story.notice, story.document, apply=True)
        assert again["moves"] == 0
        async with here.cycle.database.reading() as session:
            assert await session.scalar(select(func.count()).select_from(CalendarNotice)) == 1


async def _has(life: Life, last_day: str) -> bool:
    return await _ends(life) == last_day


async def _explained(here: Ground, life: Life, story: Story, running: Running) -> None:
    """The chain has old -> new with the document; the count names the notice; the command line tells it."""
    facts = [f for f in await life.history() if f.event == "deadline_moved"]
    moves = [(f.details["old_last_day"], f.details["new_last_day"], f.details["document_no"]) for f in facts]
    view = (await life.deadlines())["employer_publicity"]
    assert view.lineage is not None
    if running.before == running.after:
        assert moves == []
        return
    named = [document for documents in view.lineage["notices"].values() for document in documents]
    assert moves == [(str(running.before), running.after, story.document)]
    assert named == [story.document]
    told = await here.zhicheng("why-deadline", life.cast.ref, "employer_publicity")
    assert f"{running.before or 'not known'} -> {running.after}: calendar_notice, {story.document}" in told
    assert told.splitlines()[-1].strip() == running.after
    (found,) = await here.zhicheng("why-deadline", life.cast.ref, "employer_publicity", "--json")
    counted = [note["day"] for note in found["days"] if note["counted"]]
    assert (len(counted), counted[-1]) == (running.working_days, running.after)


async def test_a_notice_that_would_shorten_an_announced_publicity_takes_nothing_back(ground: Opened) -> None:
    story = STORIES["2024-06-17"]
    (running,) = story.running
    async with ground(story) as here:
        life = await here.posted(story, running)
        await life.at(story.issued)
        year = await begin(here.cycle, story.issued, here.plan_id)
        await _issue(year, story.notice, story.document, apply=True)
        await eventually(lambda: _has(life, running.after))
        # With Sat 22 and Sun 23 June worked the count is 17, 18, 21, 22, 23: two days earlier than announced.
        await life.at("2024-06-18 10:00")
        await year.at("2024-06-18 10:00")
        await _issue(year, WORKED_OFF_2024, "国办发明电〔2024〕100号", apply=True)
        view = (await life.deadlines())["employer_publicity"]
        assert view.last_day == date(2024, 6, 25)
        assert view.lineage is not None
        assert view.lineage["counted"][-1] == "2024-06-23"
        assert [str(moved.new_last_day) for moved in view.moved] == ["2024-06-25"]
        await life.at("2024-06-25 23:30")
        assert (await life.state()).stage == "employer_publicity"
        await life.at("2024-06-26 00:05")
        assert (await life.state()).stage == "publicity_ended"


async def test_a_correction_that_runs_gets_the_days_of_an_emergency_holiday(ground: Opened) -> None:
    story = STORIES["2024-06-17"]
    async with ground(story) as here:
        life = await here.posted(story, Running("2024-05-20 09:00", 5, None, "2024-05-27"))
        await life.at("2024-05-28 09:00")
        await life.send(life.cast.file_evidence())
        await life.send(life.cast.department_submit())
        await life.at("2024-06-14 09:00")
        await life.send(life.cast.office_return())
        # 5 days after Fri 14 June, counted like the publicity: 21 June, then 25 June.
        assert await _ends(life, "correction") == "2024-06-21"
        await life.at(story.issued)
        year = await begin(here.cycle, story.issued, here.plan_id)
        await _issue(year, story.notice, story.document, apply=True)
        assert await _ends(life, "correction") == "2024-06-25"
        await life.at("2024-06-22 00:05")
        assert (await life.state()).stage == "office_returned", "the old end bars nobody"
        await life.at("2024-06-26 00:05")
        assert (await life.handle.result())["stage"] == "deemed_abandoned"
