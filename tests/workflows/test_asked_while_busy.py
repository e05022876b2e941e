"""A question that meets a workflow task of the application changes nothing of what it remembers.

Such a task is answered before its activity has ended. On replay the SDK takes the first task of a workflow
and the one that follows for one task, with the time of the later one: the opening may not hang on it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from temporalio import activity
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from activities.database import Database
from models.audit import Fact
from models.clock import BusinessClock
from models.outbox import HopBatch, HopResult
from models.tables import AuditEntry
from models.wire import start_of
from tests.support import eventually, unique
from workers.client import ReviewClient
from workers.database import upgrade
from workers.registry import WORKFLOWS, make_activities
from workers.rehearsal.cast import Cast, Json
from workers.rehearsal.story import day
from workers.settings import Settings
from workers.worker import build_worker

pytestmark = pytest.mark.asyncio(loop_scope="function")

HOUR, DAY, WEEK = 3_600, 86_400, 7 * 86_400


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'asked.db'}"
    await asyncio.to_thread(upgrade, url)
    database = Database(url)
    yield database
    await database.close()


def worker_of(client: Client, settings: Settings, database: Database, *, cached: int = 0) -> Worker:
    """A worker, by default without a cache: it reads the history of whatever it is asked about."""
    rehearsal = settings.model_copy(update={"rehearsal": True, "max_cached_workflows": cached})
    return build_worker(client, rehearsal, WORKFLOWS, make_activities(database, rehearsal=True))


def begins(at: datetime, second: int) -> Json:
    """The input of an application that begins now, at business time `at`; `second` is a real one."""
    clock = BusinessClock(real_start=datetime.now(UTC), business_start=at, speed=second)
    return Cast(unique("asked")).start(clock=clock.model_dump(mode="json"))


async def started(client: Client, settings: Settings, given: Json) -> WorkflowHandle[object, object]:
    """The application, not through the typed client: that one asks."""
    return await client.start_workflow(
        "ApplicationWorkflow",
        given,
        id=f"application/{given['plan_id']}/{given['application_ref']}",
        task_queue=settings.task_queue,
    )


async def asked_first(handle: WorkflowHandle[object, object]) -> asyncio.Task[object]:
    """A question that waits beside the workflow task that waits for a worker."""
    question = asyncio.create_task(handle.query("state", rpc_timeout=timedelta(seconds=20)))
    await asyncio.sleep(0.3)
    return question


async def recorded(
    client: Client,
    settings: Settings,
    database: Database,
    handle: WorkflowHandle[object, object],
    question: asyncio.Task[object],
    last: str,
) -> list[Fact]:
    """What a worker that lives through it all writes down, until the event `last`."""
    async with worker_of(client, settings, database, cached=10):
        await question
        return await eventually(lambda: the_same_in_both(client, settings, database, handle, last))


async def the_same_in_both(
    client: Client, settings: Settings, database: Database, handle: WorkflowHandle[object, object], last: str
) -> list[Fact]:
    known = await history_of(client, settings, handle)
    facts = await written(database, handle, last)
    assert known == facts
    return facts


async def written(database: Database, handle: WorkflowHandle[object, object], last: str) -> list[Fact]:
    async with database.reading() as session:
        rows = await session.scalars(
            select(AuditEntry)
            .where(AuditEntry.application_ref == handle.id.rpartition("/")[2])
            .order_by(AuditEntry.seq)
        )
        facts = [row.to_fact() for row in rows]
    assert [fact.event for fact in facts][-1:] == [last]
    return facts


async def history_of(
    client: Client, settings: Settings, handle: WorkflowHandle[object, object]
) -> list[Fact]:
    return await ReviewClient(client, settings.task_queue).history(handle.id)


async def test_the_opening_is_remembered_as_it_was(
    client: Client, settings: Settings, database: Database
) -> None:
    handle = await started(client, settings, begins(start_of(day("09-18")), HOUR))
    question = await asked_first(handle)
    before = await recorded(client, settings, database, handle, question, "opened")
    async with worker_of(client, settings, database):
        assert await history_of(client, settings, handle) == before


async def test_a_deadline_is_remembered_as_it_was(
    client: Client, settings: Settings, database: Database
) -> None:
    handle = await started(client, settings, begins(start_of(day("10-26")), WEEK))
    async with worker_of(client, settings, database):
        await history_of(client, settings, handle)
    await asyncio.sleep(2.2)
    question = await asked_first(handle)
    before = await recorded(client, settings, database, handle, question, "lapse")
    async with worker_of(client, settings, database):
        assert await history_of(client, settings, handle) == before


async def test_a_question_older_than_the_deadline_does_not_stop_the_clock(
    client: Client, settings: Settings, database: Database
) -> None:
    """No worker is on line; a question waits; then a reminder falls due; then a worker comes."""
    given = begins(start_of(day("10-26")), DAY)
    handle = await started(client, settings, given)
    door, cast = ReviewClient(client, settings.task_queue), Cast(given["application_ref"])
    async with worker_of(client, settings, database, cached=10):
        await door.send(cast.ref, cast.submit())
        await door.send(cast.ref, cast.employer_decline())
    question = await asked_first(handle)
    await asyncio.sleep(4.5)
    async with worker_of(client, settings, database, cached=10):
        await question
        await eventually(lambda: reminded(door, cast.ref))
        known = await door.history(cast.ref)
    async with worker_of(client, settings, database):
        assert (await door.history(cast.ref))[: len(known)] == known


async def reminded(door: ReviewClient, ref: str) -> bool:
    return any(fact.event == "reminded" for fact in await door.history(ref))


async def test_a_signal_whose_record_takes_long_is_remembered_as_it_was(
    client: Client, settings: Settings, database: Database
) -> None:
    """The task is kept alive without a command; a replay plays it at the time of the one that follows."""
    activities = make_activities(database, rehearsal=True)
    quick = next(one for one in activities if one.__name__ == "employer")

    @activity.defn(name="employer")
    async def slow(batch: HopBatch) -> HopResult:
        await asyncio.sleep(2.4)
        result: HopResult = await quick(batch)
        return result

    hour = begins(start_of(day("09-18")), HOUR)
    cast, ref = Cast(hour["application_ref"]), hour["application_ref"]
    handle = await client.start_workflow(
        "ApplicationWorkflow",
        hour,
        id=f"application/{hour['plan_id']}/{ref}",
        task_queue=settings.task_queue,
        task_timeout=timedelta(seconds=2),
    )
    rehearsal = settings.model_copy(update={"rehearsal": True, "max_cached_workflows": 10})
    slowly = [slow if one is quick else one for one in activities]
    async with build_worker(client, rehearsal, WORKFLOWS, slowly):
        await eventually(lambda: the_same_in_both(client, settings, database, handle, "opened"))
        submit = cast.submit()
        await handle.execute_update("submit", submit)
        tasks = await tasks_done(handle)
        await handle.signal("submit", submit)  # nothing comes of it: a task without a command
        await eventually(lambda: more_than(tasks, handle))
        await handle.signal("review", cast.employer_return())
        before = await eventually(lambda: written(database, handle, "employer_return"))
    async with worker_of(client, settings, database):
        assert await history_of(client, settings, handle) == before


async def tasks_done(handle: WorkflowHandle[object, object]) -> int:
    done = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
    return sum(event.event_type == done for event in (await handle.fetch_history()).events)


async def more_than(tasks: int, handle: WorkflowHandle[object, object]) -> None:
    assert await tasks_done(handle) > tasks
