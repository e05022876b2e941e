"""The floor: the thinnest workflow with the same messages, and no state machine, activity or database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue


@workflow.defn(name="FloorWorkflow")
class FloorWorkflow:
    """Takes eleven updates, answers each at once, and ends."""

    @workflow.init
    def __init__(self, start: Any) -> None:  # noqa: ARG002 - the same input as the real one
        self._taken = 0

    @workflow.run
    async def run(self, start: Any) -> int:  # noqa: ARG002 - the same input as the real one
        """Ends after eleven commands."""
        await workflow.wait_condition(lambda: self._taken >= COMMANDS)
        return self._taken

    @workflow.update(dynamic=True)
    def command(self, name: str, args: Sequence[RawValue]) -> dict[str, Any]:
        """Answers."""
        body = workflow.payload_converter().from_payload(args[0].payload)
        self._taken += 1
        return {"command_id": body["command_id"], "event": name, "revision": self._taken}


COMMANDS = 11
"""The commands of the main line."""
