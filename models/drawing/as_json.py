"""The complete lifecycle as JSON, for programs that want to read it; `schema` counts breaking changes."""

from __future__ import annotations

import json
from typing import Any

from models.drawing.invariants import INVARIANTS
from models.drawing.reading import GLOBALS, expiries
from models.lifecycle import TRANSITIONS
from models.roles import ROLE_LABELS, Role
from models.stages import STAGES, Stage, StageDeadline
from models.transitions import Transition
from models.wire import Label

SCHEMA = 1


def lifecycle() -> dict[str, Any]:
    """Roles, stages, events and invariants as plain values."""
    return {
        "schema": SCHEMA,
        "initial": Stage.DRAFT.value,
        "roles": [{"role": role.value, "label": _label(ROLE_LABELS[role])} for role in Role],
        "stages": [_stage(stage) for stage in STAGES],
        "events": [_event(t) for t in TRANSITIONS],
        "invariants": [_label(rule) for rule in INVARIANTS],
    }


def as_json() -> str:
    """The same as text, two spaces deep."""
    return json.dumps(lifecycle(), ensure_ascii=False, indent=2) + "\n"


def _label(label: Label) -> dict[str, str]:
    return {"zh": label.zh, "en": label.en}


def _stage(stage: Stage) -> dict[str, Any]:
    spec = STAGES[stage]
    return {
        "stage": stage.value,
        "label": _label(spec.label),
        "action_by": spec.action_by.value if spec.action_by else None,
        "lane": spec.lane.value,
        "citation": spec.citation,
        "terminal": spec.terminal,
        "final": spec.final,
        "automatic": spec.automatic,
        "deadlines": [_deadline(stage, d) for d in spec.deadlines],
        "events": [t.event for t in TRANSITIONS if stage in t.sources],
    }


def _deadline(stage: Stage, deadline: StageDeadline) -> dict[str, Any]:
    return {
        "name": deadline.name.value,
        "kind": deadline.kind.value,
        "label": _label(deadline.label),
        "on_expiry": [t.event for t in expiries(stage, deadline)],
    }


def _event(t: Transition) -> dict[str, Any]:
    return {
        "event": t.event,
        "label": _label(t.label),
        "from": [stage.value for stage in t.sources],
        "to": t.target.value if t.target else None,
        "by": [role.value for role in t.by],
        "command": t.command,
        "when": {
            name: [str(v) for v in value] if isinstance(value, tuple) else str(value)
            for name, value in t.when
        },
        "conditions": [{"name": g.name, "label": _label(g.label), "citation": g.citation} for g in t.guards],
        "evidence": _label(t.evidence) if t.evidence else None,
        "notify": [role.value for role in t.notify],
        "hop": t.hop,
        "citation": t.citation,
        "global": t in GLOBALS,
        "while_held": t.while_held,
        "ends": t.ends,
        "bar": t.bar,
    }
