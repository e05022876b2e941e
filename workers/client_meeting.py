"""The typed door to meetings for Python callers: plan one, send it the acts of office and chair, read it.

What experts do goes to the database (`activities.meeting_room`), never through here. Sending the same
`command_id` again is always safe and gives the same receipt.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from pydantic import ValidationError
from temporalio.client import (
    Client,
    WorkflowHandle,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from models.audit import digest
from models.decide import kind_of
from models.field_errors import first_field_error
from models.meeting_commands import parse_meeting_command
from models.meeting_messages import MeetingInput, meeting_workflow_id
from models.meeting_state import MeetingFact, MeetingReceipt, MeetingView
from models.refusal import Refused
from workers.client import DEFAULT_PLAN, PATIENCE, ReviewClient
from workers.client_errors import (
    ClientError,
    CommandRefused,
    ServerAway,
    StartRefused,
    UnknownApplication,
)
from workers.client_patience import ATTEMPT, PatientClient
from workers.client_start import MEMO_DIGEST, TASK_TIMEOUT, start_refusal

WORKFLOW_TYPE = "ReviewMeetingWorkflow"


class UnknownMeeting(UnknownApplication):
    """No meeting has this id."""

    def __init__(self, workflow_id: str) -> None:
        ClientError.__init__(
            self, f"There is no meeting {workflow_id}: check the reference and the plan, or start it."
        )


class MeetingClient(PatientClient):
    """Meetings of one plan on one task queue. `patience` is in seconds, tries included."""

    unknown = UnknownMeeting

    def __init__(
        self,
        temporal_client: Client,
        task_queue: str,
        *,
        plan_id: str = DEFAULT_PLAN,
        patience: float = PATIENCE,
    ) -> None:
        super().__init__(temporal_client, task_queue, patience)
        self._plan_id = plan_id

    @classmethod
    def beside(cls, door: ReviewClient, plan_id: str | None = None) -> MeetingClient:
        """Meetings on the server, the task queue and with the patience of a client of applications."""
        plan = plan_id or door.plan_id
        return cls(door.temporal, door.task_queue, plan_id=plan, patience=door.patience)

    async def start(self, given: MeetingInput | dict[str, Any]) -> MeetingView:
        """Plan a meeting; the same input again finds the same one.

        Raises `StartRefused`: a field is wrong, the committee may not meet that day, the reference is in use.
        """
        try:
            meeting = given if isinstance(given, MeetingInput) else MeetingInput.model_validate(given)
        except ValidationError as error:
            path, rule = first_field_error(error)
            raise StartRefused(f"{path}: {rule.en}: correct the field and start again.") from None
        body = meeting.model_dump(mode="json")
        try:
            await self._client.start_workflow(
                WORKFLOW_TYPE,
                body,
                id=meeting.workflow_id,
                task_queue=self._task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                memo={MEMO_DIGEST: digest(body)},
                static_summary=f"{meeting.committee_ref}, {meeting.meeting_on}",
                task_timeout=TASK_TIMEOUT,
                rpc_timeout=timedelta(seconds=ATTEMPT),
            )
        except WorkflowAlreadyStartedError:
            await self._must_be_the_same(meeting, body)
        except RPCError as error:
            raise ServerAway(error.status.name) from error
        return await self._planned(meeting)

    async def send(self, meeting_ref: str, body: dict[str, Any]) -> MeetingReceipt:
        """Send one act (`models.meeting_commands`) and give its receipt, item by item where it has several.

        Raises `CommandRefused`, `ReviewClosed`, `UnknownMeeting`, `NoWorker`, `ServerAway`.
        """
        try:
            command = parse_meeting_command(str(body.get("kind", "")), body)
        except Refused as refused:
            raise CommandRefused(refused.refusal) from None
        handle = self._handle(meeting_ref)

        async def once(seconds: float) -> MeetingReceipt:
            receipt: MeetingReceipt = await handle.execute_update(
                kind_of(command),
                body,
                id=command.command_id,
                result_type=MeetingReceipt,
                rpc_timeout=timedelta(seconds=seconds),
            )
            return receipt

        return await self._patiently(handle, once, sent=True)

    async def state(self, meeting_ref: str) -> MeetingView:
        """Where the meeting stands, and each item of its agenda in numbers."""
        view: MeetingView = await self._ask(meeting_ref, "state", MeetingView)
        return view

    async def history(self, meeting_ref: str) -> list[MeetingFact]:
        """What was done, when, by whom of the office and the chair; experts do not appear in it."""
        facts: list[MeetingFact] = await self._ask(meeting_ref, "history", list[MeetingFact])
        return facts

    async def _ask(self, meeting_ref: str, question: str, answer: Any) -> Any:
        handle = self._handle(meeting_ref)

        async def once(seconds: float) -> Any:
            return await handle.query(question, result_type=answer, rpc_timeout=timedelta(seconds=seconds))

        return await self._patiently(handle, once, sent=False)

    async def _must_be_the_same(self, meeting: MeetingInput, body: dict[str, Any]) -> None:
        found = await self._client.get_workflow_handle(meeting.workflow_id).describe()
        if await found.memo_value(MEMO_DIGEST, None) != digest(body):
            raise StartRefused(
                f"{meeting.workflow_id} exists already with another input: start it with the same one to "
                "find it, or use another reference."
            )

    async def _planned(self, meeting: MeetingInput) -> MeetingView:
        """The meeting once its plan and committee are read. Raises `StartRefused`, `NoWorker`."""
        handle = self._handle(meeting.meeting_ref, meeting.plan_id)
        deadline = time.monotonic() + self._patience
        while True:
            if refused := await start_refusal(handle):
                raise refused
            view: MeetingView = await self._patiently(handle, _state_of(handle), sent=False)
            if view.committee_size is not None or time.monotonic() > deadline:
                return view
            await asyncio.sleep(0.05)

    def _handle(self, meeting_ref: str, plan_id: str | None = None) -> WorkflowHandle[Any, Any]:
        """A meeting named by its workflow id, by `plan/reference`, or by its reference alone."""
        if meeting_ref.startswith("meeting/"):
            return self._client.get_workflow_handle(meeting_ref)
        plan, slash, reference = meeting_ref.rpartition("/")
        chosen = plan if slash else plan_id or self._plan_id
        return self._client.get_workflow_handle(meeting_workflow_id(chosen, reference))


def _state_of(handle: WorkflowHandle[Any, Any]) -> Callable[[float], Awaitable[MeetingView]]:
    async def once(seconds: float) -> MeetingView:
        view: MeetingView = await handle.query(
            "state", result_type=MeetingView, rpc_timeout=timedelta(seconds=seconds)
        )
        return view

    return once
