"""A workflow with a clock of its own: started at a business moment, moved through time, sent commands.

The server gives each workflow a virtual clock that stands beside real time: what was skipped is added to it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from pydantic import BaseModel
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from models.refusal import Refusal
from workers.simulate.ground import Ground

STEP = timedelta(seconds=120)
"""Real time that one step of one workflow may take before it counts as failed."""

Answer = TypeVar("Answer", bound=BaseModel)


class StuckError(RuntimeError):
    """A workflow does not go on: the text says why."""


@dataclass
class Clocked:
    """One running workflow. Moments are business time."""

    ground: Ground
    handle: WorkflowHandle[Any, Any]
    business_start: datetime
    real_start: float
    skipped: timedelta = timedelta(0)

    @classmethod
    async def start(
        cls, ground: Ground, workflow: str, body: dict[str, Any], workflow_id: str, at: datetime, **more: Any
    ) -> Clocked:
        """Starts the workflow with its clock at `at`."""
        clock = {"real_start": datetime.now(UTC).isoformat(), "business_start": at.isoformat()}
        begun = time.monotonic()
        handle: WorkflowHandle[Any, Any] = await ground.client.start_workflow(
            workflow, body | {"clock": clock}, id=workflow_id, task_queue=ground.queue, **more
        )
        return cls(ground, handle, at, begun)

    async def go(self, at: datetime) -> None:
        """Lets time pass until then; what is due on the way happens. Nothing for a moment that is past."""
        now = self.business_start + self.skipped + timedelta(seconds=time.monotonic() - self.real_start)
        ahead = at - now
        if ahead > timedelta(0):
            await self.ground.skipper.fast_forward(self.handle, ahead)
            self.skipped += ahead

    async def send(self, body: dict[str, Any], answer: type[Answer]) -> Answer | Refusal:
        """The command as an update: the receipt or the refusal. Raises `StuckError` when it has ended."""
        try:
            receipt: Answer = await self.handle.execute_update(
                body["kind"], body, id=body["command_id"], result_type=answer, rpc_timeout=STEP
            )
        except WorkflowUpdateFailedError as error:
            cause = error.cause
            if isinstance(cause, ApplicationError) and cause.type == "Refused":
                return Refusal.model_validate(cause.details[0])
            raise
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise StuckError(f"'{body['kind']}' came after the end") from error
            raise
        return receipt

    async def must(self, body: dict[str, Any], answer: type[Answer]) -> Answer:
        """The receipt. Raises `StuckError` with the rule when the command is refused."""
        got = await self.send(body, answer)
        if isinstance(got, Refusal):
            raise StuckError(f"'{body['kind']}' is refused: {got.sentence()}")
        return got
