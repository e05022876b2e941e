"""Workflow tasks that were lost after some of their batches were written, or that go on writing late.

In one task an alarm may ring and commands may come; which of them a task holds differs from one that is given
out again. Whatever a lost one wrote, the record, the read model and the notices are those of the true one.
"""

from __future__ import annotations

import copy
import random
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from activities.database import Database
from activities.letters import Letters, set_contact
from models.audit import verify
from models.commands import parse
from models.decide import apply, expire
from models.outbox import HopBatch
from models.refusal import Refused
from models.schedule import next_wake
from models.signals import receive, retry_early
from models.tables import (
    Application,
    AuditEntry,
    AuditOrphan,
    CurrentDeadline,
    DossierVersion,
    InboxItem,
    LiveApplication,
    Notice,
)
from models.turn import Turn
from tests.activities.lost_worker import at_the_office, chain
from tests.activities.recorded import Desk, RecordedLife
from tests.activities.test_hops import every, one
from tests.models.life import Json, submitted
from workers.database import upgrade

BEGUN = datetime(2023, 11, 22, tzinfo=UTC)


def turn(n: int) -> Turn:
    """The task that was given out as number `n`."""
    return Turn(run_id="run", length=60 + 3 * n, began=BEGUN + timedelta(minutes=n))


def leaving(batches: Sequence[HopBatch], n: int) -> list[HopBatch]:
    """These batches as they leave the task number `n`."""
    return [
        batch.model_copy(
            update={
                "snapshot": batch.snapshot.model_copy(update={"turn": turn(n)}),
                "more": any(later.facts for later in batches[place + 1 :]),
            }
        )
        for place, batch in enumerate(batches)
    ]


def one_task(life: RecordedLife, *bodies: Json, n: int, alarm: bool = True) -> list[HopBatch]:
    """The next alarm rings and these commands came in one task: all handlers run before anything leaves."""
    start, state = len(life.batches), life.state
    if alarm:
        wake = next_wake(state, life.now)
        assert wake is not None
        life.now = wake
    for body in bodies:
        _let_pass(life)
        apply(state, parse(body["kind"], body), life.now)
        retry_early(state, life.now)
        state.close_cause()
    _let_pass(life)
    life.drain()
    life.batches[start:] = leaving(life.batches[start:], n)
    return life.batches[start:]


def _let_pass(life: RecordedLife) -> None:
    if expire(life.state, life.now):
        retry_early(life.state, life.now)
    life.state.close_cause()


@pytest.fixture
async def desk(database: Database) -> Desk:
    """A database that knows the application until it came to the office."""
    desk = Desk(database)
    await desk.write_all(at_the_office())
    return desk


async def write(desk: Desk, batches: Sequence[HopBatch]) -> None:
    for batch in batches:
        await desk.write(batch)


async def test_the_worker_dies_between_the_two_writes_of_a_lost_task(desk: Desk, database: Database) -> None:
    lost, true = at_the_office(), at_the_office()
    first = one_task(lost, lost.cast.accept(), n=0)
    assert [fact.event for batch in first for fact in batch.facts][:2] == ["reminded", "office_accept"]
    await desk.write(first[0])
    again = one_task(true, n=1)  # the server and the sender have forgotten the command
    assert [fact.hash for batch in again for fact in batch.facts] == [f.hash for f in first[0].facts]
    await write(desk, again)
    row = await one(database, Application)
    assert await chain(database) == true.state.history
    open_items = [item.stage for item in await every(database, InboxItem) if item.closed_at is None]
    assert (row.stage, row.seq, row.chain, open_items) == (
        true.state.stage.value,
        true.state.seq,
        true.state.chain,
        ["office_review"],
    )


async def test_the_next_decision_after_a_lost_task_is_in_the_read_model(
    desk: Desk, database: Database
) -> None:
    lost, true = at_the_office(), at_the_office()
    await desk.write(one_task(lost, lost.cast.hold(), lost.cast.release(), n=0)[0])
    await write(desk, one_task(true, n=1))
    await write(desk, one_task(true, true.cast.office_return(), n=2, alarm=False))
    row = await one(database, Application)
    assert await chain(database) == true.state.history
    assert (row.stage, row.seq) == (true.state.stage.value, true.state.seq)
    deadlines = {deadline.name for deadline in await every(database, CurrentDeadline)}
    assert deadlines >= {name.value for name in true.state.deadlines}


async def test_a_late_write_that_says_the_same_brings_nothing_else(desk: Desk, database: Database) -> None:
    lost, true = at_the_office(), at_the_office()
    first = one_task(lost, lost.cast.office_refuse(), n=0)
    await write(desk, one_task(true, n=1))
    await write(desk, first)
    assert await chain(database) == true.state.history
    row = await one(database, Application)
    live = await every(database, LiveApplication)
    assert (row.stage, row.seq, row.chain, row.status, len(live)) == (
        true.state.stage.value,
        true.state.seq,
        true.state.chain,
        "open",
        1,
    )


async def test_a_reminder_is_sent_once_whatever_came_beside_it(desk: Desk, database: Database) -> None:
    lost, true = at_the_office(), at_the_office()
    await write(desk, one_task(lost, n=0))
    letters, now = Letters(database, everybody=True), datetime.now(UTC)
    for parcel in await letters.due(now, 500):
        await letters.sent(parcel, now)
    await write(desk, one_task(true, true.cast.accept(), n=1))
    facts = await chain(database)
    assert facts == true.state.history
    assert verify(facts) == []
    seq = max(fact.seq for fact in facts if fact.event == "reminded")
    told = await every(database, Notice, Notice.id, seq=seq, template="reminded")
    assert len({notice.recipient for notice in told}) == len(told), [(n.status, n.text_zh) for n in told]


async def test_a_true_fact_is_never_among_the_orphans(desk: Desk, database: Database) -> None:
    life = at_the_office()
    two = [one_task(life, n=1), one_task(life, n=1)]  # two reminders fell due while no worker was there
    batches = leaving([*two[0], *two[1]], 1)
    await write(desk, batches)
    await desk.write(leaving(batches, 0)[-1])
    chain = {entry.hash for entry in await every(database, AuditEntry)}
    assert {fact.hash for fact in life.state.history} == chain
    assert not {orphan.hash for orphan in await every(database, AuditOrphan)} & chain


async def test_an_attempt_that_was_given_up_commits_after_the_next_hop(
    desk: Desk, database: Database
) -> None:
    life = at_the_office()
    batches = one_task(life, life.cast.office_return(), n=0)
    assert len(batches) == 2
    assert batches[1].requests
    await write(desk, batches)
    before = await one(database, Application)
    await desk.write(batches[0])
    after = await one(database, Application)
    (item,) = [item for item in await every(database, InboxItem) if item.closed_at is None]
    assert before.due_at is not None
    assert (after.due_at, item.due_at) == (before.due_at, before.due_at)


async def test_what_was_refused_beside_a_return_shows_the_date_of_the_return(
    desk: Desk, database: Database
) -> None:
    """The signal was refused before the date of the return was computed; its batch leaves after that."""
    life = at_the_office()
    start, cast = len(life.batches), life.cast
    returned, confirmed = cast.office_return(), cast.confirm()
    apply(life.state, parse(returned["kind"], returned), life.now)
    life.state.close_cause()
    receive(life.state, confirmed["kind"], confirmed, life.now)
    life.state.close_cause()
    life.drain()
    batches = life.batches[start:]
    assert [[fact.event for fact in batch.facts] for batch in batches][-1] == ["refused"]
    due_at = life.state.due_at()
    assert due_at is not None
    assert batches[-1].snapshot.due_at == due_at
    await write(desk, leaving(batches, 1))
    (item,) = [item for item in await every(database, InboxItem) if item.closed_at is None]
    assert ((await one(database, Application)).due_at, item.due_at) == (due_at, due_at)


async def test_what_a_lost_task_decided_gives_way_though_a_batch_without_facts_follows(
    desk: Desk, database: Database
) -> None:
    lost, true = at_the_office(), at_the_office()
    await write(desk, one_task(lost, lost.cast.accept(), n=0))
    (reminded,) = one_task(true, n=1)
    request = next(iter(true.state.deadlines.values())).request
    asking = reminded.model_copy(update={"facts": (), "requests": (request,), "hop": "records"})
    await write(desk, leaving([reminded, asking], 1))
    assert await chain(database) == true.state.history


async def test_a_batch_without_facts_of_a_lost_task_brings_back_nothing_of_it(
    desk: Desk, database: Database
) -> None:
    """It asks for a deadline again whose year was missing, after a decision that has given way since."""
    lost, true = at_the_office(), at_the_office()
    first = one_task(lost, lost.cast.office_refuse(), n=0, alarm=False)
    request = next(iter(lost.state.deadlines.values())).request
    asking = first[-1].model_copy(update={"facts": (), "requests": (request,), "hop": "records"})
    await write(desk, first)
    await write(desk, one_task(true, true.cast.accept(), n=1, alarm=False)[:1])
    before = await shown(database)
    assert (await desk.write(asking)).late
    assert await shown(database) == before


async def test_a_dossier_that_was_never_handed_in_is_gone(database: Database) -> None:
    desk = Desk(database)
    lost, true = RecordedLife(), RecordedLife()
    for life in (lost, true):
        submitted(life)
        life.do(life.cast.employer_return(), "2023-09-21 09:00")
    facts = lost.cast.dossier()["facts"] | {"education": "master"}
    lost.do(lost.cast.resubmit("e1", dossier=lost.cast.dossier(facts=facts)), "2023-09-22 09:00")
    true.do(true.cast.resubmit("e1"), "2023-09-22 10:00")  # the list answered, the dossier left as it was
    await desk.write_all(lost)
    await desk.write_all(true)
    assert await chain(database) == true.state.history
    versions = await every(database, DossierVersion, DossierVersion.seq)
    assert true.state.dossier is not None
    assert [version.sha256 for version in versions] == [true.state.dossier.digest]


async def test_an_earlier_dossier_that_a_lost_task_handed_in_again_counts_from_then(
    database: Database,
) -> None:
    desk = Desk(database)
    lost, true = RecordedLife(), RecordedLife()
    facts = lost.cast.dossier()["facts"] | {"education": "master"}
    for life in (lost, true):
        submitted(life)
        life.do(life.cast.employer_return(), "2023-09-21 09:00")
        life.do(life.cast.resubmit("e1", dossier=life.cast.dossier(facts=facts)), "2023-09-22 09:00")
        life.do(life.cast.employer_return(), "2023-09-23 09:00")
    lost.do(lost.cast.resubmit("e1", dossier=lost.cast.dossier()), "2023-09-24 09:00")
    true.do(true.cast.resubmit("e1"), "2023-09-24 10:00")
    await desk.write_all(lost)
    await desk.write_all(true)
    assert await chain(database) == true.state.history
    versions = await every(database, DossierVersion, DossierVersion.seq)
    handed_in = [fact for fact in true.state.history if "dossier_sha256" in fact.details]
    assert [(v.seq, v.sha256) for v in versions] == [
        (fact.seq, fact.details["dossier_sha256"]) for fact in handed_in
    ]


async def test_letters_of_void_notices_count_no_more(database: Database) -> None:
    desk, letters = Desk(database), Letters(database)
    lost, true = at_the_office(), at_the_office()
    lost.do(lost.cast.office_refuse(), "2023-10-16 09:00")
    true.do(true.cast.accept(), "2023-10-16 10:00")
    await desk.write_all(lost)
    now = datetime.now(UTC)
    for parcel in await letters.due(now, 500):  # nobody has said where they are
        await letters.held(parcel, now)
    await desk.write_all(true)
    notices = await every(database, Notice)
    void = {notice.id for notice in notices if notice.status == "void"}
    assert void
    waiting = {letter.notice_id for letter in await letters.unsent()}
    assert waiting
    assert not waiting & void
    assert (await letters.figures())["notices_without_contact"] == len(waiting)
    for who in {notice.recipient for notice in notices} - {None}:
        await set_contact(database, str(who), "mail", "a@b.example", now)
    for parcel in await letters.due(now, 500):
        await letters.sent(parcel, now)
    assert await letters.unsent() == []


COMMANDS = ("accept", "hold", "release", "office_return", "office_refuse", "withdraw")


def a_task(life: RecordedLife, luck: random.Random, n: int) -> list[HopBatch]:
    """What a task holds is chance: whether an alarm rings, and which commands came."""
    alarm = luck.random() < 0.7 and next_wake(life.state, life.now) is not None
    before = copy.deepcopy(life)
    bodies = [
        getattr(life.cast, name)() for name in luck.sample(COMMANDS, luck.randint(0 if alarm else 1, 2))
    ]
    while True:
        try:
            return one_task(life, *bodies, n=n, alarm=alarm)
        except Refused:
            life.__dict__.update(copy.deepcopy(before).__dict__)
            bodies.pop()
            if not bodies and not alarm:
                return []


async def shown(database: Database) -> dict[str, Any]:
    """What is on record and what people see: chain, row, open item, deadlines, dossiers, notices not void."""
    (row,) = await every(database, Application)
    deadlines = await every(database, CurrentDeadline)
    notices = await every(database, Notice)
    return {
        "chain": [entry.hash for entry in await every(database, AuditEntry, AuditEntry.seq)],
        "row": (row.stage, row.status, row.action_by, row.due_at, row.seq, row.chain, row.returns),
        "live": len(await every(database, LiveApplication)),
        "inbox": [(i.role, i.stage, i.due_at) for i in await every(database, InboxItem) if not i.closed_at],
        "deadlines": sorted((d.name, d.due_at, d.seq) for d in deadlines),
        "dossiers": sorted((d.sha256, d.seq) for d in await every(database, DossierVersion)),
        "notices": sorted((n.seq, n.dedupe_key) for n in notices if n.status != "void"),
    }


def told_too_early(batches: Sequence[HopBatch], luck: random.Random) -> list[HopBatch]:
    """A worker that is asked beside its task may tell the length and the time of the task before."""
    back = luck.randint(0, 3)
    turns = [batch.snapshot.turn for batch in batches]
    earlier = [
        one.model_copy(update={"length": one.length - 3 * back, "began": one.began - timedelta(minutes=back)})
        for one in turns
        if one is not None
    ]
    return [
        batch.model_copy(update={"snapshot": batch.snapshot.model_copy(update={"turn": one})})
        for batch, one in zip(batches, earlier, strict=True)
    ]


async def tell(desk: Desk, batches: Sequence[HopBatch]) -> None:
    """As a workflow whose task counts: what is called late is told again, proven."""
    for batch in batches:
        if (await desk.write(batch)).late:
            again = await desk.write(batch.model_copy(update={"proven": True}))
            assert not again.late


async def amid_lost_tasks(
    luck: random.Random, troubled: Desk, calm: Desk, *, honest: bool
) -> tuple[RecordedLife, list[HopBatch]]:
    """A life of eight tasks, half of which are lost and told again: what they leave is written at once, late
    or never. `calm` hears the true ones alone. `honest`: the true ones tell their turn as it is. The life,
    and what a lost task has yet to write."""
    true, late = at_the_office(), list[tuple[int, HopBatch]]()
    for desk in (troubled, calm):
        await desk.write_all(at_the_office())
    for n in range(8):
        if true.state.ended:
            break
        lost = luck.random() < 0.5 and n < 7
        life = copy.deepcopy(true) if lost else true
        batches = a_task(life, luck, n)
        if lost:  # some are written at once, the rest late or never
            written = luck.randint(0, len(batches))
            await write(troubled, batches[:written])
            late += [(n + luck.randint(1, 4), batch) for batch in batches[written:] if luck.random() < 0.7]
        else:
            await tell(troubled, batches if honest else told_too_early(batches, luck))
            await write(calm, batches)
        await write(troubled, [batch for due, batch in late if due <= n])
        late = [(due, batch) for due, batch in late if due > n]
    return true, [batch for _, batch in late]


@pytest.fixture
async def two_databases(tmp_path: Path) -> AsyncIterator[tuple[Database, Database]]:
    """One that hears lost tasks as well, and one that hears the true ones alone."""
    urls = [f"sqlite:///{tmp_path / name}.db" for name in ("troubled", "calm")]
    for url in urls:
        upgrade(url)
    troubled, calm = Database(urls[0]), Database(urls[1])
    yield troubled, calm
    await troubled.close()
    await calm.close()


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_lost_tasks_write_and_whenever(
    seed: int, two_databases: tuple[Database, Database]
) -> None:
    troubled, calm = (Desk(database) for database in two_databases)
    true, late = await amid_lost_tasks(random.Random(seed), troubled, calm, honest=True)
    # what a lost task told last is known to be lost when the next true one speaks
    if not true.state.ended:
        final = one_task(true, true.cast.withdraw(), n=99, alarm=False)
        await write(troubled, final)
        await write(calm, final)
    await write(troubled, late)
    heard, wanted = [await shown(database) for database in two_databases]
    assert heard == wanted


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_lost_tasks_write_while_the_true_ones_tell_too_early_a_turn(
    seed: int, two_databases: tuple[Database, Database]
) -> None:
    """Chain, row and what people see are true. Of a decision that came back two things are not: its words
    about dates are told as they are now, or not again, and a deadline of it that is over stays away."""
    troubled, calm = (Desk(database) for database in two_databases)
    true, late = await amid_lost_tasks(random.Random(seed), troubled, calm, honest=False)
    await write(troubled, late)
    if not true.state.ended:
        final = one_task(true, true.cast.withdraw(), n=99, alarm=False)
        await tell(troubled, final)
        await write(calm, final)
        heard, wanted = [await shown(database) for database in two_databases]
        for seen in (heard, wanted):
            seen.pop("notices")
            seen["deadlines"] = {(name, due_at) for name, due_at, _ in seen["deadlines"]}
        assert heard.pop("deadlines") <= wanted.pop("deadlines")
        assert heard == wanted
