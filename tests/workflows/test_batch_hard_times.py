"""A batch in hard times: replayed at every step, continued as new, asked while no worker is there, closed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from activities.database import Database
from models.batch_messages import BatchStatus
from models.batch_state import BatchReceipt
from models.roles import Actor, Role
from models.tables import Application, Batch
from tests.support import eventually, unique
from workers.client import ReviewClient
from workers.client_batch import BatchClient, BatchClosed, command_of
from workers.connect import connect
from workers.database import upgrade
from workers.embedded import DevServer
from workers.registry import WORKFLOWS, make_activities
from workers.rehearsal.cast import OFFICE, Cast
from workers.search_attributes import server_types
from workers.settings import Settings
from workers.worker import build_worker

PLAN, REF = "tianjin-quality-2023", "hard-1"
SOON = 40
"""Events after which this server suggests to continue as new."""

MONTH_A_SECOND = 2_592_000.0
WANG, LI = (Actor(id=name, role=Role.OFFICE, organisation=OFFICE) for name in ("wang", "li"))


def clock(speed: float) -> dict[str, object]:
    """Business time from the autumn of the plan on."""
    now = datetime.now(UTC).isoformat()
    return {"real_start": now, "business_start": "2023-09-20T09:00:00+08:00", "speed": speed}


async def test_a_batch_in_hard_times(tmp_path: Path) -> None:
    limits = {"limit.historyCount.suggestContinueAsNew": SOON}
    async with DevServer(run_dir=tmp_path, search_attributes=server_types(), dynamic_config=limits) as server:
        url = f"sqlite+aiosqlite:///{tmp_path / 'batch.db'}"
        upgrade(url)
        settings = Settings.load(
            temporal_address=server.address,
            task_queue=unique("hard"),
            rehearsal=True,
            sticky_seconds=1.0,
            max_cached_workflows=0,
        )
        database, client = Database(url), await connect(settings)
        activities = make_activities(database, rehearsal=True, four_eyes_above=1)
        door = BatchClient(client, settings.task_queue)
        handle = client.get_workflow_handle(f"batch/{REF}")
        async with build_worker(client, settings, WORKFLOWS, activities):
            casts = [Cast(unique("h")) for _ in range(4)]
            applications = ReviewClient(client, settings.task_queue)
            await applications.start_many([cast.start(clock=clock(1.0)) for cast in casts])

            async def known() -> None:
                async with database.reading() as session:
                    assert await session.scalar(select(func.count()).select_from(Application)) == len(casts)

            await eventually(known)
            await door.start(
                {
                    "batch_ref": REF,
                    "plan_id": PLAN,
                    "maker": WANG,
                    "command": {"kind": "hold", "ground": "investigation", "text": "核查中"},
                    "selection": {},
                    "clock": clock(MONTH_A_SECOND),
                }
            )
            approval = command_of("approve", LI, "approve-1")
            receipt = await door.send(REF, approval)
            first_run = (await handle.describe()).run_id
            for number in range(3):
                await door.send(REF, command_of("dry_run", LI, f"again-{number}"))
            await door.until(REF, BatchStatus.APPROVED)
            assert (await handle.describe()).run_id != first_run
            again = await door.send(REF, approval)
            assert again == receipt.model_copy(update={"duplicate": True}), "known from an earlier run"

        orders = [
            command_of(kind, WANG, f"{kind}-1") for kind in ("apply", "pause", "resume", "stop", "dry_run")
        ]
        question = asyncio.create_task(door.state(REF))
        waiting = [asyncio.create_task(door.send(REF, order)) for order in orders]
        await asyncio.wait(waiting, timeout=1.0)
        async with build_worker(client, settings, WORKFLOWS, activities):
            answers = await asyncio.gather(question, *waiting, return_exceptions=True)
            assert not isinstance(answers[0], BaseException)
            view = await door.until(REF, BatchStatus.DONE, BatchStatus.STOPPED)
            assert sum(view.counts.values()) == len(casts)
            for order, answer in zip(orders, answers[1:], strict=True):
                if not isinstance(answer, BatchReceipt):
                    continue
                try:
                    again = await door.send(REF, order)
                except BatchClosed:  # on a busy machine its last day has come
                    assert (await door.state(REF)).permitted == ()
                else:
                    assert again.model_copy(update={"duplicate": False}) == answer
            held = [
                [fact.event for fact in await applications.history(f"{PLAN}/{cast.ref}")].count("hold")
                for cast in casts
            ]
            assert sum(held) == view.counts.get("accepted", 0)
            assert max(held) <= 1

            result = await asyncio.wait_for(handle.result(), 30)
            assert result["counts"] == view.counts
            with pytest.raises(BatchClosed):
                await door.send(REF, command_of("retry", WANG, "retry-1"))
            assert (await door.state(REF)).permitted == ()
        async with database.reading() as session:
            assert (await session.get_one(Batch, REF)).counts == view.counts
        await database.close()
