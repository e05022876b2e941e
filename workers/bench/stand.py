"""The stand of a measurement: Temporal server, database and workers as processes, and their clocks.

Nothing is shared with whoever sends, as in production: the server, the worker and the sender each have a
process, and what each of them spends of the processor is read from the kernel. Linux only.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from temporalio.client import Client

from activities.database import async_url
from workers.bench.postgres import Postgres
from workers.connect import connect
from workers.database import upgrade
from workers.embedded import NAMESPACE, DevServer
from workers.settings import Settings

Kind = Literal["sqlite", "postgresql"]

TICKS = os.sysconf("SC_CLK_TCK")
PATIENCE = 60.0
"""Seconds in which a worker must serve; a loaded machine takes long to import."""

_INHERITED = ("TEMPORAL_", "ZHICHENG_")


@dataclass
class Stand:
    """`durable`: the server writes every answer to disk, as `zhicheng up` does; else it only remembers.

    `settings` are those of the workers and of the client, as environment variables without their prefix.
    """

    durable: bool = True
    kind: Kind = "sqlite"
    workers: int = 1
    settings: dict[str, str] = field(default_factory=dict)
    queue: str = "bench"

    async def __aenter__(self) -> Self:
        self._open = AsyncExitStack()
        try:
            await self._start()
        except BaseException:
            await self._open.aclose()
            raise
        return self

    async def _start(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="zhicheng-bench-"))
        self._open.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.postgres: Postgres | None = None
        if self.kind == "postgresql":
            self.postgres = await asyncio.to_thread(Postgres)
            self._open.callback(self.postgres.close)
            self.url = with_driver(self.postgres.new_database())
        else:
            self.url = f"sqlite+aiosqlite:///{self.folder / 'zhicheng.db'}"
        await asyncio.to_thread(upgrade, self.url)
        self.server = await self._open.enter_async_context(
            DevServer(
                db_file=self.folder / "temporal" / "temporal.db" if self.durable else None,
                run_dir=self.folder / "temporal",
            )
        )
        self._worker_pids: list[int] = []
        self._processes: list[asyncio.subprocess.Process] = []
        self._open.push_async_callback(self.stop_workers)
        await self.start_workers(self.workers)
        self.client: Client = await connect(Settings.load(**self._client_settings()))

    def _client_settings(self) -> dict[str, Any]:
        return {
            "temporal_address": self.server.address,
            "temporal_namespace": NAMESPACE,
            "data_dir": self.folder,  # where a single machine keeps the key of its payloads
            **self.settings,
        }

    async def start_workers(self, count: int) -> None:
        """Starts so many more, and waits until the server sees them."""
        for _ in range(count):
            ready = self.folder / f"worker-{len(self._processes)}.ready"
            self._processes.append(await self._spawn(ready))
            async with asyncio.timeout(PATIENCE):
                while not ready.exists():
                    if self._processes[-1].returncode is not None:
                        raise RuntimeError(f"the worker did not start:\n{self.worker_log()[-2000:]}")
                    await asyncio.sleep(0.1)

    async def _spawn(self, ready: Path) -> asyncio.subprocess.Process:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(_INHERITED)}
        # An image holds its modules compiled; without that a sandbox compiles some for every workflow.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        given = {
            **self._client_settings(),
            "task_queue": self.queue,
            "database_url": self.url,
            "rehearsal": "true",
            "drain_seconds": "2",
        }
        environment |= {f"ZHICHENG_{name.upper()}": str(value) for name, value in given.items()}
        with (self.folder / "worker.log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "workers.bench.serve",
                str(ready),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,
            )

    async def stop_workers(self) -> None:
        """Lets every worker drain and end. Idempotent."""
        for process in self._processes:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.send_signal(signal.SIGTERM)
        for process in self._processes:
            try:
                async with asyncio.timeout(20):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
        self._processes.clear()

    def worker_log(self) -> str:
        """What the workers wrote."""
        file = self.folder / "worker.log"
        return file.read_text(errors="replace") if file.exists() else ""

    def worker_pids(self) -> list[int]:
        """The processes of the workers."""
        return [p.pid for p in self._processes if p.returncode is None]

    def clocks(self) -> dict[str, float]:
        """Seconds of processor time so far, of each kind of process."""
        found = {
            "server": cpu_seconds(self.server.pid),
            "worker": sum(cpu_seconds(pid) for pid in self.worker_pids()),
            "sender": cpu_seconds(os.getpid()),
        }
        if self.postgres is not None:
            found["database"] = family_cpu_seconds(self.postgres.pid)
        return found

    def worker_bytes(self) -> int:
        """What the workers hold of the machine's memory: their resident set."""
        return sum(resident_bytes(pid) for pid in self.worker_pids())

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()


def with_driver(url: str) -> str:
    """The address of a database as the settings want it, with its driver."""
    return async_url(url).render_as_string(hide_password=False)


def spent(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """The processor seconds between two readings."""
    return {name: after[name] - before.get(name, 0.0) for name in after}


def cpu_seconds(pid: int, *, with_ended: bool = False) -> float:
    """Processor seconds of a process, user and system; with those of its children that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    own = int(fields[11]) + int(fields[12])
    ended = int(fields[13]) + int(fields[14]) if with_ended else 0
    return (own + ended) / TICKS


def family_cpu_seconds(pid: int) -> float:
    """Processor seconds of a process and of its children, living and ended."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        children = []
    return cpu_seconds(pid, with_ended=True) + sum(cpu_seconds(int(child)) for child in children)


def resident_bytes(pid: int) -> int:
    """The resident set of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
