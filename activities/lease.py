"""A lease in the database: of several processes one does a work, and another takes over when it is gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from activities.database import Database
from activities.writing import insert_into
from models.tables import Lease


async def take_lease(database: Database, work: str, holder: str, lasts: timedelta) -> bool:
    """Takes or renews the lease of a work; whether `holder` has it now, for as long as it `lasts`.

    The clock is the database's, so that machines with different clocks agree.
    """
    async with database.transaction() as session:
        now = await clock_of(session)
        taken = insert_into(session, Lease).values(work=work, holder=holder, until=now + lasts)
        mine = taken.on_conflict_do_update(
            index_elements=["work"],
            set_={"holder": holder, "until": now + lasts},
            where=or_(Lease.holder == holder, Lease.until < now),
        ).returning(Lease.holder)
        return await session.scalar(mine) is not None


async def leave_lease(database: Database, work: str, holder: str) -> None:
    """Gives the lease back, if `holder` has it: another one need not wait for its end."""
    async with database.transaction() as session:
        await session.execute(delete(Lease).filter_by(work=work, holder=holder))


async def clock_of(session: AsyncSession) -> datetime:
    """What time it is for the database; SQLite lives on this machine."""
    if session.get_bind().dialect.name == "sqlite":
        return datetime.now(UTC)
    now: datetime = (await session.scalars(select(func.clock_timestamp()))).one()
    return now
