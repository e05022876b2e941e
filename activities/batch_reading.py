"""Reading batches and their items, page by page, and their results as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Iterable, Sequence

from sqlalchemy import ColumnElement, and_, false, or_, select

from activities.database import Database
from models.batch_messages import ItemStatus
from models.tables import Batch, BatchItem
from models.visibility import Grant

PAGE = 500
COLUMNS = (
    "application",
    "status",
    "code",
    "reason",
    "revision",
    "became",
    "dry_run",
    "dry_run_reason",
    "fields",
    "at",
)


def of_house(grants: Iterable[Grant]) -> ColumnElement[bool]:
    """The batches that this caller may see: those made in one of the roles, for its organisation."""
    return or_(
        false(),
        *(
            and_(Batch.maker_role == grant.role.value, Batch.maker_organisation == grant.organisation)
            for grant in grants
            if grant.organisation is not None
        ),
    )


async def batches_of(
    database: Database, plan_id: str, *visible: ColumnElement[bool], limit: int = 100
) -> Sequence[Batch]:
    """The batches of a plan, the newest first."""
    query = select(Batch).where(Batch.plan_id == plan_id, *visible)
    async with database.reading() as session:
        return (
            await session.scalars(query.order_by(Batch.made_at.desc(), Batch.batch_ref).limit(limit))
        ).all()


async def batch_seen(database: Database, batch_ref: str, *visible: ColumnElement[bool]) -> Batch | None:
    """The row of a batch; None when it is not there, or not to be seen."""
    async with database.reading() as session:
        query = select(Batch).where(Batch.batch_ref == batch_ref, *visible)
        found: Batch | None = await session.scalar(query)
        return found


async def items_of(
    database: Database,
    batch_ref: str,
    *,
    status: ItemStatus | None = None,
    code: str | None = None,
    after: str = "",
    limit: int = 100,
) -> Sequence[BatchItem]:
    """The items in the order of their references, those after the given one."""
    query = select(BatchItem).where(BatchItem.batch_ref == batch_ref, BatchItem.application_ref > after)
    if status is not None:
        query = query.where(BatchItem.status == status.value)
    if code is not None and not code.isprintable():
        return ()
    if code is not None:
        query = query.where(or_(BatchItem.code == code, BatchItem.preview_code == code))
    async with database.reading() as session:
        return (await session.scalars(query.order_by(BatchItem.application_ref).limit(limit))).all()


async def results_csv(database: Database, batch_ref: str) -> AsyncIterator[str]:
    """The whole report as CSV, a page at a time."""
    yield _lines([COLUMNS])
    after = ""
    while page := await items_of(database, batch_ref, after=after, limit=PAGE):
        yield _lines(_cells(item) for item in page)
        after = page[-1].application_ref


def _cells(item: BatchItem) -> tuple[object, ...]:
    return (
        item.application_ref,
        item.status,
        item.code,
        item.reason,
        item.revision,
        item.became,
        item.preview_code,
        item.preview_reason,
        json.dumps(item.fields, ensure_ascii=False) if item.fields else None,
        item.at.isoformat() if item.at else None,
    )


def _lines(rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
