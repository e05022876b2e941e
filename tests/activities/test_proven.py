"""What is called late, though it is true: it is proven, stands, and brings back what led to it."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import pytest

from activities.audit.checking import verify_chains, verify_roots
from activities.audit.sealing import roots_of, seal
from activities.database import Database
from models.outbox import HopBatch
from models.roots import Root
from models.tables import AuditOrphan, DossierVersion, Finding, ReturnItem
from models.tampering import Tampering
from tests.activities.lost_worker import at_the_office, chain, leaving, only_in, stands, turn
from tests.activities.recorded import Desk, RecordedLife
from tests.activities.test_hops import every
from tests.models.life import submitted

PLAN = "tianjin-quality-2023"


def told_too_early() -> tuple[RecordedLife, RecordedLife, int, int]:
    """The lost life, the true one, and where their batches part, and where the true one's second task begins.

    The lost task returned the application. The true one accepted it, and told too early a turn; the one after
    it, which put it on hold, told its own.
    """
    lost, made = at_the_office(), at_the_office()
    before = len(made.batches)
    made.do(made.cast.accept(), "2023-10-16 10:00")
    told = len(made.batches)
    made.do(made.cast.hold(), "2023-10-17 10:00")
    lost.do(lost.cast.office_return(), "2023-10-16 09:00")
    leaving(made, before, turn("02:00", length=60))
    leaving(made, told, turn("03:00", length=75))
    leaving(lost, before, turn("02:30", length=66))
    return lost, made, before, told


@pytest.mark.parametrize("length", [60, 90], ids=["the same task again and again", "a longer history"])
async def test_what_was_called_late_and_is_proven_stands_against_whoever_wrote_before(
    database: Database, length: int
) -> None:
    """Turns may be told wrongly: a clock that stands still on one worker. What the server has is true."""
    desk = Desk(database)
    lost, made = at_the_office(), at_the_office()
    before = len(made.batches)
    made.do(made.cast.accept(), "2023-10-16 10:00")
    lost.do(lost.cast.office_return(), "2023-10-16 09:00")
    leaving(lost, before, turn("02:30", length=length))
    leaving(made, before, turn("02:00", length=60))
    await desk.write_all(lost)
    told = [await desk.write(batch) for batch in made.batches[before:]]
    assert {result.late for result in told} == {True}
    assert await chain(database) == lost.state.history
    for batch in made.batches[before:]:
        again = await desk.write(batch.model_copy(update={"proven": True}))
        assert not again.late
    assert await chain(database) == made.state.history
    assert only_in(lost, made) <= {o.hash for o in await every(database, AuditOrphan)}
    assert await every(database, ReturnItem) == []
    late = await desk.write(lost.batches[-1])
    assert late.late, "the lost worker may write once more"
    await stands(database, made)


async def test_nothing_is_late_after_what_was_proven_first_in_a_continued_run(database: Database) -> None:
    """A request for a post leaves proven; the run before had a long history, and this one a short one."""
    desk, life = Desk(database), at_the_office()
    before = len(life.batches)
    life.do(life.cast.accept(), "2023-10-16 10:00")
    after = len(life.batches)
    life.do(life.cast.hold(), "2023-10-17 10:00")
    leaving(life, 0, turn("01:00", length=8_000))
    leaving(life, before, turn("02:00", length=5, run_id="continued"))
    leaving(life, after, turn("02:30", length=14, run_id="continued"))
    await desk.open(life)
    for batch in life.batches[:before]:
        await desk.write(batch)
    for batch in life.batches[before:after]:
        await desk.write(batch.model_copy(update={"proven": True}))
    assert not any([(await desk.write(batch)).late for batch in life.batches[after:]])
    assert await chain(database) == life.state.history
    assert await every(database, AuditOrphan) == []


async def test_what_was_sealed_while_it_was_set_aside_is_found_again(database: Database) -> None:
    """Called late, proven, displaced, brought back: each time a root is made, and each root holds."""
    desk, days = Desk(database), itertools.count(1)
    await desk.write_all(at_the_office())
    lost, made, before, told = told_too_early()

    async def sealed() -> None:
        assert (await seal(database, PLAN, datetime(2023, 12, next(days), 1, tzinfo=UTC))) is not None

    async def tell(*batches: HopBatch, proven: bool) -> None:
        for batch in batches:
            await desk.write(batch.model_copy(update={"proven": proven}))
        await sealed()

    await tell(*lost.batches[before:], proven=False)
    await tell(*made.batches[before:told], proven=False)
    await tell(*made.batches[before:told], proven=True)
    later = leaving(lost, before, turn("04:30", length=99)).batches[before:]
    await tell(*later, proven=False)
    assert await chain(database) == lost.state.history
    await tell(*made.batches[told:], proven=True)
    assert await chain(database) == made.state.history
    found = (await verify_roots(database, PLAN, await roots(database))).findings
    assert {(one.tampering, one.severity) for one in found} <= {(Tampering.SET_ASIDE, "warning")}
    assert not (await verify_chains(database, PLAN)).findings


async def roots(database: Database) -> list[Root]:
    async with database.reading() as session:
        return await roots_of(session, PLAN)


async def test_what_a_lost_worker_displaced_comes_back_with_what_follows_it(database: Database) -> None:
    """The true task told too early a turn, so that the lost one displaced it; the next decision is proven."""
    desk = Desk(database)
    lost, made, before, told = told_too_early()
    after, made.batches = made.batches[told:], made.batches[:told]
    await desk.write_all(made)
    for batch in lost.batches[before:]:
        await desk.write(batch)
    assert await chain(database) == lost.state.history
    for batch in after:
        assert (await desk.write(batch)).late, "it does not follow what is there"
        await desk.write(batch.model_copy(update={"proven": True}))
    await stands(database, made)
    assert only_in(lost, made) <= {o.hash for o in await every(database, AuditOrphan)}
    assert await every(database, ReturnItem) == []
    assert {f.occasion for f in await every(database, Finding)} == {"submit", "office_accept"}


async def test_the_dossier_of_a_decision_that_was_displaced_comes_back_with_it(database: Database) -> None:
    desk = Desk(database)
    lost, made = RecordedLife(), RecordedLife()
    for life in (lost, made):
        submitted(life)
        life.do(life.cast.employer_return(), "2023-09-21 09:00")
    facts = made.cast.dossier()["facts"] | {"education": "master"}
    before = len(made.batches)
    made.do(made.cast.resubmit("e1", dossier=made.cast.dossier(facts=facts)), "2023-09-22 10:00")
    told = len(made.batches)
    made.do(made.cast.withdraw(), "2023-09-23 10:00")
    lost.do(lost.cast.resubmit("e1"), "2023-09-22 09:00")
    leaving(made, before, turn("02:00", length=60))
    leaving(made, told, turn("03:00", length=75))
    leaving(lost, before, turn("02:30", length=66))
    await desk.open(made)
    for batch in made.batches[:told]:
        await desk.write(batch)
    wanted = [(v.seq, v.sha256, v.content) for v in await every(database, DossierVersion, DossierVersion.seq)]
    for batch in lost.batches[before:]:
        await desk.write(batch)
    assert await chain(database) == lost.state.history
    for batch in made.batches[told:]:
        assert (await desk.write(batch)).late
        await desk.write(batch.model_copy(update={"proven": True, "dossier": made.state.dossier}))
    assert await chain(database) == made.state.history
    found = await every(database, DossierVersion, DossierVersion.seq)
    assert [(v.seq, v.sha256, v.content) for v in found] == wanted


async def test_a_lost_worker_that_wakes_late_displaces_nothing_that_was_decided_from_since(
    database: Database,
) -> None:
    """The true task told too early a turn; the one after it, which decided from there, told its own."""
    desk = Desk(database)
    lost, made, before, _ = told_too_early()
    await desk.write_all(made)
    for batch in lost.batches[before:]:
        assert (await desk.write(batch)).late
    await stands(database, made)
