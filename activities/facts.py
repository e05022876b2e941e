"""What the fact writers share: the key of a row, and reading the details that a fact carries.

The details of a command's fact are its body without actor, ids and dossier; what had its default value
is left out (`models.decide.record`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from activities.writing import write_new
from models.audit import Fact
from models.outbox import HopBatch
from models.tables import Base


def key_of(batch: HopBatch, fact: Fact) -> dict[str, Any]:
    """Plan, application, number and time of the fact."""
    return {
        "plan_id": batch.snapshot.plan_id,
        "application_ref": batch.snapshot.application_ref,
        "seq": fact.seq,
        "at": fact.at,
    }


async def write_row(
    session: AsyncSession, table: type[Base], batch: HopBatch, fact: Fact, **columns: object
) -> None:
    """Writes the one row that the fact leaves in `table`, if it is not there yet."""
    await write_new(session, table, [{**key_of(batch, fact), **columns}])


async def write_rows(
    session: AsyncSession, table: type[Base], batch: HopBatch, fact: Fact, rows: Iterable[dict[str, Any]]
) -> None:
    """Writes the rows that the fact leaves in `table`, numbered from 1."""
    key = key_of(batch, fact)
    await write_new(session, table, [{**key, "n": n, **row} for n, row in enumerate(rows, start=1)])


def day(value: str | None) -> date | None:
    """The day of a detail, if it was given."""
    return date.fromisoformat(value) if value is not None else None
