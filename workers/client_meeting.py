"""The typed door to meetings for Python callers: plan one, send it the acts of office and chair, read it.

What experts do goes to the database (`activities.meeting_room`), never through here. Sending the same
`command_id` again is always safe and gives the same receipt.
"""

from __future__ import annotations

from typing import Any

from temporalio.client import Client, WorkflowHandle

from models.commands import Command
from models.meeting_commands import parse_meeting_command
from models.meeting_messages import MeetingInput, meeting_workflow_id
from models.meeting_state import MeetingFact, MeetingReceipt, MeetingView
from workers.client import DEFAULT_PLAN, ReviewClient
from workers.client_errors import ClientError, ReviewClosed, UnknownApplication
from workers.client_patience import PATIENCE, PatientClient, on_the_wire
from workers.client_start import input_of

WORKFLOW_TYPE = "ReviewMeetingWorkflow"


class UnknownMeeting(UnknownApplication):
    """No meeting has this id."""

    def __init__(self, workflow_id: str) -> None:
        ClientError.__init__(
            self, f"There is no meeting {workflow_id}: check the reference and the plan, or start it."
        )


class MeetingClosed(ReviewClosed):
    """The meeting is over, or was called off."""

    def __init__(self, workflow_id: str) -> None:
        ClientError.__init__(
            self, f"{workflow_id} is over and takes no more commands: read it with `zhicheng meeting show`."
        )


class MeetingClient(PatientClient):
    """Meetings of one plan on one task queue. `patience` is in seconds, tries included."""

    unknown = UnknownMeeting
    closed = MeetingClosed

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
        meeting = input_of(MeetingInput, given)
        await self._begin(
            WORKFLOW_TYPE,
            meeting.workflow_id,
            meeting.model_dump(mode="json"),
            summary=f"{meeting.committee_ref}, {meeting.meeting_on}",
        )
        handle = self._handle(meeting.workflow_id)
        return await self._once_open(handle, MeetingView, _is_open)

    async def send(self, meeting_ref: str, command: Command | dict[str, Any]) -> MeetingReceipt:
        """Send one act (`models.meeting_commands`) and give its receipt, item by item where it has several.

        Raises `CommandRefused`, `ReviewClosed`, `UnknownMeeting`, `NoWorker`, `ServerAway`.
        """
        read, body = on_the_wire(command, parse_meeting_command)
        return await self._execute(self._handle(meeting_ref), read, body, MeetingReceipt)

    async def state(self, meeting_ref: str) -> MeetingView:
        """Where the meeting stands, and each item of its agenda in numbers."""
        return await self._state_of(self._handle(meeting_ref), MeetingView, _is_open)

    async def history(self, meeting_ref: str) -> list[MeetingFact]:
        """What was done, when, by whom of the office and the chair; experts do not appear in it."""
        facts: list[MeetingFact] = await self._ask(self._handle(meeting_ref), "history", list[MeetingFact])
        return facts

    def _handle(self, meeting_ref: str) -> WorkflowHandle[Any, Any]:
        """A meeting named by its workflow id, by `plan/reference`, or by its reference alone."""
        if meeting_ref.startswith("meeting/"):
            return self._client.get_workflow_handle(meeting_ref)
        plan, slash, reference = meeting_ref.rpartition("/")
        chosen = plan if slash else self._plan_id
        return self._client.get_workflow_handle(meeting_workflow_id(chosen, reference))


def _is_open(view: MeetingView) -> bool:
    return view.committee_size is not None
