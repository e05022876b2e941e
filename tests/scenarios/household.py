"""Everything that runs, as processes of their own: a Temporal server, workers, a gateway. Any can be killed.

The server keeps its database in a file, so what it acknowledged is there after a SIGKILL.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from workers.codec.given import new_key
from workers.embedded import NAMESPACE, DevServer
from workers.processes import free_port
from workers.search_attributes import server_types
from workers.settings import Settings

PROGRAM = Path(sys.executable).with_name("zhicheng")

PAYLOAD_KEYS = "ZHICHENG_PAYLOAD_KEYS"
"""Given, so that whoever asks need not wait for the first start of a worker, which would make one."""


class Household:
    """The server, and the processes beside it by name (`worker`, `worker-2`, `gateway`)."""

    def __init__(self, server: DevServer, settings: Settings, environment: dict[str, str]) -> None:
        self.settings, self._server, self._environment = settings, server, environment
        self._processes: dict[str, asyncio.subprocess.Process] = {}

    async def start(self, name: str) -> None:
        """`zhicheng worker`, `zhicheng gateway`: the word before the hyphen."""
        with (self.settings.data_dir / f"{name}.log").open("ab") as words:
            self._processes[name] = await asyncio.create_subprocess_exec(
                PROGRAM, name.partition("-")[0], env=self._environment, stdout=words, stderr=words
            )

    async def kill(self, name: str) -> None:
        """SIGKILL, and another one."""
        await self._end(name)
        await self.start(name)

    async def kill_everything(self) -> None:
        """SIGKILL to every process and to the server, at once; then all of it again."""
        names = list(self._processes)
        await asyncio.gather(self._server.kill(), *(self._end(name) for name in names))
        await self._server.restart()
        for name in names:
            await self.start(name)

    async def end(self) -> None:
        """Kills what still runs, but for the server."""
        for name in self._processes:
            await self._end(name)

    async def _end(self, name: str) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._processes[name].kill()
        await self._processes[name].wait()


@contextlib.asynccontextmanager
async def household(folder: Path, more: Mapping[str, str], *names: str) -> AsyncIterator[Household]:
    """A server and the processes named, in an empty folder; `more` is environment of the processes."""
    address = f"127.0.0.1:{free_port()}"
    server = DevServer(run_dir=folder, db_file=folder / "temporal.db", search_attributes=server_types())
    keys = os.environ.get(PAYLOAD_KEYS) or new_key("household")
    async with server:
        settings = Settings.load(
            payload_keys=keys,
            temporal_address=server.address,
            temporal_namespace=NAMESPACE,
            data_dir=folder,
            gateway_address=address,
            rehearsal=True,
            local_issuer=True,
        )
        environment = {
            **os.environ,
            PAYLOAD_KEYS: keys,
            "ZHICHENG_TEMPORAL_ADDRESS": server.address,
            "ZHICHENG_DATA_DIR": str(folder),
            "ZHICHENG_GATEWAY_ADDRESS": address,
            "ZHICHENG_GATEWAY_CALLS_A_MINUTE": "1000000",
            "ZHICHENG_REHEARSAL": "true",
            "ZHICHENG_LOCAL_ISSUER": "true",
            "ZHICHENG_STICKY_SECONDS": "1",
            "ZHICHENG_LOG_LEVEL": "warning",
            **more,
        }
        home = Household(server, settings, environment)
        try:
            for name in names:
                await home.start(name)
            yield home
        finally:
            await home.end()
