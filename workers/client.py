"""The typed door to applications for Python callers: start one, send it commands, read it.

It knows the names of the contract and nothing of the rules behind them: what may happen is answered by
the application itself. Sending the same `command_id` again is always safe and gives the same receipt.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar, cast

from temporalio.client import (
    Client,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from models.application import ApplicationInput, workflow_id
from models.audit import Fact, digest
from models.commands import Command, parse
from models.decide import kind_of
from models.refusal import Refusal, RefusalCode, Refused
from models.state import Receipt, RefusedSignal
from models.views import DeadlineView, StateView
from workers.client_errors import (
    CommandRefused,
    NoWorker,
    QueryFailed,
    ReviewClosed,
    ServerAway,
    StartRefused,
    UnknownApplication,
)
from workers.client_start import TASK_TIMEOUT, StartOutcome, read_input, start_or_find, start_refusal
from workers.listing import Listed, list_applications
from workers.pollers import is_polled

DEFAULT_PLAN = "tianjin-quality-2023"
PATIENCE = 30.0
"""Seconds in which a command or a question must be answered, tries included."""

_ATTEMPT = 10.0
_AWAY = (RPCStatusCode.UNAVAILABLE, RPCStatusCode.RESOURCE_EXHAUSTED, RPCStatusCode.ABORTED)
_NOBODY = (RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED, RPCStatusCode.FAILED_PRECONDITION)

T = TypeVar("T")
Body = dict[str, Any]


class _TryAgainError(Exception):
    """The attempt got no answer, and the next one may. `server` is away, or nobody serves the queue."""

    def __init__(self, reason: str, *, server: bool) -> None:
        super().__init__(reason)
        self.server = server


class ReviewClient:
    """Applications on one task queue of one Temporal server.

    An application is named by its workflow id (`application/{plan}/{ref}`), by `{plan}/{ref}`, or by its
    reference alone in the plan `plan_id`. `patience` is in seconds; `task_timeout` is how long a worker that
    died holds up the applications that this client starts.
    """

    def __init__(
        self,
        temporal_client: Client,
        task_queue: str,
        *,
        plan_id: str = DEFAULT_PLAN,
        patience: float = PATIENCE,
        task_timeout: timedelta = TASK_TIMEOUT,
    ) -> None:
        self._client, self._task_queue = temporal_client, task_queue
        self._plan_id, self._patience = plan_id, patience
        self._task_timeout = task_timeout

    @property
    def temporal(self) -> Client:
        """The connection to the server."""
        return self._client

    @property
    def task_queue(self) -> str:
        """Where the workers of this service look for work."""
        return self._task_queue

    @property
    def plan_id(self) -> str:
        """The plan of what is named by its reference alone."""
        return self._plan_id

    @property
    def patience(self) -> float:
        """Seconds in which there must be an answer."""
        return self._patience

    def workflow_id(self, application: str) -> str:
        """The workflow id that `application` stands for."""
        return full_id(application, self._plan_id)

    async def start(self, application: ApplicationInput | Body) -> StartOutcome:
        """Begin an application; the same input again finds the same run.

        Returns once it is open (its plan loaded), or with `opened=False` when no worker opened it within
        the patience: it is then on record and opens as soon as one does. Raises `StartRefused` (a field
        is wrong, the id has another input, the plan or the register refuses) and `ServerAway`.
        """
        given = read_input(application)
        try:
            outcome = await start_or_find(
                self._client, self._task_queue, given, timedelta(seconds=_ATTEMPT), self._task_timeout
            )
        except RPCError as error:
            if error.status is RPCStatusCode.INVALID_ARGUMENT:
                raise StartRefused(
                    f"The server does not take the start ({error.message}): if it lacks a search attribute, "
                    "run `zhicheng search-attributes register`."
                ) from error
            raise ServerAway(error.status.name) from error
        if outcome.outcome == "finished":
            return outcome
        return await self._opened(outcome)

    async def send(self, application: str, command: Command | Body, *, wait: bool = True) -> Receipt:
        """Send a command and give its receipt.

        With `wait` what may be retried is, with the same `command_id`: a server that is away, a worker
        that does not answer, an application that is still being opened. Raises `CommandRefused`,
        `ReviewClosed`, `UnknownApplication`, `NoWorker`, `ServerAway`.
        """
        kind, body, command_id = _on_the_wire(command)
        handle = self._handle(application)

        async def once(seconds: float) -> Receipt:
            return await self._update(handle, kind, body, command_id, seconds)

        return await self._patiently(once, again=wait, sent=True)

    async def signal(self, application: str, command: Command | Body) -> None:
        """Send a command without waiting for the answer; a refusal shows in `refused`.

        Raises `CommandRefused` for a body that cannot be read, `ReviewClosed`, `UnknownApplication`,
        `ServerAway`.
        """
        kind, body, _ = _on_the_wire(command)
        handle = self._handle(application)

        async def once(seconds: float) -> None:
            try:
                await handle.signal(kind, body, rpc_timeout=timedelta(seconds=seconds))
            except RPCError as error:
                raise _translated(error, handle.id) from error

        await self._patiently(once, again=True, sent=True)

    async def state(self, application: str) -> StateView:
        """Stage, statuses, revision, whose court it is, and what may come next."""
        view = cast(StateView, await self._ask(application, "state", StateView))
        if view.plan_version is None and (refused := await start_refusal(self._handle(application))):
            raise refused
        return view

    async def history(self, application: str) -> list[Fact]:
        """The audit chain: who did what, when, under which rule."""
        return cast("list[Fact]", await self._ask(application, "history", list[Fact]))

    async def deadlines(self, application: str) -> list[DeadlineView]:
        """Every deadline with its lineage."""
        return cast("list[DeadlineView]", await self._ask(application, "deadlines", list[DeadlineView]))

    async def refused(self, application: str) -> list[RefusedSignal]:
        """The signals that were refused, with the reason."""
        return cast("list[RefusedSignal]", await self._ask(application, "refused", list[RefusedSignal]))

    async def find(self, query: str, limit: int = 200) -> list[Listed]:
        """The applications a visibility query finds (see `workers.listing.query_for`)."""
        try:
            return await list_applications(self._client, query, limit)
        except RPCError as error:
            raise ServerAway(f"{error.status.name}: {error.message}") from error

    # --- one attempt -----------------------------------------------------------------------------------

    async def _update(
        self, handle: WorkflowHandle[Any, Any], kind: str, body: Body, command_id: str, seconds: float
    ) -> Receipt:
        try:
            receipt: Receipt = await handle.execute_update(
                kind,
                body,
                id=_update_id(command_id, body),
                result_type=Receipt,
                rpc_timeout=timedelta(seconds=seconds),
            )
            return receipt
        except WorkflowUpdateFailedError as error:
            raise _refusal_of(error.cause, handle.id) from error
        except WorkflowUpdateRPCTimeoutOrCancelledError as error:
            raise _TryAgainError("no answer", server=False) from error
        except RPCError as error:
            raise _translated(error, handle.id) from error

    async def _ask(self, application: str, question: str, answer: Any) -> Any:
        handle = self._handle(application)

        async def once(seconds: float) -> Any:
            try:
                return await handle.query(
                    question, result_type=answer, rpc_timeout=timedelta(seconds=seconds)
                )
            except WorkflowQueryFailedError as error:
                if refused := await start_refusal(handle):
                    raise refused from error
                raise QueryFailed(handle.id, error.message) from error
            except RPCError as error:
                raise _translated(error, handle.id) from error

        return await self._patiently(once, again=True, sent=False)

    async def _opened(self, outcome: StartOutcome) -> StartOutcome:
        deadline = time.monotonic() + self._patience
        while (left := deadline - time.monotonic()) > 0:
            door = ReviewClient(self._client, self._task_queue, patience=left)
            try:
                state = await door.state(outcome.workflow_id)
            except NoWorker:
                break
            if state.plan_version is not None:
                return outcome.model_copy(
                    update={"opened": True, "stage": state.stage, "revision": state.revision}
                )
            await asyncio.sleep(0.1)
        return outcome

    # --- patience --------------------------------------------------------------------------------------

    async def _patiently(self, once: Callable[[float], Awaitable[T]], *, again: bool, sent: bool) -> T:
        """Try until there is an answer or the patience ends; then say why there is none."""
        deadline, pause = time.monotonic() + self._patience, 0.1
        while True:
            left = deadline - time.monotonic()
            try:
                return await once(max(0.5, min(left, _ATTEMPT)))
            except CommandRefused as refused:
                over = time.monotonic() + pause > deadline
                if refused.refusal.code is not RefusalCode.PLAN_PENDING or not again or over:
                    raise
            except _TryAgainError as fault:
                if not again or time.monotonic() + pause > deadline:
                    raise await self._silence(fault, sent) from fault
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2.0)

    async def _silence(self, fault: _TryAgainError, sent: bool) -> ServerAway | NoWorker:
        if fault.server:
            return ServerAway(str(fault))
        try:
            polled = await is_polled(self._client, self._task_queue)
        except RPCError as error:
            return ServerAway(error.status.name)
        return NoWorker(self._task_queue, self._patience, polled=polled, sent=sent)

    def _handle(self, application: str) -> WorkflowHandle[Any, Any]:
        return self._client.get_workflow_handle(self.workflow_id(application))


def full_id(application: str, plan_id: str = DEFAULT_PLAN) -> str:
    """The workflow id of an application given as workflow id, `plan/reference`, or reference."""
    if application.startswith("application/"):
        return application
    plan, slash, reference = application.rpartition("/")
    return workflow_id(plan, reference) if slash else workflow_id(plan_id, application)


def _on_the_wire(command: Command | Body) -> tuple[str, Body, str]:
    """Name, JSON body and id. Raises `CommandRefused` when the body breaks the command's schema."""
    if isinstance(command, Command):
        body = command.model_dump(mode="json", exclude_none=True)
        return kind_of(command), body, command.command_id
    try:
        read = parse(str(command.get("kind", "")), command)
    except Refused as refused:
        raise CommandRefused(refused.refusal) from None
    return kind_of(read), command, read.command_id


def _update_id(command_id: str, body: Body) -> str:
    """The server answers an update id again without asking the application, which must see another body."""
    return f"{command_id}/{digest(body)[:16]}"


def _refusal_of(cause: BaseException | None, workflow_id: str) -> Exception:
    if isinstance(cause, ApplicationError):
        if cause.type == "Refused" and cause.details:
            return CommandRefused(Refusal.model_validate(cause.details[0]))
        if cause.type == "AcceptedUpdateCompletedWorkflow":
            return ReviewClosed(workflow_id)
        return QueryFailed(workflow_id, cause.message)
    return QueryFailed(workflow_id, str(cause))


def _translated(error: RPCError, workflow_id: str) -> Exception:
    if error.status is RPCStatusCode.NOT_FOUND:
        text = error.message.lower()
        if "already completed" in text:
            return ReviewClosed(workflow_id)
        if "update" in text:  # the server restarted while the update was waiting
            return _TryAgainError("the server lost the question", server=False)
        return UnknownApplication(workflow_id)
    if error.status in _AWAY:
        return _TryAgainError(error.status.name, server=True)
    if error.status in _NOBODY:
        return _TryAgainError(error.status.name, server=False)
    return ServerAway(f"{error.status.name}: {error.message}")
