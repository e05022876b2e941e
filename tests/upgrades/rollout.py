"""A rollout: workers of several releases on one task queue; the server gives the work to one of them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from temporalio.api.deployment.v1 import WorkerDeploymentVersion
from temporalio.api.enums.v1 import RoutingConfigUpdateState, WorkflowTaskFailedCause
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import (
    DescribeWorkerDeploymentRequest,
    SetWorkerDeploymentCurrentVersionRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from models.application import workflow_id
from tests.support import eventually, unique
from tests.upgrades.releases import environment
from tests.workers.conftest import ServingThread
from workers.rehearsal.cast import Cast
from workers.settings import Settings

PROGRAM = Path(sys.executable).with_name("zhicheng")


class Rollout:
    """The workers of a deployment under `folder`, by build. This release runs in the test's own process."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder, self._address = folder, address
        self.queue, self.deployment = unique("upgrade"), unique("deployment")
        self.url = f"sqlite+aiosqlite:///{folder / 'zhicheng.db'}"
        self._threads: dict[str, ServingThread] = {}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def settings(self, build: str) -> Settings:
        """The settings of a worker of this release."""
        (self.folder / build).mkdir(exist_ok=True)
        return Settings.load(
            temporal_address=self._address,
            task_queue=self.queue,
            data_dir=self.folder / build,
            database_url=self.url,
            deployment_name=self.deployment,
            build_id=build,
            rehearsal=True,
        )

    async def start_present(self, build: str) -> None:
        """A worker of the present release. It brings the database to its schema, as every start does."""
        self._threads[build] = ServingThread(self.settings(build))
        self._threads[build].start()
        await eventually(self._threads[build].ready_file.exists, 60.0)

    async def start_next(self, build: str, release: Path, *, held: str = "") -> None:
        """A worker process of another release, with patches that it holds back."""
        ready = self.folder / f"{build}.ready"
        settings = environment(
            release,
            ZHICHENG_TEMPORAL_ADDRESS=self._address,
            ZHICHENG_TASK_QUEUE=self.queue,
            ZHICHENG_DATA_DIR=str(self.folder),
            ZHICHENG_DATABASE_URL=self.url,
            ZHICHENG_DEPLOYMENT_NAME=self.deployment,
            ZHICHENG_BUILD_ID=build,
            ZHICHENG_HELD_PATCHES=held,
            ZHICHENG_LOG_LEVEL="error",
        )
        with (self.folder / f"{build}.log").open("wb") as log:
            self._processes[build] = subprocess.Popen(  # noqa: ASYNC220 - it starts at once
                [PROGRAM, "worker", "--ready-file", ready], env=settings, stdout=log, stderr=log
            )

        def is_ready() -> bool:
            assert self._processes[build].poll() is None, (self.folder / f"{build}.log").read_text()
            return ready.exists()

        await eventually(is_ready, 60.0)

    async def end(self, build: str) -> None:
        """One worker drains and ends."""
        if build in self._threads:
            await asyncio.to_thread(self._threads.pop(build).end)
            return
        process = self._processes.pop(build)
        process.terminate()
        await asyncio.to_thread(process.wait)

    async def end_all(self) -> None:
        """Nothing runs any more."""
        for build in [*self._threads, *self._processes]:
            await self.end(build)

    async def make_current(self, client: Client, build: str) -> None:
        """As `temporal worker deployment set-current-version` does, once the server has seen the worker."""
        wanted = SetWorkerDeploymentCurrentVersionRequest(
            namespace=client.namespace, deployment_name=self.deployment, build_id=build
        )

        async def accepted() -> None:
            try:
                await client.workflow_service.set_worker_deployment_current_version(wanted)
            except RPCError as error:
                unknown = error.status in (RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION)
                raise (AssertionError(error) if unknown else error) from None

        async def everywhere() -> None:
            told = await client.workflow_service.describe_worker_deployment(
                DescribeWorkerDeploymentRequest(namespace=client.namespace, deployment_name=self.deployment)
            )
            info = told.worker_deployment_info
            assert info.routing_config.current_deployment_version.build_id == build
            completed = RoutingConfigUpdateState.ROUTING_CONFIG_UPDATE_STATE_COMPLETED
            assert info.routing_config_update_state == completed

        await eventually(accepted, 20.0)
        await eventually(everywhere, 20.0)


async def worked(client: Client, cast: Cast) -> list[str]:
    """The releases that worked at the application, in order."""
    history = await client.get_workflow_handle(workflow_id(cast.plan_id, cast.ref)).fetch_history()
    builds: list[str] = []
    for event in history.events:
        build = _version_of(event).build_id
        if build and builds[-1:] != [build]:
            builds.append(build)
    return builds


async def did_not_fit(client: Client, cast: Cast) -> bool:
    """Whether a worker found that the history is not that of its code."""
    history = await client.get_workflow_handle(workflow_id(cast.plan_id, cast.ref)).fetch_history()
    cause = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR
    return any(event.workflow_task_failed_event_attributes.cause == cause for event in history.events)


def _version_of(event: HistoryEvent) -> WorkerDeploymentVersion:
    return event.workflow_task_completed_event_attributes.deployment_version
