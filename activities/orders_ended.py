"""Orders of a cycle that say nothing any more: whoever ends their workflow by hand ends its signal, too."""

from __future__ import annotations

from temporalio import activity
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from models.cycle_messages import OrdersAsked, OrdersEnded
from models.cycle_state import order_workflow_id

_WITHOUT_A_WORD = (
    WorkflowExecutionStatus.TERMINATED,
    WorkflowExecutionStatus.FAILED,
    WorkflowExecutionStatus.CANCELED,
    WorkflowExecutionStatus.TIMED_OUT,
)


@activity.defn(name="orders_ended")
async def orders_ended(asked: OrdersAsked) -> OrdersEnded:
    """Which of the orders have ended without an outcome, and how. Looks only."""
    reasons: dict[str, str] = {}
    for order_id in asked.order_ids:
        handle = activity.client().get_workflow_handle(order_workflow_id(asked.plan_id, order_id))
        try:
            status = (await handle.describe()).status
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            continue  # it is being started
        if status in _WITHOUT_A_WORD:
            reasons[order_id] = f"its workflow was ended without an outcome ({status.name.lower()})"
    return OrdersEnded(reasons=reasons)
