"""The replay gate: histories recorded by earlier code replay on this one."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory

from models.application import workflow_id
from models.batch import batch_id
from models.cycle_state import cycle_id
from models.meeting_messages import meeting_workflow_id
from tests.codec import replayer
from tests.histories import FOLDER

RECORDED = sorted(FOLDER.glob("*.json"))


def history_of(path: Path) -> WorkflowHistory:
    return _read(path.read_text(encoding="utf-8"))


def _read(text: str) -> WorkflowHistory:
    """The history under the workflow id it was recorded with (plan and reference of its input)."""
    first = json.loads(text)["events"][0]["workflowExecutionStartedEventAttributes"]
    given = json.loads(base64.b64decode(first["input"]["payloads"][0]["data"]))
    if "batch_ref" in given:
        named = batch_id(given["batch_ref"])
    elif "meeting_ref" in given:
        named = meeting_workflow_id(given["plan_id"], given["meeting_ref"])
    elif "application_ref" in given:
        named = workflow_id(given["plan_id"], given["application_ref"])
    else:
        named = cycle_id(given["plan_id"])
    return WorkflowHistory.from_json(named, text)


def test_at_least_ten_paths_are_recorded() -> None:
    assert len(RECORDED) >= 10


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
async def test_a_recorded_history_replays(path: Path) -> None:
    await replayer().replay_workflow(history_of(path))


async def test_the_gate_finds_a_changed_activity() -> None:
    path = FOLDER / "main_line.json"
    history = _read(path.read_text(encoding="utf-8").replace("core_local_activity", "another_marker"))
    with pytest.raises(Exception, match=r"(?i)nondeterminism|unexpected|marker"):
        await replayer().replay_workflow(history)
