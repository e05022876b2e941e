"""The ways in which an application may not answer "yes": typed, each with one sentence and its remedy."""

from __future__ import annotations

from collections.abc import Sequence

from models.refusal import Refusal
from models.views import StateView


class ClientError(Exception):
    """The base of what `ReviewClient` raises; its text is one sentence with the remedy."""


class CommandRefused(ClientError):  # noqa: N818 - it is an answer, not a fault
    """The command may not be carried out; `refusal` says which rule forbids it and what may come next."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.sentence())
        self.refusal = refusal


class StartRefused(ClientError):  # noqa: N818 - it is an answer, not a fault
    """The application cannot begin.

    `differing` names the input fields that differ from the application that already has this id.
    `refusal` is there when a field breaks a rule or the plan, or the register, refused it.
    """

    def __init__(self, text: str, *, differing: Sequence[str] = (), refusal: Refusal | None = None) -> None:
        super().__init__(text)
        self.differing = tuple(differing)
        self.refusal = refusal


class InputDiffers(StartRefused):
    """The id belongs to a workflow that was started with another input."""

    def __init__(self, workflow_id: str) -> None:
        super().__init__(
            f"{workflow_id} exists already with another input: start it with the same one to "
            "find it, or choose another."
        )


class ReferenceTaken(StartRefused):
    """The id has another input, and whoever asks may not be told in which fields it differs."""

    def __init__(self) -> None:
        super().__init__("application_ref: it is taken by another application: use another reference.")


class ReviewClosed(ClientError):  # noqa: N818 - it is an answer, not a fault
    """The application has ended and its workflow takes no more commands."""

    def __init__(self, workflow_id: str) -> None:
        super().__init__(
            f"{workflow_id} has ended and takes no more commands: read it with `zhicheng show`, "
            "or apply again where the plan allows."
        )


class UnknownApplication(ClientError):  # noqa: N818 - it is an answer, not a fault
    """No application has this id."""

    def __init__(self, workflow_id: str) -> None:
        super().__init__(
            f"There is no application {workflow_id}: check the reference and the plan, or `zhicheng list`."
        )


class NoWorker(ClientError):  # noqa: N818 - it is an answer, not a fault
    """Nothing answered in time: no worker is on line, or none that has time."""

    def __init__(self, task_queue: str, seconds: float, *, polled: bool, sent: bool) -> None:
        who = (
            f"the workers of task queue '{task_queue}' did not answer"
            if polled
            else f"no worker is on line for task queue '{task_queue}'"
        )
        remedy = "look at their logs" if polled else "start one with `zhicheng worker` or `zhicheng up`"
        again = "; then send the same command_id again, it cannot count twice" if sent else ""
        super().__init__(f"No answer within {seconds:g} s: {who}: {remedy}{again}.")
        self.polled = polled


class ServerAway(ClientError):  # noqa: N818 - it is an answer, not a fault
    """The Temporal server stopped answering after the connection was made."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The Temporal server does not answer ({reason}): start it, then send the same command_id again."
        )


class QueryFailed(ClientError):  # noqa: N818 - it is an answer, not a fault
    """The workflow could not answer a question: it and the server disagree, or its code does."""

    def __init__(self, workflow_id: str, reason: str) -> None:
        super().__init__(f"{workflow_id} cannot be read ({reason}): look at the worker's log.")


class NotReached(ClientError):  # noqa: N818 - it is an answer, not a fault
    """The application did not come to any of the stages in time; `state` is where it is."""

    def __init__(self, workflow_id: str, stages: Sequence[str], state: StateView, seconds: float) -> None:
        waits_for = f", which waits for {state.action_by}" if state.action_by else ""
        super().__init__(
            f"{workflow_id} did not reach {' or '.join(stages)} within {seconds:g} s: it is in "
            f"'{state.stage}'{waits_for}. Wait longer, or look with `zhicheng next`."
        )
        self.state = state
