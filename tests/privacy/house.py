"""A whole house on this machine, watched from everywhere: server, worker, gateway, courier, a receiver.

Logs at debug, spans, numbers, deliveries are kept; the server's clock can be put forward for one application.
"""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from temporalio import activity, workflow
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from activities.database import Database
from models.roles import Role
from models.visibility import Grant
from tests.support import eventually, log_to_stderr, unique
from tests.workers.conftest import ServingThread
from tests.workers.courier.receiver import Receiver
from tests.workers.doors import TIME_SKIPPING
from workers.connect import connect
from workers.courier.courier import run_courier
from workers.database import upgrade
from workers.embedded import DevServer
from workers.gateway.serve import listening_socket, local_issuer, run_gateway
from workers.observe.page import metrics_page
from workers.observe.tracing import Discreet, tracing_to
from workers.registry import WORKFLOWS, make_activities
from workers.rehearsal.cast import Json
from workers.settings import Settings
from workers.telemetry import configure_logging
from workers.worker import run_worker

PLAN = "tianjin-quality-2023"
SECRET = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="


@dataclass
class House:
    """Where everything is, and what was seen so far."""

    settings: Settings
    gateway: str
    server_files: Path
    logs: io.StringIO
    spans: InMemorySpanExporter
    receiver: Receiver | None = None
    pages: dict[str, bytes] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.settings.data_dir

    def bearer(self, role: str, subject: str, organisation: str | None) -> dict[str, str]:
        """The header of a caller."""
        grant = Grant(role=Role(role), organisation=organisation)
        minted = local_issuer(self.settings).mint(subject, [grant], life=timedelta(hours=1))
        return {"Authorization": f"Bearer {minted}"}

    async def send(self, http: httpx.AsyncClient, ref: str, command: Json) -> None:
        """A command over HTTP, with the token of its actor; it must be accepted."""
        actor = command["actor"]
        body = {k: v for k, v in command.items() if k not in ("actor", "kind", "command_id")}
        headers = self.bearer(
            "applicant" if actor["role"] == "public" else actor["role"], actor["id"], actor["organisation"]
        )
        answer = await http.post(
            f"/v1/plans/{PLAN}/applications/{ref}/commands/{command['kind']}",
            json=body,
            headers=headers | {"Idempotency-Key": command["command_id"], "Zhicheng-Role": actor["role"]},
        )
        assert answer.is_success, (command["kind"], answer.text)

    async def put_forward(self, ref: str, days: int) -> None:
        """Lets days pass for one application."""
        client = await connect(self.settings)
        skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
        handle = client.get_workflow_handle(f"application/{PLAN}/{ref}")
        assert await skipper.fast_forward(handle, timedelta(days=days))


class HouseThread(ServingThread):
    """Everything but the receiver, in a thread of its own."""

    def __init__(self, folder: Path, networks: str) -> None:
        self.server = DevServer(db_file=folder / "temporal" / "temporal.db", dynamic_config=TIME_SKIPPING)
        asyncio.run(self.server.start())
        self.sock = listening_socket("127.0.0.1:0")
        super().__init__(
            Settings.load(
                temporal_address=self.server.address,
                task_queue=unique("house"),
                data_dir=folder / "data",
                rehearsal=True,
                local_issuer=True,
                log_level="debug",
                webhook_networks=networks,
                evidence_named="flag",
                gateway_calls_a_minute=100_000,
            )
        )

    async def _serve(self) -> int:
        self._loop, self._halt = asyncio.get_running_loop(), asyncio.Event()
        settings, client = self.settings, await connect(self.settings)
        url = settings.database_url.get_secret_value()
        await asyncio.to_thread(upgrade, url)
        database = Database(url)
        beside = asyncio.gather(
            run_gateway(settings, client, self._halt, self.sock),
            run_courier(settings, database, self._halt, mailbox=True),
        )
        try:
            return await run_worker(
                settings,
                client=client,
                workflows=WORKFLOWS,
                activities=make_activities(database, rehearsal=True, papers=settings.papers()),
                ready_file=self.ready_file,
                stop=self._halt,
            )
        finally:
            self._halt.set()
            await beside
            await database.close()


@contextmanager
def a_house(folder: Path) -> Iterator[House]:
    """A house that serves while the block runs."""
    logs, spans = io.StringIO(), InMemorySpanExporter()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    messages: Any = workflow.logger.workflow_info_on_message, activity.logger.activity_info_on_message
    configure_logging(Settings.load(log_level="debug"), logs)
    receiver = Receiver(SECRET)
    try:
        (folder / "data").mkdir(parents=True)
        with tracing_to(SimpleSpanProcessor(Discreet(spans)), "test"):
            thread = HouseThread(folder, "127.0.0.0/8")
            thread.start()
            asyncio.run(eventually(thread.ready_file.exists, 30.0))
            address = "http://{}:{}".format(*thread.sock.getsockname()[:2])
            house = House(thread.settings, address, folder / "temporal", logs, spans, receiver)
            try:
                with metrics_page("127.0.0.1", 0) as port:
                    house.pages["metrics"] = f"http://127.0.0.1:{port}/metrics".encode()
                    yield house
            finally:
                thread.end()
                asyncio.run(thread.server.stop())
    finally:
        receiver.close()
        log_to_stderr()
        root.handlers[:], root.level = handlers, level
        workflow.logger.workflow_info_on_message, activity.logger.activity_info_on_message = messages
