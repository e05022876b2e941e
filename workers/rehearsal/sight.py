"""Where an application stands, read from the database and not from its workflow.

A question to a workflow whose worker is away waits for the next one, which then runs what has happened
since on an old clock (temporalio 1.35). A rehearsal kills workers, so it looks at the read model.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from activities.database import Database
from models.tables import Application, AuditEntry


@dataclass(frozen=True)
class Seen:
    """The row of an application; instants are business time."""

    stage: str
    status: str
    action_by: str | None
    due_at: datetime | None
    returns: int
    at: datetime


async def look_at(database: Database, plan_id: str, ref: str) -> Seen | None:
    """The row, or None before the application is open."""
    async with database.reading() as session:
        row = await session.get(Application, (plan_id, ref))
        if row is None:
            return None
        return Seen(row.stage, row.status, row.action_by, row.due_at, row.returns, row.at)


async def event_of(database: Database, plan_id: str, ref: str, command_id: str) -> str | None:
    """The event that a command became in the audit chain, `refused` for a signal that was; None as yet."""
    async with database.reading() as session:
        entries = await session.scalars(select(AuditEntry).filter_by(plan_id=plan_id, application_ref=ref))
        for entry in entries:
            if command_id in (entry.command_id, entry.details.get("command_id")):
                return entry.event
    return None
