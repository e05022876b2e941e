"""One text for two engines: Temporal's SDK, and dbosify, which stands in for it on PostgreSQL alone.

python temporal_like.py temporalio URL LIVES AT_ONCE ADDRESS
python temporal_like.py dbosify    URL LIVES AT_ONCE
"""

from __future__ import annotations

import asyncio
import importlib
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import life
import psycopg

ENGINE, URL, LIVES, AT_ONCE = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
if ENGINE == "dbosify":  # 0.4.0 takes any dbos from 2.25 on, and looks for a module that 3.x has no more
    sys.modules.setdefault("dbos._croniter", importlib.import_module("croniter"))
activity: Any = importlib.import_module(f"{ENGINE}.activity")
workflow: Any = importlib.import_module(f"{ENGINE}.workflow")
client: Any = importlib.import_module(f"{ENGINE}.client")
worker: Any = importlib.import_module(f"{ENGINE}.worker")

_own = threading.local()


@activity.defn
def record(row: list[Any]) -> None:
    """One database transaction, with a connection a thread."""
    if not hasattr(_own, "connection"):
        _own.connection = psycopg.connect(URL, autocommit=True)
    life.record(_own.connection, *row)


@workflow.defn(name="PeerLife")
class PeerLife:
    """Takes decisions; the rows are written by `run`, and the answer waits for them, as an application's."""

    @workflow.init
    def __init__(self, ref: str) -> None:
        self.ref, self.stage = ref, "draft"
        self.outbox: list[list[Any]] = []
        self.taken = self.recorded = 0

    @workflow.run
    async def run(self, ref: str) -> str:  # noqa: ARG002 - read by __init__
        """Until the withdrawal, or the deadline."""
        while self.stage != "withdrawn":
            try:
                await workflow.wait_condition(
                    lambda: bool(self.outbox), timeout=timedelta(seconds=life.DEADLINE_SECONDS)
                )
            except TimeoutError:
                return "lapsed"
            while self.outbox:
                await workflow.execute_local_activity(
                    record, self.outbox.pop(0), start_to_close_timeout=timedelta(seconds=10)
                )
                self.recorded += 1
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self.stage

    @workflow.update
    async def decide(self, event: str) -> dict[str, Any]:
        """The stage moves at once; the answer comes when the row is written."""
        self.stage = life.next_stage(self.stage, event)
        self.taken += 1
        number = self.taken
        self.outbox.append([self.ref, number, event, self.stage])
        await workflow.wait_condition(lambda: self.recorded >= number)
        return {"stage": self.stage, "revision": number}


async def _live(door: Any, ref: str, seen: list[float]) -> None:
    handle = await door.start_workflow("PeerLife", ref, id=f"peer/{ref}", task_queue="peer")
    for event in life.ELEVEN:
        begun = time.perf_counter()
        await handle.execute_update("decide", event)
        seen.append(time.perf_counter() - begun)
    assert await handle.result() == "withdrawn"


async def _crowd(door: Any, prefix: str, lives: int, seen: list[float]) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with gate:
            await _live(door, f"{prefix}-{number}", seen)

    await asyncio.gather(*(one(number) for number in range(lives)))


async def main() -> None:
    """Worker and sender in one process."""
    life.prepare(URL)
    more: dict[str, Any] = {"activity_executor": ThreadPoolExecutor(8)}
    if ENGINE == "temporalio":
        door = await client.Client.connect(sys.argv[5])
        more["workflow_runner"] = worker.UnsandboxedWorkflowRunner()
        made = worker.Worker(door, task_queue="peer", workflows=[PeerLife], activities=[record], **more)
    else:
        made = worker.Worker(URL, task_queue="peer", workflows=[PeerLife], activities=[record], **more)
    async with made:
        if ENGINE != "temporalio":
            door = await client.Client.connect(URL)
        await _crowd(door, "warm", 10, [])
        seen: list[float] = []
        begun = time.perf_counter()
        await _crowd(door, "life", LIVES, seen)
        life.report(ENGINE, LIVES, time.perf_counter() - begun, seen)
        sys.stdout.flush()
        importlib.import_module("os")._exit(0)


asyncio.run(main())
