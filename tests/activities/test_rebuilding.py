"""The read model comes back from a history: what differs is shown first, and nothing is invented."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from activities.audit.checking import verify_chains, verify_roots
from activities.calendar import Calendars
from activities.database import Database
from activities.doctor.examination import examine
from activities.feed import Feed
from activities.rebuilding import OWNED, Rebuilt
from models.doctor import Symptom
from models.feed import FACT
from models.tables import (
    Application,
    AuditEntry,
    AuditOrphan,
    Base,
    Certificate,
    CurrentDeadline,
    FeedEvent,
    InboxItem,
    LiveApplication,
    Notice,
    PublicityPosted,
    ReviewDecision,
)
from tests.activities.recounted import PLAN, SEALED_AT, House, retold
from tests.activities.test_tampering import (
    a_forged_end,
    a_removed_entry,
    a_whole_chain_written_anew,
    an_application_removed,
    furnished,
    resealed,
)

__all__ = ["furnished"]

NOT_ITS_OWN = {Symptom.PAPER_DAMAGED, Symptom.POSTS_DIFFER}
Plant = Callable[[AsyncSession, str], Awaitable[object]]


@pytest.fixture
async def house(furnished: tuple[Path, House], tmp_path: Path) -> AsyncIterator[House]:
    """A house of this test."""
    path, made = furnished
    shutil.copy(path, tmp_path / "zhicheng.db")
    opened = Database(f"sqlite:///{tmp_path / 'zhicheng.db'}")
    yield House(opened, made.told, made.published)
    await opened.close()


@pytest.fixture(params=["main_line", "employer_return"])
def ref(house: House, request: pytest.FixtureRequest) -> str:
    """One that was archived, and one that waits for its employer."""
    return list(house.told)[("main_line", "employer_return").index(request.param)]


async def a_row_that_stands_elsewhere(session: AsyncSession, ref: str) -> None:
    wrong = {"stage": "draft", "revision": 1, "due_at": None, "action_by": "office", "opened_run_id": "?"}
    await session.execute(update(Application).filter_by(application_ref=ref).values(**wrong))


async def rows_that_are_gone(session: AsyncSession, ref: str) -> None:
    for table in (InboxItem, LiveApplication, CurrentDeadline, ReviewDecision, PublicityPosted):
        await session.execute(delete(table).filter_by(application_ref=ref))


async def rows_that_say_otherwise(session: AsyncSession, ref: str) -> None:
    await session.execute(update(CurrentDeadline).filter_by(application_ref=ref).values(formula="?"))
    await session.execute(update(ReviewDecision).filter_by(application_ref=ref).values(outcome="reject"))
    await session.execute(update(InboxItem).filter_by(application_ref=ref).values(role="office"))


OF_THE_READ_MODEL = (a_row_that_stands_elsewhere, rows_that_are_gone, rows_that_say_otherwise)
OF_THE_CHAIN = (a_removed_entry, a_whole_chain_written_anew, a_forged_end, an_application_removed)


NOT_COMPARED = ("id", "turn_run", "turn_length", "turn_began")


async def everything(database: Database, ref: str) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    async with database.reading() as session:
        tables: tuple[type[Base], ...] = (Application, AuditEntry, Certificate, *OWNED)
        for kind in tables:
            table: Any = kind.__table__
            columns = [column for column in table.c if column.name not in NOT_COMPARED]
            rows = await session.execute(select(*columns).where(table.c.application_ref == ref))
            found[table.name] = sorted(map(tuple, rows), key=repr)
    return found


async def troubles(database: Database) -> set[Symptom]:
    found = await examine(database, Calendars(as_of=True), SEALED_AT)
    return {one.symptom for one in found.troubles}


async def rebuilt(house: House, ref: str, **how: bool) -> Rebuilt:
    return await retold(house.database, house.told[ref], **{"audit": False, **how})


async def test_of_what_nobody_touched_nothing_differs(house: House) -> None:
    for ref in house.told:
        found = await rebuilt(house, ref)
        assert (found.differences, found.written, found.left) == ((), False, None)


@pytest.mark.parametrize("plant", OF_THE_READ_MODEL, ids=lambda plant: plant.__name__)
async def test_the_read_model_comes_back_as_it_was(house: House, ref: str, plant: Plant) -> None:
    before, symptoms = await everything(house.database, ref), await troubles(house.database)
    async with house.database.transaction() as session:
        await plant(session, ref)
    planted = await everything(house.database, ref)
    shown = await rebuilt(house, ref, apply=False)
    assert shown.differences
    assert not shown.written
    assert await everything(house.database, ref) == planted, "a comparison changes nothing"
    done = await rebuilt(house, ref)
    assert (done.written, done.differences) == (True, shown.differences)
    assert await everything(house.database, ref) == before
    assert await troubles(house.database) == symptoms
    assert (await rebuilt(house, ref)).differences == (), "once is enough"


@pytest.mark.parametrize("plant", OF_THE_CHAIN, ids=lambda plant: plant.__name__)
async def test_the_chain_comes_back_and_what_stood_there_is_kept(
    house: House, ref: str, plant: Plant
) -> None:
    before = await everything(house.database, ref)
    async with house.database.transaction() as session:
        if plant is an_application_removed:
            await session.execute(delete(Certificate).filter_by(application_ref=ref))
        await plant(session, ref)
    without = await rebuilt(house, ref)
    assert without.left is not None or any(one.table == "audit" for one in without.differences)
    done = await rebuilt(house, ref, audit=True)
    assert done.left is None
    assert await everything(house.database, ref) == before
    assert (await verify_chains(house.database, PLAN, ref)).clean
    assert (await verify_roots(house.database, PLAN, house.published, ref)).clean
    async with house.database.reading() as session:
        kept = await session.scalar(select(func.count()).select_from(AuditOrphan)) or 0
    assert bool(kept) is (plant in (a_whole_chain_written_anew, a_forged_end))
    assert (await rebuilt(house, ref, audit=True)).differences == ()


@pytest.mark.parametrize("told_since", [False, True], ids=["told before", "told since"])
async def test_the_feed_tells_what_the_rebuilt_chain_tells(house: House, ref: str, told_since: bool) -> None:
    """What it has told is taken back where it is set aside, and what came in its place is told."""
    feed = Feed(house.database)
    if not told_since:
        await feed.catch_up()
    async with house.database.transaction() as session:
        entries = list(
            await session.scalars(select(AuditEntry).filter_by(application_ref=ref).order_by(AuditEntry.seq))
        )
        facts = [entry.to_fact() for entry in entries]
        written = resealed([*facts[:2], *(fact.model_copy(update={"rule": "?"}) for fact in facts[2:])])
        for entry, fact in zip(entries, written, strict=True):
            entry.rule, entry.prev_hash, entry.hash = fact.rule, fact.prev_hash, fact.hash
    if told_since:
        await feed.catch_up()
    await rebuilt(house, ref, audit=True)
    await feed.catch_up()
    told: Counter[str] = Counter()
    async with house.database.reading() as session:
        for event in await session.scalars(select(FeedEvent).filter_by(application_ref=ref)):
            told[event.hash or ""] += 1 if event.kind == FACT else -1
        chain = list(await session.scalars(select(AuditEntry.hash).filter_by(application_ref=ref)))
    assert +told == Counter(chain)


async def test_nobody_is_told_again(house: House, ref: str) -> None:
    """Notices are not rebuilt: they would be sent once more."""
    async with house.database.transaction() as session:
        await an_application_removed(session, ref)
    await rebuilt(house, ref, audit=True)
    async with house.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Notice)) == 0
