"""A new release while applications run, and back again: the server gives the work to the current version."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from temporalio.api.deployment.v1 import WorkerDeploymentVersion
from temporalio.api.enums.v1 import RoutingConfigUpdateState
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import (
    DescribeWorkerDeploymentRequest,
    SetWorkerDeploymentCurrentVersionRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from models.application import workflow_id
from models.audit import verify
from tests.support import eventually, unique
from tests.workers.conftest import ServingThread, rehearsal_clock
from workers.client import ReviewClient
from workers.connect import connect
from workers.rehearsal.cast import Cast
from workers.settings import Settings

OLD, NEW = "1.0.0", "1.1.0"


@pytest.fixture
def releases(temporal_address: str, tmp_path: Path) -> Iterator[dict[str, ServingThread]]:
    """A worker of each release, side by side as in a rollout, on one task queue and one database."""
    queue, name = unique("versions"), unique("deployment")
    running = {}
    for build in (OLD, NEW):
        settings = Settings.load(
            temporal_address=temporal_address,
            task_queue=queue,
            data_dir=tmp_path / build,
            database_url=f"sqlite+aiosqlite:///{tmp_path / 'zhicheng.db'}",
            deployment_name=name,
            build_id=build,
            rehearsal=True,
        )
        settings.data_dir.mkdir()
        running[build] = ServingThread(settings)
        running[build].start()
        asyncio.run(eventually(running[build].ready_file.exists, 30.0))
    yield running
    for thread in running.values():
        thread.end()


async def make_current(client: Client, settings: Settings, build: str) -> None:
    """As `temporal worker deployment set-current-version` does, once the server has seen the worker."""
    wanted = SetWorkerDeploymentCurrentVersionRequest(
        namespace=client.namespace, deployment_name=settings.deployment_name or "", build_id=build
    )

    async def accepted() -> None:
        try:
            await client.workflow_service.set_worker_deployment_current_version(wanted)
        except RPCError as error:
            unknown = error.status in (RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION)
            raise (AssertionError(error) if unknown else error) from None

    async def everywhere() -> None:
        told = await client.workflow_service.describe_worker_deployment(
            DescribeWorkerDeploymentRequest(
                namespace=client.namespace, deployment_name=settings.deployment_name or ""
            )
        )
        info = told.worker_deployment_info
        assert info.routing_config.current_deployment_version.build_id == build
        assert (
            info.routing_config_update_state == RoutingConfigUpdateState.ROUTING_CONFIG_UPDATE_STATE_COMPLETED
        )

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


def _version_of(event: HistoryEvent) -> WorkerDeploymentVersion:
    return event.workflow_task_completed_event_attributes.deployment_version


async def test_an_application_goes_over_to_the_new_release_and_back(
    releases: dict[str, ServingThread],
) -> None:
    settings = releases[OLD].settings
    client = await connect(settings)
    door, cast = ReviewClient(client, settings.task_queue), Cast(unique("v"))

    await make_current(client, settings, OLD)
    await door.start(cast.start(clock=rehearsal_clock("2023-09-19T09:00:00+08:00")))
    assert (await door.send(cast.ref, cast.submit())).stage == "employer_review"
    assert await worked(client, cast) == [OLD]

    await make_current(client, settings, NEW)
    assert (await door.send(cast.ref, cast.employer_return())).stage == "employer_returned"
    assert await worked(client, cast) == [OLD, NEW]

    await make_current(client, settings, OLD)
    assert (await door.send(cast.ref, cast.resubmit("e1"))).stage == "employer_review"
    assert await worked(client, cast) == [OLD, NEW, OLD]
    facts = await door.history(cast.ref)
    assert verify(facts) == []
    assert len(facts) == 4


def test_the_worker_controllers_variables_name_deployment_and_release(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TEMPORAL_DEPLOYMENT_NAME", "zhicheng/worker")
    monkeypatch.setenv("TEMPORAL_WORKER_BUILD_ID", "1.1.0-8f2c")
    settings = Settings.load()
    assert (settings.deployment_name, settings.build_id) == ("zhicheng/worker", "1.1.0-8f2c")
    assert Settings.load(deployment_name="other", build_id="2").deployment_name == "other"
