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


async def test_the_turn_of_a_cycle_begins_when_its_task_was_given_out(server, tmp_path: Path) -> None:  # noqa: F811
    place = Place(server, tmp_path)
    true = next(a for a in place.activities if a.__name__ == "cycle_dates")

    @activity.defn(name="cycle_dates")
    async def slow(asked: DatesAsked) -> DatesAnswer:
        await asyncio.sleep(1.0)
        return await true(asked)

    place.activities = [slow if a is true else a for a in place.activities]
    client = await connect(place.settings)
    async with place.worker(client):
        handle = await place.start(client, "2023-09-01T09:00:00+08:00", 1.0)

        async def opened() -> bool:
            async with place.database.reading() as session:
                return bool((await session.scalars(select(CycleFact))).all())

        await eventually(opened, timeout=30)
        async with place.database.reading() as session:
            fact = (await session.scalars(select(CycleFact).order_by(CycleFact.seq))).first()
        events = (await handle.fetch_history()).events
        task = next(e for e in events if e.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED)
        given_out = task.event_time.ToDatetime(tzinfo=UTC)
        print([(e.event_id, EventType.Name(e.event_type), e.event_time.ToDatetime()) for e in events])
        print(fact.turn_length, fact.turn_began, given_out, task.event_id)
        await handle.terminate()
    await place.database.close()
    assert abs(fact.turn_began - given_out) < timedelta(milliseconds=50)
