"""The same life on DBOS: a decision is a message, its receipt an event. `dbos_life.py URL LIVES AT_ONCE`"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from typing import Any

import life
import psycopg
from dbos import DBOS, SetWorkflowID

URL, LIVES, AT_ONCE = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
_own = threading.local()


@DBOS.step()
async def record(ref: str, seq: int, event: str, stage: str) -> None:
    """One database transaction; it is idempotent, as a step may run again."""
    await asyncio.to_thread(_record, ref, seq, event, stage)


def _record(ref: str, seq: int, event: str, stage: str) -> None:
    if not hasattr(_own, "connection"):
        _own.connection = psycopg.connect(URL, autocommit=True)
    life.record(_own.connection, ref, seq, event, stage)


@DBOS.workflow()
async def peer_life(ref: str) -> str:
    """Receives decisions until the withdrawal, or the deadline."""
    stage, seq = "draft", 0
    until = time.time() + life.DEADLINE_SECONDS
    while stage != "withdrawn":
        event = await DBOS.recv_async("decide", timeout_seconds=until - time.time())
        if event is None:
            return "lapsed"
        stage, seq = life.next_stage(stage, event), seq + 1
        await record(ref, seq, event, stage)
        await DBOS.set_event_async(f"receipt-{seq}", {"stage": stage, "revision": seq})
    return stage


async def _live(ref: str, seen: list[float]) -> None:
    with SetWorkflowID(f"peer-{ref}"):
        handle: Any = await DBOS.start_workflow_async(peer_life, ref)
    for number, event in enumerate(life.ELEVEN, start=1):
        begun = time.perf_counter()
        await DBOS.send_async(f"peer-{ref}", event, "decide")
        receipt = await DBOS.get_event_async(f"peer-{ref}", f"receipt-{number}", timeout_seconds=60)
        assert receipt is not None, (ref, number)
        seen.append(time.perf_counter() - begun)
    assert await handle.get_result() == "withdrawn"


async def _crowd(prefix: str, lives: int, seen: list[float]) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with gate:
            await _live(f"{prefix}-{number}", seen)

    await asyncio.gather(*(one(number) for number in range(lives)))


async def main() -> None:
    """Worker and sender in one process."""
    life.prepare(URL)
    DBOS(config={"name": "peer", "system_database_url": URL, "log_level": "WARNING"})
    DBOS.launch()
    await _crowd("warm", 10, [])
    seen: list[float] = []
    begun = time.perf_counter()
    await _crowd("life", LIVES, seen)
    life.report("dbos", LIVES, time.perf_counter() - begun, seen)
    sys.stdout.flush()
    os._exit(0)


asyncio.run(main())
