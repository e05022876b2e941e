"""Which turn of a workflow it was that decided: of two that decided the same number, the later one is true.

A workflow task that is lost with its worker is decided anew, and the lost worker may go on writing for a
while. Business time cannot tell the two apart: both go on counting it. What can is what the server gave out:
how long the history was, and when the task began.
"""

from __future__ import annotations

from models.wire import Instant, Wire


class Turn(Wire):
    """A workflow task: how many events the history had when it was given out, and when, in real time."""

    run_id: str
    length: int
    began: Instant

    def before(self, other: Turn) -> bool:
        """Whether the other one was given out later.

        Within a run the history only grows; tasks that failed again and again share a length, and differ in
        when they began. After a reset, or a continuation as new, only the beginning tells.
        """
        if self.run_id == other.run_id and self.length != other.length:
            return self.length < other.length
        return self.began < other.began
