"""What a workflow may emit changes only on purpose."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.gates.fingerprint import WORKFLOWS, fingerprint_of, fingerprints, read_baseline


def test_the_commands_are_those_of_the_baseline() -> None:
    assert fingerprints() == read_baseline(), (
        "running applications may replay differently: patch the workflow or record new histories, "
        "then record the change with: python -m tests.gates.fingerprint"
    )


def _application() -> str:
    return Path(WORKFLOWS / "application.py").read_text(encoding="utf-8")


def test_the_gate_sees_an_added_timer() -> None:
    source = _application()
    changed = source.replace(
        "    async def _open(self) -> None:\n",
        "    async def _open(self) -> None:\n        await workflow.sleep(1)\n",
    )
    assert changed != source
    assert fingerprint_of(changed) != fingerprint_of(source)


def test_the_gate_sees_two_commands_change_places() -> None:
    first = "async def f():\n    await workflow.sleep(1)\n    workflow.upsert_search_attributes([])\n"
    second = "async def f():\n    workflow.upsert_search_attributes([])\n    await workflow.sleep(1)\n"
    assert fingerprint_of(first) != fingerprint_of(second)


def test_the_gate_sees_another_activity() -> None:
    before = fingerprint_of("async def f():\n    await workflow.execute_activity('office', 1)\n")
    after = fingerprint_of("async def f():\n    await workflow.execute_activity('bureau', 1)\n")
    assert before != after


def test_the_gate_sees_what_is_asked_of_the_database() -> None:
    before = fingerprint_of("async def f():\n    await ask_database('office', 1)\n")
    after = fingerprint_of("async def f():\n    await ask_database('bureau', 1)\n")
    assert before != after
    assert "ask_database" in str(fingerprint_of(_application()))


def test_the_gate_sees_what_is_asked_through_others() -> None:
    source = Path(WORKFLOWS / "cycle.py").read_text(encoding="utf-8")
    asked = 'self._look_up("watch_cycle", asked, Watched)'
    assert asked in source
    changed = source.replace(asked, f'{asked} or self._look_up("weather", asked, Watched)')
    assert fingerprint_of(changed) != fingerprint_of(source)


def test_every_handler_of_signals_that_looks_at_the_time_fixes_it() -> None:
    """Without a command in its task a replay may play it at a later time (`workflows.arrival`)."""
    handlers = {
        f"{path.name}: {node.name}": ast.unparse(node)
        for path in WORKFLOWS.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and any("workflow.signal" in ast.unparse(one) for one in node.decorator_list)
    }
    looking = {name for name, text in handlers.items() if "self._arrival()" in text or "self._now()" in text}
    assert looking == {name for name, text in handlers.items() if "fix_the_moment()" in text}
    assert len(looking) == 3


def test_the_gate_sees_a_signal_that_leaves_no_command() -> None:
    changed = _application().replace("        fix_the_moment()\n", "")
    assert changed != _application()
    assert fingerprint_of(changed) != fingerprint_of(_application())
