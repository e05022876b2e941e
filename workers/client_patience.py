"""What the doors to all kinds of workflows share: begin once, ask again and again until there is an answer.

A door tries until its patience ends, and with the same command id, so that nothing counts twice; then it says
why there is no answer. It knows nothing of what is said.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar

from pydantic import BaseModel
from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import TypedSearchAttributes, WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from models.audit import digest
from models.commands import Command
from models.decide import kind_of
from models.refusal import Refusal, RefusalCode, Refused
from workers.client_errors import (
    ClientError,
    CommandRefused,
    InputDiffers,
    NoWorker,
    QueryFailed,
    ReviewClosed,
    ServerAway,
    UnknownApplication,
)
from workers.client_start import MEMO_DIGEST, TASK_TIMEOUT, start_refusal
from workers.pollers import is_polled

PATIENCE = 30.0
"""Seconds in which a command or a question must be answered, tries included."""

ATTEMPT = 15.0
"""Seconds for one try."""

GRACE = 0.5
"""Seconds after which a try is given up that the SDK itself does not give up: it keeps trying for ten."""

OVERLOADED = "TMPRL1101"
"""In what the SDK says when a worker had no processor for two seconds; it tells nothing of the workflow."""

_AWAY = (RPCStatusCode.UNAVAILABLE, RPCStatusCode.RESOURCE_EXHAUSTED, RPCStatusCode.ABORTED)
_NOBODY = (RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED, RPCStatusCode.FAILED_PRECONDITION)

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)
Body = dict[str, Any]


class PatientClient:
    """A door on one task queue of one server. `patience` is in seconds, tries included.

    `unknown` and `closed` are what it says of an id that nobody has, or had.
    """

    unknown: Callable[[str], ClientError] = UnknownApplication
    closed: Callable[[str], ClientError] = ReviewClosed

    def __init__(self, temporal_client: Client, task_queue: str, patience: float = PATIENCE) -> None:
        self._client, self._task_queue, self._patience = temporal_client, task_queue, patience

    @property
    def temporal(self) -> Client:
        """The connection to the server."""
        return self._client

    @property
    def task_queue(self) -> str:
        """Where the workers of this service look for work."""
        return self._task_queue

    @property
    def patience(self) -> float:
        """Seconds in which there must be an answer."""
        return self._patience

    # --- what is sent and asked ------------------------------------------------------------------------

    async def _begin(
        self,
        workflow: str,
        workflow_id: str,
        body: Body,
        *,
        summary: str,
        search_attributes: TypedSearchAttributes | None = None,
    ) -> None:
        """Start a workflow, or find the one that was started with the same input.

        One whose start was refused may be started again. Raises `StartRefused` for another input,
        `ServerAway`.
        """
        handle = self._client.get_workflow_handle(workflow_id)

        async def once(seconds: float) -> None:
            try:
                await self._client.start_workflow(
                    workflow,
                    body,
                    id=workflow_id,
                    task_queue=self._task_queue,
                    id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
                    id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                    memo={MEMO_DIGEST: digest(body)},
                    search_attributes=search_attributes,
                    static_summary=summary,
                    task_timeout=TASK_TIMEOUT,
                    rpc_timeout=timedelta(seconds=seconds),
                )
            except WorkflowAlreadyStartedError:
                found = await handle.describe()
                if await found.memo_value(MEMO_DIGEST, None) != digest(body):
                    raise InputDiffers(workflow_id) from None

        await self._patiently(handle, once, sent=True)

    async def _once_open(
        self, handle: WorkflowHandle[Any, Any], view: type[M], is_open: Callable[[M], bool]
    ) -> M:
        """Its state once it is open, or at the end of the patience. Raises `StartRefused`, `NoWorker`."""
        deadline = time.monotonic() + self._patience
        while True:
            state = await self._state_of(handle, view, is_open)
            if is_open(state) or time.monotonic() > deadline:
                return state
            await asyncio.sleep(0.05)

    async def _state_of(
        self, handle: WorkflowHandle[Any, Any], view: type[M], is_open: Callable[[M], bool]
    ) -> M:
        """How it stands. One whose start was refused stands nowhere: raises `StartRefused`."""
        state: M = await self._ask(handle, "state", view)
        if not is_open(state) and (refused := await start_refusal(handle)):
            raise refused
        return state

    async def _execute(
        self,
        handle: WorkflowHandle[Any, Any],
        command: Command,
        body: Body,
        receipt: type[M],
        *,
        again: bool = True,
    ) -> M:
        """Send a command and give its receipt."""
        kind, update_id = kind_of(command), _update_id(command.command_id, body)

        async def once(seconds: float) -> M:
            answer: M = await handle.execute_update(
                kind, body, id=update_id, result_type=receipt, rpc_timeout=timedelta(seconds=seconds)
            )
            return answer

        return await self._patiently(handle, once, sent=True, again=again)

    async def _hand_over(self, handle: WorkflowHandle[Any, Any], command: Command, body: Body) -> None:
        """Send a command without waiting for the answer."""
        kind = kind_of(command)

        async def once(seconds: float) -> None:
            await handle.signal(kind, body, rpc_timeout=timedelta(seconds=seconds))

        await self._patiently(handle, once, sent=True)

    async def _ask(self, handle: WorkflowHandle[Any, Any], question: str, answer: Any) -> Any:
        """The answer of a query, as `answer`."""

        async def once(seconds: float) -> Any:
            return await handle.query(question, result_type=answer, rpc_timeout=timedelta(seconds=seconds))

        return await self._patiently(handle, once, sent=False)

    # --- patience --------------------------------------------------------------------------------------

    async def _patiently(
        self,
        handle: WorkflowHandle[Any, Any],
        once: Callable[[float], Awaitable[T]],
        *,
        sent: bool,
        again: bool = True,
    ) -> T:
        """Try until there is an answer or the patience ends; then say why there is none."""
        deadline, pause = time.monotonic() + self._patience, 0.1

        def last() -> bool:
            return not again or time.monotonic() + pause > deadline

        while True:
            seconds = max(0.5, min(deadline - time.monotonic(), ATTEMPT))
            try:
                async with asyncio.timeout(seconds + GRACE):
                    return await once(seconds)
            except WorkflowUpdateFailedError as error:
                refused = self._refusal_of(error.cause, handle.id)
                if last() or not _is_opening(refused):
                    raise refused from error
            except WorkflowQueryFailedError as error:
                if OVERLOADED in error.message and not last():
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, 2.0)
                    continue
                if refused_start := await start_refusal(handle):
                    raise refused_start from error
                raise QueryFailed(handle.id, error.message) from error
            except (WorkflowUpdateRPCTimeoutOrCancelledError, TimeoutError) as error:
                if _is_cancelled():  # the SDK says the same of a time-out and of a caller who gave up
                    raise asyncio.CancelledError from error
                if last():
                    raise await self._silence(sent) from error
            except RPCError as error:
                answer = await self._translated(error, handle)
                if answer is not None:
                    raise answer from error
                if last():
                    away = ServerAway(error.status.name) if error.status in _AWAY else None
                    raise (away or await self._silence(sent)) from error
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2.0)

    async def _translated(self, error: RPCError, handle: WorkflowHandle[Any, Any]) -> ClientError | None:
        """What an error of the server means; None when the next try may go well."""
        if error.status is RPCStatusCode.NOT_FOUND:
            text = error.message.lower()
            if "already completed" in text:
                return await start_refusal(handle) or type(self).closed(handle.id)
            if "closing workflow" in text:  # the update was on its way when the application ended
                return await self._ended(handle)
            if "update" in text:  # the server restarted while the update was waiting
                return None
            return type(self).unknown(handle.id)
        if error.status in (*_AWAY, *_NOBODY):
            return None
        return ServerAway(f"{error.status.name}: {error.message}")

    async def _ended(self, handle: WorkflowHandle[Any, Any]) -> ClientError | None:
        """That it has ended; None when it goes on in another run, where the next try finds it.

        The server says the same of such an update again and again: to try it once more would never end.
        """
        status = (await handle.describe()).status
        if status in (WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.CONTINUED_AS_NEW):
            return None
        return await start_refusal(handle) or type(self).closed(handle.id)

    async def _silence(self, sent: bool) -> ClientError:
        """Why nobody answered."""
        try:
            polled = await is_polled(self._client, self._task_queue)
        except RPCError as error:
            return ServerAway(error.status.name)
        return NoWorker(self._task_queue, self._patience, polled=polled, sent=sent)

    def _refusal_of(self, cause: BaseException | None, workflow_id: str) -> ClientError:
        if not isinstance(cause, ApplicationError):
            return QueryFailed(workflow_id, str(cause))
        if cause.type == "Refused" and cause.details:
            return CommandRefused(Refusal.model_validate(cause.details[0]))
        if cause.type == "AcceptedUpdateCompletedWorkflow":
            return type(self).closed(workflow_id)
        return QueryFailed(workflow_id, cause.message)


def on_the_wire(command: Command | Body, read: Callable[[str, object], Command]) -> tuple[Command, Body]:
    """The command and its JSON body. Raises `CommandRefused` when the body breaks the command's schema."""
    if isinstance(command, Command):
        return command, command.model_dump(mode="json", exclude_none=True)
    try:
        return read(str(command.get("kind", "")), command), command
    except Refused as refused:
        raise CommandRefused(refused.refusal) from None


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _update_id(command_id: str, body: Body) -> str:
    """The server answers an update id again without asking the workflow, which must see another body."""
    return f"{command_id}/{digest(body)[:16]}"


def _is_opening(refused: ClientError) -> bool:
    return isinstance(refused, CommandRefused) and refused.refusal.code is RefusalCode.PLAN_PENDING
