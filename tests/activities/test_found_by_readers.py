"""What readers of the code found, each with the request or the interleaving that had gone wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, true

from activities.batch_items import freeze
from activities.batch_reading import items_of
from activities.batches import Batches
from activities.database import Database
from activities.evidence.store import key_of
from activities.feed import Feed
from activities.feed_sources import TELLINGS
from activities.letters import MAIL, Letters, set_contact
from activities.retention.outside import Outside
from activities.retention.removing import EVIDENCE
from activities.selecting import conditions
from activities.webhooks import Webhooks
from models import cycle_life as life
from models.batch_messages import BatchStatus, LegKind, LegOver
from models.batch_rows import GivenItem, read_rows
from models.batch_state import KEPT_OPEN, BatchState, begin_leg, leg_over, record_of
from models.cycle_state import CycleState
from models.evidence import EvidenceRefused
from models.refusal import Refused
from models.roles import SYSTEM
from models.selection import Selection
from models.tables import CycleFact, EvidenceLink, EvidenceObject, ToRemove
from models.turn import Turn
from models.webhooks import MOST_TRIES
from tests.activities import test_cycle
from tests.activities.recorded import Desk, told
from tests.activities.test_batches import AT, PLAN, batch, leg, stands
from tests.activities.test_evidence import FILE, SHA, Hall, opened
from tests.activities.test_listening import NO, NOW, TAKEN, next_of, subscription
from tests.models.life import Cast, moment, submitted
from tests.models.plan_changes import REAL
from tests.models.test_cycle import begun
from workers.courier.notices import MailServer, NoticeSender
from workers.courier.post import Post
from workers.gateway.cursor import Cursor
from workers.gateway.problems import ProblemError
from workers.settings import Settings

ENDS_OF_TIME = [
    {"due_before": "9999-12-31"},
    {"due_before": "0001-01-01"},
    {"changed_since": "0001-01-01T00:00:00+08:00"},
    {"changed_since": "9999-12-31T23:59:59-08:00"},
]


@pytest.mark.parametrize("given", ENDS_OF_TIME, ids=str)
async def test_the_ends_of_time_select_and_hang_nothing(given: dict[str, str], database: Database) -> None:
    """A batch stayed in preparation, and a cycle answered nobody any more."""
    assert conditions(Selection.model_validate(given))
    wanted = batch(selection=given)
    await stands(database, BatchStatus.PREPARING, 1, wanted)
    assert await freeze(database, leg(LegKind.PREPARE, given=wanted), 50)


async def look_again_and_again(database: Database, times: int) -> None:
    """The daily look succeeds, fails, succeeds ..., each time in a task that is lost but the last."""
    desk, feed = Desk(database), Feed(database)

    async def leaves(state: CycleState, n: int) -> None:
        made, began = test_cycle.batch(state), moment("2023-09-16 08:30") + timedelta(minutes=n)
        turn = Turn(run_id="run-1", length=60 + 3 * n, began=began)
        snapshot = made.snapshot.model_copy(update={"turn": turn})
        await desk.activities["cycle_records"](made.model_copy(update={"snapshot": snapshot}))
        await feed.catch_up()

    state, tick = begun(), moment("2023-09-16 08:30")
    life.record(state, "opened", moment("2023-09-01 09:00"), SYSTEM, "process (c)")
    await leaves(state, 0)
    for n in range(1, times + 1):
        made = state.model_copy(deep=True)
        if n % 2:
            life.remind(made, tick)
        else:
            life.record(made, "watch_failed", tick, SYSTEM, life.CLOCK_CITATION)
        await leaves(made, n)


async def test_a_cycles_fact_that_comes_back_is_told_again(database: Database) -> None:
    await look_again_and_again(database, 5)
    rows, _ = await Feed(database).after(0, 1000, REAL, true())
    gone = {row.retracts for row in rows if row.kind == "retracted"}
    told_of = [row.hash for row in rows if row.kind == "fact" and row.sequence not in gone]
    async with database.reading() as session:
        standing = await session.scalars(
            select(CycleFact.hash).where(CycleFact.orphaned_at.is_(None)).order_by(CycleFact.seq)
        )
        assert told_of == list(standing)


async def test_one_that_comes_back_too_often_holds_up_nobody(database: Database) -> None:
    await look_again_and_again(database, 2 * TELLINGS + 2)
    await Desk(database).write_all(told(submitted, Cast("one")))
    assert await Feed(database).catch_up() > 0
    rows, _ = await Feed(database).after(0, 1000, REAL, true())
    assert {row.subject for row in rows} == {"cycle", "application"}


async def test_a_batch_that_is_over_is_told_once(database: Database) -> None:
    desk = Batches(database, rehearsal=False)
    state = BatchState(input=batch(), made_at=AT, status=BatchStatus.APPLYING)
    begin_leg(state, LegKind.SEND)
    leg_over(state, LegOver(leg=1, counts={"accepted": 4}), AT)
    await desk.record_batch(record_of(state, AT))
    await Feed(database).catch_up()
    state.closed = True
    await desk.record_batch(record_of(state, AT + KEPT_OPEN))
    await Feed(database).catch_up()
    rows, _ = await Feed(database).after(0, 100, PLAN, true())
    assert [row.event for row in rows] == ["batch_made", "batch_done"]


async def test_a_delivery_that_dies_again_after_a_replay_is_listed(database: Database) -> None:
    await Desk(database).write_all(told(submitted, Cast("one")))
    await subscription(database)
    webhooks = Webhooks(database)

    async def dies() -> None:
        for _ in range(MOST_TRIES):
            webhook, event = await next_of(database)
            became = await webhooks.failed(webhook, event, NO, NOW, NOW)
        assert (became, event.sequence) == ("dead", 1)

    await dies()
    assert await webhooks.retry("wh-1") == 1
    ((again, _),) = (await webhooks.due_again())["wh-1"]
    await webhooks.tried_again(again, TAKEN, NOW)
    await webhooks.replay("wh-1", 0)
    await dies()
    assert [event.sequence for _, event in await webhooks.dead("wh-1")] == [1]


@pytest.mark.parametrize("cell", ["x" * 140_000, "[" * 100_000], ids=["a long cell", "deep brackets"])
def test_a_table_that_cannot_be_read_is_refused_with_its_line(cell: str) -> None:
    with pytest.raises(Refused) as refused:
        read_rows(batch(items_sha256="0" * 64), f"application,text\na-1,{cell}\n")
    assert str(refused.value).startswith("line 2, column ")


def test_a_revision_is_one_that_a_database_can_keep() -> None:
    with pytest.raises(ValueError, match="revision"):
        GivenItem(application_ref="a-1", revision=10**20, fields={"text": "t"})


async def test_control_characters_find_nothing_and_are_no_fault_of_the_service(database: Database) -> None:
    assert list(await items_of(database, "b-1", code="\0")) == []
    with pytest.raises(ProblemError) as problem:
        Cursor.read(Cursor(after="a\0b").text())
    assert problem.value.problem.status == 422


async def test_one_mistyped_address_holds_nobody_else_up(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(sqlite_url)
    await Desk(database).write_all(told(submitted, Cast("one")))
    parcels = await Letters(database).due(NOW)
    wrong = str(parcels[0].recipient)
    others = {str(parcel.recipient) for parcel in parcels} - {wrong}
    assert others
    await set_contact(database, wrong, MAIL, "hr@unit..example.cn", NOW)
    for other in others:
        await set_contact(database, other, MAIL, "ok@example.cn", NOW)
    taken: list[Any] = []

    class Smtp:
        async def send_message(self, mail: Any) -> None:
            taken.append(mail)

        def close(self) -> None:
            pass

    async def connected(_server: MailServer, _address: str) -> Smtp:
        return Smtp()

    monkeypatch.setattr(MailServer, "_connected", connected)
    settings = Settings.load(smtp_address="127.0.0.1:2525")
    await NoticeSender(Letters(database), Post(()), settings, tmp_path, lambda: True).round()
    assert len(taken) == sum(parcel.recipient != wrong for parcel in parcels)
    (dead,) = await Letters(database).unsent("dead")
    assert (dead.recipient, dead.reason) == (wrong, "wrong_address")
    await database.close()


@pytest.fixture
async def hall(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Hall]:
    """A desk for papers."""
    database = Database(sqlite_url)
    yield await opened(database, tmp_path)
    await database.close()


async def test_a_file_that_is_handed_in_anew_while_the_old_one_is_removed_stays(hall: Hall) -> None:
    """Retention has forgotten it and removes it from the store while the same bytes arrive again."""
    await hall.send(await hall.begin("a-1"), 0, FILE)
    async with hall.database.transaction() as session:
        await session.execute(delete(EvidenceLink))
        await session.execute(delete(EvidenceObject))
        session.add(ToRemove(place=EVIDENCE, key=SHA, since=NOW, tries=0, reason=None))
    outside, row = Outside(hall.database, evidence=hall.store), await hall.begin("a-2")
    store, put, remove = hall.store, hall.store.put_stream, hall.store.delete
    looked, removal = asyncio.Event(), list[asyncio.Task[Any]]()

    async def removing(key: str) -> None:
        if key == key_of(SHA):
            looked.set()
            await asyncio.sleep(0.2)  # a slow store; the row waits for it
        await remove(key)

    async def putting(key: str, content: Any) -> None:
        await put(key, content)
        if not removal:  # the bytes lie there, and the row is not yet written
            removal.append(asyncio.create_task(outside.remove()))
            await looked.wait()

    store.delete, store.put_stream = removing, putting  # type: ignore[method-assign]
    assert (await hall.send(row, 0, FILE)).sha256 == SHA
    await asyncio.gather(*removal)
    assert await store.size(key_of(SHA)) == len(FILE)


async def test_an_upload_that_was_stored_meanwhile_is_not_discarded(hall: Hall) -> None:
    row = await hall.begin("a-1")
    before = await hall.uploads.find(row.upload_ref)
    assert before is not None
    assert (await hall.send(row, 0, FILE)).sha256 == SHA
    with pytest.raises(EvidenceRefused):
        await hall.uploads.discard(before, NOW)
