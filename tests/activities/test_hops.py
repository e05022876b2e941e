"""Every hop, told as lives: what is written, and that writing it again changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select

from activities.database import Database
from models.audit import verify
from models.deadlines import DeadlineName
from models.lifecycle import TRANSITIONS
from models.tables import (
    Application,
    AuditEntry,
    AuditOrphan,
    Base,
    Certificate,
    CurrentDeadline,
    DeadlineEntry,
    Finding,
    InboxItem,
    LiveApplication,
    Notice,
    ObjectionRaised,
    ReturnAnswer,
    ReturnItem,
    VoteCount,
)
from tests.activities.recorded import Desk, RecordedLife, told
from tests.activities.stories import STORIES
from tests.models.life import Cast, accepted, archived, certified, posted, with_office


async def contents(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, but for the numbers that a database gives by itself."""
    async with database.reading() as session:
        found = {}
        for table in Base.metadata.sorted_tables:
            rows = (await session.execute(select(table))).mappings()
            plain = [{k: v for k, v in row.items() if k not in ("id", "audit_id")} for row in rows]
            found[table.name] = sorted(plain, key=repr)
        return found


async def one(database: Database, table: type[Any], **by: Any) -> Any:
    """The only row."""
    async with database.reading() as session:
        return (await session.scalars(select(table).filter_by(**by))).one()


async def every(database: Database, table: type[Any], *order: Any, **by: Any) -> list[Any]:
    """All rows, in order."""
    async with database.reading() as session:
        return list(await session.scalars(select(table).filter_by(**by).order_by(*order)))


def test_the_stories_reach_every_hop() -> None:
    reached = {batch.hop for story in STORIES.values() for batch in story().batches}
    assert reached == {t.hop for t in TRANSITIONS}


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
async def test_a_life_written_twice_leaves_the_same_rows(
    database: Database, story: Callable[[], RecordedLife]
) -> None:
    life = story()
    desk = Desk(database)
    await desk.write_all(life)
    once = await contents(database)
    results = await desk.write_all(life, times=2)
    assert await contents(database) == once
    assert once["audit_orphans"] == []
    assert all(a == b for a, b in zip(results[::2], results[1::2], strict=True))


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
async def test_the_rows_agree_with_the_workflow(
    database: Database, story: Callable[[], RecordedLife]
) -> None:
    life = story()
    await Desk(database).write_all(life)
    row = await one(database, Application)
    state = life.state
    assert (row.stage, row.status, row.revision, row.seq, row.chain, row.due_at) == (
        state.stage.value,
        state.status,
        state.revision,
        state.seq,
        state.chain,
        state.due_at(),
    )
    facts = [entry.to_fact() for entry in await every(database, AuditEntry, AuditEntry.seq)]
    assert facts == state.history
    assert verify(facts) == []
    in_force = {d.name: d.due_at for d in await every(database, CurrentDeadline)}
    for due in state.current_deadlines():
        assert in_force[due.name.value] == due.due_at
    open_items = [item for item in await every(database, InboxItem) if item.closed_at is None]
    waiting = not state.ended and state.action_by not in (None, "system")
    assert [item.role for item in open_items] == ([state.action_by] if waiting else [])
    assert bool(await every(database, LiveApplication)) is not state.ended
    raised = {o.objection_id: o.grounds_digest for o in await every(database, ObjectionRaised)}
    assert raised == {o.id: o.grounds_digest for o in state.objections}


async def test_the_calendar_answers_as_the_engine_expects(database: Database) -> None:
    life = told(archived)
    results = await Desk(database, rehearsal=False).write_all(life)
    for batch, result in zip(life.batches, results, strict=True):
        assert list(result.answers) == life.answers(batch.requests)


async def test_the_main_line_ends_with_a_certificate_and_a_receipt(database: Database) -> None:
    life = told(archived)
    results = await Desk(database).write_all(life)
    made = [result for result in results if result.certificate_no]
    assert [r.certificate_no for r in made] == ["TJ-2023-ENG-000001"]
    certificate = await one(database, Certificate)
    assert certificate.status == "valid"
    votes = await every(database, VoteCount, VoteCount.seq)
    assert [(v.step, v.yes, v.passed) for v in votes] == [("opened", 0, None), ("counted", 6, True)]


async def test_dossiers_are_screened_at_submission_acceptance_and_ballot(database: Database) -> None:
    await Desk(database).write_all(told(archived))
    occasions = {finding.occasion for finding in await every(database, Finding)}
    assert occasions == {"submit", "office_accept", "open_and_count"}


async def test_a_return_keeps_list_and_answers(database: Database) -> None:
    await Desk(database).write_all(STORIES["office return, corrected"]())
    items = await every(database, ReturnItem)
    answers = await every(database, ReturnAnswer)
    assert {i.item for i in items} == {a.item for a in answers} != set()


async def test_a_revised_deadline_keeps_its_past(database: Database) -> None:
    await Desk(database).write_all(STORIES["deadline moved"]())
    name = DeadlineName.OFFICE_REVIEW.value
    entries = await every(database, DeadlineEntry, DeadlineEntry.seq, name=name)
    current = await one(database, CurrentDeadline, name=name)
    assert [e.last_day for e in entries] == [date(2023, 11, 20), date(2023, 11, 24)]
    assert (current.revision, current.last_day) == (2, date(2023, 11, 24))
    moved = await every(database, Notice, template="deadline_moved")
    assert all("2023-11-24" in notice.text_zh for notice in moved)
    assert {notice.to_role for notice in moved} == {"applicant", "office"}


async def test_a_revoked_certificate_stays_on_record(database: Database) -> None:
    await Desk(database).write_all(STORIES["title revoked"]())
    certificate = await one(database, Certificate)
    assert (certificate.status, certificate.number) == ("revoked", "TJ-2023-ENG-000001")
    assert certificate.revoked_document_no


async def test_an_overdue_duty_goes_to_the_next_authority(database: Database) -> None:
    life = told(with_office, until="2023-11-22 09:00")
    await Desk(database).write_all(life)
    escalated = await every(database, Notice, Notice.to_role, template="escalated")
    assert [(n.to_role, n.recipient) for n in escalated] == [
        ("city_office", "tj-rsj-title-office"),
        ("convening_unit", "tj-scjg"),
    ]
    reminded = await every(database, Notice, template="reminded", to_role="office")
    assert len(reminded) == 3


async def test_the_read_model_never_goes_back(database: Database) -> None:
    """An attempt that lost its race writes an old batch after a newer one."""
    life = told(accepted)
    desk = Desk(database)
    await desk.write_all(life)
    before = await contents(database)
    await desk.write(life.batches[0])
    await desk.write(life.batches[2])
    assert await contents(database) == before


async def test_each_number_is_given_once(database: Database) -> None:
    """Two workers confirm twelve applications at the same time."""
    lives = [told(certified, Cast(f"person-{n}")) for n in range(12)]
    desks = Desk(database), Desk(database)
    confirming = []
    for life in lives:
        await desks[0].open(life)
        place = next(n for n, batch in enumerate(life.batches) if batch.hop == "certification")
        for batch in life.batches[:place]:
            await desks[0].write(batch)
        confirming.append(life.batches[place])
    results = await asyncio.gather(*(desk.write(batch) for batch in confirming for desk in desks))
    numbers = [r.certificate_no for r in results]
    assert numbers[::2] == numbers[1::2]
    assert set(numbers) == {f"TJ-2023-ENG-{n:06d}" for n in range(1, 13)}


async def test_event_ids_grow_over_all_applications(database: Database) -> None:
    desk = Desk(database)
    for n in range(2):
        await desk.write_all(told(posted, Cast(f"person-{n}")))
    async with database.reading() as session:
        ids = list(await session.scalars(select(AuditEntry.id).order_by(AuditEntry.id)))
        orphans = await session.scalar(select(func.count()).select_from(AuditOrphan))
    assert len(set(ids)) == len(ids)
    assert orphans == 0
