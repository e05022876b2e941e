"""Which workflow task it is that decides, told to the database with every batch."""

from __future__ import annotations

from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.turn import Turn


class Turns:
    """Notes when a task began: within one, a local activity that was done lets the clock go on."""

    def __init__(self) -> None:
        self._length = -1
        self._began: datetime | None = None

    def now(self) -> Turn:
        """The present task. To be asked first thing in a handler; never by a query or a validator.

        It may be told too early: where a question waits together with a task and the worker replays for
        it, the SDK (1.35) gives length and time of the task before, until the first local activity is done.
        What is called late because of that is told again (`workflows.recording.tell`).
        """
        info = workflow.info()
        length = info.get_current_history_length()
        if self._began is None or length != self._length:
            self._length, self._began = length, workflow.now()
        return Turn(run_id=info.run_id, length=length, began=self._began)
