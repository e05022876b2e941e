"""The two ways a row is written, alike on SQLite and PostgreSQL: only if new, or over the old one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Base

Row = Mapping[str, Any]


def insert_into(session: AsyncSession, table: type[Base]) -> Any:
    """An INSERT of the database's own dialect, which knows ON CONFLICT."""
    if session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


async def write_new(session: AsyncSession, table: type[Base], rows: Sequence[Row]) -> None:
    """Writes the rows that are not there yet; those that are stay as they are."""
    if rows:
        await session.execute(insert_into(session, table).on_conflict_do_nothing(), list(rows))


async def write_over(
    session: AsyncSession,
    table: type[Base],
    row: Row,
    key: Sequence[str],
    *,
    keep: Sequence[str] = (),
    when: ColumnElement[bool] | None = None,
) -> None:
    """Writes the row, over the one with the same `key` (all but the `keep` columns; only `when`)."""
    changes = {name: value for name, value in row.items() if name not in (*key, *keep)}
    statement = insert_into(session, table).values(**row)
    await session.execute(statement.on_conflict_do_update(index_elements=list(key), set_=changes, where=when))
