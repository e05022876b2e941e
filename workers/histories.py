"""Removes the histories of workflows that have ended from the Temporal server, every run of them."""

from __future__ import annotations

from datetime import timedelta

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from activities.retention.outside import DeleteHistory, StillRunning

_RPC = timedelta(seconds=15)


def deletes_from(client: Client) -> DeleteHistory:
    """Removes what the server still has under a workflow id; its own retention may have taken some before.

    Raises `StillRunning` when a run is not over, and `RPCError`.
    """

    async def delete(workflow_id: str) -> None:
        if '"' in workflow_id or "\\" in workflow_id:
            raise ValueError("no workflow id of this service")
        runs = [run async for run in client.list_workflows(f'WorkflowId = "{workflow_id}"', rpc_timeout=_RPC)]
        if any(run.status is WorkflowExecutionStatus.RUNNING for run in runs):
            raise StillRunning(workflow_id)
        for run in runs:
            asked = DeleteWorkflowExecutionRequest(
                namespace=client.namespace,
                workflow_execution=WorkflowExecution(workflow_id=run.id, run_id=run.run_id),
            )
            try:
                await client.workflow_service.delete_workflow_execution(asked, timeout=_RPC)
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise

    return delete
