"""How a door to one kind of workflow asks: again and again until there is an answer or its patience ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from models.refusal import Refusal, RefusalCode
from workers.client_errors import (
    ClientError,
    CommandRefused,
    NoWorker,
    QueryFailed,
    ReviewClosed,
    ServerAway,
    UnknownApplication,
)
from workers.client_start import start_refusal
from workers.pollers import is_polled

ATTEMPT = 15.0
"""Seconds for one try."""

_AGAIN = (
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.RESOURCE_EXHAUSTED,
    RPCStatusCode.ABORTED,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.FAILED_PRECONDITION,
)

T = TypeVar("T")


class PatientClient:
    """The patience of a door; `unknown` and `closed` are what it says of an id that nobody has, or had."""

    unknown: Callable[[str], ClientError] = UnknownApplication
    closed: Callable[[str], ClientError] = ReviewClosed

    def __init__(self, temporal_client: Client, task_queue: str, patience: float) -> None:
        self._client, self._task_queue, self._patience = temporal_client, task_queue, patience

    async def _patiently(
        self, handle: WorkflowHandle[Any, Any], once: Callable[[float], Awaitable[T]], *, sent: bool
    ) -> T:
        """Try until there is an answer or the patience ends; then say why there is none."""
        deadline, pause = time.monotonic() + self._patience, 0.1
        while True:
            left = deadline - time.monotonic()
            try:
                return await once(max(0.5, min(left, ATTEMPT)))
            except WorkflowUpdateFailedError as error:
                refused = _refusal_of(error.cause, handle.id, type(self).closed)
                waiting = isinstance(refused, CommandRefused) and (
                    refused.refusal.code is RefusalCode.PLAN_PENDING
                )
                if not waiting or time.monotonic() + pause > deadline:
                    raise refused from error
            except WorkflowQueryFailedError as error:
                if refused_start := await start_refusal(handle):
                    raise refused_start from error
                raise QueryFailed(handle.id, error.message) from error
            except WorkflowUpdateRPCTimeoutOrCancelledError as error:
                if time.monotonic() + pause > deadline:
                    raise await self._nobody(sent) from error
            except RPCError as error:
                answer = await self._translated(error, handle)
                if answer is not None or time.monotonic() + pause > deadline:
                    raise (answer or await self._nobody(sent)) from error
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2.0)

    async def _translated(self, error: RPCError, handle: WorkflowHandle[Any, Any]) -> ClientError | None:
        """What an error of the server means; None when the next try may go well."""
        if error.status is RPCStatusCode.NOT_FOUND:
            if "already completed" not in error.message.lower():
                return type(self).unknown(handle.id)
            ended = (await handle.describe()).status is WorkflowExecutionStatus.FAILED
            return (await start_refusal(handle) if ended else None) or type(self).closed(handle.id)
        return None if error.status in _AGAIN else ServerAway(f"{error.status.name}: {error.message}")

    async def _nobody(self, sent: bool) -> ClientError:
        try:
            polled = await is_polled(self._client, self._task_queue)
        except RPCError as error:
            return ServerAway(error.status.name)
        return NoWorker(self._task_queue, self._patience, polled=polled, sent=sent)


def _refusal_of(
    cause: BaseException | None, workflow_id: str, closed: Callable[[str], ClientError]
) -> ClientError:
    if isinstance(cause, ApplicationError):
        if cause.type == "Refused" and cause.details:
            return CommandRefused(Refusal.model_validate(cause.details[0]))
        if cause.type == "AcceptedUpdateCompletedWorkflow":
            return closed(workflow_id)
        return QueryFailed(workflow_id, cause.message)
    return QueryFailed(workflow_id, str(cause))
