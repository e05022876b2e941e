"""The contract as data: what each workflow takes and answers, by name, with the JSON Schema of each message.

`docs/contract` is written from it: one schema a message, `index.json` from which a program sees every name,
and `README.md` for people. Names and fields are only added to (`tests/gates/ledger.py`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, TypeAdapter

from models.application import ApplicationInput
from models.audit import Fact
from models.batch import NOT_FOR_MANY, BatchInput
from models.batch_commands import BATCH_COMMANDS
from models.batch_state import BatchReceipt, BatchView
from models.commands import COMMANDS, Command
from models.cycle_commands import CYCLE_COMMANDS
from models.cycle_decide import SENDERS
from models.cycle_state import CycleInput, CycleReceipt
from models.cycle_views import CycleView, StatisticsView
from models.decide import ROLES_OF
from models.meeting_commands import MEETING_COMMANDS
from models.meeting_commands import ROLES_OF as ROLES_OF_MEETING
from models.meeting_messages import MeetingInput
from models.meeting_state import MeetingFact, MeetingReceipt, MeetingView
from models.nexus import NexusDecision, NexusQuestion
from models.refusal import Refusal
from models.roles import Role
from models.state import Receipt, RefusedSignal
from models.views import DeadlineView, Preview, StateView

Mode = Literal["validation", "serialization"]
Shape = tuple[Any, Mode]
"""A model or a list of models, and whether it is what is accepted or what is sent."""

ANSWERS: dict[str, tuple[type[BaseModel], Mode]] = {
    "application-input": (ApplicationInput, "validation"),
    "receipt": (Receipt, "serialization"),
    "refusal": (Refusal, "serialization"),
    "state-view": (StateView, "serialization"),
    "preview": (Preview, "serialization"),
    "nexus-decision": (NexusDecision, "validation"),
    "nexus-question": (NexusQuestion, "validation"),
}
"""What starts an application and what comes back, by the name of the schema file."""

LISTS: dict[str, Shape] = {
    "history": (list[Fact], "serialization"),
    "deadlines": (list[DeadlineView], "serialization"),
    "refused": (list[RefusedSignal], "serialization"),
    "meeting/meeting-history": (list[MeetingFact], "serialization"),
}
"""The answers of queries that are lists, by the name of the schema file."""

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

OF_BATCHES: dict[str, tuple[type[BaseModel], Mode]] = {
    **{kind: (model, "validation") for kind, model in BATCH_COMMANDS.items()},
    "batch-input": (BatchInput, "validation"),
    "batch-receipt": (BatchReceipt, "serialization"),
    "batch-view": (BatchView, "serialization"),
}
"""What starts a batch, its commands, and what comes back, by the name of the schema file."""

DIALECT = "https://json-schema.org/draft/2020-12/schema"


@dataclass(frozen=True)
class Face:
    """The public face of one workflow. Schemas are named by their file in `docs/contract`.

    `signals`: each command is a signal of its name, too. `queries`: query -> schema of its answer.
    """

    workflow: str
    workflow_id: str
    start: str
    commands: Mapping[str, type[Command]]
    senders: Mapping[str, tuple[Role, ...]]
    folder: str
    signals: bool
    receipt: str
    queries: Mapping[str, str]

    def schema_of(self, kind: str) -> str:
        """The schema of a command."""
        return f"{self.folder}{kind}"


FACES: tuple[Face, ...] = (
    Face(
        workflow="ApplicationWorkflow",
        workflow_id="application/{plan_id}/{application_ref}",
        start="application-input",
        commands=COMMANDS,
        senders=ROLES_OF,
        folder="",
        signals=True,
        receipt="receipt",
        queries={
            "state": "state-view",
            "history": "history",
            "deadlines": "deadlines",
            "refused": "refused",
            "would": "preview",
        },
    ),
    Face(
        workflow="ReviewCycleWorkflow",
        workflow_id="cycle/{plan_id}",
        start="cycle/cycle-input",
        commands=CYCLE_COMMANDS,
        senders=SENDERS,
        folder="cycle/",
        signals=True,
        receipt="cycle/cycle-receipt",
        queries={
            "state": "cycle/cycle-view",
            "statistics": "cycle/statistics-view",
            "history": "history",
            "refused": "refused",
        },
    ),
    Face(
        workflow="ReviewMeetingWorkflow",
        workflow_id="meeting/{plan_id}/{meeting_ref}",
        start="meeting/meeting-input",
        commands=MEETING_COMMANDS,
        senders=ROLES_OF_MEETING,
        folder="meeting/",
        signals=False,
        receipt="meeting/meeting-receipt",
        queries={"state": "meeting/meeting-view", "history": "meeting/meeting-history"},
    ),
    Face(
        workflow="BatchWorkflow",
        workflow_id="batch/{batch_ref}",
        start="batch/batch-input",
        commands=BATCH_COMMANDS,
        senders=dict.fromkeys(BATCH_COMMANDS, tuple(role for role in Role if role not in NOT_FOR_MANY)),
        folder="batch/",
        signals=False,
        receipt="batch/batch-receipt",
        queries={"state": "batch/batch-view"},
    ),
)
"""Every workflow that others start and talk to."""

NEXUS_OPERATIONS: dict[str, tuple[str, str | None, bool]] = {
    "start": ("application-input", None, False),
    "decide": ("nexus-decision", "receipt", True),
    "state": ("nexus-question", "state-view", True),
}
"""Operation -> schema of its input, of its answer (None: how the application ended), and whether it is
answered at once."""


def shapes() -> dict[str, Shape]:
    """Every schema of the contract by its file below `docs/contract`, without `.schema.json`."""
    found: dict[str, Shape] = {kind: (model, "validation") for kind, model in COMMANDS.items()}
    found |= ANSWERS | LISTS
    found |= {f"meeting/{name}": shape for name, shape in OF_MEETINGS.items()}
    found |= {f"cycle/{name}": shape for name, shape in OF_CYCLES.items()}
    found |= {f"batch/{name}": shape for name, shape in OF_BATCHES.items()}
    return found


def identifier(name: str) -> str:
    """The `$id` of the schema of this name."""
    return f"urn:zhicheng:contract:{name.replace('/', ':')}"


def schema(name: str, model: Any, mode: Mode) -> str:
    """The schema of a model, or of a list of models, as JSON text."""
    body = {
        "$schema": DIALECT,
        "$id": identifier(name),
        **TypeAdapter(model).json_schema(mode=mode),
    }
    return json.dumps(body, ensure_ascii=False, indent=2) + "\n"
