"""Would this release break what runs? Replays the histories of whatever is open against the code at hand:
applications, and the cycles, meetings, batches and orders beside them.

Reads only. Run it from the new release before any of its workers start.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

from temporalio.client import Client, WorkflowExecution

from models.wire import Wire
from workers.beside import BESIDE
from workers.client_start import WORKFLOW_TYPE
from workers.codec.plugin import build_replayer, plugin_of
from workers.registry import WORKFLOWS
from workers.worker import sandbox_runner
from workflows import search_attributes as sa

AT_ONCE = 4
"""Histories in memory at one time."""

_TYPES = ", ".join(f"'{name}'" for name in (WORKFLOW_TYPE, *BESIDE))
_OPEN = f"WorkflowType IN ({_TYPES}) AND ExecutionStatus = 'Running'"


class Broken(Wire):
    """A history that the code at hand does not replay, and why. `stage`: as in `Replayed`."""

    workflow_id: str
    stage: str
    reason: str


class Replayed(Wire):
    """How many histories were replayed, by stage; `open`: how many applications run in that stage.

    Of what is no application the type of its workflow stands in place of a stage.
    """

    open: dict[str, int]
    replayed: dict[str, int]
    broken: tuple[Broken, ...]


async def replay_open(client: Client, sample: int | None = None) -> Replayed:
    """Replays everything that is open, or `sample` of each stage and kind. Raises `RPCError`."""
    running: Counter[str] = Counter()
    replayed: Counter[str] = Counter()
    broken: list[Broken] = []
    replayer = build_replayer(plugin_of(client), WORKFLOWS, sandbox_runner())
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(run: WorkflowExecution, stage: str) -> None:
        try:
            handle = client.get_workflow_handle(run.id, run_id=run.run_id)
            found = await replayer.replay_workflow(
                await handle.fetch_history(), raise_on_replay_failure=False
            )
        finally:
            gate.release()
        if found.replay_failure is not None:
            reason = " ".join(str(found.replay_failure).split())[:500]
            broken.append(Broken(workflow_id=run.id, stage=stage, reason=reason))

    async with asyncio.TaskGroup() as group:
        async for run, stage in _open_runs(client):
            running[stage] += 1
            if sample is not None and replayed[stage] >= sample:
                continue
            replayed[stage] += 1
            await gate.acquire()  # no more histories are asked for than can be held
            group.create_task(one(run, stage))
    return Replayed(
        open=dict(sorted(running.items())),
        replayed=dict(sorted(replayed.items())),
        broken=tuple(sorted(broken, key=lambda b: (b.stage, b.workflow_id))),
    )


async def _open_runs(client: Client) -> AsyncIterator[tuple[WorkflowExecution, str]]:
    async for run in client.list_workflows(_OPEN):
        if run.workflow_type in BESIDE:
            yield run, run.workflow_type
        else:
            yield run, run.typed_search_attributes.get(sa.TITLE_STAGE) or "unknown"
