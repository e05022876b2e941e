"""The floor, and the rungs between it and the application: workflows that do nothing but what is counted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from temporalio import activity, workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from workflows.search_attributes import TITLE_STAGE

COMMANDS = 11
"""The commands of the main line."""


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


@workflow.defn(name="RungWorkflow")
class RungWorkflow:
    """The floor, with what an application asks of the server beside: `start["rungs"]` names one or both.

    `upsert`: one search attribute a decision. `activity`: one local activity a decision, which gets the
    command and does nothing.
    """

    @workflow.init
    def __init__(self, start: Any) -> None:
        self._rungs = set(start["rungs"])
        self._taken, self._seen = 0, 0
        self._body: Any = None

    @workflow.run
    async def run(self, start: Any) -> int:  # noqa: ARG002 - read by __init__
        """Ends after eleven commands."""
        while self._seen < COMMANDS:
            await workflow.wait_condition(lambda: self._taken > self._seen)
            self._seen = self._taken
            if "activity" in self._rungs:
                await workflow.execute_local_activity(
                    "do_nothing", self._body, start_to_close_timeout=timedelta(seconds=5)
                )
            if "upsert" in self._rungs:
                workflow.upsert_search_attributes([TITLE_STAGE.value_set(f"stage_{self._seen}")])
        return self._taken

    @workflow.update(dynamic=True)
    def command(self, name: str, args: Sequence[RawValue]) -> dict[str, Any]:
        """Answers."""
        self._body = workflow.payload_converter().from_payload(args[0].payload)
        self._taken += 1
        return {"command_id": self._body["command_id"], "event": name, "revision": self._taken}


@activity.defn
async def do_nothing(body: Any) -> Any:
    """Gives back what an activity of a hop gives back: next to nothing."""
    return {"answers": [], "of": body["command_id"]}
