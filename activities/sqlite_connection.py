"""SQLite's connection for an event loop: a statement and its rows are one trip to the connection's thread.

A trip costs more than most statements. The driver makes four of a statement: for a cursor, for executing, for
the rows, for closing; and a hop's transaction has a dozen statements. It knows no table.
"""

from __future__ import annotations

from asyncio import Future
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from sqlite3 import Cursor as SqliteCursor
from sqlite3 import Error, connect
from typing import Any

from aiosqlite import Connection, Cursor

FIRST_ROWS = 64
"""What executing brings along of a long answer; the rest is fetched as it is asked for."""


def sqlite_connection(path: str, **options: Any) -> Connection:
    """What SQLAlchemy's driver awaits. The thread is a daemon: it holds no process back."""
    # Cursors are made where they are wanted; what touches the database stays in the connection's own thread.
    options["check_same_thread"] = False
    made = _OneTrip(lambda: connect(path, **options), FIRST_ROWS)
    made._thread.daemon = True
    return made


class _OneTrip(Connection):
    _stopping: Future[Any] | None = None

    def stop(self) -> Future[Any] | None:
        self._stopping = super().stop()
        return self._stopping

    async def _connect(self) -> Connection:
        """A file that cannot be opened: the thread ends before the loop may, which it would tell in vain."""
        try:
            return await super()._connect()
        except Error:
            if self._stopping is not None:
                await self._stopping
            raise

    def cursor(self) -> Any:
        return self._cursor_with_rows()

    @asynccontextmanager
    async def _cursor_with_rows(self) -> AsyncIterator[_CursorWithRows]:
        yield _CursorWithRows(self, self._conn.cursor())


class _CursorWithRows(Cursor):
    """Executing brings the first rows along; in most statements of this service these are all."""

    def __init__(self, connection: _OneTrip, cursor: SqliteCursor) -> None:
        super().__init__(connection, cursor)
        self._rows: list[Any] = []
        self._more = False

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> _CursorWithRows:
        given = () if parameters is None else parameters
        self._rows = await self._execute(_run, self._cursor, sql, given)  # type: ignore[no-untyped-call]
        self._more = len(self._rows) == FIRST_ROWS
        return self

    async def fetchone(self) -> Any:
        rows = await self.fetchmany(1)
        return rows[0] if rows else None

    async def fetchmany(self, size: int | None = None) -> list[Any]:
        wanted = self.iter_chunk_size if size is None else size
        rows, self._rows = self._rows[:wanted], self._rows[wanted:]
        if len(rows) < wanted and self._more:
            further = list(await super().fetchmany(wanted - len(rows)))
            self._more = bool(further)
            rows += further
        return rows

    async def fetchall(self) -> list[Any]:
        rows, self._rows = self._rows, []
        if self._more:
            rows += await super().fetchall()
            self._more = False
        return rows

    async def close(self) -> None:
        self._rows = []
        if self._more:
            await super().close()


def _run(cursor: SqliteCursor, sql: str, parameters: Any) -> list[Any]:
    cursor.execute(sql, parameters)
    return cursor.fetchmany(FIRST_ROWS) if cursor.description else []
