"""The life as a flow of viewflow."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import life
from viewflow import this
from viewflow.workflow import flow, lock
from viewflow.workflow.models import Process

GATE = timedelta(seconds=life.DEADLINE_SECONDS)


class PeerFlow(flow.Flow):
    """The stages as tasks; what the employer decided is in the process's data."""

    process_class = Process
    lock_impl = lock.select_for_update_lock

    opened = flow.StartHandle(this.open).Next(this.draft)
    draft = flow.Handle(this.note).Next(this.employer_review)
    employer_review = flow.Handle(this.note).OnTimeout(GATE, this.lapsed).Next(this.outcome)
    outcome = (
        flow.Switch()
        .Case(this.recommended, cond=lambda activation: activation.process.data["event"] == "recommend")
        .Default(this.employer_returned)
    )
    employer_returned = flow.Handle(this.note).Next(this.employer_review)
    recommended = flow.Handle(this.note).Next(this.withdrawn)
    withdrawn = flow.End()
    lapsed = flow.End()

    def open(self, activation: Any, ref: str) -> Any:
        """A process with its reference."""
        activation.process.data = {"ref": ref}
        return activation.process

    def note(self, activation: Any, event: str) -> Any:
        """Keeps the decision for the switch."""
        activation.process.data["event"] = event
        activation.process.save()
        return activation.process
