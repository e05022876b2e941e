"""What each path of an application costs, counted in the recorded histories; and how long a replay takes."""

from __future__ import annotations

import base64
import json
import statistics
import time
from pathlib import Path

from temporalio.client import WorkflowHistory

from models.application import workflow_id
from models.batch import batch_id
from models.cycle_state import cycle_id
from models.meeting_messages import meeting_workflow_id
from workers.bench.cost import cost_of
from workers.bench.part import FOLDER, Figures
from workers.codec.plugin import ReviewPlugin, build_replayer
from workers.registry import WORKFLOWS
from workers.worker import sandbox_runner

HISTORIES = FOLDER.parents[1] / "tests" / "histories"


def recorded_history(text: str) -> WorkflowHistory:
    """A history under the workflow id it was recorded with, by plan and reference of its input."""
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


async def measure(full: bool) -> Figures:
    """Events, bytes, billable actions, and milliseconds of a replay, the median of several."""
    times = 15 if full else 5
    rows = []
    for file in sorted(HISTORIES.glob("*.json")):
        history = recorded_history(file.read_text(encoding="utf-8"))
        cost = cost_of(history)
        took = [await _replay(history) for _ in range(times)]
        rows.append(
            {
                "path": Path(file).stem,
                "events": cost.events,
                "bytes": cost.bytes,
                "actions": cost.actions,
                "replay_ms": round(statistics.median(took) * 1e3, 1),
                "slowest_ms": round(max(took) * 1e3, 1),
            }
        )
    return {"times": times, "paths": rows}


async def _replay(history: WorkflowHistory) -> float:
    kind = history.events[0].workflow_execution_started_event_attributes.workflow_type.name
    workflows = [one for one in WORKFLOWS if one.__name__ == kind]
    replayer = build_replayer(ReviewPlugin(), workflows, sandbox_runner())
    begun = time.perf_counter()
    await replayer.replay_workflow(history)
    return time.perf_counter() - begun


def tell(figures: Figures) -> str:
    """The table."""
    return "\n".join(
        [
            "Counted in the histories of `tests/histories` (bytes as stored without encryption; actions by "
            "Temporal Cloud's published list). A replay is a whole one, of a worker that has never seen the "
            "workflow, the making of its sandbox included; the median and the slowest of "
            f"{figures['times']}.",
            "",
            "| path | events | bytes | billable actions | replay ms | slowest ms |",
            "|---|---|---|---|---|---|",
            *(
                f"| {row['path']} | {row['events']} | {row['bytes']:,} | {row['actions']} | "
                f"{row['replay_ms']:.0f} | {row['slowest_ms']:.0f} |"
                for row in figures["paths"]
            ),
        ]
    )
