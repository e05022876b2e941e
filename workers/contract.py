"""The JSON Schemas of the contract: every command that may be sent, and the answers it gets."""

from __future__ import annotations

import json
from typing import Literal

from pydantic import BaseModel

from models.application import ApplicationInput
from models.cycle_commands import CYCLE_COMMANDS
from models.cycle_state import CycleInput, CycleReceipt
from models.cycle_views import CycleView, StatisticsView
from models.meeting_commands import MEETING_COMMANDS
from models.meeting_messages import MeetingInput
from models.meeting_state import MeetingReceipt, MeetingView
from models.refusal import Refusal
from models.state import Receipt
from models.views import StateView

Mode = Literal["validation", "serialization"]

ANSWERS: dict[str, tuple[type[BaseModel], Mode]] = {
    "application-input": (ApplicationInput, "validation"),
    "receipt": (Receipt, "serialization"),
    "refusal": (Refusal, "serialization"),
    "state-view": (StateView, "serialization"),
}
"""What starts an application and what comes back, by the name of the schema file."""

OF_MEETINGS: dict[str, tuple[type[BaseModel], Mode]] = {
    **{kind: (model, "validation") for kind, model in MEETING_COMMANDS.items()},
    "meeting-input": (MeetingInput, "validation"),
    "meeting-receipt": (MeetingReceipt, "serialization"),
    "meeting-view": (MeetingView, "serialization"),
}
"""What starts a meeting, its commands, and what comes back, by the name of the schema file."""

OF_CYCLES: dict[str, tuple[type[BaseModel], Mode]] = {
    **{kind: (model, "validation") for kind, model in CYCLE_COMMANDS.items()},
    "cycle-input": (CycleInput, "validation"),
    "cycle-receipt": (CycleReceipt, "serialization"),
    "cycle-view": (CycleView, "serialization"),
    "statistics-view": (StatisticsView, "serialization"),
}
"""What starts a cycle, its commands, and what comes back, by the name of the schema file."""

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema(model: type[BaseModel], mode: Mode) -> str:
    """The schema of a model as JSON text: what is accepted (validation) or what is sent (serialization)."""
    body = {"$schema": DIALECT, **model.model_json_schema(mode=mode)}
    return json.dumps(body, ensure_ascii=False, indent=2) + "\n"
