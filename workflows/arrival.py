"""When a signal came: the same in the run and in every replay."""

from __future__ import annotations

from temporalio import workflow

HEARD = {"heard": "signal"}


def fix_the_moment() -> None:
    """Leaves a command in the task in which a signal is handled, though nothing may come of it.

    A replay plays tasks without a command (a signal that came twice, a write that took so long that the
    server kept the task alive) together with the one that follows, at the time of that one: what was decided
    would have happened later than it did, and the chain would differ from the one on record. An update
    leaves its acceptance, an alarm carries the moment at which it was due. For every handler of signals that
    looks at the time.
    """
    workflow.upsert_memo(HEARD)
