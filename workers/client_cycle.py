"""The typed door to cycles for Python callers: begin a committee's year, send it commands, read it.

Sending the same `command_id` again is always safe and gives the same receipt.
"""

from __future__ import annotations

from typing import Any

from temporalio.client import WorkflowHandle
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from models.audit import Fact
from models.commands import Command
from models.cycle_decide import parse_cycle_command
from models.cycle_state import CycleInput, CycleReceipt, cycle_id
from models.cycle_views import CycleView, StatisticsView
from models.state import RefusedSignal
from workers.client_errors import ClientError, ReviewClosed, UnknownApplication
from workers.client_patience import PatientClient, on_the_wire
from workers.client_start import input_of
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

    @classmethod
    def beside(cls, door: PatientClient) -> CycleClient:
        """Cycles on the server, the task queue and with the patience of a client of applications."""
        return cls(door.temporal, door.task_queue, patience=door.patience)

    async def start(self, given: CycleInput | dict[str, Any]) -> CycleView:
        """Begin the cycle of a plan; the same input again finds the same one.

        Raises `StartRefused`: a field is wrong, there is no such plan, or the cycle has another input.
        """
        cycle = input_of(CycleInput, given)
        await self._begin(
            WORKFLOW_TYPE,
            cycle.workflow_id,
            cycle.model_dump(mode="json"),
            summary=cycle.plan_id,
            search_attributes=TypedSearchAttributes([SearchAttributePair(TITLE_PLAN, cycle.plan_id)]),
        )
        handle = self._handle(cycle.plan_id)
        return await self._once_open(handle, CycleView, _is_open)

    async def send(self, plan_id: str, command: Command | dict[str, Any]) -> CycleReceipt:
        """Send a command (`models.cycle_commands`) and give its receipt.

        A plan version, a list or a report may take minutes; what it means for many applications goes on
        after the receipt, under `order_id`. Raises `CommandRefused`, `CycleClosed`, `UnknownCycle`,
        `NoWorker`, `ServerAway`.
        """
        read, body = on_the_wire(command, parse_cycle_command)
        return await self._execute(self._handle(plan_id), read, body, CycleReceipt)

    async def signal(self, plan_id: str, command: Command | dict[str, Any]) -> None:
        """Send a command without waiting for the answer; a refusal shows in `refused`."""
        read, body = on_the_wire(command, parse_cycle_command)
        await self._hand_over(self._handle(plan_id), read, body)

    async def state(self, plan_id: str) -> CycleView:
        """Where the year stands: phase, steps with their dates, what is overdue, orders."""
        return await self._state_of(self._handle(plan_id), CycleView, _is_open)

    async def statistics(self, plan_id: str) -> StatisticsView:
        """The numbers, and the moment of the look they come from."""
        view: StatisticsView = await self._ask(self._handle(plan_id), "statistics", StatisticsView)
        return view

    async def history(self, plan_id: str) -> list[Fact]:
        """The last entries of the audit chain."""
        facts: list[Fact] = await self._ask(self._handle(plan_id), "history", list[Fact])
        return facts

    async def refused(self, plan_id: str) -> list[RefusedSignal]:
        """The last signals that were refused, with the reason."""
        signals: list[RefusedSignal] = await self._ask(self._handle(plan_id), "refused", list[RefusedSignal])
        return signals

    def _handle(self, plan_id: str) -> WorkflowHandle[Any, Any]:
        """A cycle named by its plan or by its workflow id."""
        return self._client.get_workflow_handle(cycle_id(plan_id.removeprefix("cycle/")))


def _is_open(view: CycleView) -> bool:
    return view.plan_version is not None
