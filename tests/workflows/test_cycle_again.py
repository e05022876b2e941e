"""A cycle is begun once: a second beginning takes nothing from the year that is on record."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import select
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from models.audit import Fact, verify
from models.tables import CycleFact
from tests.support import unique
from tests.workflows.apart import apart
from tests.workflows.cycle import Cycle
from tests.workflows.year import Year, begin, command, office


@pytest_asyncio.fixture(loop_scope="session")
async def own(environment: WorkflowEnvironment, tmp_path: Path) -> AsyncIterator[Cycle]:
    async with apart(environment, tmp_path) as made:
        yield made


async def _on_record(own: Cycle) -> list[Fact]:
    async with own.database.reading() as session:
        rows = await session.scalars(
            select(CycleFact).where(CycleFact.orphaned_at.is_(None)).order_by(CycleFact.seq)
        )
        return [row.to_fact() for row in rows]


def _filed(document_no: str = "津市监〔2023〕1号") -> dict[str, object]:
    return command("record_step", office(), step="plan_filed", on="2023-09-12", document_no=document_no)


async def test_a_cycle_that_is_on_record_is_not_begun_again(own: Cycle) -> None:
    year = await begin(own, "2023-09-14 09:00")
    await year.send(_filed())
    held = await _on_record(own)
    first = (await year.handle.describe()).run_id
    await year.handle.terminate("by mistake; the server says the same of a year it has forgotten")

    again = await begin(own, "2023-09-15 09:00")
    with pytest.raises(WorkflowFailureError) as refused:
        async with asyncio.timeout(30):
            await again.handle.result()
    assert isinstance(refused.value.cause, ApplicationError)
    assert refused.value.cause.type == "RefusedStart"
    assert "2023-09-14" in str(refused.value.cause)
    assert await _on_record(own) == held

    await _brought_back(year, first)
    await year.send(_filed("津市监〔2023〕2号"))
    now = await _on_record(own)
    assert [fact.event for fact in now] == [*(fact.event for fact in held), "record_step"]
    assert not verify(now)


async def _brought_back(year: Year, run_id: str) -> None:
    """What the runbook says: reset, to its last task; the run that was refused is not in the way."""
    client = year.cycle.environment.client
    history = await client.get_workflow_handle(year.handle.id, run_id=run_id).fetch_history()
    ends = [e.event_id for e in history.events if e.HasField("workflow_task_completed_event_attributes")]
    await client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=year.handle.id, run_id=run_id),
            reason="brought back",
            workflow_task_finish_event_id=ends[-1],
            request_id=unique("reset"),
        )
    )
    year.handle = client.get_workflow_handle(year.handle.id)
