"""A cycle in hard times: continued as new, questions without a worker, a database that is away, rubbish."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from activities.database import Database
from models.audit import Fact, verify
from models.cycle_state import CycleReceipt, cycle_id
from models.cycle_views import CycleView
from models.refusal import RefusalCode
from models.state import RefusedSignal
from models.tables import CycleFact
from tests.support import eventually, unique
from tests.workflows.year import PLAN_ID, city, command, office
from workers.connect import connect
from workers.database import upgrade
from workers.embedded import DevServer
from workers.registry import WORKFLOWS, make_activities
from workers.search_attributes import server_types
from workers.settings import Settings
from workers.worker import build_worker

SOON = 40
"""Events after which this server suggests to continue as new."""

DAY_A_SECOND = 86_400.0

Handle = WorkflowHandle[Any, Any]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[DevServer]:
    """A server that suggests to continue as new after forty events."""
    limits = {"limit.historyCount.suggestContinueAsNew": SOON}
    async with DevServer(run_dir=tmp_path, search_attributes=server_types(), dynamic_config=limits) as server:
        yield server


class Place:
    """A database, a queue and a client on a server of its own."""

    def __init__(self, server: DevServer, tmp_path: Path) -> None:
        self.file = tmp_path / "cycle.db"
        url = f"sqlite+aiosqlite:///{self.file}"
        upgrade(url)
        self.database, queue = Database(url), unique("hard")
        self.settings = Settings.load(
            temporal_address=server.address, task_queue=queue, rehearsal=True, sticky_seconds=1.0
        )
        self.activities = make_activities(self.database, rehearsal=True)

    @asynccontextmanager
    async def worker(self, client: Client, **settings: object) -> AsyncIterator[None]:
        chosen = self.settings.model_copy(update=settings)
        async with build_worker(client, chosen, WORKFLOWS, self.activities):
            yield

    async def start(self, client: Client, opening: str, speed: float) -> Handle:
        clock = {"real_start": datetime.now(UTC).isoformat(), "business_start": opening, "speed": speed}
        return await client.start_workflow(
            "ReviewCycleWorkflow",
            {"plan_id": PLAN_ID, "clock": clock},
            id=cycle_id(PLAN_ID),
            task_queue=self.settings.task_queue,
            task_timeout=timedelta(seconds=2),
        )

    async def facts(self) -> list[Fact]:
        """The chain as the database has it."""
        async with self.database.reading() as session:
            rows = await session.scalars(
                select(CycleFact).where(CycleFact.orphaned_at.is_(None)).order_by(CycleFact.seq)
            )
            return [row.to_fact() for row in rows]


async def _history(handle: Handle) -> list[Fact]:
    return await handle.query("history", result_type=list[Fact])


def _filed(number: int) -> dict[str, Any]:
    return command("record_step", office(), step="plan_filed", on="2023-09-01", document_no=f"津{number}号")


async def test_a_long_year_continues_as_new_with_everything_it_knows(
    server: DevServer, tmp_path: Path
) -> None:
    place = Place(server, tmp_path)
    client = await connect(place.settings)
    async with place.worker(client):
        started = await place.start(client, "2023-09-01T09:00:00+08:00", DAY_A_SECOND)
        first_run = (await started.describe()).run_id
        handle = client.get_workflow_handle(cycle_id(PLAN_ID))
        first = _filed(0)
        receipt = await handle.execute_update("record_step", first, result_type=CycleReceipt)
        for number in range(1, 8):
            await handle.execute_update("record_step", _filed(number))

        async def continued() -> None:
            assert (await handle.describe()).run_id != first_run

        await eventually(continued)
        again = await handle.execute_update("record_step", first, result_type=CycleReceipt)
        assert again == receipt.model_copy(update={"duplicate": True}), "known from an earlier run"

        async def reminded() -> list[Fact]:
            history = await _history(handle)
            assert "reminded" in [fact.event for fact in history]
            return history

        history = await eventually(reminded, timeout=20)
        assert verify(history) == []
        assert [fact.event for fact in history].count("record_step") == 8
        assert (await handle.describe()).history_length < 3 * SOON

        async def written() -> None:
            assert [fact.hash for fact in (await place.facts())[: len(history)]] == [f.hash for f in history]

        await eventually(written)
    await place.database.close()


async def test_a_question_that_waited_for_a_worker_wedges_nothing(server: DevServer, tmp_path: Path) -> None:
    """No worker is on line: a question waits, the daily look is due, a command comes. Then one starts."""
    place = Place(server, tmp_path)
    client = await connect(place.settings)
    async with place.worker(client):
        handle = await place.start(client, "2023-09-12T20:00:00+08:00", DAY_A_SECOND / 2)
        await handle.execute_update("record_step", _filed(1))
    question = asyncio.create_task(handle.query("state"))
    rung = await _timers_fired(handle)

    async def alarm_rang() -> None:
        assert await _timers_fired(handle) > rung

    await eventually(alarm_rang, timeout=20)
    check = command(
        "spot_check",
        city(),
        size=1,
        question="请提交继续教育证明",
        answer_by="2024-11-24",
        document_no="津人社〔2023〕9号",
    )
    update = asyncio.create_task(handle.execute_update("spot_check", check))
    record = asyncio.create_task(handle.execute_update("record_step", _filed(2)))
    async with place.worker(client):
        await asyncio.gather(question, update, return_exceptions=True)
        await record
        live = await _history(handle)
    async with place.worker(client, max_cached_workflows=0):
        again = await _history(handle)
        shared = min(len(live), len(again))
        assert [f.hash for f in again[:shared]] == [f.hash for f in live[:shared]], "the same chain"
        assert [f.event for f in live].count("record_step") == 2
        receipt = await handle.execute_update("record_step", _filed(3), result_type=CycleReceipt)
        assert receipt.event == "record_step", "it still takes commands"
    await place.database.close()


async def _timers_fired(handle: Handle) -> int:
    events = (await handle.fetch_history()).events
    return sum(1 for event in events if event.event_type == EventType.EVENT_TYPE_TIMER_FIRED)


async def test_signals_are_never_dropped_and_never_raise(server: DevServer, tmp_path: Path) -> None:
    """Rubbish, a forged outcome, a stranger: kept as refused; the database is locked meanwhile."""
    place = Place(server, tmp_path)
    client = await connect(place.settings)
    unreadable = RawValue(
        Payload(metadata={"encoding": b"json/plain"}, data=rb'{"command_id": "\ud83d\u0000')
    )
    async with place.worker(client):
        handle = await place.start(client, "2023-09-12T09:00:00+08:00", 1.0)
        await handle.query("state")
        lock = sqlite3.connect(place.file, isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")
        await handle.signal("promote\x00", unreadable)
        await handle.signal("record_step", {"kind": "record_step", "actor": 7})
        await handle.signal("order_done", {"order_id": "forged", "counts": {"accepted": 99}})
        await handle.signal("order_done", "forged")
        await handle.signal("close", command("close", {**office(), "organisation": "stranger"}, text="x"))
        await handle.signal("record_step", _filed(1))

        async def seen() -> CycleView:
            state = await handle.query("state", result_type=CycleView)
            assert state.refused == 4
            assert [s.document_no for s in state.steps if s.step == "plan_filed"] == ["津1号"]
            return state

        await asyncio.sleep(0)
        lock.execute("ROLLBACK")
        lock.close()
        state = await eventually(seen, timeout=30)
        refused = await handle.query("refused", result_type=list[RefusedSignal])
        assert {signal.refusal.code for signal in refused} == {
            RefusalCode.MALFORMED,
            RefusalCode.WRONG_ORGANISATION,
        }
        assert state.orders == ()
        history = await _history(handle)
        assert verify(history) == []

        async def written() -> None:
            assert [fact.hash for fact in await place.facts()] == [fact.hash for fact in history]

        await eventually(written, timeout=30)
        with pytest.raises(WorkflowFailureError) as failure:
            await client.execute_workflow(
                "ReviewCycleWorkflow",
                {"plan_id": "no-such-plan"},
                id=cycle_id("no-such-plan"),
                task_queue=place.settings.task_queue,
            )
        assert isinstance(failure.value.cause, ApplicationError)
        assert failure.value.cause.type == "RefusedStart"
    await place.database.close()
