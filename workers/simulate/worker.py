"""A worker of a simulation, a process of its own: `python -m workers.simulate.worker ADDRESS URL CACHED`.

A worker needs as much of a core as the one who drives it. It serves until its standard input ends: with the
simulation that started it, however that one ended.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from pathlib import Path
from typing import Any

from temporalio import activity
from temporalio.worker import UnsandboxedWorkflowRunner

from activities.database import Database
from models.cycle_messages import Asked, Done
from workers.connect import connect
from workers.embedded import NAMESPACE
from workers.exit import finish
from workers.registry import WORKFLOWS, make_activities
from workers.settings import Settings
from workers.worker import build_worker

QUEUE = "simulation"
NOWHERE = Path("/nonexistent")
"""A simulation has no data directory."""

GARBAGE_EVERY = 50_000
"""Allocations between two collections: it lives for minutes, and much of what it makes stays in its cache."""


def simulation_settings(address: str, **more: Any) -> Settings:
    """Of a simulation at host:port. Its people are invented, and nothing is kept: no keys."""
    return Settings.load(
        temporal_address=address,
        temporal_namespace=NAMESPACE,
        task_queue=QUEUE,
        rehearsal=True,
        payload_encryption="off",
        payload_keys=None,
        data_dir=NOWHERE,
        **more,
    )


@activity.defn(name="make_papers")
async def make_papers(asked: Asked) -> Done:  # noqa: ARG001 - the shape of the activity
    """Draws no papers: nobody reads those of a simulation, and they take longer than all the rest."""
    return Done(counts={"made": 0})


async def serve(address: str, url: str, cached: int) -> None:
    """Serves until standard input ends. `cached`: how many workflows are kept in memory."""
    settings = simulation_settings(address, max_cached_workflows=cached, drain_seconds=1.0)
    client = await connect(settings)
    database = Database(url, empties_log=False)
    try:
        made = make_activities(database, rehearsal=True)
        activities = [one for one in made if one.__name__ != make_papers.__name__]
        activities.append(make_papers)
        # The sandbox looks for mistakes in workflow code, and that is what tests are for: here it only costs.
        runner = UnsandboxedWorkflowRunner()
        async with build_worker(client, settings, WORKFLOWS, activities, runner=runner):
            await _input_ended()
    finally:
        await database.close()


async def _input_ended() -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    await reader.read()


def main() -> None:
    """Reads the three arguments and serves."""
    address, url, cached = sys.argv[1:4]
    gc.freeze()
    gc.set_threshold(GARBAGE_EVERY)
    asyncio.run(serve(address, url, int(cached)))
    finish(0)


if __name__ == "__main__":
    main()
