"""Sends a command to an application from inside an activity, and tells what came of it.

A refusal is an answer. A server or a worker that is away is not: it is raised, and Temporal tries again,
with the same `command_id`, which gives the same receipt.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, Literal

from temporalio import activity
from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from models.application import workflow_id
from models.refusal import Refusal, RefusalCode
from models.state import Receipt
from models.wire import Wire

PATIENCE = timedelta(seconds=10)
"""How long one command may wait for its answer before the activity is tried again."""

PATIENT_ATTEMPTS = 5
"""Attempts of an activity in which silence is somebody's being away, before it is an answer of its own."""

TRIES = 2
"""How often a silent application is asked before its turn is over."""

_SILENT = (
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.RESOURCE_EXHAUSTED,
    RPCStatusCode.FAILED_PRECONDITION,
    RPCStatusCode.NOT_FOUND,
)
"""The third: its workflow cannot go on, and must not hold up the others. The last: the server has lost the
update, or the application goes on in another run."""


class Sent(Wire):
    """What came of one command: accepted with a receipt, refused with the reason, or nobody is there.

    `closed`: the application has ended; `unknown`: there is none under this reference.
    """

    application_ref: str
    outcome: Literal["accepted", "refused", "closed", "unknown"]
    receipt: Receipt | None = None
    refusal: Refusal | None = None

    @property
    def accepted(self) -> bool:
        """True when the command was carried out (now, or by an earlier try)."""
        return self.outcome == "accepted"

    @property
    def ended(self) -> bool:
        """True when the application is over, whether its workflow still answers or not."""
        return self.outcome == "closed" or (
            self.refusal is not None and self.refusal.code is RefusalCode.CLOSED
        )

    @property
    def reason(self) -> str | None:
        """Why it was not carried out, in one line."""
        if self.refusal is not None:
            return self.refusal.sentence()
        return None if self.accepted else f"the application is {self.outcome}"


async def send_command(
    client: Client, plan_id: str, application_ref: str, body: dict[str, Any], patience: timedelta = PATIENCE
) -> Sent:
    """Sends one command, a JSON object with `kind` and `command_id`, as an update.

    Raises what Temporal should try again: `RPCError`, `WorkflowUpdateRPCTimeoutOrCancelledError`.
    """
    handle = client.get_workflow_handle(workflow_id(plan_id, application_ref))
    try:
        receipt: Receipt = await handle.execute_update(
            body["kind"], body, id=body["command_id"], result_type=Receipt, rpc_timeout=patience
        )
    except WorkflowUpdateFailedError as error:
        cause = error.cause
        if isinstance(cause, ApplicationError) and cause.type == "Refused" and cause.details:
            refusal = Refusal.model_validate(cause.details[0])
            return Sent(application_ref=application_ref, outcome="refused", refusal=refusal)
        if isinstance(cause, ApplicationError) and cause.type == "AcceptedUpdateCompletedWorkflow":
            return Sent(application_ref=application_ref, outcome="closed")
        raise
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return Sent(application_ref=application_ref, outcome=await _not_found(handle, error))
    return Sent(application_ref=application_ref, outcome="accepted", receipt=receipt)


async def _not_found(handle: WorkflowHandle[Any, Any], error: RPCError) -> Literal["closed", "unknown"]:
    """What it is that is not there: the application, its workflow any more, or only the update: then raises.

    Of an update that was on its way when the application ended the server says the same again and again.
    """
    text = error.message.lower()
    if "already completed" in text:
        return "closed"
    if "closing workflow" in text:
        status = (await handle.describe()).status
        if status in (WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.CONTINUED_AS_NEW):
            raise error
        return "closed"
    if text.startswith("update"):
        raise error
    return "unknown"


async def send_or_silence(
    client: Client, plan_id: str, application_ref: str, body: dict[str, Any], patience: timedelta = PATIENCE
) -> Sent | str:
    """Sends one command; an application that stays silent is answered with what the server says of it.

    Raises `RPCError` when the server is away.
    """
    problem = ""
    for _ in range(TRIES):
        try:
            return await send_command(client, plan_id, application_ref, body, patience)
        except WorkflowUpdateRPCTimeoutOrCancelledError as silence:
            _unless_cancelled(silence)
            problem = str(silence)
        except RPCError as error:
            if error.status not in _SILENT:
                raise
            problem = error.message
    return problem or "no answer"


def still_patient() -> bool:
    """Whether this attempt may end because of silence alone: after some of them the others go first."""
    return activity.info().attempt < PATIENT_ATTEMPTS


def _unless_cancelled(silence: Exception) -> None:
    """The client says the same of an answer that did not come and of a worker that is told to stop."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError from silence
