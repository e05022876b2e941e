"""What is stuck on a real server is found with its cause, and goes on when it is tried again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio import activity, workflow
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import PauseActivityRequest
from temporalio.client import Client
from temporalio.common import RetryPolicy, SearchAttributePair, TypedSearchAttributes
from temporalio.worker import UnsandboxedWorkflowRunner

from activities.database import Database
from activities.failing import failing_since
from activities.incidents import Incident
from models.refusal import Refused
from tests.support import eventually
from workers.connect import connect
from workers.database import upgrade
from workers.embedded import DevServer
from workers.incidents import every_incident, retry_incident
from workers.observe.failures import FailureBook
from workers.search_attributes import server_types
from workers.settings import Settings
from workers.worker import build_worker
from workflows.search_attributes import TITLE_PLAN

PLAN = "tianjin-quality-2023"
BROKEN = {"code", "store"}
"""What is out of order at this moment: the code of a workflow, what an activity needs."""


@workflow.defn(name="Wedged")
class Wedged:
    """Its code raises while it is broken."""

    @workflow.run
    async def run(self) -> str:
        if "code" in BROKEN:
            raise KeyError("李四")
        return "done"


@activity.defn(name="certification")
async def needs_the_store() -> str:
    """Fails while the store is away; the words name a person."""
    if "store" in BROKEN:
        raise FileNotFoundError("王小明.pdf")
    return "stored"


@workflow.defn(name="Waiting")
class Waiting:
    """Waits for its activity, which would be tried again in an hour."""

    @workflow.run
    async def run(self) -> str:
        return await workflow.execute_activity(
            needs_the_store,
            start_to_close_timeout=timedelta(seconds=5),
            retry_policy=RetryPolicy(initial_interval=timedelta(hours=1)),
        )


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[DevServer]:
    """A server that reports a workflow task with its first failure."""
    soon = {"system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute": 1}
    async with DevServer(run_dir=tmp_path, search_attributes=server_types(), dynamic_config=soon) as server:
        yield server


async def begun(client: Client, kind: str, ref: str) -> Any:
    """A workflow of the plan."""
    return await client.start_workflow(
        kind,
        id=f"application/{PLAN}/{ref}",
        task_queue="stuck",
        search_attributes=TypedSearchAttributes([SearchAttributePair(TITLE_PLAN, PLAN)]),
    )


async def test_what_is_stuck_is_found_and_goes_on(server: DevServer, tmp_path: Path) -> None:
    BROKEN.update({"code", "store"})
    url = f"sqlite+aiosqlite:///{tmp_path / 'stuck.db'}"
    upgrade(url)
    database = Database(url)
    settings = Settings.load(temporal_address=server.address, task_queue="stuck", rehearsal=True)
    client = await connect(settings)

    async def told(kind: str, plan: str = PLAN) -> list[Incident]:
        found, asked = await every_incident(client, database, plan, datetime.now(UTC), None)
        assert asked
        return [one for one in found if one.kind == kind]

    async def only(kind: str) -> Incident:
        found = await told(kind)
        assert len(found) == 1
        return found[0]

    async def failing(failures: int) -> Incident:
        one = await only("activity")
        assert one.failures == failures
        return one

    async with build_worker(
        client,
        settings,
        [Wedged, Waiting],
        [needs_the_store],
        runner=UnsandboxedWorkflowRunner(),
        book=FailureBook(database),
    ):
        wedged = [await begun(client, "Wedged", ref) for ref in ("w-1", "w-2")]
        waiting = [await begun(client, "Waiting", ref) for ref in ("a-1", "a-2", "a-3")]

        async def both_wedged() -> Incident:
            one = await only("workflow_task")
            assert one.failures == 2
            return one

        one = await eventually(both_wedged, 20.0)
        assert (one.of, one.cause, one.may_retry) == ("Wedged", "WorkflowWorkerUnhandledFailure", False)
        BROKEN.remove("code")  # a release that fits: the server gives the task out again by itself
        one = await eventually(lambda: failing(3), 20.0)
        assert (one.of, one.cause, one.may_retry) == ("certification", "FileNotFoundError", True)
        assert "王" not in one.model_dump_json()
        assert await told("activity", "another-plan") == await told("workflow_task", "another-plan") == []

        # One is paused by somebody, one is ended: the first goes on with the others, the second is forgotten.
        execution = WorkflowExecution(workflow_id=waiting[1].id)
        await client.workflow_service.pause_activity(
            PauseActivityRequest(namespace=client.namespace, execution=execution, id="1", identity="test")
        )
        await waiting[2].terminate("test")
        await failing(2)
        assert await retry_incident(client, database, "another-plan", "activity", one.of, one.cause) == 0
        assert await retry_incident(client, database, PLAN, "activity", one.of, "another cause") == 0
        BROKEN.clear()
        assert await retry_incident(client, database, PLAN, "activity", one.of, one.cause) == 2
        assert [await handle.result() for handle in waiting[:2]] == ["stored", "stored"]
        assert await told("activity") == []
        assert await retry_incident(client, database, PLAN, "activity", one.of, one.cause) == 0
        async with database.reading() as session:
            assert await failing_since(session, PLAN) == []
        with pytest.raises(Refused, match="runbook"):
            await retry_incident(client, database, PLAN, "workflow_task", "Wedged", "x")
        for handle in wedged:
            await handle.result()
    await server.stop()
    found, asked = await every_incident(client, database, PLAN, datetime.now(UTC), None)
    assert (found, asked) == ([], False), "who cannot be asked is said not to have been"
    await database.close()
