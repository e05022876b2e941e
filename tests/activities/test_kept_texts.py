"""A text that somebody changed no longer gives the hash that stands beside it, and `audit verify` says so."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from activities.audit.checking import verify_chains, verify_common
from activities.database import Database
from activities.orphans import take_back
from activities.plans import digest_of, store_version
from activities.retention.finding import Due
from activities.retention.register import append
from models.plan import ReviewPlan
from models.retention import Kept
from models.tables import (
    Application,
    AuditOrphan,
    BallotBox,
    CalendarNotice,
    DossierVersion,
    Minutes,
    Opinion,
    PlanVersion,
    Removal,
)
from models.tampering import Finding, Tampering
from tests.activities.hall import Hall
from tests.activities.recorded import Desk, told
from tests.models.life import Cast, accepted

PLAN = "tianjin-quality-2023"
AT = datetime(2023, 12, 20, tzinfo=UTC)

Plant = Callable[[AsyncSession], Awaitable[object]]


async def furnish(database: Database) -> None:
    """A meeting with a ballot, an application with a dossier and an entry set aside, texts of the offices."""
    hall = Hall(database)
    panel = await hall.opened("a")
    await hall.do(hall.cast.open_ballot("a"))
    await hall.vote(panel, "a", "yyyyyyyynnn")
    await hall.do(hall.cast.close_ballot("a", signed=True, sealed=True))
    await hall.do(hall.cast.close_meeting())
    await Desk(database).write_all(told(accepted, Cast("b")))
    async with database.transaction() as session:
        row = await session.get_one(Application, (PLAN, "b"))
        last = row.seq
        await take_back(session, PLAN, "b", last, AT)
        await session.flush()
        orphan = (await session.scalars(select(AuditOrphan).filter_by(application_ref="b"))).one()
        row.seq, row.chain = last - 1, orphan.prev_hash
        plan = ReviewPlan.load(PLAN)
        store_version(session, plan, "id = 'as it came'", "津人社〔2023〕1号", AT)
        session.add(
            CalendarNotice(
                year=2027,
                document="国办发明电〔2026〕1号",
                issued=date(2026, 11, 1),
                content="year = 2027",
                sha256=digest_of("year = 2027"),
                recorded_at=AT,
            )
        )
        due = Due(Kept.PERSON, "person/p-1", date(2023, 12, 1), date(2023, 6, 1))
        await append(session, due, {"people": 1}, None, AT, "os:operator")


async def every_finding(database: Database) -> list[Finding]:
    return [
        *(await verify_chains(database, PLAN)).findings,
        *(await verify_common(database)).findings,
    ]


async def an_entry_that_was_set_aside(session: AsyncSession) -> None:
    await session.execute(update(AuditOrphan).values(actor_id="somebody-else"))


async def a_dossier(session: AsyncSession) -> None:
    row = (await session.scalars(select(DossierVersion).limit(1))).one()
    row.content = {**row.content, "level": "senior"}


async def an_opinion(session: AsyncSession) -> None:
    await session.execute(update(Opinion).values(words="不符合条件，不同意"))


async def the_minutes(session: AsyncSession) -> None:
    await session.execute(
        update(Minutes)
        .where(Minutes.part == "meeting")
        .values(content=func.replace(Minutes.content, '"yes":8', '"yes":9'))
    )


async def minutes_that_are_none(session: AsyncSession) -> None:
    await session.execute(update(Minutes).where(Minutes.part != "meeting").values(content="{"))


async def a_plan(session: AsyncSession) -> None:
    await session.execute(update(PlanVersion).values(content="id = 'as somebody wants it'"))


async def a_notice_on_working_days(session: AsyncSession) -> None:
    await session.execute(update(CalendarNotice).values(content="year = 2028"))


async def a_removal(session: AsyncSession) -> None:
    await session.execute(update(Removal).values(by="nobody"))


async def the_counters_of_a_box(session: AsyncSession) -> None:
    await session.execute(update(BallotBox).values(yes=BallotBox.yes - 1, no=BallotBox.no + 1))


PLANTS: dict[Plant, Tampering] = {
    an_entry_that_was_set_aside: Tampering.CHANGED,
    a_dossier: Tampering.CHANGED,
    an_opinion: Tampering.CHANGED,
    the_minutes: Tampering.CHANGED,
    minutes_that_are_none: Tampering.CHANGED,
    a_plan: Tampering.CHANGED,
    a_notice_on_working_days: Tampering.CHANGED,
    a_removal: Tampering.CHANGED,
    the_counters_of_a_box: Tampering.REWRITTEN,
}


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
async def test_a_changed_text_is_found(sqlite_url: str, plant: Plant) -> None:
    database = Database(sqlite_url)
    try:
        await furnish(database)
        assert await every_finding(database) == []
        async with database.transaction() as session:
            await plant(session)
        assert {one.tampering for one in await every_finding(database)} == {PLANTS[plant]}
    finally:
        await database.close()


async def test_on_either_database(database: Database) -> None:
    await furnish(database)
    assert await every_finding(database) == []
