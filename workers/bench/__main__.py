"""`python -m workers.bench`: lives and decisions per second against the floor, and what a life costs.

Both run on the same in-memory development server in the same minute, in the same process; only the ratio
means anything. Business time is compressed so that a whole cycle passes while the commands are sent.
"""

from __future__ import annotations

import argparse
import asyncio
import platform
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from temporalio.client import Client, WorkflowHandle

from activities.database import Database
from workers.bench.floor import COMMANDS, FloorWorkflow
from workers.connect import connect
from workers.database import upgrade
from workers.embedded import DevServer
from workers.exit import finish
from workers.registry import WORKFLOWS, make_activities
from workers.rehearsal.cast import Cast, Json
from workers.search_attributes import server_types
from workers.settings import Settings
from workers.worker import build_worker

QUEUE = "bench"


async def _floor_life(client: Client, number: int, seen: list[float]) -> None:
    cast = Cast(ref=f"floor-{number}")
    handle: WorkflowHandle[FloorWorkflow, int] = await client.start_workflow(
        "FloorWorkflow", cast.start(), id=f"floor/{number}", task_queue=QUEUE
    )
    for _ in range(COMMANDS):
        await _timed(handle, cast.recommend(), seen)
    await handle.result()


async def _real_life(client: Client, number: int, seen: list[float]) -> None:
    """Eleven accepted commands: the main line up to the department, with returns that repeat hops.

    No waiting for a publicity: eleven decisions as fast as the server takes them.
    """
    cast = Cast(ref=f"bench-{number}")
    clock = {
        "real_start": datetime.now(UTC).isoformat(),
        "business_start": "2023-09-20T09:00:00+08:00",
        "speed": 1.0,
    }
    handle: WorkflowHandle[object, object] = await client.start_workflow(
        "ApplicationWorkflow",
        cast.start(clock=clock),
        id=f"application/{cast.plan_id}/{cast.ref}",
        task_queue=QUEUE,
    )
    steps: list[Json] = [cast.submit()]
    for _ in range(4):
        steps += [cast.employer_return(), cast.resubmit("e1")]
    steps += [cast.recommend(), cast.withdraw()]
    for body in steps:
        await _timed(handle, body, seen)
    await handle.result()


async def _timed(handle: WorkflowHandle[Any, Any], body: Json, seen: list[float]) -> None:
    begun = time.perf_counter()
    await handle.execute_update(body["kind"], body)
    seen.append(time.perf_counter() - begun)


async def _run(
    life: Callable[[Client, int, list[float]], Awaitable[None]], client: Client, lives: int, at_once: int
) -> tuple[float, list[float]]:
    gate = asyncio.Semaphore(at_once)
    seen: list[float] = []

    async def one(number: int) -> None:
        async with gate:
            await life(client, number, seen)

    begun = time.perf_counter()
    await asyncio.gather(*(one(number) for number in range(lives)))
    return time.perf_counter() - begun, seen


async def _bench(lives: int, at_once: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}"
        upgrade(url)
        database = Database(url)
        async with DevServer(run_dir=Path(folder), search_attributes=server_types()) as server:
            settings = Settings.load(temporal_address=server.address, task_queue=QUEUE, rehearsal=True)
            client = await connect(settings)
            activities = make_activities(database, rehearsal=True)
            async with build_worker(client, settings, [*WORKFLOWS, FloorWorkflow], activities):
                rows = {}
                for name, life in (("floor", _floor_life), ("application", _real_life)):
                    await _run(life, client, at_once, at_once) if name == "floor" else None
                    rows[name] = await _run(life, client, lives, at_once)
        await database.close()
    _print(rows, lives, at_once)


def _print(rows: dict[str, tuple[float, list[float]]], lives: int, at_once: int) -> None:
    print(f"{platform.python_version()} on {platform.machine()}, {lives} lives, {at_once} at once")
    print("| what | lives/s | decisions/s | p50 ms | p99 ms |")
    print("|---|---|---|---|---|")
    for name, (seconds, seen) in rows.items():
        cuts = statistics.quantiles(seen, n=100)
        per_second, decisions = lives / seconds, len(seen) / seconds
        print(
            f"| {name} | {per_second:.1f} | {decisions:.0f} | {cuts[49] * 1e3:.0f} | {cuts[98] * 1e3:.0f} |"
        )
    ratio = rows["floor"][0] / rows["application"][0]
    print(f"ratio application : floor = {ratio:.2f}")


def main() -> None:
    """Reads the size of the run and ends the process with its status."""
    parser = argparse.ArgumentParser(prog="python -m workers.bench")
    parser.add_argument("--lives", type=int, default=120)
    parser.add_argument("--at-once", type=int, default=20)
    given = parser.parse_args()
    random.seed(7)
    asyncio.run(_bench(given.lives, given.at_once))
    finish(0)


if __name__ == "__main__":
    main()
