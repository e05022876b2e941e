"""The dry run of a batch: every application is asked what it would answer. Nothing is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, select, update
from temporalio import activity
from temporalio.client import Client, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from activities.batch_again import take_up_again
from activities.batch_items import counted
from activities.batch_reminders import nobody
from activities.beats import Tell
from activities.database import Database
from activities.sending import PATIENCE, still_patient
from activities.writing import table_of
from models.application import workflow_id
from models.batch import REMIND, item_body
from models.batch_messages import BatchStatus, ItemStatus, Leg, LegOver
from models.tables import Application, Batch, BatchItem
from models.views import Preview

PAGE, AT_ONCE = 100, 10
ACCEPTED = "accepted"

Told = tuple[str, str | None]
"""The code (`accepted`, or that of the refusal) and the reason."""


async def preview_leg(
    client: Client, database: Database, leg: Leg, tell: Tell, patience: timedelta = PATIENCE
) -> LegOver:
    """Asks for every item that waits, page by page, each for `patience`; the cursor travels in the heartbeat.

    After a retry by force what was refused waits again.

    Raises what Temporal should try again: nobody of a whole page answers, in the first attempts.
    """
    if leg.round and leg.force:
        await take_up_again(database, leg)
    details = activity.info().heartbeat_details
    after = str(details[0]) if details and details[0] else ""
    finished = True
    while page := await _page(database, leg, after):
        told = await _asked(client, database, leg, page, patience)
        if len(page) > 1 and all(code == "no_answer" for code, _ in told) and still_patient():
            raise TimeoutError("no application answers")
        await _write(database, leg, page, told)
        after = page[-1].application_ref
        tell(after)
    if page is None:
        finished = False
    counts, _ = await counted(database, leg.batch.batch_ref)
    return LegOver(leg=leg.leg, finished=finished, counts=counts, reasons=await _by_code(database, leg))


async def _page(database: Database, leg: Leg, after: str) -> Sequence[BatchItem] | None:
    """The next items; None when the batch was stopped meanwhile."""
    async with database.reading() as session:
        batch_ref = leg.batch.batch_ref
        status = await session.scalar(select(Batch.status).where(Batch.batch_ref == batch_ref))
        if status != BatchStatus.PREPARED.value:
            return None
        query = select(BatchItem).where(*_waiting(batch_ref), BatchItem.application_ref > after)
        return (await session.scalars(query.order_by(BatchItem.application_ref).limit(PAGE))).all()


def _waiting(batch_ref: str) -> tuple[ColumnElement[bool], ...]:
    return BatchItem.batch_ref == batch_ref, BatchItem.status == ItemStatus.PENDING.value


async def _asked(
    client: Client, database: Database, leg: Leg, page: Sequence[BatchItem], patience: timedelta
) -> list[Told]:
    if leg.batch.kind == REMIND:
        async with database.reading() as session:
            rows = [await session.get(Application, (i.plan_id, i.application_ref)) for i in page]
        codes = [nobody(row) for row in rows]
        return [(code or ACCEPTED, f"nobody is reminded: {code}" if code else None) for code in codes]
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(item: BatchItem) -> Told:
        async with gate:
            body = item_body(leg.batch, item.application_ref, item.fields, item.revision)
            return await _ask(client, item, body, patience)

    return await asyncio.gather(*(one(item) for item in page))


async def _ask(client: Client, item: BatchItem, body: dict[str, Any], patience: timedelta) -> Told:
    handle = client.get_workflow_handle(workflow_id(item.plan_id, item.application_ref))
    try:
        answer: Preview = await handle.query("would", body, result_type=Preview, rpc_timeout=patience)
    except WorkflowQueryFailedError as error:
        return "not_readable", f"it cannot be asked ({error.message})"
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return "unknown", "there is no such application"
        if error.status is RPCStatusCode.UNAVAILABLE:
            raise
        return "no_answer", f"it does not answer ({error.status.name})"
    if answer.refusal is None:
        return ACCEPTED, None
    return answer.refusal.code.value, answer.refusal.sentence()


async def _write(database: Database, leg: Leg, page: Sequence[BatchItem], told: Sequence[Told]) -> None:
    table = table_of(BatchItem)
    async with database.transaction() as session:
        await (await session.connection()).execute(
            update(table)
            .where(table.c.batch_ref == leg.batch.batch_ref, table.c.application_ref == bindparam("ref"))
            .values(preview_code=bindparam("said"), preview_reason=bindparam("why")),
            [
                {"ref": item.application_ref, "said": code, "why": reason}
                for item, (code, reason) in zip(page, told, strict=True)
            ],
        )


async def _by_code(database: Database, leg: Leg) -> dict[str, int]:
    async with database.reading() as session:
        found = await session.execute(
            select(BatchItem.preview_code, func.count())
            .where(*_waiting(leg.batch.batch_ref), BatchItem.preview_code.is_not(None))
            .group_by(BatchItem.preview_code)
        )
        return {code: n for code, n in found if code is not None}
