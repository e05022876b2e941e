"""The register of posts in a database: nothing is given twice, everything comes back, the ledger sums."""

from __future__ import annotations

import asyncio
from itertools import groupby
from random import Random

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from activities.database import Database
from activities.posts import Pool, PoolView, audit_pool, entries_of, pools
from models.answers import take_answers
from models.outbox import HopBatch, HopResult
from models.posts import PostAnswer
from models.refusal import Refused
from models.stages import Stage
from models.tables import AuditOrphan, Notice, PostEntry, PostPool
from tests.activities.recorded import Desk, RecordedLife
from tests.activities.test_hops import contents, every
from tests.models.life import Cast, Json, hop_of, moment
from tests.models.post_book import PostBook
from tests.models.random_life import fork

POOL = Pool("tianjin-quality-2023", "tj-metrology-institute", "deputy_senior")


class WrittenLife(RecordedLife):
    """A life of a bound unit that is answered by the database, batch by batch."""

    def __init__(self, ref: str, desk: Desk) -> None:
        self.desk = desk
        super().__init__(Cast(ref, full_post_management=True), "2023-09-18 09:00")

    def drain(self) -> None:
        """Nothing leaves before `send` lets it."""

    async def send(self, body: Json | None = None, when: str | None = None) -> list[HopResult]:
        """Sends a command, if any, and writes all that follows from it."""
        if body is not None:
            self.do(body, when)
        results = []
        while (cause := self.state.take_cause()) is not None:
            if self.opened is None:
                self.opened = self._opening(cause.facts.pop(0))
                assert (await self.desk.open(self)).refused_en is None
            groups = [(hop, list(group)) for hop, group in groupby(cause.facts, key=hop_of)]
            for place, (hop, group) in enumerate(groups or [("records", [])]):
                last = place == max(0, len(groups) - 1)
                batch = self.batch_of(cause, hop, group, cause.requests if last else [])
                self.batches.append(batch)
                result = await self.desk.write(batch)
                take_answers(self.state, batch, result, self.now)
                results.append(result)
        return results

    async def reach(self, stage: Stage, available: int) -> WrittenLife:
        """Submitted and recommended with so many posts attested, and on to one of the later stages."""
        cast = self.cast
        await self.send(cast.submit(), "2023-09-20 09:00")
        await self.send(cast.recommend(post=posts(available)), "2023-09-22 09:00")
        way = [
            (cast.start_publicity, (), "2023-09-25 09:00"),
            (cast.file_evidence, (), "2023-10-09 09:00"),
            (cast.department_submit, (), "2023-10-10 09:00"),
            (cast.accept, (), "2023-11-01 09:00"),
            (cast.schedule, (moment("2023-12-15").date(), moment("2023-11-30").date()), "2023-12-01 09:00"),
            (cast.vote, (9 if stage is not Stage.NOT_PASSED else 3,), "2023-12-15 16:00"),
            (cast.publish, ("2023-12-18T09:00:00+08:00",), "2023-12-18 10:00"),
            (None, (), "2023-12-26 10:00"),
        ]
        for make, arguments, when in way:
            if self.state.stage in (stage, Stage.QUOTA_BLOCKED):
                break
            self.at(when)
            await self.send()
            if make is not None:
                await self.send(make(*arguments))
        assert self.state.stage is stage, self.state.stage
        return self


def posts(available: int, **more: object) -> Json:
    return {"basis": "free_posts", "available": available, "record": "岗位台账"} | more


async def view(database: Database) -> PoolView:
    async with database.reading() as session:
        (found,) = await pools(session, employer=POOL.employer)
    return found


async def sound(database: Database) -> None:
    """The pool has no fault."""
    async with database.reading() as session:
        assert await audit_pool(session, POOL) == []


async def asked(lives: int, available: int) -> tuple[list[RecordedLife], list[HopBatch]]:
    """So many recorded lives of one unit, and the batch with which each asks for a post."""
    told = []
    for n in range(lives):
        life = RecordedLife(Cast(f"person-{n:02d}", full_post_management=True))
        life.do(life.cast.submit(), "2023-09-20 09:00")
        life.do(life.cast.recommend(post=posts(available)), "2023-09-22 09:00")
        told.append(life)
    return told, [next(b for b in life.batches if b.moves_post) for life in told]


async def test_fifty_recommendations_at_once_find_seven_posts(postgres_url: str) -> None:
    """Four workers with their own connections, on PostgreSQL."""
    lives, asking = await asked(50, 7)
    databases = [Database(postgres_url) for _ in range(4)]
    desks = [Desk(database) for database in databases]
    for n, life in enumerate(lives):
        desk = desks[n % 4]
        await desk.open(life)
        await desk.write(life.batches[1])
    results = await asyncio.gather(*(desks[n % 4].write(batch) for n, batch in enumerate(asking)))
    answers = [result.post for result in results if result.post is not None]
    assert len(answers) == 50
    assert sum(answer.held for answer in answers) == 7
    blocked = [answer for answer in answers if not answer.held]
    assert sorted(answer.place or 0 for answer in blocked) == list(range(1, 44))
    assert {answer.reason for answer in blocked} == {"full"}
    found = await view(databases[0])
    assert (found.capacity, found.held, found.free, len(found.waiting)) == (7, 7, 0, 43)
    async with databases[0].reading() as session:
        assert sum(entry.delta for entry in await entries_of(session, POOL)) == 7
    await sound(databases[0])
    again = await asyncio.gather(*(desks[(n + 1) % 4].write(batch) for n, batch in enumerate(asking)))
    assert [result.post for result in again] == [result.post for result in results]
    for database in databases:
        await database.close()


async def test_a_few_at_once_on_either_database(database: Database) -> None:
    lives, asking = await asked(8, 3)
    desk = Desk(database)
    for life in lives:
        await desk.open(life)
        await desk.write(life.batches[1])
    results = await asyncio.gather(*(desk.write(batch) for batch in asking for _ in range(2)))
    assert sum(r.post.held for r in results[::2] if r.post) == 3
    assert results[::2] == results[1::2]
    await sound(database)


async def test_a_released_post_goes_to_the_first_who_waits(database: Database) -> None:
    desk = Desk(database)
    first = await WrittenLife("first", desk).reach(Stage.RECOMMENDED, 1)
    second = await WrittenLife("second", desk).reach(Stage.QUOTA_BLOCKED, 1)
    third = await WrittenLife("third", desk).reach(Stage.QUOTA_BLOCKED, 1)
    assert (await view(database)).waiting == ("second", "third")
    await first.send(first.cast.withdraw(), "2023-10-09 09:00")
    (notice,) = await every(database, Notice, template="post_free")
    assert (notice.to_role, notice.recipient) == ("employer", POOL.employer)
    assert "second" in notice.text_zh
    assert "third" not in notice.text_zh

    await third.send(third.cast.recommend(post=posts(1)), "2023-10-09 10:00")
    assert third.state.stage is Stage.QUOTA_BLOCKED
    assert third.state.history[-1].details["reason"] == "not_first"
    await second.send(second.cast.recommend(post=posts(1)), "2023-10-09 11:00")
    assert second.state.stage is Stage.RECOMMENDED
    found = await view(database)
    assert (found.holding, found.waiting, found.free) == (("second",), ("third",), 0)
    await sound(database)


async def test_a_recorded_decision_ranks_the_unit_anew(database: Database) -> None:
    desk = Desk(database)
    first = await WrittenLife("first", desk).reach(Stage.RECOMMENDED, 1)
    await WrittenLife("second", desk).reach(Stage.QUOTA_BLOCKED, 1)
    third = await WrittenLife("third", desk).reach(Stage.QUOTA_BLOCKED, 1)
    await first.send(first.cast.withdraw("employer"), "2023-10-09 09:00")
    decided = posts(1, reranked="单位会议纪要〔2023〕8号")
    await third.send(third.cast.recommend(post=decided), "2023-10-09 10:00")
    assert third.state.stage is Stage.RECOMMENDED
    entry = (await every(database, PostEntry, PostEntry.n))[-1]
    assert (entry.kind, entry.reranked) == ("reserve", "单位会议纪要〔2023〕8号")
    await sound(database)


async def test_an_attestation_below_the_use_is_not_taken(database: Database) -> None:
    desk = Desk(database)
    for ref in ("first", "second"):
        await WrittenLife(ref, desk).reach(Stage.RECOMMENDED, 3)
    third = await WrittenLife("third", desk).reach(Stage.QUOTA_BLOCKED, 1)
    assert third.state.history[-1].details["reason"] == "below_use"
    found = await view(database)
    assert (found.capacity, found.version, found.free) == (3, 2, 1)
    told = await every(database, Notice, template="quota_none", to_role="employer")
    assert ["已占用" in notice.text_zh for notice in told] == [True]
    await third.send(third.cast.recommend(post=posts(3)), "2023-10-09 10:00")
    assert third.state.stage is Stage.RECOMMENDED
    await sound(database)


async def test_the_post_is_consumed_by_the_title_and_freed_by_its_revocation(database: Database) -> None:
    desk = Desk(database)
    life = await WrittenLife("holder", desk).reach(Stage.CONFIRM_PENDING, 1)
    await life.send(life.cast.confirm())
    assert life.state.stage is Stage.CERTIFIED
    found = await view(database)
    assert (found.titled, found.held, found.free) == (("holder",), 0, 0)
    await life.send(life.cast.revoke(), "2024-01-03 09:00")
    kinds = [(entry.kind, entry.delta) for entry in await every(database, PostEntry, PostEntry.n)]
    assert kinds == [("reserve", 1), ("consume", 0), ("release", -1)]
    assert (await view(database)).free == 1
    await sound(database)


async def test_a_founded_recheck_without_a_post_goes_on_and_is_confirmed_with_one(database: Database) -> None:
    desk = Desk(database)
    life = await WrittenLife("unlucky", desk).reach(Stage.NOT_PASSED, 1)
    other = await WrittenLife("other", desk).reach(Stage.RECOMMENDED, 1)
    await life.send(life.cast.ask_recheck(), "2023-12-18 09:00")
    await life.send(life.cast.rule_recheck("founded"), "2023-12-19 09:00")
    assert (life.state.stage, life.state.post_held) == (Stage.REVIEW_READY, False)
    assert life.state.history[-1].event == "post_lacking"
    await sound(database)
    await life.send(
        life.cast.schedule(moment("2023-12-28").date(), moment("2023-12-20").date()), "2023-12-20 09:00"
    )
    await life.send(life.cast.vote(9), "2023-12-28 16:00")
    await life.send(life.cast.publish("2023-12-29T09:00:00+08:00"), "2023-12-29 10:00")
    life.at("2024-01-10 09:00")
    await life.send()
    refusal = life.refused(life.cast.confirm())
    assert refusal.field == "post"
    await life.send(life.cast.recommend(post=posts(1)))
    assert life.state.post_held is False
    await life.send(life.cast.recommend(post=posts(2)), "2024-01-11 09:00")
    assert life.state.post_held is True
    assert life.refused(life.cast.recommend(post=posts(2))).stage == "confirm_pending"
    await life.send(life.cast.confirm(), "2024-01-11 10:00")
    assert life.state.stage is Stage.CERTIFIED
    assert other.state.post_held is True
    await sound(database)


async def test_a_batch_written_late_by_a_slow_worker_moves_nothing(database: Database) -> None:
    """Its facts are in the chain: it is answered as it was, whatever has happened to the post since."""
    desk = Desk(database)
    life = await WrittenLife("holder", desk).reach(Stage.RECOMMENDED, 1)
    asking = next(batch for batch in life.batches if batch.moves_post)
    await life.send(life.cast.withdraw("employer"))
    before = await contents(database)
    result = await desk.write(asking)
    assert result.post == PostAnswer(held=True, capacity=1, in_use=1)
    assert await contents(database) == before
    await life.send(life.cast.employer_reopen())
    await life.send(life.cast.recommend(post=posts(1)))
    releasing = [batch for batch in life.batches if batch.moves_post][1]
    before = await contents(database)
    await desk.write(releasing)
    assert await contents(database) == before
    assert (await view(database)).holding == ("holder",)


@pytest.mark.parametrize("event", ["reservation", "release", "consumption"])
async def test_what_was_never_acknowledged_is_undone(database: Database, event: str) -> None:
    desk = Desk(database)
    begin = {
        "reservation": Stage.QUOTA_BLOCKED,
        "release": Stage.RECOMMENDED,
        "consumption": Stage.CONFIRM_PENDING,
    }[event]
    life = await WrittenLife("holder", desk).reach(begin, 0 if event == "reservation" else 1)
    before = await pool_row(database)
    lost = phantom(life)
    body = {
        "reservation": lambda: lost.cast.recommend(post=posts(4)),
        "release": lambda: lost.cast.withdraw(),
        "consumption": lambda: lost.cast.confirm(),
    }[event]()
    await lost.send(body)
    assert await pool_row(database) != before
    await life.send(life.cast.hold("status_retired"), str(life.now + STEP)[:16])
    assert await pool_row(database) == before
    assert [orphan.event for orphan in await every(database, AuditOrphan)] != []
    await sound(database)


async def pool_row(database: Database) -> dict[str, object]:
    """The pool without the time of its last change, and its ledger."""
    async with database.reading() as session:
        row = await session.scalar(select(PostPool))
        assert row is not None
        columns = {c.key: getattr(row, c.key) for c in PostPool.__table__.columns if c.key != "changed_at"}
        return columns | {"entries": await entries_of(session, POOL)}


STEP = moment("2023-10-09 10:00") - moment("2023-10-09 09:00")


def phantom(life: WrittenLife) -> WrittenLife:
    """The same life in a worker that will be lost: what it writes, nobody is told of."""
    lost = fork(life)
    assert isinstance(lost, WrittenLife)
    lost.batches = list(life.batches)
    return lost


def next_step(life: WrittenLife, rng: Random) -> Json:
    """Something that may be sent to a unit's application in its first leg."""
    cast = life.cast
    recommend = [cast.recommend(post=posts(rng.choice([0, 1, 2, 3])))]
    if rng.random() < 0.2:
        recommend = [cast.recommend(post=posts(rng.choice([1, 2]), reranked="会议纪要"))]
    match life.state.stage:
        case Stage.EMPLOYER_REVIEW:
            choices = [*recommend * 4, cast.employer_decline()]
        case Stage.QUOTA_BLOCKED:
            choices = [*recommend * 3, cast.employer_decline(), cast.withdraw("employer")]
        case Stage.EMPLOYER_DECLINED:
            choices = [cast.employer_reopen()]
        case Stage.EMPLOYER_PUBLICITY:
            choices = [cast.cancel("publicity", "employer"), cast.withdraw("employer")]
        case _:
            choices = [cast.start_publicity(), cast.withdraw("employer"), cast.objects()]
    return rng.choice(choices)


@pytest.mark.parametrize("seed", range(5))
async def test_random_units_with_lost_decisions_keep_a_ledger_that_sums(sqlite_url: str, seed: int) -> None:
    """Decisions are made, lost and made anew, by four applications of a unit; after every step the ledger
    sums and says what the audit chains say. A release that is undone may leave more in use than there are:
    that, and nothing else, may be reported."""
    rng, database = Random(seed), Database(sqlite_url)
    desk = Desk(database)
    lives = [WrittenLife(f"person-{n}", desk) for n in range(4)]
    for life in lives:
        await life.send(life.cast.submit(), "2023-09-20 09:00")
    now = moment("2023-09-22 09:00")
    for _ in range(25):
        now += STEP / 10
        life = rng.choice(lives)
        doing = phantom(life) if rng.random() < 0.3 else life
        try:
            await doing.send(next_step(doing, rng), now.strftime("%Y-%m-%d %H:%M"))
        except Refused:
            continue
        if doing is not life:
            now += STEP / 10
            await life.send(life.cast.objects(), now.strftime("%Y-%m-%d %H:%M"))
        async with database.reading() as session:
            assert [f for f in await audit_pool(session, POOL) if "(invariant 4)" not in f] == []
    await database.close()


async def test_the_audit_sees_a_ledger_that_was_touched(database: Database) -> None:
    desk = Desk(database)
    await WrittenLife("holder", desk).reach(Stage.RECOMMENDED, 1)
    for change in ({"delta": 0}, {"kind": "wait"}, {"capacity": 0}):
        async with database.transaction() as session:
            await session.execute(update(PostEntry).values(**change))
            assert await audit_pool(session, POOL) != [], change
            await session.rollback()
    async with database.transaction() as session:
        await session.execute(update(PostPool).values(held=0))
        assert len(await audit_pool(session, POOL)) == 1
        await session.rollback()
    async with database.transaction() as session:
        await emptied(session)
        assert any("not in the ledger" in fault for fault in await audit_pool(session, POOL))
        await session.rollback()


async def emptied(session: AsyncSession) -> None:
    """The ledger is lost, the pool stays."""
    await session.execute(PostEntry.__table__.delete())  # type: ignore[attr-defined]
    await session.execute(update(PostPool).values(held=0, capacity=0, version=0))


def test_the_book_of_the_tests_is_one_for_all_lives_of_a_unit() -> None:
    """What the tests without a database use gives the same answers, in the same order."""
    book = PostBook()
    held = []
    for n in range(4):
        life = RecordedLife(Cast(f"p{n}", full_post_management=True), posts=book)
        life.do(life.cast.submit(), "2023-09-20 09:00")
        life.do(life.cast.recommend(post=posts(2)), "2023-09-22 09:00")
        held.append(life.state.post_held)
    assert held == [True, True, False, False]
    assert book.standing.waiting == ("p2", "p3")
