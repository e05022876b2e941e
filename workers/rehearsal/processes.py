"""The two processes of a rehearsal, the Temporal server and the worker: started, and started again.

Whichever of them dies, however it dies, is started again at once on the same data. `server.pid` and
`worker.pid` in the data directory name them. It knows no story.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from workers.codec.ring import make_key_file
from workers.database import upgrade
from workers.embedded import NAMESPACE, DevServer, DevServerError
from workers.settings import Settings

SERVER = {"history.timerProcessorMaxTimeShift": "10ms", "matching.queryPollerUnavailableWindow": "200ms"}
"""A business day is less than a second long: timers must not wait to be collected. And a question to a
workflow whose worker is away is refused, not kept until there is one."""

STICKY_SECONDS = 1.0
"""After this the server gives the work of a worker that died to another one."""

_INHERITED = ("TEMPORAL_", "ZHICHENG_")


class Processes:
    """Server and worker under `data_dir`. `say` hears of every end and every new start."""

    def __init__(
        self, data_dir: Path, *, ui: bool, say: Callable[[str], None], log_level: str = "warning"
    ) -> None:
        self.log_level = log_level
        self.data_dir = data_dir.absolute()
        self.database_url = f"sqlite+aiosqlite:///{self.data_dir / 'zhicheng.db'}"
        self.server = DevServer(
            db_file=self.data_dir / "temporal" / "temporal.db", ui=ui, dynamic_config=SERVER
        )
        self.ready_file = self.data_dir / "worker.ready"
        self.restarts = 0
        self.say = say
        self._worker: asyncio.subprocess.Process | None = None
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Both are running; the worker may still be warming up. Raises `DevServerError`."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread(upgrade, self.database_url)
        await self.server.start()
        self._write_pid("server", self.server.pid)
        make_key_file(self.settings(), self.server.address)
        await self._start_worker()
        self._watching = asyncio.create_task(self._watch())

    def settings(self) -> Settings:
        """Of whoever talks to this server: its key lies in the data directory, not in the environment."""
        return Settings.load(
            temporal_address=self.server.address,
            temporal_namespace=NAMESPACE,
            data_dir=self.data_dir,
            payload_encryption="on",
            payload_keys=None,
        )

    async def stop(self) -> None:
        """End both: the worker drains first. Idempotent."""
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching
        if self._worker is not None and self._worker.returncode is None:
            with suppress(ProcessLookupError):
                self._worker.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(10):
                    await self._worker.wait()
            except TimeoutError:
                self._worker.kill()
                await self._worker.wait()
        await self.server.stop()
        for name in ("server", "worker"):
            (self.data_dir / f"{name}.pid").unlink(missing_ok=True)

    async def _watch(self) -> None:
        while True:
            if not self.server.is_running:
                await self._restart_server()
            if self._worker is None or self._worker.returncode is not None:
                await self._restart_worker()
            await asyncio.sleep(0.05)

    async def _restart_server(self) -> None:
        old = self.server.pid
        self.say(f"server {old} ended, it is started again on its file")
        while True:
            try:
                await self.server.restart()
                break
            except DevServerError as error:
                self.say(f"server did not start, once more ({str(error).splitlines()[0]})")
        self.restarts += 1
        self._write_pid("server", self.server.pid)
        self.say(f"server {self.server.pid} answers")

    async def _restart_worker(self) -> None:
        if self._worker is not None:
            self.say(f"worker {self._worker.pid} ended ({self._worker.returncode}), it is started again")
            self.restarts += 1
        await self._start_worker()

    async def _start_worker(self) -> None:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(_INHERITED)}
        environment |= {
            "ZHICHENG_TEMPORAL_ADDRESS": self.server.address,
            "ZHICHENG_TEMPORAL_NAMESPACE": NAMESPACE,
            "ZHICHENG_DATA_DIR": str(self.data_dir),
            "ZHICHENG_DATABASE_URL": self.database_url,
            "ZHICHENG_REHEARSAL": "true",
            "ZHICHENG_LOG_LEVEL": self.log_level,
            "ZHICHENG_DRAIN_SECONDS": "2",
            "ZHICHENG_STICKY_SECONDS": str(STICKY_SECONDS),
        }
        with (self.data_dir / "worker.log").open("ab") as log:
            # Its own session: Ctrl-C in the terminal is for the player, which lets the worker drain.
            self._worker = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "workers.rehearsal.serve",
                str(self.ready_file),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,
            )
        self._write_pid("worker", self._worker.pid)

    def _write_pid(self, name: str, pid: int) -> None:
        draft = self.data_dir / f"{name}.pid.new"
        draft.write_text(f"{pid}\n")
        draft.replace(self.data_dir / f"{name}.pid")
