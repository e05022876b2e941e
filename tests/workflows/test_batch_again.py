"""A batch is made once: whoever uses its reference again gets neither its items nor its row."""

from __future__ import annotations

import pytest

from activities.database import Database
from models.batch_messages import BatchStatus
from models.tables import Batch
from tests.support import unique
from tests.workflows.cycle import Cycle
from tests.workflows.test_batch import clerk, door, given, items, opened, own, says
from workers.client_batch import BatchClient
from workers.client_errors import StartRefused

__all__ = ("door", "own")
OTHER = {"kind": "hold", "ground": "investigation", "text": "另行核查"}


async def _row(database: Database, ref: str) -> dict[str, object]:
    async with database.reading() as session:
        row = await session.get_one(Batch, ref)
        return {column.key: getattr(row, column.key) for column in Batch.__table__.columns}


@pytest.mark.parametrize("more", [{}, {"command": OTHER}, {"maker": clerk("li")}])
async def test_the_reference_of_a_batch_that_is_over(
    own: Cycle,
    door: BatchClient,
    more: dict[str, object],
) -> None:
    await opened(own, 1)
    ref = unique("b")
    await door.start(given(ref))
    await door.until(ref, BatchStatus.PREVIEWED)
    await door.send(ref, says("apply"))
    await door.until(ref, BatchStatus.DONE)
    kept, rows = await _row(own.database, ref), await items(own, ref)
    assert {row.status for row in rows.values()} == {"accepted"}
    handle = own.environment.client.get_workflow_handle(f"batch/{ref}")
    await handle.terminate("the server says the same of a batch that it has forgotten")

    with pytest.raises(StartRefused) as refused:
        await door.start(given(ref, **more))
    assert refused.value.refusal is not None
    assert refused.value.refusal.field == "batch_ref"
    assert await _row(own.database, ref) == kept
