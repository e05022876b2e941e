"""What anyone may ask of a batch: one model a command, an update of `BatchWorkflow` by its `kind`.

Like the commands of an application each names its `actor` and a `command_id`; sending one twice gives the
same answer.
"""

from __future__ import annotations

from typing import Literal

from models.commands import Command
from models.reading import read_command
from models.wire import Label, ShortText


class DryRun(Command):
    """Asks every application again what it would answer; nothing is changed."""

    kind: Literal["dry_run"] = "dry_run"


class Approve(Command):
    """A second person of the same organisation and role stands in for it (four eyes)."""

    kind: Literal["approve"] = "approve"
    text: ShortText | None = None


class Apply(Command):
    """Sends the command to every item that has not had it."""

    kind: Literal["apply"] = "apply"


class Pause(Command):
    """Nothing more is sent until `resume`; what is under way is answered."""

    kind: Literal["pause"] = "pause"


class Resume(Command):
    """Goes on after `pause`."""

    kind: Literal["resume"] = "resume"


class Stop(Command):
    """Ends it: what is done stays done, what was not sent never is."""

    kind: Literal["stop"] = "stop"
    text: ShortText | None = None


class Retry(Command):
    """Sends again what was refused for a while only (nobody answered, too early, on hold).

    `force`: whatever was refused; one that was refused as outdated is sent on the revision of now. A
    batch that needs a second person is asked and approved again for that.
    """

    kind: Literal["retry"] = "retry"
    force: bool = False


BATCH_COMMANDS: dict[str, type[Command]] = {
    model.model_fields["kind"].default: model
    for model in (DryRun, Approve, Apply, Pause, Resume, Stop, Retry)
}


def parse_batch_command(kind: str, body: object) -> Command:
    """Reads a command of a batch. Raises `Refused` that names the field, the rule and the remedy."""
    return read_command(BATCH_COMMANDS, kind, body, Label(zh="批次", en="A batch"))
