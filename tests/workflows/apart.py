"""A database, a queue and a worker of one test: what it counts, selects or orders is its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from activities.database import Database
from tests.support import unique
from tests.workflows.cycle import Cycle
from tests.workflows.year import PLAN_ID
from workers.database import upgrade
from workers.registry import WORKFLOWS, make_activities
from workers.settings import Settings
from workers.worker import build_worker


@asynccontextmanager
async def apart(
    environment: WorkflowEnvironment, folder: Path, *more: type, **given: Any
) -> AsyncIterator[Cycle]:
    """The cycle of a test; with the workflows `more`, and activities that are `given` something. The server
    is shared: a year that was begun ends with the test."""
    url = f"sqlite+aiosqlite:///{folder / 'apart.db'}"
    upgrade(url)
    database, queue = Database(url), unique("apart")
    settings = Settings.load(task_queue=queue, rehearsal=True)
    activities = make_activities(database, rehearsal=True, **given)
    async with build_worker(environment.client, settings, [*WORKFLOWS, *more], activities):
        yield Cycle(environment, queue, database)
        with suppress(RPCError):
            await environment.client.get_workflow_handle(f"cycle/{PLAN_ID}").terminate("end of the test")
    await database.close()
