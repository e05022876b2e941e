"""What must be readable in another team's namespace: how an application ended that was begun over Nexus.

The server copies a workflow's result, or its failure, to the Nexus operation that waits for it; whoever
reads it there has no key of ours. The result of an application is stage, revision and numbers, and is always
left open. A refused start may quote what was sent: it is left open only for the operation that sent it, whose
starts carry a memo that says so.
"""

from __future__ import annotations

from typing import Any

from temporalio import worker, workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError
from temporalio.worker import WorkflowInterceptorClassInput

from workers.client_start import MEMO_OPEN, WORKFLOW_TYPE
from workers.codec.codec import left_open


class Border(worker.Interceptor):
    """Leaves the end of a workflow open where it crosses to another namespace."""

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: ARG002 - the shape of an interceptor
    ) -> type[worker.WorkflowInboundInterceptor] | None:
        """The same for workflows."""
        return _AtTheEnd


class _AtTheEnd(worker.WorkflowInboundInterceptor):
    async def execute_workflow(self, input: worker.ExecuteWorkflowInput) -> Any:
        try:
            ended = await super().execute_workflow(input)
            return _open(ended) if workflow.info().workflow_type == WORKFLOW_TYPE else ended
        except ApplicationError as error:
            if not workflow.memo_value(MEMO_OPEN, False):
                raise
            raise ApplicationError(
                error.message,
                *(_open(detail) for detail in error.details),
                type=error.type,
                non_retryable=error.non_retryable,
            ) from None


def _open(value: Any) -> RawValue:
    [payload] = workflow.payload_converter().to_payloads([value])
    return left_open(payload)
