"""What a workflow's history tells, with no look at the database: replayed by the engine, and read as it is.

Replaying runs the code of this release over the events of the history; what the workflow handed to the
database then comes out again, call by call, with the answer that it had got. The receipts are read from the
events themselves. Payloads are decoded as the client does it. Reads only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowHistory
from temporalio.converter import DataConverter
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import (
    Interceptor,
    StartActivityInput,
    StartLocalActivityInput,
    UnsandboxedWorkflowRunner,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)
from temporalio.workflow import ActivityHandle

from models.audit import Fact
from models.cycle_state import CycleBatch
from models.history_proof import Acknowledged
from models.meeting_messages import meeting_workflow_id
from models.outbox import HopBatch, OpenRequest
from workers.client_meeting import WORKFLOW_TYPE as MEETING_TYPE
from workers.client_start import WORKFLOW_TYPE
from workers.codec.plugin import ReviewPlugin, build_replayer, plugin_of
from workers.registry import WORKFLOWS
from workflows import search_attributes as sa


@dataclass
class Call:
    """One question to the database as the workflow put it; `answered` once the history has the answer."""

    activity: str
    argument: Any
    answer: Any = None
    answered: bool = False


@dataclass
class Told:
    """What the runs of one workflow tell, oldest first. `whole`: from the beginning; `fault`: why no more."""

    workflow_id: str
    run_id: str = ""
    whole: bool = True
    calls: list[Call] = field(default_factory=list)
    receipts: list[Acknowledged] = field(default_factory=list)
    fault: str | None = None

    @property
    def facts(self) -> list[Fact]:
        """Every entry that the workflow made, by number; an entry that was handed over twice counts once."""
        found: dict[int, Fact] = {}
        for call in self.calls:
            given = call.argument
            if isinstance(given, OpenRequest):
                found[given.fact.seq] = given.fact
            elif isinstance(given, HopBatch | CycleBatch):
                found |= {fact.seq: fact for fact in given.facts}
        return [found[seq] for seq in sorted(found)]


class _Outbound(WorkflowOutboundInterceptor):
    def __init__(self, following: WorkflowOutboundInterceptor, calls: list[Call]) -> None:
        super().__init__(following)
        self._calls = calls

    def start_local_activity(self, input: StartLocalActivityInput) -> ActivityHandle[Any]:
        return self._noted(input.activity, input.args, super().start_local_activity(input))

    def start_activity(self, input: StartActivityInput) -> ActivityHandle[Any]:
        return self._noted(input.activity, input.args, super().start_activity(input))

    def _noted(self, name: str, args: Sequence[Any], handle: ActivityHandle[Any]) -> ActivityHandle[Any]:
        call = Call(name, args[0] if args else None)
        self._calls.append(call)

        def take(done: asyncio.Future[Any]) -> None:
            if not done.cancelled() and done.exception() is None:
                call.answer, call.answered = done.result(), True

        handle.add_done_callback(take)
        return handle


class _Listening(Interceptor):
    """Notes what a replayed workflow asks the database."""

    def __init__(self, calls: list[Call]) -> None:
        self._calls = calls

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: ARG002 - the SDK's
    ) -> type[WorkflowInboundInterceptor]:
        calls = self._calls

        class Inbound(WorkflowInboundInterceptor):
            def init(self, outbound: WorkflowOutboundInterceptor) -> None:
                super().init(_Outbound(outbound, calls))

        return Inbound


async def told_by(client: Client, workflow_id: str) -> Told | None:
    """What the history of that workflow tells; None when the server has none any more. Raises `RPCError`."""
    try:
        runs, whole = await _runs(client, workflow_id)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
    return await told_from(workflow_id, runs, plugin_of(client), whole=whole)


async def told_from(
    workflow_id: str, runs: Sequence[WorkflowHistory], plugin: ReviewPlugin, *, whole: bool = True
) -> Told:
    """The same from histories at hand, oldest first."""
    told = Told(workflow_id, runs[-1].run_id, whole)
    for run in runs:
        calls: list[Call] = []
        replayer = build_replayer(plugin, WORKFLOWS, UnsandboxedWorkflowRunner(), [_Listening(calls)])
        replayed = await replayer.replay_workflow(run, raise_on_replay_failure=False)
        if replayed.replay_failure is not None:
            told.fault = " ".join(str(replayed.replay_failure).split())[:300]
        told.calls += calls
        converter = replayer.config(active_config=True)["data_converter"]
        told.receipts += await _receipts(run.events, converter)
    return told


async def workflows_of(client: Client, plan_id: str) -> list[str]:
    """The ids of all applications of a plan that the server knows, open or ended. Raises `RPCError`."""
    named = plan_id.replace("'", "''")
    asked = f"WorkflowType = '{WORKFLOW_TYPE}' AND {sa.TITLE_PLAN.name} = '{named}'"
    return sorted({run.id async for run in client.list_workflows(asked)})


async def meetings_of(client: Client, plan_id: str) -> list[str]:
    """The references of all meetings of a plan that the server knows. Raises `RPCError`."""
    first = meeting_workflow_id(plan_id, "")
    asked = f"WorkflowType = '{MEETING_TYPE}'"
    ids = {run.id async for run in client.list_workflows(asked)}
    return sorted(one.removeprefix(first) for one in ids if one.startswith(first))


async def _runs(client: Client, workflow_id: str) -> tuple[list[WorkflowHistory], bool]:
    """The histories of all runs that hang together, oldest first; False if an older one is gone."""
    run_id = (await client.get_workflow_handle(workflow_id).describe()).run_id
    found: list[WorkflowHistory] = []
    while run_id:
        try:
            history = await client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history()
        except RPCError as error:
            if found and error.status is RPCStatusCode.NOT_FOUND:
                return found, False
            raise
        found.insert(0, history)
        run_id = history.events[0].workflow_execution_started_event_attributes.continued_execution_run_id
    return found, True


async def _receipts(events: Sequence[HistoryEvent], converter: DataConverter) -> list[Acknowledged]:
    """The commands that were accepted, with what their senders were answered; repetitions left out."""
    asked: dict[str, Any] = {}
    found = []
    for event in events:
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
            accepted = event.workflow_execution_update_accepted_event_attributes
            request = accepted.accepted_request
            asked[request.meta.update_id] = request.input
        elif event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED:
            completed = event.workflow_execution_update_completed_event_attributes
            given = asked.get(completed.meta.update_id)
            if given is None or not completed.outcome.HasField("success"):
                continue
            (body,) = await converter.decode(given.args.payloads)
            (receipt,) = await converter.decode(completed.outcome.success.payloads)
            if not receipt.get("duplicate"):
                found.append(_acknowledged(given.name, body, receipt))
    return found


def _acknowledged(name: str, body: dict[str, Any], receipt: dict[str, Any]) -> Acknowledged:
    return Acknowledged(
        command_id=body["command_id"],
        kind=name,
        actor=body["actor"],
        event=receipt.get("event", name),
        at=receipt["at"],
        revision=receipt["revision"],
    )
