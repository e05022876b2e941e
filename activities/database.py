"""The database: one engine, transactions that either happen whole or not at all.

SQLite (one file, write-ahead log, every commit on disk) or PostgreSQL. Knows no table.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from activities.sqlite_connection import sqlite_connection

BUSY_MILLISECONDS = 5_000
"""How long SQLite waits for another process that writes."""

PATIENCE_WITH_READERS = 1_000
"""Milliseconds in which those who read must end, for the write-ahead log to be emptied."""

_DRIVERS = {"sqlite": ("sqlite+aiosqlite", "sqlite+pysqlite"), "postgresql": ("postgresql+psycopg",) * 2}


def async_url(url: str) -> URL:
    """The address with the asynchronous driver; `sqlite://` and `postgresql://` are understood.

    Raises `ValueError` for another database, or for SQLite in memory (it would not outlive a connection).
    """
    return _with_driver(url, 0)


def sync_url(url: str) -> URL:
    """The same database with a synchronous driver, for migrations."""
    return _with_driver(url, 1)


def _with_driver(url: str, place: int) -> URL:
    parsed = make_url(url)
    backend = parsed.get_backend_name()
    if backend not in _DRIVERS:
        raise ValueError(f"{backend} is not supported: use sqlite or postgresql.")
    if backend == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise ValueError("SQLite needs a file: sqlite:////path/to/zhicheng.db")
    return parsed.set(drivername=_DRIVERS[backend][place])


class Database:
    """A database under `url`. Make one in each process; close it at the end.

    `empties_log` false: `empty_log` does nothing, where no ballot has a secret to keep (a simulation).
    """

    def __init__(self, url: str, *, empties_log: bool = True) -> None:
        address = async_url(url)
        self._empties_log = empties_log
        self.is_sqlite = address.get_backend_name() == "sqlite"
        self.folder = Path(address.database or "").absolute().parent if self.is_sqlite else None
        """The directory of the SQLite file."""
        self._engine = create_async_engine(
            address,
            pool_pre_ping=not self.is_sqlite,
            json_serializer=_readable_json,
            connect_args={"async_creator_fn": sqlite_connection} if self.is_sqlite else {},
        )
        self._one_writer = asyncio.Lock() if self.is_sqlite else nullcontext()
        if self.is_sqlite:
            event.listen(self._engine.sync_engine, "connect", _prepare_sqlite)
            event.listen(self._engine.sync_engine, "begin", _begin_sqlite)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A transaction that writes: committed at the end, rolled back on an exception.

        On SQLite the write lock is taken at the start, so that nothing read in it can be overtaken.
        """
        new = AsyncSession(self._engine, expire_on_commit=False)
        async with self._one_writer, new as session, session.begin():
            yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A transaction that only reads; on SQLite it waits for no writer."""
        engine = self._engine.execution_options(read_only=True)
        async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
            yield session

    async def empty_log(self) -> bool:
        """Empties SQLite's write-ahead log, which keeps what was deleted since; True if it is empty.

        False when somebody reads at this moment, and on PostgreSQL, whose log its operator keeps.
        """
        if not self.is_sqlite or not self._empties_log:
            return False
        async with self._one_writer, self._engine.connect() as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            assert driver is not None
            await driver.execute(f"PRAGMA busy_timeout = {PATIENCE_WITH_READERS}")
            try:
                ((busy, *_),) = await driver.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                await driver.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
            return not busy

    async def close(self) -> None:
        """Closes every connection."""
        await self._engine.dispose()


def _readable_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {BUSY_MILLISECONDS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "secure_delete = ON",  # what is removed is overwritten, not only forgotten
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    read_only = connection.get_execution_options().get("read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
