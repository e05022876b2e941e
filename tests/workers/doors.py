"""Every door of the service before one worker, on a server whose applications can be put forward in time."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from activities.database import Database
from models.roles import Role
from models.visibility import Grant
from tests.support import eventually, unique
from tests.workers.conftest import ServingThread
from workers.codec.serve import run_codec
from workers.connect import connect
from workers.database import upgrade
from workers.embedded import DevServer
from workers.gateway.serve import listening_socket, local_issuer, run_gateway
from workers.nexus import nexus_services
from workers.nexus_endpoints import create_endpoints
from workers.registry import WORKFLOWS, make_activities
from workers.rehearsal.cast import OFFICE, Cast
from workers.settings import NexusAccount, Settings
from workers.worker import run_worker

CALLERS = "hr-system"
"""The namespace of another team."""

APPLICANT = "p-nexus-five"
"""The applicant who has a Nexus endpoint of the own."""

TIME_SKIPPING: Mapping[str, str | bool] = {
    "frontend.WorkflowTimeSkippingEnabled": True,
    "history.timerProcessorMaxTimeShift": "10ms",
}


@dataclass
class OpenDoors:
    """Where everything is. `gateway` is its address; `settings` are those of the worker."""

    settings: Settings
    gateway: str
    codec: str
    contract: Path

    @property
    def address(self) -> str:
        """Of the Temporal server."""
        return self.settings.temporal_address or ""

    async def client(self) -> Client:
        """A client of the service's namespace, made in the running loop."""
        return await connect(self.settings)

    async def callers(self) -> Client:
        """A client of the namespace of another team, made in the running loop."""
        return await Client.connect(self.address, namespace=CALLERS, data_converter=pydantic_data_converter)

    async def put_forward(self, workflow_id: str, by: timedelta) -> None:
        """Lets this much time pass for one application."""
        client = await self.client()
        skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
        assert await skipper.fast_forward(client.get_workflow_handle(workflow_id), by)

    def codec_environment(self) -> dict[str, str]:
        """Where a program of another language finds the codec server, and as whom it asks."""
        grant = Grant(role=Role.EMPLOYER, organisation="tj-metrology-institute")
        minted = local_issuer(self.settings).mint(STRANGER, [grant], life=timedelta(hours=1), service=True)
        return {"CODEC": self.codec, "TOKEN": minted}

    def token(self, actor: Mapping[str, str | None]) -> str:
        """A bearer token for this actor, as the local issuer mints it."""
        grant = Grant(role=Role(actor["role"]), organisation=actor["organisation"])
        return local_issuer(self.settings).mint(str(actor["id"]), [grant], life=timedelta(hours=1))


STRANGER = "svc-stranger"
"""The account of a system that talks to Temporal itself and asks the codec server to read the answers."""


def endpoint_of(role: str) -> str:
    """The Nexus endpoint of the person who usually holds this role."""
    return f"title-review-{role.replace('_', '-')}"


def accounts() -> dict[str, NexusAccount]:
    """Who is behind each Nexus endpoint."""
    cast = Cast("nexus")
    return {
        endpoint_of(role): NexusAccount(
            subject=APPLICANT if role == "applicant" else f"{role}-clerk",
            grants=(Grant(role=Role(role), organisation=organisation),),
        )
        for role, organisation in {
            "applicant": None,
            "employer": cast.employer,
            "department": cast.department,
            "office": OFFICE,
        }.items()
    }


class DoorsThread(ServingThread):
    """The server, the worker with its Nexus service, and the gateway."""

    def __init__(self, folder: Path) -> None:
        self.server = DevServer(dynamic_config=TIME_SKIPPING)
        asyncio.run(self.server.start())
        self.sock: socket.socket = listening_socket("127.0.0.1:0")
        self.codec_sock: socket.socket = listening_socket("127.0.0.1:0")
        super().__init__(
            Settings.load(
                temporal_address=self.server.address,
                task_queue=unique("doors"),
                data_dir=folder,
                rehearsal=True,
                codec_services=STRANGER,
                local_issuer=True,
                nexus_callers=accounts(),
                gateway_calls_a_minute=100_000,
                gateway_public_calls_a_minute=100_000,
            )
        )

    def open(self) -> OpenDoors:
        """Starts everything; returns when it serves."""
        self.start()
        asyncio.run(eventually(self.ready_file.exists, 30.0))
        gateway, codec = (
            "http://{}:{}".format(*one.getsockname()[:2]) for one in (self.sock, self.codec_sock)
        )
        return OpenDoors(self.settings, gateway, codec, Path(__file__).parents[2] / "docs" / "contract")

    def close(self) -> None:
        """Drains the worker and stops the server."""
        self.end()
        asyncio.run(self.server.stop())

    async def _serve(self) -> int:
        self._loop, self._halt = asyncio.get_running_loop(), asyncio.Event()
        settings, client = self.settings, await connect(self.settings)
        url = settings.database_url.get_secret_value()
        await asyncio.to_thread(upgrade, url)
        await create_endpoints(client, settings.task_queue, settings.nexus_callers)
        namespace = RegisterNamespaceRequest(namespace=CALLERS)
        namespace.workflow_execution_retention_period.FromTimedelta(timedelta(days=1))
        await client.workflow_service.register_namespace(namespace)
        database = Database(url)
        serving = asyncio.gather(
            run_gateway(settings, client, self._halt, self.sock),
            run_codec(settings, database, self._halt, sock=self.codec_sock),
        )
        try:
            return await run_worker(
                settings,
                client=client,
                workflows=WORKFLOWS,
                activities=make_activities(database, rehearsal=True),
                nexus_services=nexus_services(settings, database),
                ready_file=self.ready_file,
                stop=self._halt,
            )
        finally:
            self._halt.set()
            await serving
            await database.close()
