"""Where an application stands, read from the database and not from its workflow.

A question to a workflow whose worker is away waits for the next one, which then runs what has happened
since on an old clock (temporalio 1.35). A rehearsal kills workers, so it looks at the read model.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from sqlalchemy import select

from activities.database import Database
from models.tables import Application, AuditEntry

FRESH = 0.1
"""Real seconds in which what was read is still true enough to wait by."""


@dataclass(frozen=True)
class Seen:
    """The row of an application; instants are business time."""

    stage: str
    status: str
    action_by: str | None
    due_at: datetime | None
    returns: int
    at: datetime


class Sight:
    """What all players see of the stage: one reading of the rows serves all who look within `FRESH`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows: dict[tuple[str, str], Seen] = {}
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    async def look_at(self, plan_id: str, ref: str, *, anew: bool = False) -> Seen | None:
        """The row, or None before the application is open; with `anew` not older than this call."""
        asked = monotonic()
        async with self._reading:
            if self._read_at < (asked if anew else asked - FRESH):
                await self._read()
        return self._rows.get((plan_id, ref))

    async def _read(self) -> None:
        began = monotonic()
        a = Application
        columns = (a.stage, a.status, a.action_by, a.due_at, a.returns, a.at)
        async with self._database.reading() as session:
            rows = (await session.execute(select(a.plan_id, a.application_ref, *columns))).all()
        self._rows = {(row[0], row[1]): Seen(*row[2:]) for row in rows}
        self._read_at = began


async def event_of(database: Database, plan_id: str, ref: str, command_id: str) -> str | None:
    """The event that a command became in the audit chain, `refused` for a signal that was; None as yet."""
    async with database.reading() as session:
        entries = await session.scalars(select(AuditEntry).filter_by(plan_id=plan_id, application_ref=ref))
        for entry in entries:
            if command_id in (entry.command_id, entry.details.get("command_id")):
                return entry.event
    return None
