"""Everything that runs: the Temporal server, PostgreSQL, workers, gateways, courier, and the links between.

Each process is started again when it ends, as a supervisor or a cluster would do; how often it ended by
itself is told. Processes reach each other through links only.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import sys
from collections import Counter
from functools import partial
from pathlib import Path

import httpx

from tests.chaos.faults import LINKS, Fault
from tests.chaos.link import Link
from tests.chaos.postgres import Postgres
from tests.codec import KEYS
from tests.support import eventually
from workers.database import upgrade
from workers.embedded import NAMESPACE, DevServer, DevServerError
from workers.processes import LOOPBACK, free_port
from workers.search_attributes import server_types
from workers.settings import Settings

PROGRAM = Path(sys.executable).with_name("zhicheng")
AGAIN_AFTER = 0.5
"""Seconds after which a process that ended is started again."""


class House:
    """The service of one run under `folder`. `receiver`: the port of the one that listens to webhooks."""

    def __init__(self, folder: Path, receiver: int, *, workers: int, gateways: int, courier: bool) -> None:
        self.folder = folder
        self.postgres = Postgres(folder)
        self.server = DevServer(
            run_dir=folder / "temporal",
            db_file=folder / "temporal" / "temporal.db",
            search_attributes=server_types(),
            # Questions to an application whose worker is away are refused, not kept: they are asked again.
            dynamic_config={"matching.queryPollerUnavailableWindow": "200ms"},
        )
        self._gateway_ports = [free_port() for _ in range(gateways)]
        self._receiver = receiver
        self.links: dict[str, Link] = {}
        self.names = [f"worker-{n + 1}" for n in range(workers)]
        self.names += [f"gateway-{n + 1}" for n in range(gateways)]
        self.names += ["courier"] if courier else []
        self.done: Counter[str] = Counter()
        self.ended_by_itself: Counter[str] = Counter()
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._keeping: list[asyncio.Task[None]] = []
        self._killed: set[str] = set()
        self._database_fault = asyncio.Lock()
        self._server_fault = asyncio.Lock()

    async def start(self) -> None:
        """Everything runs; a worker may still be warming up."""
        await asyncio.gather(self.postgres.start(), self.server.start())
        await asyncio.to_thread(upgrade, self.postgres.url)
        for name in LINKS:
            await self._link(name)
        for name in self.names:
            await self._start(name)
            self._keeping.append(asyncio.create_task(self._keep(name)))

    async def warm(self, seconds: float) -> None:
        """Returns when every worker and gateway serves. Raises `AssertionError` after so many seconds."""
        async with httpx.AsyncClient() as http:
            for name in self.names:
                await eventually(partial(self._serves, http, name), seconds)

    async def _serves(self, http: httpx.AsyncClient, name: str) -> bool:
        if name.startswith("worker"):
            return (self.folder / f"{name}.ready").exists()
        with contextlib.suppress(httpx.TransportError):
            if name.startswith("gateway"):
                return (await http.get(f"http://{self.links[f'client-{name}'].address}/v1/health")).is_success
            return True
        return False

    async def close(self) -> None:
        """Ends every process; what the service wrote stays in `folder` but for the database."""
        async with contextlib.AsyncExitStack() as each:  # whatever happens to one, the others end, too
            each.push_async_callback(self.postgres.close)
            each.push_async_callback(self.server.stop)
            for link in self.links.values():
                each.push_async_callback(link.close)
            each.push_async_callback(self.end_processes)

    async def end_processes(self) -> None:
        """Workers, gateways and courier drain and end."""
        for task in self._keeping:
            task.cancel()
        await asyncio.gather(*self._keeping, return_exceptions=True)
        for process in self._processes.values():
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        for process in self._processes.values():
            try:
                async with asyncio.timeout(45):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()

    def settings(self, **more: object) -> Settings:
        """Settings that reach the server and the database themselves, past every link."""
        return Settings.load(
            **{
                "temporal_address": self.server.address,
                "temporal_namespace": NAMESPACE,
                "database_url": self.postgres.url,
                "data_dir": self.folder,
                "rehearsal": True,
                "local_issuer": True,
                "payload_keys": KEYS,
                **more,
            }
        )

    def environment(self) -> dict[str, str]:
        """The environment of a command that reaches everything past the links."""
        return self._common() | {
            "ZHICHENG_TEMPORAL_ADDRESS": self.server.address,
            "ZHICHENG_DATABASE_URL": self.postgres.url,
        }

    # --- what may go wrong -----------------------------------------------------------------------------

    async def suffer(self, fault: Fault) -> None:
        """Lets one fault happen, and takes it back after its time."""
        if fault.kind in ("disk full", "database away") or fault.target == "postgres":
            async with self._database_fault:  # one at a time: a database that is away cannot be killed
                await self._database(fault)
        elif fault.kind == "kill" and fault.target == "temporal":
            await self._kill_server()
        elif fault.kind == "kill":
            self._kill(fault.target)
        else:
            await self._wire(fault)
        self.done[f"{fault.kind} {fault.target}"] += 1

    async def _database(self, fault: Fault) -> None:
        if fault.kind == "disk full":
            await self.postgres.full(fault.seconds)
        elif fault.kind == "database away":
            await self.postgres.away(fault.seconds, stopped=bool(fault.strength))
        else:
            self.postgres.kill()

    async def _wire(self, fault: Fault) -> None:
        link = self.links[fault.target]
        if fault.kind == "cut":
            link.cut()
        elif fault.kind == "half-close":
            link.half_close()
        else:
            if fault.kind == "delay":
                link.delay = fault.strength
            else:
                link.hole()
            try:
                await asyncio.sleep(fault.seconds)
            finally:
                link.heal()

    async def _kill_server(self) -> None:
        async with self._server_fault:
            await self.server.kill()
            while True:
                try:
                    await self.server.restart()
                    break
                except DevServerError:
                    await asyncio.sleep(AGAIN_AFTER)

    def _kill(self, name: str) -> None:
        self._killed.add(name)
        with contextlib.suppress(ProcessLookupError):
            self._processes[name].kill()

    # --- processes and links ---------------------------------------------------------------------------

    async def _link(self, name: str) -> None:
        where = name.rpartition("-")[2] if not name.startswith("client-gateway") else name
        targets = {
            "temporal": int(self.server.address.rpartition(":")[2]),
            "postgres": self.postgres.port,
            "receiver": self._receiver,
            **{f"client-gateway-{n + 1}": port for n, port in enumerate(self._gateway_ports)},
        }
        if where in targets:
            self.links[name] = Link(name, targets[where])
            await self.links[name].open()

    async def _start(self, name: str) -> None:
        kind, _, number = name.partition("-")
        environment = self._common() | {
            "ZHICHENG_DATABASE_URL": self.postgres.url_at(self.links[f"{kind}-postgres"].port)
        }
        if f"{kind}-temporal" in self.links:
            environment["ZHICHENG_TEMPORAL_ADDRESS"] = self.links[f"{kind}-temporal"].address
        if kind == "gateway":
            environment["ZHICHENG_GATEWAY_ADDRESS"] = f"{LOOPBACK}:{self._gateway_ports[int(number) - 1]}"
        more = ["--ready-file", str(self.folder / f"{name}.ready")] if kind == "worker" else []
        with (self.folder / f"{name}.log").open("ab") as log:
            self._processes[name] = await asyncio.create_subprocess_exec(
                PROGRAM, kind, *more, env=environment, stdout=log, stderr=log
            )

    async def _keep(self, name: str) -> None:
        while True:
            await self._processes[name].wait()
            if name in self._killed:
                self._killed.discard(name)
            else:
                self.ended_by_itself[f"{name} (status {self._processes[name].returncode})"] += 1
            await asyncio.sleep(AGAIN_AFTER)
            await self._start(name)

    def _common(self) -> dict[str, str]:
        return {
            **{k: v for k, v in os.environ.items() if not k.startswith(("ZHICHENG_", "TEMPORAL_"))},
            "ZHICHENG_TEMPORAL_NAMESPACE": NAMESPACE,
            "ZHICHENG_DATA_DIR": str(self.folder),
            "ZHICHENG_GATEWAY_CALLS_A_MINUTE": "1000000",
            "ZHICHENG_GATEWAY_PUBLIC_CALLS_A_MINUTE": "1000000",
            "ZHICHENG_PAYLOAD_KEYS": KEYS,
            "ZHICHENG_REHEARSAL": "true",
            "ZHICHENG_LOCAL_ISSUER": "true",
            "ZHICHENG_STICKY_SECONDS": "2",
            "ZHICHENG_LOG_LEVEL": "warning",
            "ZHICHENG_NOTICE_DELIVERY": "mailbox",
            "ZHICHENG_WEBHOOK_NETWORKS": "127.0.0.0/8",
        }


async def inject(house: House, faults: tuple[Fault, ...], begun: asyncio.Event) -> None:
    """Lets the faults of a plan happen at their times after `begun`; returns when the last is over."""
    await begun.wait()
    loop = asyncio.get_running_loop()
    began = loop.time()

    async def one(fault: Fault) -> None:
        await asyncio.sleep(max(0.0, began + fault.at - loop.time()))
        await house.suffer(fault)

    async with asyncio.TaskGroup() as group:
        for fault in faults:
            group.create_task(one(fault))


def lucky(seed: int, what: str) -> random.Random:
    """The dice of one part of the run."""
    return random.Random(f"{what}/{seed}")
