"""A real development server whose workflows have virtual clocks, one worker and one database a session."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment

from activities.database import Database
from tests.codec import plugin
from tests.support import unique
from tests.workflows.cycle import Cycle
from workers.database import upgrade
from workers.embedded import find_binary
from workers.registry import WORKFLOWS, make_activities
from workers.search_attributes import server_types
from workers.settings import Settings
from workers.worker import build_worker


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests here share one event loop with the server's client."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and isinstance(item, pytest.Function):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def environment() -> AsyncIterator[WorkflowEnvironment]:
    """Time moves only when a test says so."""
    types = [f"{name}={kind}" for name, kind in server_types().items()]
    args = [arg for pair in types for arg in ("--search-attribute", pair)]
    async with await WorkflowEnvironment.start_time_skipping_v2(
        ts_config=TimeSkippingConfig(enabled=False),
        plugins=[plugin()],
        dev_server_existing_path=str(find_binary()),
        dev_server_log_level="never",
        dev_server_extra_args=[
            *args,
            "--dynamic-config-value",
            "frontend.WorkflowTimeSkippingEnabled=true",
            "--dynamic-config-value",
            'history.timerProcessorMaxTimeShift="10ms"',
        ],
    ) as env:
        yield env


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def database(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Database]:
    """SQLite, migrated."""
    url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('cycle') / 'title.db'}"
    upgrade(url)
    database = Database(url)
    yield database
    await database.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def cycle(environment: WorkflowEnvironment, database: Database) -> AsyncIterator[Cycle]:
    """The 2023 cycle with a worker on line."""
    queue = unique("cycle")
    settings = Settings.load(task_queue=queue, rehearsal=True)
    activities = make_activities(database, rehearsal=True)
    async with build_worker(environment.client, settings, WORKFLOWS, activities):
        yield Cycle(environment, queue, database)
