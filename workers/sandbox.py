"""The SDK's sandbox, entered for workflow code only.

For every payload of a task the SDK asks the workflow's instance in which context it is to be encoded, and
enters the sandbox for the question: a fifth of what a workflow took of the processor. The answer is a look
into the instance's own tables, in which no code of a workflow runs; here it is given from outside.
"""

from __future__ import annotations

from typing import Any

from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

ASKED = ("get_serialization_context", "get_external_store_context")


class Sandbox(SandboxedWorkflowRunner):
    """Determinism is checked as in the SDK's own runner."""

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """The SDK's instance; questions on its tables are answered without entering the sandbox."""
        made = super().create_instance(det)
        if (inside := _inside(made)) is not None:
            for name in ASKED:
                setattr(made, name, getattr(inside, name))
        return made


def _inside(instance: Any) -> Any | None:
    """What the sandbox holds; None when a later SDK keeps it elsewhere, and is asked in its own way."""
    within = getattr(instance, "globals_and_locals", {}).get("__temporal_in_sandbox")
    return within if all(hasattr(within, name) for name in ASKED) else None
