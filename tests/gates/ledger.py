"""The contract gate: every field of every message with type and default, against a committed lock.

Fields may be added with a default; none is renamed, retyped, removed or made required. The routes of the HTTP
API and the Nexus operations stand in the same ledger (`tests.gates.doors`).
`python -m tests.gates.ledger` records an allowed addition.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from models.application import ApplicationInput
from models.audit import Fact
from models.batch import BatchInput
from models.batch_commands import BATCH_COMMANDS
from models.batch_messages import BatchRecord, Leg, LegOver
from models.batch_state import BatchReceipt, BatchState, BatchView
from models.commands import COMMANDS
from models.cycle_commands import CYCLE_COMMANDS
from models.cycle_dates import DatesAnswer, DatesAsked
from models.cycle_messages import Asked, Done, Order, OrderDone
from models.cycle_state import (
    CycleBatch,
    CycleInput,
    CycleReceipt,
    CycleState,
    CycleTask,
    CycleTaskDone,
    Watched,
)
from models.cycle_views import CycleView, StatisticsView
from models.meeting_commands import MEETING_COMMANDS
from models.meeting_messages import MeetingAct, MeetingActDone, MeetingInput, Sending, SendingDone
from models.meeting_state import MeetingFact, MeetingReceipt, MeetingState, MeetingView
from models.nexus import NexusDecision, NexusQuestion
from models.outbox import DeadlineAnswer, HopBatch, HopResult, OpenRequest, OpenResult
from models.refusal import Refusal
from models.state import ApplicationState, Receipt, RefusedSignal
from models.terms import PlanTerms
from models.views import DeadlineView, Preview, StateView
from tests.gates.doors import doors

LOCK = Path(__file__).with_name("contract.lock.json")

MESSAGES: dict[str, type[BaseModel]] = {
    **COMMANDS,
    **MEETING_COMMANDS,
    **CYCLE_COMMANDS,
    **BATCH_COMMANDS,
    **{
        model.__name__: model
        for model in (
            ApplicationInput,
            ApplicationState,
            Asked,
            BatchInput,
            BatchReceipt,
            BatchRecord,
            BatchState,
            BatchView,
            CycleBatch,
            CycleInput,
            CycleReceipt,
            CycleState,
            CycleTask,
            CycleTaskDone,
            CycleView,
            DatesAnswer,
            DatesAsked,
            DeadlineAnswer,
            DeadlineView,
            Done,
            Fact,
            HopBatch,
            HopResult,
            Leg,
            LegOver,
            MeetingAct,
            MeetingActDone,
            MeetingFact,
            MeetingInput,
            MeetingReceipt,
            MeetingState,
            MeetingView,
            NexusDecision,
            NexusQuestion,
            OpenRequest,
            OpenResult,
            Order,
            OrderDone,
            PlanTerms,
            Preview,
            Receipt,
            Refusal,
            RefusedSignal,
            Sending,
            SendingDone,
            StateView,
            StatisticsView,
            Watched,
        )
    },
}
"""Everything that crosses a process or lives in a history."""

Ledger = dict[str, dict[str, dict[str, Any]]]


def ledger_of(messages: dict[str, type[BaseModel]]) -> Ledger:
    """Message (and every model nested in it) -> field -> type and default."""
    found: Ledger = {}
    for name, model in messages.items():
        _add(found, name, model)
    return dict(sorted(found.items()))


def contract() -> Ledger:
    """Everything that others rely on, as it is now."""
    return dict(sorted((ledger_of(MESSAGES) | doors()).items()))


def _add(found: Ledger, name: str, model: type[BaseModel]) -> None:
    if name in found:
        return
    schema = model.model_json_schema(mode="serialization")
    found[name] = _fields(schema, model)
    for nested, definition in schema.get("$defs", {}).items():
        if "properties" in definition:
            found.setdefault(nested, _fields(definition, None))
        else:
            found.setdefault(nested, {"(values)": {"type": _type_of(definition)}})


def _fields(schema: dict[str, Any], model: type[BaseModel] | None) -> dict[str, dict[str, Any]]:
    fields: dict[str, dict[str, Any]] = {}
    for name, definition in schema.get("properties", {}).items():
        entry: dict[str, Any] = {"type": _type_of(definition)}
        if model is not None and name in model.model_fields:
            info = model.model_fields[name]
            entry["required"] = info.is_required()
            if not info.is_required() and info.default is not PydanticUndefined:
                entry["default"] = json.loads(json.dumps(info.default, default=str))
        elif "default" in definition:
            entry["required"], entry["default"] = False, definition["default"]
        fields[name] = entry
    return fields


_WORDS = ("title", "description", "default", "examples")


def _type_of(definition: Any) -> Any:
    if isinstance(definition, dict):
        return {k: _type_of(v) for k, v in sorted(definition.items()) if k not in _WORDS}
    if isinstance(definition, list):
        return [_type_of(v) for v in definition]
    return definition


def breaking(old: Ledger, new: Ledger) -> list[str]:
    """What in `new` would break a sender, a reader or a running history of `old`."""
    broken: list[str] = []
    for message, fields in old.items():
        if message not in new:
            broken.append(f"{message}: the message is gone")
            continue
        for name, entry in fields.items():
            now = new[message].get(name)
            if now is None:
                broken.append(f"{message}.{name}: the field is gone")
            elif not _widened(entry["type"], now["type"]):
                broken.append(f"{message}.{name}: retyped")
            elif now.get("required") and not entry.get("required"):
                broken.append(f"{message}.{name}: became required")
            elif entry.get("always") and not now.get("always"):
                broken.append(f"{message}.{name}: may be missing now")
        for name, entry in new[message].items():
            if name not in fields and entry.get("required", False):
                broken.append(f"{message}.{name}: added without a default")
    return broken


def _widened(old: Any, new: Any) -> bool:
    """Equal, or an enumeration with more values."""
    if isinstance(old, dict) and isinstance(new, dict) and set(old) == set(new):
        return all(set(old[k]) <= set(new[k]) if k == "enum" else _widened(old[k], new[k]) for k in old)
    return bool(old == new)


def read_lock() -> Ledger:
    """The committed ledger."""
    lock: Ledger = json.loads(LOCK.read_text(encoding="utf-8"))
    return lock


def main() -> int:
    """Records the present contract, unless it would break the committed one."""
    now = contract()
    broken = breaking(read_lock(), now) if LOCK.exists() else []
    if broken:
        print("\n".join(broken))
        return 1
    LOCK.write_text(json.dumps(now, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
