"""A real worker with a real database behind the server under test, for those who knock from outside."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete
from sqlalchemy.exc import SQLAlchemyError
from temporalio import activity, workflow
from temporalio.service import RPCError

from activities.database import Database
from models.cycle_state import cycle_id
from models.tables import Base
from models.views import StateView
from tests.cli import CliRunner, Result
from tests.support import eventually, log_to_stderr, unique
from workers.cli import app
from workers.client import ReviewClient
from workers.connect import connect
from workers.database import upgrade
from workers.registry import WORKFLOWS, make_activities
from workers.rehearsal.cast import Cast, Json
from workers.settings import Settings
from workers.telemetry import configure_logging
from workers.worker import run_worker

if TYPE_CHECKING:
    from tests.workers.doors import OpenDoors

Zhicheng = Callable[..., Result]


class Lines:
    """What was logged, parsed."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    def all(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    def of(self, *loggers: str) -> list[dict[str, Any]]:
        return [line for line in self.all() if line["logger"] in loggers]

    def only(self, event: str) -> dict[str, Any]:
        [line] = [line for line in self.all() if line["event"] == event]
        return line


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Logging as a process has it, into memory; what was configured before is put back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    on_message = workflow.logger.workflow_info_on_message, activity.logger.activity_info_on_message
    captured = Lines()
    configure_logging(Settings.load(log_level="info"), captured.stream)
    yield captured
    log_to_stderr()
    root.handlers[:], root.level = handlers, level
    workflow.logger.workflow_info_on_message, activity.logger.activity_info_on_message = on_message


@pytest.fixture(scope="session")
def served(temporal_address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The settings under which a worker serves applications, on a task queue and a database of its own."""
    settings = Settings.load(
        temporal_address=temporal_address,
        task_queue=unique("served"),
        data_dir=tmp_path_factory.mktemp("served"),
        rehearsal=True,
    )
    with serving(settings):
        yield settings


@contextmanager
def serving(settings: Settings) -> Iterator[None]:
    """A worker serves under these settings while the block runs."""
    thread = ServingThread(settings)
    thread.start()
    asyncio.run(eventually(thread.ready_file.exists, 30.0))
    yield
    thread.end()


@pytest.fixture(scope="session")
def open_doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDoors]:
    """Worker, Nexus service and gateway on a server of their own, whose applications can be put forward."""
    from tests.workers.doors import DoorsThread

    thread = DoorsThread(tmp_path_factory.mktemp("doors"))
    yield thread.open()
    thread.close()


class ServingThread(threading.Thread):
    """A worker in a thread of its own, so that commands may run their own event loops."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(name="worker")
        self.settings, self.status = settings, -1
        self.ready_file = settings.data_dir / "ready"
        self._loop: asyncio.AbstractEventLoop | None = None
        self._halt: asyncio.Event | None = None

    def run(self) -> None:
        self.status = asyncio.run(self._serve())

    async def _serve(self) -> int:
        self._loop, self._halt = asyncio.get_running_loop(), asyncio.Event()
        url = self.settings.database_url.get_secret_value()
        await asyncio.to_thread(upgrade, url)
        database = Database(url)
        try:
            return await run_worker(
                self.settings,
                workflows=WORKFLOWS,
                activities=make_activities(database, rehearsal=True),
                database=database,
                ready_file=self.ready_file,
                stop=self._halt,
            )
        finally:
            await database.close()

    def end(self) -> None:
        """Drain; the worker must have ended well."""
        assert self._loop is not None
        assert self._halt is not None
        self._loop.call_soon_threadsafe(self._halt.set)
        self.join(60)
        assert self.status == 0


@pytest.fixture
async def door(served: Settings) -> ReviewClient:
    """The typed client, made in the test's own event loop."""
    return ReviewClient(await connect(served), served.task_queue)


@pytest.fixture
def cast() -> Cast:
    """The people around an application that no other test knows."""
    return Cast(unique("a"))


def rehearsal_clock(business_start: str, speed: float = 1.0) -> Json:
    """Business time that begins now at `business_start` and runs `speed` times as fast."""
    return {
        "real_start": datetime.now(UTC).isoformat(),
        "business_start": business_start,
        "speed": speed,
    }


async def end_cycle(settings: Settings, plan_id: str) -> None:
    """Server and database are shared: ends the cycle of a plan, if there is one, and forgets it. One that is
    on record is not begun again."""
    client = await connect(settings)
    with suppress(RPCError):
        await client.get_workflow_handle(cycle_id(plan_id)).terminate("end of the test")
    database = Database(settings.database_url.get_secret_value())

    async def forgotten() -> None:
        try:
            async with database.transaction() as session:
                for table in reversed(Base.metadata.sorted_tables):
                    if table.name.startswith("cycle"):
                        await session.execute(delete(table).where(table.c.plan_id == plan_id))
        except SQLAlchemyError as error:  # an activity that was on its way writes at the same moment
            raise AssertionError("the cycle is still written") from error

    try:
        await eventually(forgotten)
    finally:
        await database.close()


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment variables that stand for `settings`."""
    return {
        "ZHICHENG_TEMPORAL_ADDRESS": settings.temporal_address or "",
        "ZHICHENG_TASK_QUEUE": settings.task_queue,
        "ZHICHENG_DATA_DIR": str(settings.data_dir),
    }


@pytest.fixture
def zhicheng(served: Settings) -> Zhicheng:
    """The command line as a user types it, against the worker."""
    environment = environment_of(served)

    def run(*words: str, given: str | None = None, **more: str) -> Result:
        return CliRunner().invoke(app, list(words), input=given, env={**environment, **more})

    return run


def wait_until(
    settings: Settings, application: str, holds: Callable[[StateView], bool], timeout: float = 60.0
) -> StateView:
    """The state of the application once it `holds`; it comes there by itself. `timeout` in seconds."""

    async def wait() -> StateView:
        door = ReviewClient(await connect(settings), settings.task_queue)

        async def reached() -> StateView:
            state = await door.state(application)
            assert holds(state), f"{state.stage} at {state.at}"
            return state

        return await eventually(reached, timeout)

    return asyncio.run(wait())


def written(path: Path, value: Any) -> str:
    """The name of a file that holds `value` as JSON."""
    path.write_text(json.dumps(value, ensure_ascii=False), "utf-8")
    return str(path)
