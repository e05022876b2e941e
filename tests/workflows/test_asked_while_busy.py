"""A question that meets a workflow task of the application changes nothing of what it remembers.

Such a task is answered before its activity has ended; when the history is replayed, the server's SDK
takes it and the next one for one task, with the time of the later one. What an application remembers may
therefore not hang on the time of a task that changes nothing in the history before its activity has ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker
from workers.registry import WORKFLOWS, make_activities

from activities.database import Database
from models.audit import Fact
from models.clock import BusinessClock
from models.wire import start_of
from tests.support import unique
from workers.client import ReviewClient
from workers.database import upgrade
from workers.rehearsal.cast import Cast, Json
from workers.rehearsal.story import day
from workers.settings import Settings
from workers.worker import build_worker

pytestmark = pytest.mark.asyncio(loop_scope="function")

A_WEEK = 7 * 86_400


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'asked.db'}"
    await asyncio.to_thread(upgrade, url)
    database = Database(url)
    yield database
    await database.close()


def worker_of(client: Client, settings: Settings, database: Database) -> Worker:
    """A new worker, which has nothing in its cache: it reads the history of whatever it is asked about."""
    rehearsal = settings.model_copy(update={"rehearsal": True, "sticky_seconds": 0.2})
    return build_worker(client, rehearsal, WORKFLOWS, make_activities(database, rehearsal=True))


def begins(at: datetime) -> Json:
    """The input of an application whose every real second is a week, from `at`."""
    clock = BusinessClock(real_start=datetime.now(UTC), business_start=at, speed=A_WEEK)
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


async def history_of(client: Client, settings: Settings, handle: WorkflowHandle[object, object]) -> list[Fact]:
    return await ReviewClient(client, settings.task_queue).history(handle.id)


async def test_the_opening_is_remembered_as_it_was(
    client: Client, settings: Settings, database: Database
) -> None:
    handle = await started(client, settings, begins(start_of(day("09-18"))))
    question = await asked_first(handle)
    async with worker_of(client, settings, database):
        await question
        before = await history_of(client, settings, handle)
    async with worker_of(client, settings, database):
        assert await history_of(client, settings, handle) == before


async def test_a_deadline_is_remembered_as_it_was(
    client: Client, settings: Settings, database: Database
) -> None:
    handle = await started(client, settings, begins(start_of(day("10-26"))))
    async with worker_of(client, settings, database):
        await history_of(client, settings, handle)
    await asyncio.sleep(2.2)
    question = await asked_first(handle)
    async with worker_of(client, settings, database):
        await question
        before = await history_of(client, settings, handle)
    assert before[-1].event == "lapse"
    async with worker_of(client, settings, database):
        assert await history_of(client, settings, handle) == before


async def test_a_signal_is_remembered_as_it_was(
    client: Client, settings: Settings, database: Database
) -> None:
    given = begins(start_of(day("09-18")))
    handle = await started(client, settings, given)
    async with worker_of(client, settings, database):
        await history_of(client, settings, handle)
    body = Cast(given["application_ref"]).submit()
    await handle.signal(body["kind"], body)
    question = await asked_first(handle)
    async with worker_of(client, settings, database):
        await question
        before = await history_of(client, settings, handle)
    assert before[-1].event == "submit"
    async with worker_of(client, settings, database):
        assert await history_of(client, settings, handle) == before
