"""The typed door to cycles for Python callers: begin a committee's year, send it commands, read it.

Sending the same `command_id` again is always safe and gives the same receipt.
"""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Any

from pydantic import ValidationError
from temporalio.client import Client, WorkflowHandle
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from models.audit import Fact, digest
from models.commands import Command
from models.cycle_decide import parse_cycle_command
from models.cycle_state import CycleInput, CycleReceipt, cycle_id
from models.cycle_views import CycleView, StatisticsView
from models.decide import kind_of
from models.field_errors import first_field_error
from models.refusal import Refused
from models.state import RefusedSignal
from workers.client import PATIENCE, ReviewClient
from workers.client_errors import (
    ClientError,
    CommandRefused,
    ReviewClosed,
    ServerAway,
    StartRefused,
    UnknownApplication,
)
from workers.client_patience import ATTEMPT, PatientClient
from workers.client_start import MEMO_DIGEST, TASK_TIMEOUT, start_refusal
from workflows.search_attributes import TITLE_PLAN

WORKFLOW_TYPE = "ReviewCycleWorkflow"


class UnknownCycle(UnknownApplication):
    """Nobody has begun the cycle of this plan."""

    def __init__(self, workflow_id: str) -> None:
        plan = workflow_id.removeprefix("cycle/")
        ClientError.__init__(
            self, f"The cycle of plan {plan} has not begun: check the plan, or `zhicheng cycle start {plan}`."
        )


class CycleClosed(ReviewClosed):
    """The cycle is closed, and its last open case has ended."""

    def __init__(self, workflow_id: str) -> None:
        ClientError.__init__(
            self, f"{workflow_id} is closed and takes no more commands: read it with `zhicheng cycle show`."
        )


class CycleClient(PatientClient):
    """Cycles on one task queue. `patience` is in seconds, tries included; some commands take minutes."""

    unknown = UnknownCycle
    closed = CycleClosed

    def __init__(self, temporal_client: Client, task_queue: str, *, patience: float = PATIENCE) -> None:
        super().__init__(temporal_client, task_queue, patience)

    @classmethod
    def beside(cls, door: ReviewClient) -> CycleClient:
        """Cycles on the server, the task queue and with the patience of a client of applications."""
        return cls(door.temporal, door.task_queue, patience=door.patience)

    async def start(self, given: CycleInput | dict[str, Any]) -> CycleView:
        """Begin the cycle of a plan; the same input again finds the same one.

        Raises `StartRefused`: a field is wrong, there is no such plan, or the cycle has another input.
        """
        try:
            cycle = given if isinstance(given, CycleInput) else CycleInput.model_validate(given)
        except ValidationError as error:
            path, rule = first_field_error(error)
            raise StartRefused(f"{path}: {rule.en}: correct the field and start again.") from None
        body = cycle.model_dump(mode="json")
        try:
            await self._client.start_workflow(
                WORKFLOW_TYPE,
                body,
                id=cycle.workflow_id,
                task_queue=self._task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                memo={MEMO_DIGEST: digest(body)},
                search_attributes=TypedSearchAttributes([SearchAttributePair(TITLE_PLAN, cycle.plan_id)]),
                static_summary=cycle.plan_id,
                task_timeout=TASK_TIMEOUT,
                rpc_timeout=timedelta(seconds=ATTEMPT),
            )
        except WorkflowAlreadyStartedError:
            await self._must_be_the_same(cycle, body)
        except RPCError as error:
            raise ServerAway(error.status.name) from error
        return await self._begun(cycle.plan_id)

    async def send(self, plan_id: str, command: Command | dict[str, Any]) -> CycleReceipt:
        """Send a command (`models.cycle_commands`) and give its receipt.

        A plan version, a list or a report may take minutes; what it means for many applications goes on
        after the receipt, under `order_id`. Raises `CommandRefused`, `CycleClosed`, `UnknownCycle`,
        `NoWorker`, `ServerAway`.
        """
        read, body = _on_the_wire(command)
        handle = self._handle(plan_id)

        async def once(seconds: float) -> CycleReceipt:
            receipt: CycleReceipt = await handle.execute_update(
                kind_of(read),
                body,
                id=read.command_id,
                result_type=CycleReceipt,
                rpc_timeout=timedelta(seconds=seconds),
            )
            return receipt

        return await self._patiently(handle, once, sent=True)

    async def signal(self, plan_id: str, command: Command | dict[str, Any]) -> None:
        """Send a command without waiting for the answer; a refusal shows in `refused`."""
        read, body = _on_the_wire(command)
        handle = self._handle(plan_id)

        async def once(seconds: float) -> None:
            await handle.signal(kind_of(read), body, rpc_timeout=timedelta(seconds=seconds))

        await self._patiently(handle, once, sent=True)

    async def state(self, plan_id: str) -> CycleView:
        """Where the year stands: phase, steps with their dates, what is overdue, orders."""
        view: CycleView = await self._ask(plan_id, "state", CycleView)
        return view

    async def statistics(self, plan_id: str) -> StatisticsView:
        """The numbers, and the moment of the look they come from."""
        view: StatisticsView = await self._ask(plan_id, "statistics", StatisticsView)
        return view

    async def history(self, plan_id: str) -> list[Fact]:
        """The last entries of the audit chain."""
        facts: list[Fact] = await self._ask(plan_id, "history", list[Fact])
        return facts

    async def refused(self, plan_id: str) -> list[RefusedSignal]:
        """The last signals that were refused, with the reason."""
        signals: list[RefusedSignal] = await self._ask(plan_id, "refused", list[RefusedSignal])
        return signals

    async def _ask(self, plan_id: str, question: str, answer: Any) -> Any:
        handle = self._handle(plan_id)

        async def once(seconds: float) -> Any:
            return await handle.query(question, result_type=answer, rpc_timeout=timedelta(seconds=seconds))

        return await self._patiently(handle, once, sent=False)

    async def _must_be_the_same(self, cycle: CycleInput, body: dict[str, Any]) -> None:
        found = await self._client.get_workflow_handle(cycle.workflow_id).describe()
        if await found.memo_value(MEMO_DIGEST, None) != digest(body):
            raise StartRefused(
                f"{cycle.workflow_id} exists already with another input: the same one finds it."
            )

    async def _begun(self, plan_id: str) -> CycleView:
        """The cycle once its plan is read. Raises `StartRefused`, `NoWorker`."""
        deadline = time.monotonic() + self._patience
        while True:
            if refused := await start_refusal(self._handle(plan_id)):
                raise refused
            view = await self.state(plan_id)
            if view.plan_version is not None or time.monotonic() > deadline:
                return view
            await asyncio.sleep(0.05)

    def _handle(self, plan_id: str) -> WorkflowHandle[Any, Any]:
        """A cycle named by its plan or by its workflow id."""
        return self._client.get_workflow_handle(cycle_id(plan_id.removeprefix("cycle/")))


def _on_the_wire(command: Command | dict[str, Any]) -> tuple[Command, dict[str, Any]]:
    """The command and its JSON body. Raises `CommandRefused` when the body breaks the schema."""
    if isinstance(command, Command):
        return command, command.model_dump(mode="json", exclude_none=True)
    try:
        return parse_cycle_command(str(command.get("kind", "")), command), command
    except Refused as refused:
        raise CommandRefused(refused.refusal) from None
