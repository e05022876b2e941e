"""The turn that a cycle tells: when its task was given out, whatever was asked within it first."""

from __future__ import annotations

import asyncio
from datetime import UTC, timedelta
from pathlib import Path

from sqlalchemy import select
from temporalio import activity
from temporalio.api.enums.v1 import EventType

from models.cycle_dates import DatesAnswer, DatesAsked
from models.tables import CycleFact
from tests.support import eventually
from tests.workflows.test_cycle_hard_times import Place, server  # noqa: F401
from workers.connect import connect
from workers.embedded import DevServer


async def test_it_began_when_its_task_was_given_out(server: DevServer, tmp_path: Path) -> None:  # noqa: F811
    """The dates take a second; a worker that is held up in such a question is not the later one for it."""
    place = Place(server, tmp_path)
    quick = next(one for one in place.activities if one.__name__ == "cycle_dates")

    @activity.defn(name="cycle_dates")
    async def slow(asked: DatesAsked) -> DatesAnswer:
        await asyncio.sleep(1.0)
        answer: DatesAnswer = await quick(asked)
        return answer

    place.activities = [slow if one is quick else one for one in place.activities]
    client = await connect(place.settings)
    async with place.worker(client):
        handle = await place.start(client, "2023-09-01T09:00:00+08:00", 1.0)

        async def opened() -> CycleFact:
            async with place.database.reading() as session:
                fact = await session.scalar(select(CycleFact).order_by(CycleFact.seq).limit(1))
            assert fact is not None
            return fact

        fact = await eventually(opened, timeout=30)
        events = (await handle.fetch_history()).events
        await handle.terminate()
    await place.database.close()
    task = next(event for event in events if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED)
    assert fact.turn_began is not None
    assert abs(fact.turn_began - task.event_time.ToDatetime(tzinfo=UTC)) < timedelta(milliseconds=50)
