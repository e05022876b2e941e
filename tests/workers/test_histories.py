"""Histories of what has ended go from a real server, every run of them; what runs stays."""

from __future__ import annotations

import pytest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.retention.outside import StillRunning
from tests.support import eventually, unique
from workers.histories import deletes_from


async def test_every_run_that_ended_is_removed(client: Client) -> None:
    name = unique("old")
    for _ in range(2):
        handle = await client.start_workflow("Nothing", id=name, task_queue="nobody")
        await handle.terminate("over")
    delete = deletes_from(client)

    async def listed() -> None:
        assert len([run async for run in client.list_workflows(f'WorkflowId = "{name}"')]) == 2

    await eventually(listed, 20.0)
    await delete(name)

    async def gone() -> None:
        assert [run async for run in client.list_workflows(f'WorkflowId = "{name}"')] == []

    await eventually(gone, 90.0)  # the server takes half a minute to carry it out
    with pytest.raises(RPCError) as error:
        await client.get_workflow_handle(name).describe()
    assert error.value.status is RPCStatusCode.NOT_FOUND
    await delete(name)  # again, it finds nothing


async def test_what_runs_is_not_removed(client: Client) -> None:
    name = unique("running")
    handle = await client.start_workflow("Nothing", id=name, task_queue="nobody")

    async def listed() -> None:
        assert [run async for run in client.list_workflows(f'WorkflowId = "{name}"')]

    await eventually(listed, 20.0)
    with pytest.raises(StillRunning):
        await deletes_from(client)(name)
    assert (await handle.describe()).status is not None
    await handle.terminate("end of the test")


async def test_an_id_cannot_widen_the_question(client: Client) -> None:
    with pytest.raises(ValueError, match="no workflow id"):
        await deletes_from(client)('x" OR WorkflowId != "')
