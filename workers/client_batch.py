"""The typed door to batches for Python callers: make one, look at its dry run, approve, send, retry.

Sending the same `command_id` again is always safe and gives the same receipt.

    door = BatchClient.beside(await ReviewClient.connect())
    await door.start({"batch_ref": "b-1", "plan_id": ..., "maker": ..., "command": ..., "selection": ...})
    view = await door.until("b-1", BatchStatus.PREVIEWED)
    await door.send("b-1", {"kind": "apply", "actor": {...}, "command_id": "apply-1"})
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

from temporalio.client import WorkflowHandle
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from activities.batch_items import write_items
from activities.database import Database
from models.batch import BatchInput, batch_id, check_start
from models.batch_commands import parse_batch_command
from models.batch_messages import BatchStatus
from models.batch_rows import GivenItem, check_rows, items_digest, read_rows
from models.batch_state import BatchReceipt, BatchView
from models.commands import Command
from models.refusal import Refused
from models.roles import Actor
from workers.client_errors import ClientError, ReviewClosed, StartRefused, UnknownApplication
from workers.client_patience import PatientClient, on_the_wire
from workers.client_start import input_of
from workflows.search_attributes import TITLE_PLAN

WORKFLOW_TYPE = "BatchWorkflow"
NO_ITEMS = "0" * 64
"""The digest of items that are still to be read."""


class UnknownBatch(UnknownApplication):
    """Nobody has made this batch."""

    def __init__(self, workflow_id: str) -> None:
        ClientError.__init__(
            self, f"There is no {workflow_id}: check the reference, or `zhicheng batch list`."
        )


class BatchClosed(ReviewClosed):
    """The batch has ended for good."""

    def __init__(self, workflow_id: str) -> None:
        ClientError.__init__(
            self, f"{workflow_id} is over and takes no more commands: make another batch of what is left."
        )


class BatchClient(PatientClient):
    """Batches on one task queue. `patience` is in seconds, tries included."""

    unknown = UnknownBatch
    closed = BatchClosed

    @classmethod
    def beside(cls, door: PatientClient) -> BatchClient:
        """Batches on the server, the task queue and with the patience of another client."""
        return cls(door.temporal, door.task_queue, patience=door.patience)

    async def start(self, given: BatchInput | dict[str, Any]) -> BatchView:
        """Make a batch; the same input again finds the same one. Its dry run goes on after the answer.

        Raises `StartRefused`: a field is wrong, nothing is selected, or the batch has another input.
        """
        batch = input_of(BatchInput, given)
        try:
            check_start(batch)
        except Refused as refused:
            raise StartRefused(refused.refusal.sentence(), refusal=refused.refusal) from None
        await self._begin(
            WORKFLOW_TYPE,
            batch.workflow_id,
            batch.model_dump(mode="json"),
            summary=f"{batch.kind}, {batch.maker.role.value} of {batch.maker.organisation}",
            search_attributes=TypedSearchAttributes([SearchAttributePair(TITLE_PLAN, batch.plan_id)]),
        )
        handle = self._handle(batch.batch_ref)
        return await self._once_open(handle, BatchView, lambda view: view.status != BatchStatus.PREPARING)

    async def start_with(
        self, database: Database, given: dict[str, Any], items: str | list[GivenItem]
    ) -> BatchView:
        """Make a batch of items: a CSV text, or rows. They are written to the database first.

        Raises `Refused` with line, column and rule, and what `start` raises.
        """
        batch, rows = await asyncio.to_thread(_checked, given, items)  # a second, when they are many
        await write_items(database, batch, rows, batch.clock.now(datetime.now(UTC)))
        return await self.start(batch)

    async def send(self, batch_ref: str, command: Command | dict[str, Any]) -> BatchReceipt:
        """Send a command (`models.batch_commands`) and give its receipt; the sending goes on after it.

        Raises `CommandRefused`, `BatchClosed`, `UnknownBatch`, `NoWorker`, `ServerAway`.
        """
        read, body = on_the_wire(command, parse_batch_command)
        return await self._execute(self._handle(batch_ref), read, body, BatchReceipt)

    async def state(self, batch_ref: str) -> BatchView:
        """Where it stands, in numbers; who made and approved it; what may be sent."""
        view: BatchView = await self._ask(self._handle(batch_ref), "state", BatchView)
        return view

    async def until(self, batch_ref: str, *statuses: BatchStatus, within: float = 60.0) -> BatchView:
        """Wait until it is in one of the statuses, at most `within` real seconds. Raises `TimeoutError`."""
        deadline, pause = time.monotonic() + within, 0.05
        while True:
            view = await self.state(batch_ref)
            if view.status in statuses:
                return view
            if time.monotonic() + pause > deadline:
                raise TimeoutError(
                    f"{batch_ref} is {view.status.value} after {within:g} s: wait longer, or look with "
                    "`zhicheng batch show`."
                )
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 2.0)

    def _handle(self, batch_ref: str) -> WorkflowHandle[Any, Any]:
        """A batch named by its reference or by its workflow id."""
        return self._client.get_workflow_handle(batch_id(batch_ref.removeprefix("batch/")))


def _checked(given: dict[str, Any], items: str | list[GivenItem]) -> tuple[BatchInput, list[GivenItem]]:
    """The batch and its items, every one of them looked at."""
    draft = input_of(BatchInput, {**given, "items_sha256": NO_ITEMS})
    check_start(draft)
    rows = read_rows(draft, items) if isinstance(items, str) else check_rows(draft, items)
    sha256 = items_digest(draft.plan_id, draft.maker, draft.command, rows)
    return draft.model_copy(update={"items_sha256": sha256}), rows


def command_of(kind: str, actor: Actor, command_id: str, **fields: Any) -> dict[str, Any]:
    """The body of a command of a batch."""
    return {"kind": kind, "actor": actor.model_dump(mode="json"), "command_id": command_id, **fields}
