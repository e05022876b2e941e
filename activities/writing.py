"""The ways a row is written, alike on SQLite and PostgreSQL: only if new, over the old one, or revived."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Table, case
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Base

Row = Mapping[str, Any]


def table_of(model: type[Base]) -> Table:
    """The table of a row class."""
    return cast(Table, model.__table__)


def insert_into(session: AsyncSession, model: type[Base]) -> Any:
    """An INSERT of the database's own dialect, which knows ON CONFLICT."""
    return _insert(_dialect(session), model)


async def write_new(session: AsyncSession, model: type[Base], rows: Sequence[Row]) -> None:
    """Writes the rows that are not there yet; those that are stay as they are."""
    if rows:
        await session.execute(_if_new(_dialect(session), model), list(rows))


async def write_over(
    session: AsyncSession, model: type[Base], row: Row, key: Sequence[str], *, unless_newer: bool = False
) -> None:
    """Writes the row over the one with the same `key`; columns that `row` does not name stay.

    `unless_newer`: a row that stems from a later fact (`seq`) stays as it is.
    """
    statement = _over(_dialect(session), model, tuple(row), tuple(key), unless_newer)
    await session.execute(statement, [row])


async def write_revived(
    session: AsyncSession, model: type[Base], rows: Sequence[Row], renewed: tuple[str, ...]
) -> None:
    """Writes notices, each once by its `dedupe_key`; one that was void is revived, with `renewed` columns.

    It is to be sent again only if it was not sent already: it may have been on its way when it became void.
    """
    if rows:
        await session.execute(_revived(_dialect(session), model, renewed), list(rows))


def _dialect(session: AsyncSession) -> str:
    return session.get_bind().dialect.name


def _insert(dialect: str, model: type[Base]) -> Any:
    return (sqlite.insert if dialect == "sqlite" else postgresql.insert)(table_of(model))


@lru_cache(maxsize=256)
def _if_new(dialect: str, model: type[Base]) -> Any:
    return _insert(dialect, model).on_conflict_do_nothing()


@lru_cache(maxsize=16)
def _revived(dialect: str, model: type[Base], renewed: tuple[str, ...]) -> Any:
    statement, there = _insert(dialect, model), table_of(model).c
    status = case((there.sent_at.is_not(None), "sent"), else_="pending")
    return statement.on_conflict_do_update(
        index_elements=["dedupe_key"],
        set_={"status": status, **{name: statement.excluded[name] for name in renewed}},
        where=there.status == "void",
    )


@lru_cache(maxsize=256)
def _over(
    dialect: str, model: type[Base], columns: tuple[str, ...], key: tuple[str, ...], unless_newer: bool
) -> Any:
    statement = _insert(dialect, model)
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=list(key),
        set_={name: new[name] for name in columns if name not in key},
        where=table_of(model).c.seq <= new.seq if unless_newer else None,
    )
