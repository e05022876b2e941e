"""The inbox: in whose court an application is, and since when. One open item an application."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from activities.writing import table_of, write_over
from models.outbox import Snapshot
from models.tables import InboxItem

NOBODYS = (None, "system")

_ITEMS = table_of(InboxItem).c
_OPEN = (
    _ITEMS.plan_id == bindparam("of_plan"),
    _ITEMS.application_ref == bindparam("of_ref"),
    _ITEMS.closed_at.is_(None),
)
_HELD = select(_ITEMS.role, _ITEMS.organisation, _ITEMS.stage).where(*_OPEN)
_CHANGE = update(table_of(InboxItem)).where(*_OPEN)
"""Made once: they are asked at every hop. What changes is what the parameters name."""


async def update_inbox(session: AsyncSession, snapshot: Snapshot, due_at: datetime | None) -> None:
    """Closes the open item when stage or holder changed, and opens the next one."""
    ids = {"plan_id": snapshot.plan_id, "application_ref": snapshot.application_ref}
    of = {"of_plan": snapshot.plan_id, "of_ref": snapshot.application_ref}
    held = (await session.execute(_HELD, of)).one_or_none()
    wanted = (snapshot.action_by, snapshot.action_organisation, snapshot.stage)
    nobody = snapshot.status == "ended" or snapshot.action_by in NOBODYS
    if held is not None and not nobody and tuple(held) == wanted:
        await session.execute(_CHANGE, {**of, "due_at": due_at})
        return
    if held is not None:
        await session.execute(_CHANGE, {**of, "closed_at": snapshot.at, "closed_seq": snapshot.seq})
    if nobody:
        return
    row = {
        **ids,
        "seq": snapshot.seq,
        "role": snapshot.action_by,
        "organisation": snapshot.action_organisation,
        "stage": snapshot.stage,
        "due_at": due_at,
        "opened_at": snapshot.at,
        "closed_at": None,
        "closed_seq": None,
    }
    await write_over(session, InboxItem, row, ("plan_id", "application_ref", "seq"))
