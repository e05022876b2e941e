"""What a simulation stands on: a Temporal server of its own with virtual clocks, a database, workers.

Everything lives in a temporary directory and in memory, and is gone afterwards, also after Ctrl-C.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from temporalio.client import Client
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from activities.database import Database
from workers.connect import connect
from workers.database import upgrade
from workers.embedded import DevServer
from workers.search_attributes import server_types
from workers.simulate.worker import QUEUE, simulation_settings

SKIPPING: dict[str, str | int | float | bool] = {
    "frontend.WorkflowTimeSkippingEnabled": True,
    "history.timerProcessorMaxTimeShift": "10ms",
}
"""Each workflow has a clock of its own; without the second one every skipped timer costs a second."""

MEMORY = "/dev/shm" if os.path.isdir("/dev/shm") else None
"""Where nothing has to be written to a disk: the data of a simulation need not outlive it."""

WORKERS = 2
"""Processes that serve workflows: one alone is what everything else waits for (measured on two cores)."""

WORKER_ENDS_WITHIN = 5.0
"""Real seconds."""

T = TypeVar("T")


class WorkerEndedError(RuntimeError):
    """A worker of the simulation ended by itself; the text ends with its last words."""


@dataclass(frozen=True)
class Serving:
    """One worker process, and the file with its words."""

    process: asyncio.subprocess.Process
    log: Path

    async def ended(self) -> str:
        """Waits until it has ended by itself, and says with what."""
        status = await self.process.wait()
        tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-5:])
        return f"the worker ended with status {status}.\n{tail}"


@dataclass(frozen=True)
class Ground:
    """A running server with workers. `client` starts workflows whose time stands until it is moved."""

    client: Client
    skipper: TimeSkipper
    database: Database
    workers: tuple[Serving, ...]
    queue: str = QUEUE

    async def while_it_stands(self, work: Coroutine[Any, Any, T]) -> T:
        """Does the work, unless a worker ends meanwhile. Raises `WorkerEndedError`."""
        doing = asyncio.ensure_future(work)
        ending = [asyncio.ensure_future(one.ended()) for one in self.workers]
        try:
            await asyncio.wait({doing, *ending}, return_when=asyncio.FIRST_COMPLETED)
            if doing.done():
                return doing.result()
            raise WorkerEndedError(next(one.result() for one in ending if one.done()))
        finally:
            for task in (doing, *ending):
                task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await doing


@asynccontextmanager
async def ground(cached: int) -> AsyncIterator[Ground]:
    """Starts everything and stops it again. `cached`: how many workflows a worker keeps in memory.

    Raises `workers.embedded.DevServerError` when the server does not start.
    """
    async with AsyncExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="zhicheng-simulation-", dir=MEMORY))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        url = f"sqlite+aiosqlite:///{folder / 'simulation.db'}"
        upgrade(url)
        database = Database(url)
        stack.push_async_callback(database.close)
        server = await stack.enter_async_context(
            DevServer(run_dir=folder, search_attributes=server_types(), dynamic_config=SKIPPING)
        )
        unskipped = await connect(simulation_settings(server.address))
        skipper = TimeSkipper(unskipped, config=TimeSkippingConfig(enabled=False))
        workers = []
        for number in range(1, WORKERS + 1):
            log = folder / f"worker-{number}.log"
            process = await _start_worker(log, server.address, url, cached)
            stack.push_async_callback(_end_worker, process)
            workers.append(Serving(process, log))
        yield Ground(skipper.client, skipper, database, tuple(workers))


async def _start_worker(log: Path, address: str, url: str, cached: int) -> asyncio.subprocess.Process:
    """In its own session: Ctrl-C ends the simulation first, and that ends the worker."""
    with log.open("wb") as words:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "workers.simulate.worker",
            address,
            url,
            str(cached),
            stdin=asyncio.subprocess.PIPE,
            stdout=words,
            stderr=words,
            start_new_session=True,
        )


async def _end_worker(worker: asyncio.subprocess.Process) -> None:
    assert worker.stdin is not None
    worker.stdin.close()
    try:
        async with asyncio.timeout(WORKER_ENDS_WITHIN):
            await worker.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            worker.kill()
        await worker.wait()
