"""CycleOrderWorkflow: one order of a cycle to many applications, which may take hours, beside the cycle.

A workflow of its own, so that the cycle goes on answering and may continue as new meanwhile; and its outcome
comes back as a signal, which keeps its place before and after other messages in every replay.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from pydantic import BaseModel

    from models.cycle_messages import Done, OrderDone
    from models.cycle_state import CycleTask, CycleTaskDone, cycle_id
    from models.refusal import legible

ORDER_DONE = "order_done"
"""The signal to the cycle."""

LONGEST = timedelta(hours=12)
"""One try at an order; 100,000 applications at fifty a second take some 35 minutes."""

HEARTBEAT = timedelta(seconds=60)

TASK_TIMEOUT = timedelta(seconds=5)
"""How long a worker that died holds an order up."""

FOR_GOOD = (
    *("TypeError", "KeyError", "AttributeError", "AssertionError", "ValueError", "ValidationError"),
    *("OverflowError", "StatementError", "Refused"),
)
"""A fault in what was asked or in the code: trying again does not help, and is not done."""


@workflow.defn(name="CycleOrderWorkflow")
class CycleOrderWorkflow:
    """Carries one order out, for as long as it takes, and tells the cycle what came of it."""

    @workflow.run
    async def run(self, task: CycleTask) -> CycleTaskDone:
        """The result is what the signal said."""
        answer: type[BaseModel] = OrderDone if task.activity == "carry_out" else Done
        try:
            done: Any = await workflow.execute_activity(
                task.activity,
                task.argument,
                result_type=answer,
                start_to_close_timeout=LONGEST,
                heartbeat_timeout=HEARTBEAT,
                retry_policy=RetryPolicy(
                    maximum_interval=timedelta(minutes=1), non_retryable_error_types=list(FOR_GOOD)
                ),
            )
            outcome = CycleTaskDone(order_id=task.order_id, counts=_counts(done), reason=_refusal(done))
        except ActivityError as error:
            outcome = CycleTaskDone(order_id=task.order_id, reason=reason_of(error))
        cycle = workflow.get_external_workflow_handle(cycle_id(task.plan_id))
        try:
            await cycle.signal(ORDER_DONE, outcome)
        except ApplicationError:
            workflow.logger.warning("the cycle of an order has ended; its outcome is the result here")
        return outcome


def _counts(done: OrderDone | Done) -> dict[str, int]:
    if isinstance(done, Done):
        return done.counts
    return {name: getattr(done, name) for name in OrderDone.model_fields}


def _refusal(done: OrderDone | Done) -> str | None:
    return done.refused_en if isinstance(done, Done) else None


def reason_of(error: ActivityError) -> str:
    """Why an activity failed for good, in one line."""
    cause = error.cause if error.cause is not None else error
    return legible(" ".join(str(cause).split()) or type(cause).__name__, 300)
