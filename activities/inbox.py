"""The inbox: in whose court an application is, and since when. One open item an application."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from activities.writing import write_over
from models.outbox import Snapshot
from models.tables import InboxItem

NOBODYS = (None, "system")


async def update_inbox(session: AsyncSession, snapshot: Snapshot, due_at: datetime | None) -> None:
    """Closes the open item when stage or holder changed, and opens the next one."""
    ids = {"plan_id": snapshot.plan_id, "application_ref": snapshot.application_ref}
    is_open = InboxItem.closed_at.is_(None)
    item = await session.scalar(select(InboxItem).filter_by(**ids).where(is_open))
    wanted = (snapshot.action_by, snapshot.action_organisation, snapshot.stage)
    nobody = snapshot.status == "ended" or snapshot.action_by in NOBODYS
    if item is not None and not nobody and (item.role, item.organisation, item.stage) == wanted:
        item.due_at = due_at
        return
    if item is not None:
        await session.execute(
            update(InboxItem)
            .filter_by(**ids)
            .where(is_open)
            .values(closed_at=snapshot.at, closed_seq=snapshot.seq)
        )
        session.expunge(item)
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
