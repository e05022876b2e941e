"""The event feed: numbers without a gap that never come behind a reader, also when transactions overlap."""

from __future__ import annotations

import asyncio
import random

from sqlalchemy import NullPool, create_engine, event, text, true

from activities.database import Database, sync_url
from activities.feed import Feed
from models.tables import Application, AuditEntry, FeedEvent
from tests.activities.lost_worker import at_the_office
from tests.activities.recorded import Desk, told
from tests.activities.stories import main_line
from tests.activities.test_hops import every
from tests.models.life import Cast, submitted

PLAN = "tianjin-quality-2023"


async def read_all(feed: Feed, page: int = 3) -> list[FeedEvent]:
    """As a consumer reads: page by page, until there is nothing more."""
    after, found = 0, []
    while True:
        await feed.catch_up()
        rows, last = await feed.after(after, page, PLAN, true())
        found += rows
        if last == after:
            return found
        after = last


async def test_a_life_is_told_in_its_order_without_a_gap(database: Database) -> None:
    life = main_line()
    await Desk(database).write_all(life, times=2)
    found = await read_all(Feed(database))
    assert [event.sequence for event in found] == list(range(1, len(found) + 1))
    assert [event.hash for event in found] == [fact.hash for fact in life.state.history]
    assert [event.kind for event in found] == ["fact"] * len(found)
    assert await Feed(database).catch_up() == 0


async def test_a_decision_that_was_never_acknowledged_is_retracted(database: Database) -> None:
    desk, feed = Desk(database), Feed(database)
    lost, made = at_the_office(), at_the_office()
    lost.do(lost.cast.office_return(), "2023-10-16 09:00")
    made.do(made.cast.accept(), "2023-10-16 10:00")
    await desk.write_all(lost)
    before = await read_all(feed)
    assert before[-1].event == "office_return"
    await desk.write_all(made)
    found = await read_all(feed)
    assert [event.sequence for event in found] == list(range(1, len(found) + 1))
    news = found[len(before) :]
    assert (news[0].kind, news[0].event, news[0].retracts) == (
        "retracted",
        "office_return",
        before[-1].sequence,
    )
    gone = {event.retracts for event in found if event.kind == "retracted"}
    left = [event.hash for event in found if event.kind == "fact" and event.sequence not in gone]
    assert left == [fact.hash for fact in made.state.history]


async def test_an_earlier_row_that_becomes_visible_later_gets_a_later_number(postgres_url: str) -> None:
    """Two transactions overlap: the one that began first ends last. A reader in between misses nothing."""
    database = await _upgraded(postgres_url)
    try:
        first, second = (told(submitted, Cast(name)) for name in ("one", "two"))
        desk, feed = Desk(database), Feed(database)
        await desk.open(first)
        await desk.open(second)
        known = len(await read_all(feed))
        async with database.transaction() as early:
            early.add(await _copy(database, "one", 90))
            await early.flush()
            async with database.transaction() as late:
                late.add(await _copy(database, "two", 91))
            seen = await read_all(feed)
            assert [event.seq for event in seen[known:]] == [91]
        found = await read_all(feed)
        assert [event.seq for event in found[known:]] == [91, 90]
        assert found[-1].audit_id < found[-2].audit_id
    finally:
        await database.close()


async def test_readers_beside_many_writers_see_the_same_and_miss_nothing(database: Database) -> None:
    luck = random.Random(7)
    lives = [told(submitted, Cast(f"w-{n}")) for n in range(6)]
    desk = Desk(database)
    writing = asyncio.gather(*(desk.write_all(life) for life in lives))
    seen: list[list[int]] = [[], []]

    async def reader(mine: list[int]) -> None:
        after, feed = 0, Feed(database)
        while True:
            done = writing.done()
            await feed.catch_up()
            rows, after = await feed.after(after, luck.choice([1, 2, 5]), PLAN, true())
            mine += [row.audit_id for row in rows]
            if done and not rows:
                return
            await asyncio.sleep(0)

    await asyncio.gather(writing, *(reader(mine) for mine in seen))
    written = {entry.id for entry in await every(database, AuditEntry)}
    assert set(seen[0]) == written
    assert seen[0] == seen[1]
    assert len(seen[0]) == len(written)


async def test_only_what_may_be_seen_is_told_and_reading_goes_on_behind_it(database: Database) -> None:
    desk, feed = Desk(database), Feed(database)
    for name in ("mine", "other"):
        await desk.write_all(told(submitted, Cast(name)))
    await feed.catch_up()
    rows, last = await feed.after(0, 100, PLAN, Application.application_ref == "mine")
    assert {row.application_ref for row in rows} == {"mine"}
    assert last == len(await every(database, FeedEvent))
    assert await feed.after(last, 100, PLAN, Application.application_ref == "mine") == ([], last)


async def _copy(database: Database, ref: str, seq: int) -> AuditEntry:
    """Another entry like the first one of this application; only its place in the chain differs."""
    entries = [entry for entry in await every(database, AuditEntry) if entry.application_ref == ref]
    names = [column.key for column in AuditEntry.__mapper__.column_attrs if column.key not in ("id", "seq")]
    return AuditEntry(seq=seq, **{name: getattr(entries[0], name) for name in names})


async def _upgraded(url: str) -> Database:
    from workers.database import upgrade

    await asyncio.to_thread(upgrade, url)
    return Database(url)


async def test_what_is_numbered_while_somebody_reads_is_not_told_twice(postgres_url: str) -> None:
    """On PostgreSQL the two looks of a reader see different moments: numbers given between them are found."""
    database = await _upgraded(postgres_url)
    try:
        feed, looks, beside = Feed(database), 0, create_engine(sync_url(postgres_url), poolclass=NullPool)
        await Desk(database).write_all(told(submitted, Cast("one")))

        def between(*_: object) -> None:
            nonlocal looks
            looks += 1
            if looks == 2:
                with beside.begin() as other:
                    other.execute(NUMBERED)

        event.listen(database._engine.sync_engine, "before_cursor_execute", between)
        rows, last = await feed.after(0, 100, PLAN, true())
        assert ([row.sequence for row in rows], last) == ([1], 1)
    finally:
        await database.close()


NUMBERED = text(
    "INSERT INTO feed (sequence, kind, subject, subject_ref, audit_id, plan_id, application_ref, seq, "
    "revision, event, from_stage, to_stage, role, organisation, at, hash) "
    "SELECT 1, 'fact', 'application', application_ref, id, plan_id, application_ref, seq, revision, "
    "event, from_stage, to_stage, actor_role, actor_organisation, at, hash FROM audit ORDER BY id LIMIT 1"
)
