"""What a deadline is called where no stage is at hand: in lists, searches and reports.

A stage may have a word of its own for it (the departments' window is, to one who was declined, the time in
which the employer may reopen); `StageSpec.deadlines` has those.
"""

from __future__ import annotations

from models.stages import STAGES
from models.wire import Label

DEADLINE_LABELS: dict[str, Label] = {
    deadline.name.value: deadline.label for spec in reversed(STAGES.values()) for deadline in spec.deadlines
}
"""By name, as the first stage in the order of a life calls it."""
