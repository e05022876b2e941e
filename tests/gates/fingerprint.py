"""The fingerprint gate: the ordered list of commands each workflow may emit, against a committed baseline.

A change here means that running applications may replay differently even where no recorded history says
so: it needs a `workflow.patched` or a new recording, and a person who has thought about it.
`python -m tests.gates.fingerprint` records the present list.
"""

from __future__ import annotations

import ast
import json
from pathlib import Path

from models.lifecycle import TRANSITIONS

BASELINE = Path(__file__).with_name("fingerprints.json")
WORKFLOWS = Path(__file__).parents[2] / "workflows"

COMMANDS = {
    "continue_as_new",
    "deprecate_patch",
    "execute_activity",
    "execute_child_workflow",
    "execute_local_activity",
    "memo",
    "now",
    "patched",
    "random",
    "sleep",
    "start_activity",
    "start_child_workflow",
    "start_local_activity",
    "upsert_memo",
    "upsert_search_attributes",
    "uuid4",
    "wait_condition",
}
"""Calls of `temporalio.workflow` that emit a command or read something replay must give again."""


OURS = {"ask_database", "fix_the_moment", "tell"}
"""Functions of our own that emit a command for whoever calls them (`workflows.recording`, `.arrival`)."""


def fingerprint_of(source: str) -> dict[str, list[str]]:
    """Workflow class (or module function) -> "method: call(first argument)" in source order.

    A call of a method or function of the same module that emits something, itself or through others, counts
    as well: what it is asked for stands there.
    """
    found: dict[str, list[str]] = {}
    tree = ast.parse(source)
    emitting = _emitting(tree)
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            calls = [c for item in node.body for c in _calls(item, getattr(item, "name", ""), emitting)]
            if calls:
                found[node.name] = calls
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            calls = _calls(node, node.name, emitting)
            if calls:
                found.setdefault("(module)", []).extend(calls)
    return found


def _emitting(tree: ast.Module) -> frozenset[str]:
    """The names of the module's methods and functions that emit a command, whichever way."""
    bodies = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    known: frozenset[str] = frozenset()
    while True:
        more = frozenset(body.name for body in bodies if _calls(body, body.name, known))
        if more == known:
            return known
        known = more


def _calls(node: ast.AST, method: str, emitting: frozenset[str]) -> list[str]:
    called = [
        inner for inner in ast.walk(node) if isinstance(inner, ast.Call) and _emits(inner.func, emitting)
    ]
    called.sort(key=lambda call: (call.lineno, call.col_offset))
    return [f"{method}: {_text(call)}" for call in called]


def _emits(called: ast.expr, emitting: frozenset[str]) -> bool:
    if isinstance(called, ast.Name):
        return called.id in OURS or called.id in emitting
    if not (isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name)):
        return False
    if called.value.id == "self":
        return called.attr in emitting
    return called.value.id == "workflow" and called.attr in COMMANDS


def _text(call: ast.Call) -> str:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)
    first = ast.unparse(call.args[0]) if call.args else ""
    return f"{name}({first})"


def fingerprints() -> dict[str, object]:
    """All workflow modules, and the activities that the lifecycle names."""
    modules = {
        path.name: fingerprint_of(path.read_text(encoding="utf-8")) for path in sorted(WORKFLOWS.glob("*.py"))
    }
    return {
        "workflows": {name: found for name, found in modules.items() if found},
        "hops": {t.event: t.hop for t in TRANSITIONS},
    }


def read_baseline() -> dict[str, object]:
    """The committed fingerprints."""
    baseline: dict[str, object] = json.loads(BASELINE.read_text(encoding="utf-8"))
    return baseline


def main() -> int:
    """Records the present fingerprints."""
    BASELINE.write_text(json.dumps(fingerprints(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
