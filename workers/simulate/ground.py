"""What a simulation stands on: a Temporal server of its own with virtual clocks, a database, a worker.

Everything lives in a temporary directory and in memory, and is gone afterwards, also after Ctrl-C.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from activities.database import Database
from workers.database import upgrade
from workers.embedded import NAMESPACE, DevServer
from workers.registry import WORKFLOWS, make_activities
from workers.search_attributes import server_types
from workers.settings import Settings
from workers.worker import build_worker

QUEUE = "simulation"
SKIPPING: dict[str, str | int | float | bool] = {
    "frontend.WorkflowTimeSkippingEnabled": True,
    "history.timerProcessorMaxTimeShift": "10ms",
}
"""Each workflow has a clock of its own; without the second one every skipped timer costs a second."""


MEMORY = "/dev/shm" if os.path.isdir("/dev/shm") else None
"""Where nothing has to be written to a disk: the data of a simulation need not outlive it."""


@dataclass(frozen=True)
class Ground:
    """A running server with one worker. `client` starts workflows whose time stands until it is moved."""

    client: Client
    skipper: TimeSkipper
    database: Database
    queue: str = QUEUE


@asynccontextmanager
async def ground(cached: int) -> AsyncIterator[Ground]:
    """Starts everything and stops it again. `cached`: how many workflows the worker keeps in memory.

    Raises `workers.embedded.DevServerError` when the server does not start.
    """
    folder = Path(tempfile.mkdtemp(prefix="zhicheng-simulation-", dir=MEMORY))
    try:
        url = f"sqlite+aiosqlite:///{folder / 'simulation.db'}"
        upgrade(url)
        database = Database(url)
        server = DevServer(run_dir=folder, search_attributes=server_types(), dynamic_config=SKIPPING)
        try:
            async with server:
                plain = await Client.connect(
                    server.address, namespace=NAMESPACE, data_converter=pydantic_data_converter
                )
                skipper = TimeSkipper(plain, config=TimeSkippingConfig(enabled=False))
                settings = Settings.load(
                    temporal_address=server.address,
                    task_queue=QUEUE,
                    rehearsal=True,
                    max_cached_workflows=cached,
                    drain_seconds=1.0,
                )
                activities = make_activities(database, rehearsal=True)
                async with build_worker(skipper.client, settings, WORKFLOWS, activities):
                    yield Ground(client=skipper.client, skipper=skipper, database=database)
        finally:
            await database.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
