"""The workflow is the truth: what was written for a decision that was never acknowledged is set aside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from activities.database import Database
from activities.letters import Letters
from models.audit import Fact, verify
from models.outbox import HopBatch, Left, Snapshot
from models.standing import standing_of
from models.tables import (
    Application,
    AuditEntry,
    AuditOrphan,
    Base,
    Certificate,
    CurrentDeadline,
    Finding,
    InboxItem,
    Notice,
    ReturnItem,
)
from models.turn import Turn
from tests.activities.lost_worker import at_the_office, chain, leaving, only_in, stands, turn
from tests.activities.recorded import Desk, RecordedLife
from tests.activities.test_hops import contents, every, one
from tests.models.life import submitted, to_confirm


async def test_a_lost_decision_gives_way_to_the_one_that_was_made(database: Database) -> None:
    desk = Desk(database)
    lost, made = at_the_office(), at_the_office()
    lost.do(lost.cast.office_return(), "2023-10-16 09:00")
    made.do(made.cast.accept(), "2023-10-16 10:00")

    await desk.write_all(lost)
    assert await every(database, ReturnItem)
    await desk.write_all(made)

    row = await one(database, Application)
    assert (row.stage, row.seq, row.chain) == ("review_ready", made.state.seq, made.state.chain)
    facts = [entry.to_fact() for entry in await every(database, AuditEntry, AuditEntry.seq)]
    assert facts == made.state.history
    orphans = await every(database, AuditOrphan, AuditOrphan.seq)
    assert [(o.event, o.hash) for o in orphans] == [
        ("office_return", lost.state.history[-1].hash),
    ]
    assert orphans[0].reason
    assert await every(database, ReturnItem) == []
    assert {f.occasion for f in await every(database, Finding)} == {"submit", "office_accept"}


def overtaken_by_an_alarm() -> tuple[RecordedLife, RecordedLife, int]:
    """A decision that was lost, taken after a deadline that nobody had computed yet; and what was made.

    The office's deadline ends on 2023-11-20; its year was answered late. The workflow that went on knows it
    and begins with the reminder that was due then, which lies before the lost decision in time. The number
    is that of the batches that both have.
    """
    lost, made = at_the_office(), at_the_office()
    before = len(made.batches)
    lost.state.deadlines.clear()
    lost.do(lost.cast.accept(), "2023-11-22 10:00")
    made.at("2023-11-22 10:05")
    leaving(lost, before, turn("02:00", length=60))
    leaving(made, before, turn("02:05", length=63))
    assert made.state.history[lost.state.seq - 1].at < lost.state.history[-1].at
    return lost, made, before


def decided(history: list[Fact], ahead: int) -> Fact:
    """A fact of a number that is so far ahead of that history."""
    last = history[-1]
    changes = {"seq": last.seq + ahead, "event": "reminded", "prev_hash": last.hash, "command_id": None}
    return last.model_copy(update=changes).sealed()


async def test_what_was_due_before_a_lost_decision_does_not_come_late(database: Database) -> None:
    """The order in which entries left the workflow decides, not the moment that they carry."""
    desk = Desk(database)
    lost, made, _ = overtaken_by_an_alarm()
    await desk.write_all(lost)
    await desk.write_all(made)
    assert await chain(database) == made.state.history
    assert verify(await chain(database)) == []
    row = await one(database, Application)
    assert (row.seq, row.chain) == (made.state.seq, made.state.chain)
    assert {o.hash for o in await every(database, AuditOrphan)} == only_in(lost, made)


async def test_a_lost_decision_that_comes_late_does_not_displace_what_was_due_before_it(
    database: Database,
) -> None:
    """What was due is the same to the letter in each turn: it counts from the last turn that it left."""
    desk = Desk(database)
    lost, made, before = overtaken_by_an_alarm()
    true = list(made.batches)
    tried = leaving(made, before, turn("01:00", length=57)).batches[before]
    await desk.open(made)
    for batch in [*true[:before], tried, *true[before:], *lost.batches[before:]]:
        await desk.write(batch)
    assert await chain(database) == made.state.history
    assert {o.hash for o in await every(database, AuditOrphan)} == only_in(lost, made)


@pytest.mark.parametrize("late", [False, True], ids=["comes first", "comes last"])
@pytest.mark.parametrize(
    "when",
    [turn("03:00", length=57), turn("02:00", length=60), turn("02:00", length=900, run_id="before")],
    ids=["a shorter history", "the same task given out again", "a run that was continued"],
)
async def test_the_clock_of_a_worker_that_lost_the_workflow_goes_on(
    database: Database, when: Turn, late: bool
) -> None:
    """It decides at a later moment than the one who took over, in a turn that was given out before."""
    desk = Desk(database)
    lost, made = at_the_office(), at_the_office()
    before = len(made.batches)
    made.do(made.cast.accept(), "2023-10-16 09:00")
    lost.do(lost.cast.office_return(), "2023-10-16 10:00")
    leaving(lost, before, when)
    leaving(made, before, turn("02:30", length=60))
    await desk.open(made)
    for batch in made.batches[:before]:
        await desk.write(batch)
    both = [made, lost] if late else [lost, made]
    for batch in [batch for life in both for batch in life.batches[before:]]:
        await desk.write(batch)
    await stands(database, made)
    assert {o.hash for o in await every(database, AuditOrphan)} == only_in(lost, made)


@pytest.mark.parametrize("gap", [0, 1], ids=["the next number", "beyond the next number"])
async def test_what_follows_a_lost_decision_is_not_put_behind_the_true_one(
    database: Database, gap: int
) -> None:
    """Only the later writes of the lost worker come through, under numbers that nobody has used yet."""
    desk = Desk(database)
    lost, made = at_the_office(), at_the_office()
    before = len(made.batches)
    made.do(made.cast.office_refuse(), "2023-10-16 09:00")
    lost.do(lost.cast.office_refuse(), "2023-10-16 08:00")
    following = [decided(lost.state.history, seq) for seq in (1, 2)]
    leaving(made, before, turn("02:30", length=63))
    leaving(lost, before, turn("02:00", length=60))
    await desk.write_all(made)
    await desk.write(lost.batches[-1].model_copy(update={"facts": (following[gap],)}))
    assert await chain(database) == made.state.history
    assert {o.hash for o in await every(database, AuditOrphan)} == {following[gap].hash}


async def test_what_a_lost_turn_decided_after_what_was_due_is_set_aside(database: Database) -> None:
    """The turn told again leaves the same alarm and no decision: the lost one must not stay in the row."""
    desk = Desk(database)
    _, made, before = overtaken_by_an_alarm()
    lost = at_the_office()
    lost.at("2023-11-22 10:00")
    alarms = len(lost.batches)
    lost.do(lost.cast.accept(), "2023-11-22 10:00")
    leaving(lost, before, turn("02:00", length=57))
    assert before < alarms < len(lost.batches)
    await desk.write_all(lost)
    assert (await one(database, Application)).seq == lost.state.seq
    await desk.write_all(made)
    await stands(database, made)


async def test_what_remains_is_what_would_have_been_there(database: Database) -> None:
    """After the lost decision is set aside, only its orphan and its void notices tell of it."""
    desk = Desk(database)
    lost = at_the_office()
    lost.do(lost.cast.office_return(), "2023-10-16 09:00")
    made = at_the_office()
    made.do(made.cast.office_refuse(), "2023-10-16 10:00")
    await desk.write_all(made)
    wanted = await contents(database)

    async with database.transaction() as session:
        for table in reversed(Base.metadata.sorted_tables):
            await session.execute(table.delete())
    await desk.write_all(lost)
    await desk.write_all(made)

    found = await contents(database)
    assert [row["event"] for row in found.pop("audit_orphans")] == ["office_return"]
    wanted.pop("audit_orphans")
    void = [row for row in found["notices"] if row["status"] == "void"]
    assert {row["template"] for row in void} == {"office_return", "deadline_set"}
    found["notices"] = [row for row in found["notices"] if row["status"] != "void"]
    assert found == wanted


async def test_the_inbox_goes_back_to_the_item_that_was_open(database: Database) -> None:
    desk = Desk(database)
    lost = at_the_office()
    lost.do(lost.cast.accept(), "2023-10-16 09:00")
    made = at_the_office()
    made.at("2023-11-16 09:00")
    await desk.write_all(lost)
    await desk.write_all(made)
    items = await every(database, InboxItem, InboxItem.seq)
    assert [(i.stage, i.closed_at is None) for i in items][-1] == ("office_review", True)
    assert {d.name for d in await every(database, CurrentDeadline)} == {
        "department_submission",
        "employer_publicity",
        "office_review",
    }


async def test_notices_already_sent_stay_and_are_not_sent_twice(database: Database) -> None:
    """The same decision, taken again a moment later: the same words are not sent a second time."""
    desk = Desk(database)
    lost, made = at_the_office(), at_the_office()
    lost.do(lost.cast.accept(), "2023-10-16 09:00")
    made.do(made.cast.accept(), "2023-10-16 09:01")
    await desk.write_all(lost)
    async with database.transaction() as session:
        await session.execute(update(Notice).where(Notice.template == "office_accept").values(status="sent"))
    await desk.write_all(made)
    assert [n.status for n in await every(database, Notice, template="office_accept")] == ["sent"]
    assert {n.status for n in await every(database, Notice)} == {"sent", "pending"}


async def test_a_notice_that_was_on_its_way_when_it_became_void_is_not_waited_for(database: Database) -> None:
    """The courier had it in its hand: the decision was never made, and is made again in the same words."""
    desk, letters = Desk(database), Letters(database, everybody=True)
    lost, other, made = at_the_office(), at_the_office(), at_the_office()
    lost.do(lost.cast.accept(), "2023-10-16 09:00")
    other.do(other.cast.office_return(), "2023-10-16 09:01")
    made.do(made.cast.accept(), "2023-10-16 09:02")
    await desk.write_all(lost)
    now = datetime(2026, 11, 29, tzinfo=UTC)
    (parcel,) = [one for one in await letters.due(now) if one.template == "office_accept"]
    await desk.write_all(other)
    await letters.sent(parcel, now)
    assert (await one(database, Notice, template="office_accept")).status == "void"
    await desk.write_all(made)
    notice = await one(database, Notice, template="office_accept")
    assert (notice.status, notice.sent_at) == ("sent", now)
    assert "office_accept" not in {waiting.template for waiting in await letters.due(now)}


async def test_a_worker_that_lost_the_workflow_cannot_displace_the_chain(database: Database) -> None:
    """It was paused in the middle of a write, and wakes when another one has long gone on."""
    desk = Desk(database)
    lost, made = at_the_office(), at_the_office()
    lost.do(lost.cast.office_refuse(), "2023-10-16 09:00")
    made.do(made.cast.accept(), "2023-10-16 10:00")
    await desk.write_all(made)
    before = await contents(database)
    for _ in range(2):
        await desk.write(lost.batches[-1])
    after = await contents(database)
    assert [row["event"] for row in after.pop("audit_orphans")] == ["office_refuse"]
    before.pop("audit_orphans")
    assert after == before


async def test_a_certificate_number_stays_with_its_application(database: Database) -> None:
    desk = Desk(database)
    lost, made = RecordedLife(), RecordedLife()
    to_confirm(lost).do(lost.cast.confirm(), "2023-12-27 09:00")
    question = made.cast.confirm() | {"outcome": "question", "text": "再核"}
    to_confirm(made).do(question, "2023-12-27 10:00")
    await desk.write_all(lost)
    first = await one(database, Certificate)
    await desk.write_all(made)
    assert (await one(database, Certificate)).status == "void"
    made.do(made.cast.rule("question-1", "unfounded", role="convening_unit"), "2023-12-28 09:00")
    made.do(made.cast.confirm(person="city-2"), "2023-12-29 09:00")
    results = await desk.write_all(made)
    valid = await one(database, Certificate)
    assert (valid.status, valid.number) == ("valid", first.number)
    assert valid.sha256 != first.sha256
    assert [r.certificate_no for r in results if r.certificate_no] == [valid.number]


async def test_a_revocation_that_was_never_made_leaves_the_certificate_valid(database: Database) -> None:
    desk = Desk(database)
    lost, made = RecordedLife(), RecordedLife()
    for life in (lost, made):
        to_confirm(life).do(life.cast.confirm(), "2023-12-27 09:00")
    lost.do(lost.cast.revoke(), "2024-01-03 09:00")
    made.do(made.cast.archive(), "2024-01-03 10:00")
    await desk.write_all(lost)
    assert (await one(database, Certificate)).status == "revoked"
    await desk.write_all(made)
    certificate = await one(database, Certificate)
    assert (certificate.status, certificate.revoked_seq) == ("valid", None)


async def test_a_title_that_is_confirmed_anew_is_not_revoked_since_before(database: Database) -> None:
    """Its confirmation and its revocation gave way together, as where a workflow is reset to before both."""
    desk = Desk(database)
    lost, made = RecordedLife(), RecordedLife()
    for life in (lost, made):
        to_confirm(life)
    lost.do(lost.cast.confirm(), "2023-12-27 09:00")
    lost.do(lost.cast.revoke(), "2024-01-03 09:00")
    made.do(made.cast.confirm(), "2024-01-04 09:00")
    await desk.write_all(lost)
    await desk.write_all(made)
    certificate = await one(database, Certificate)
    told = (certificate.revoked_seq, certificate.revoked_at, certificate.revoked_ground)
    assert (certificate.status, told) == ("valid", (None, None, None))


async def test_a_batch_without_facts_writes_no_entry(database: Database) -> None:
    """A deadline whose year was missing is asked for again; nothing happened meanwhile."""
    desk, life = Desk(database), RecordedLife()
    submitted(life)
    await desk.write_all(life)
    state = life.state
    later = life.now + timedelta(days=1)
    batch = HopBatch(
        hop="records",
        snapshot=Snapshot.of(
            state.input, standing_of(state), Left(state.input.workflow_id, life.run_id, later)
        ),
        facts=(),
        requests=(next(iter(state.deadlines.values())).request,),
    )
    assert (await desk.write(batch)).answers[0].due_at is not None
    facts = [entry.to_fact() for entry in await every(database, AuditEntry, AuditEntry.seq)]
    assert verify(facts) == []
    assert len(facts) == state.seq
