"""The database is away, the history grows long: what was acknowledged stays, nothing is done twice."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle

from activities.database import Database
from models.audit import Fact, verify
from models.state import Receipt
from models.views import StateView
from tests.support import eventually, unique
from workers.connect import connect
from workers.database import upgrade
from workers.embedded import DevServer
from workers.registry import WORKFLOWS, make_activities
from workers.rehearsal.cast import Cast
from workers.search_attributes import server_types
from workers.settings import Settings
from workers.worker import build_worker

SOON = 30
"""Events after which this server suggests to continue as new."""


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[DevServer]:
    """A server that suggests to continue as new after thirty events."""
    limits = {"limit.historyCount.suggestContinueAsNew": SOON}
    async with DevServer(run_dir=tmp_path, search_attributes=server_types(), dynamic_config=limits) as server:
        yield server


async def _start(
    client: Client,
    queue: str,
    start: str = "2023-09-20T09:00:00+08:00",
    speed: float = 1.0,
    task_timeout: timedelta | None = None,
) -> tuple[Cast, WorkflowHandle[object, object]]:
    cast = Cast(ref=unique("hard"))
    clock = {"real_start": datetime.now(UTC).isoformat(), "business_start": start, "speed": speed}
    body = cast.start(clock=clock)
    handle: WorkflowHandle[object, object] = await client.start_workflow(
        "ApplicationWorkflow",
        body,
        id=f"application/{cast.plan_id}/{cast.ref}",
        task_queue=queue,
        task_timeout=task_timeout,
    )
    return cast, client.get_workflow_handle(handle.id)


async def _events_in_database(database: Database, ref: str) -> list[str]:
    async with database.transaction() as session:
        rows = await session.execute(
            text("select event from audit where application_ref = :ref order by seq"), {"ref": ref}
        )
        return [row.event for row in rows]


async def test_a_long_life_continues_as_new_with_everything_it_knows(
    server: DevServer, tmp_path: Path
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'long.db'}"
    upgrade(url)
    database = Database(url)
    queue = unique("long")
    settings = Settings.load(temporal_address=server.address, task_queue=queue, rehearsal=True)
    client = await connect(settings)
    async with build_worker(client, settings, WORKFLOWS, make_activities(database, rehearsal=True)):
        cast, handle = await _start(client, queue)
        first_run = (await handle.describe()).run_id
        submit = cast.submit()
        await handle.execute_update("submit", submit)
        for _ in range(8):
            await handle.execute_update("review", cast.employer_return())
            await handle.execute_update("resubmit", cast.resubmit("e1"))
        again = await handle.execute_update("submit", submit, result_type=Receipt)
        assert again.duplicate, "a command of an earlier run is known in a later one"
        history = await handle.query("history", result_type=list[Fact])
        assert verify(history) == []
        assert [f.event for f in history] == [
            "opened",
            "submit",
            *["employer_return", "employer_resubmit"] * 8,
        ]
        description = await handle.describe()
        assert description.run_id != first_run, "it continued as new"
        assert description.history_length < 3 * SOON
        await eventually(lambda: _same(database, cast.ref, [f.event for f in history]))
    await database.close()


async def _same(database: Database, ref: str, events: list[str]) -> bool:
    return await _events_in_database(database, ref) == events


async def test_the_database_is_locked_and_nothing_acknowledged_is_lost(
    server: DevServer, tmp_path: Path
) -> None:
    file = tmp_path / "locked.db"
    url = f"sqlite+aiosqlite:///{file}"
    upgrade(url)
    database = Database(url)
    queue = unique("locked")
    settings = Settings.load(temporal_address=server.address, task_queue=queue, rehearsal=True)
    client = await connect(settings)
    async with build_worker(client, settings, WORKFLOWS, make_activities(database, rehearsal=True)):
        cast, handle = await _start(client, queue)
        await handle.execute_update("submit", cast.submit())
        lock = sqlite3.connect(file, isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")
        sent = asyncio.create_task(handle.execute_update("review", cast.recommend(), result_type=Receipt))

        async def waits_visibly() -> bool:
            description = await handle.describe()
            return bool(description.raw_description.pending_activities)

        await eventually(waits_visibly, timeout=40)
        receipt = await sent
        assert receipt.stage == "recommended", "acknowledged while the database is away"
        state = await handle.query("state", result_type=StateView)
        assert state.revision == receipt.revision
        lock.execute("ROLLBACK")
        lock.close()
        wanted = ["opened", "submit", "recommend", "quota_pass"]
        await eventually(lambda: _same(database, cast.ref, wanted), timeout=40)
    await database.close()


async def test_the_database_refuses_at_once_and_the_application_waits_for_it(
    server: DevServer, tmp_path: Path
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'refuses.db'}"
    upgrade(url)
    database = Database(url)
    queue = unique("refuses")
    settings = Settings.load(temporal_address=server.address, task_queue=queue, rehearsal=True)
    client = await connect(settings)

    async def rename(one: str, other: str) -> None:
        async with database.transaction() as session:
            await session.execute(text(f"ALTER TABLE {one} RENAME TO {other}"))

    async with build_worker(client, settings, WORKFLOWS, make_activities(database, rehearsal=True)):
        cast, handle = await _start(client, queue)
        await handle.execute_update("submit", cast.submit())
        await eventually(lambda: _same(database, cast.ref, ["opened", "submit"]))
        await rename("audit", "audit_is_away")
        receipt = await handle.execute_update("review", cast.employer_return(), result_type=Receipt)
        assert receipt.stage == "employer_returned", "acknowledged while the database refuses"

        async def waits_visibly() -> bool:
            description = await handle.describe()
            assert description.status is WorkflowExecutionStatus.RUNNING
            return bool(description.raw_description.pending_activities)

        await eventually(waits_visibly, timeout=20)
        await rename("audit_is_away", "audit")
        wanted = ["opened", "submit", "employer_return"]
        await eventually(lambda: _same(database, cast.ref, wanted), timeout=40)
    await database.close()


@pytest.mark.parametrize("second", ["hold", "recommend"])
async def test_what_came_while_an_alarm_waited_for_the_database_replays(
    server: DevServer, tmp_path: Path, second: str
) -> None:
    """A reminder is due, its activity waits for the database, the task is kept alive without a command.

    On replay the SDK takes that task and the next one, with the update, for one: the same activities must
    come out, and the same chain.
    """
    file = tmp_path / "slow.db"
    url = f"sqlite+aiosqlite:///{file}"
    upgrade(url)
    database = Database(url)
    queue = unique("slow")
    settings = Settings.load(temporal_address=server.address, task_queue=queue, rehearsal=True)
    client = await connect(settings)
    async with build_worker(client, settings, WORKFLOWS, make_activities(database, rehearsal=True)):
        cast, handle = await _start(
            client, queue, start="2023-11-01T17:00:00+08:00", speed=9_600.0, task_timeout=timedelta(seconds=2)
        )
        await handle.execute_update("submit", cast.submit())
        lock = sqlite3.connect(file, isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")

        async def alarm_rang() -> bool:
            events = (await handle.fetch_history()).events
            return any(e.event_type == EventType.EVENT_TYPE_TIMER_FIRED for e in events)

        await eventually(alarm_rang, timeout=20)
        body = cast.hold() if second == "hold" else cast.recommend()
        await handle.execute_update(body["kind"], body)
        lock.execute("ROLLBACK")
        lock.close()
        live = await handle.query("history", result_type=list[Fact])
        wanted = [f.event for f in live]
        assert wanted[:3] == ["opened", "submit", "reminded"]
        await eventually(lambda: _same(database, cast.ref, wanted), timeout=40)
    fresh = settings.model_copy(update={"max_cached_workflows": 0})
    async with build_worker(client, fresh, WORKFLOWS, make_activities(database, rehearsal=True)):
        again = await handle.query("history", result_type=list[Fact])
        assert [f.hash for f in again] == [f.hash for f in live], "a replay gives the same chain"
    await database.close()


@pytest.mark.parametrize("second", ["hold", "recommend"])
async def test_a_question_that_waited_for_a_worker_wedges_nothing(
    server: DevServer, tmp_path: Path, second: str
) -> None:
    """No worker is on line: a question waits, an alarm rings, an update comes. Then a worker starts.

    The SDK plays the alarm before the question and the update after it, but in one go on replay.
    """
    url = f"sqlite+aiosqlite:///{tmp_path / 'asked.db'}"
    upgrade(url)
    database = Database(url)
    queue = unique("asked")
    settings = Settings.load(
        temporal_address=server.address, task_queue=queue, rehearsal=True, sticky_seconds=1.0
    )
    client = await connect(settings)
    activities = make_activities(database, rehearsal=True)
    async with build_worker(client, settings, WORKFLOWS, activities):
        cast, handle = await _start(
            client,
            queue,
            start="2023-11-01T17:00:00+08:00",
            speed=9_600.0,
            task_timeout=timedelta(seconds=2),
        )
        await handle.execute_update("submit", cast.submit())
    question = asyncio.create_task(handle.query("state"))

    async def alarm_rang() -> bool:
        events = (await handle.fetch_history()).events
        return any(e.event_type == EventType.EVENT_TYPE_TIMER_FIRED for e in events)

    await eventually(alarm_rang, timeout=20)
    body = cast.hold() if second == "hold" else cast.recommend()
    update = asyncio.create_task(handle.execute_update(body["kind"], body))
    async with build_worker(client, settings, WORKFLOWS, activities):
        await update
        await asyncio.gather(question, return_exceptions=True)
        live = await handle.query("history", result_type=list[Fact])
    fresh = settings.model_copy(update={"max_cached_workflows": 0})
    async with build_worker(client, fresh, WORKFLOWS, activities):
        again = await handle.query("history", result_type=list[Fact])
        assert [f.hash for f in again] == [f.hash for f in live], "a replay gives the same chain"
        await eventually(lambda: _same(database, cast.ref, [f.event for f in live]))
    await database.close()
