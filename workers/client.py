"""The typed door to applications for Python callers: start one or many, send commands, read, wait.

It knows the names of the contract and nothing of the rules behind them: what may happen is answered by
the application itself. Sending the same `command_id` again is always safe and gives the same receipt.

    door = await ReviewClient.connect()
    await door.start({"plan_id": ..., "application_ref": ..., ...})
    receipt = await door.send(ref, {"kind": "withdraw", "actor": {...}, "command_id": "w-1", "reason": "..."})
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Self, cast

from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from models.application import ApplicationInput, workflow_id
from models.audit import Fact
from models.commands import Command, parse
from models.stages import Stage
from models.state import Receipt, RefusedSignal
from models.views import DeadlineView, StateView
from workers.client_errors import ClientError, NotReached, NoWorker, QueryFailed, ServerAway, StartRefused
from workers.client_patience import PATIENCE, Body, PatientClient, on_the_wire
from workers.client_start import TASK_TIMEOUT, StartOutcome, read_input, start_or_find
from workers.connect import connect
from workers.listing import Listed, list_applications
from workers.settings import Settings
from workers.stack import settings_to_reach

DEFAULT_PLAN = "tianjin-quality-2023"
AT_ONCE = 8
"""Applications that `start_many` starts side by side."""


class ReviewClient(PatientClient):
    """Applications on one task queue of one Temporal server.

    An application is named by its workflow id (`application/{plan}/{ref}`), by `{plan}/{ref}`, or by its
    reference alone in the plan `plan_id`. `patience` is in seconds; `task_timeout` is how long a worker that
    died holds up the applications that this client starts. One client serves any number of tasks at once.
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
        super().__init__(temporal_client, task_queue, patience)
        self._plan_id, self._task_timeout = plan_id, task_timeout

    @classmethod
    async def connect(
        cls,
        address: str | None = None,
        *,
        namespace: str | None = None,
        task_queue: str | None = None,
        plan_id: str = DEFAULT_PLAN,
        patience: float = PATIENCE,
    ) -> Self:
        """A client that has spoken with the server.

        What is not given is taken from the environment (`ZHICHENG_*`, then Temporal's own profile and
        `TEMPORAL_*`), else it is the stack that runs on this machine. Raises
        `workers.connect.TemporalUnreachableError`, `workers.settings.SettingsError`.
        """
        given = {"temporal_address": address, "temporal_namespace": namespace, "task_queue": task_queue}
        settings = Settings.load(**{name: value for name, value in given.items() if value is not None})
        client = await connect(settings_to_reach(settings))
        return cls(client, settings.task_queue, plan_id=plan_id, patience=patience)

    @property
    def plan_id(self) -> str:
        """The plan of what is named by its reference alone."""
        return self._plan_id

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
        handle = self._handle(given.workflow_id)

        async def once(seconds: float) -> StartOutcome:
            try:
                return await start_or_find(
                    self._client, self._task_queue, given, timedelta(seconds=seconds), self._task_timeout
                )
            except RPCError as error:
                if error.status is RPCStatusCode.INVALID_ARGUMENT:
                    raise StartRefused(
                        f"The server does not take the start ({error.message}): if it lacks a search "
                        "attribute, run `zhicheng search-attributes register`."
                    ) from error
                raise

        outcome = await self._patiently(handle, once, sent=True)
        look = self.state if outcome.outcome == "finished" else self.opened
        try:
            state = await look(given.workflow_id)
        except (NoWorker, QueryFailed):
            return outcome
        return outcome if state.plan_version is None else outcome.once_open(state)

    async def opened(self, application: str) -> StateView:
        """Its state once its plan is loaded, or at the end of the patience. Raises what `state` raises."""
        handle = self._handle(application)
        return await self._once_open(handle, StateView, _is_open)

    async def start_many(
        self, applications: Iterable[ApplicationInput | Body], *, at_once: int = AT_ONCE
    ) -> list[StartOutcome | ClientError]:
        """Begin many, `at_once` side by side: an outcome, or why not, for each, in their order.

        Calling it again with the same inputs is safe: it finds those that were started.
        """
        gate = asyncio.Semaphore(at_once)

        async def one(application: ApplicationInput | Body) -> StartOutcome | ClientError:
            async with gate:
                try:
                    return await self.start(application)
                except ClientError as error:
                    return error

        return await asyncio.gather(*(one(application) for application in applications))

    async def send(self, application: str, command: Command | Body, *, wait: bool = True) -> Receipt:
        """Send a command and give its receipt.

        With `wait` what may be retried is, with the same `command_id`: a server that is away, a worker
        that does not answer, an application that is still being opened. Raises `CommandRefused`,
        `ReviewClosed`, `UnknownApplication`, `NoWorker`, `ServerAway`.
        """
        read, body = on_the_wire(command, parse)
        return await self._execute(self._handle(application), read, body, Receipt, again=wait)

    async def signal(self, application: str, command: Command | Body) -> None:
        """Send a command without waiting for the answer; a refusal shows in `refused`.

        Raises `CommandRefused` for a body that cannot be read, `ReviewClosed`, `UnknownApplication`,
        `ServerAway`.
        """
        read, body = on_the_wire(command, parse)
        await self._hand_over(self._handle(application), read, body)

    async def state(self, application: str) -> StateView:
        """Stage, statuses, revision, whose court it is, and what may come next."""
        return await self._state_of(self._handle(application), StateView, _is_open)

    async def history(self, application: str) -> list[Fact]:
        """The audit chain: who did what, when, under which rule."""
        return cast("list[Fact]", await self._ask(self._handle(application), "history", list[Fact]))

    async def deadlines(self, application: str) -> list[DeadlineView]:
        """Every deadline with its lineage."""
        found = await self._ask(self._handle(application), "deadlines", list[DeadlineView])
        return cast("list[DeadlineView]", found)

    async def refused(self, application: str) -> list[RefusedSignal]:
        """The signals that were refused, with the reason."""
        found = await self._ask(self._handle(application), "refused", list[RefusedSignal])
        return cast("list[RefusedSignal]", found)

    async def watch(
        self, application: str, *stages: str | Stage, after: int | None = None, within: float = 60.0
    ) -> StateView:
        """Wait until it is in one of the stages, at most `within` real seconds; its state then.

        With `after`, a revision, a stage that it entered since and has left again counts as well. It asks
        more and more rarely, every two seconds in the end. Raises `NotReached` with the last state, and
        what `state` raises.
        """
        wanted = {Stage(stage).value for stage in stages}
        deadline, pause, looked = time.monotonic() + within, 0.1, after
        while True:
            state = await self.state(application)
            if state.stage in wanted:
                return state
            if after is not None and state.revision != looked:
                looked = state.revision
                if any(f.to_stage in wanted and f.revision > after for f in await self.history(application)):
                    return state
            if time.monotonic() + pause > deadline:
                raise NotReached(self.workflow_id(application), sorted(wanted), state, within)
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 2.0)

    async def find(self, query: str, limit: int = 200) -> list[Listed]:
        """The applications a visibility query finds (see `workers.listing.query_for`)."""
        try:
            return await list_applications(self._client, query, limit)
        except RPCError as error:
            raise ServerAway(f"{error.status.name}: {error.message}") from error

    def _handle(self, application: str) -> WorkflowHandle[Any, Any]:
        return self._client.get_workflow_handle(self.workflow_id(application))


def _is_open(view: StateView) -> bool:
    return view.plan_version is not None


def full_id(application: str, plan_id: str = DEFAULT_PLAN) -> str:
    """The workflow id of an application given as workflow id, `plan/reference`, or reference."""
    if application.startswith("application/"):
        return application
    plan, slash, reference = application.rpartition("/")
    return workflow_id(plan, reference) if slash else workflow_id(plan_id, application)
