"""Cycles, meetings and batches in the feed: one numbering, each to those who may see it, nothing twice."""

from __future__ import annotations

from typing import Any

from sqlalchemy import true, update

from activities.database import Database
from activities.feed import Feed
from activities.meetings import STEPS
from activities.visibility import heard_by
from models.cycle_life import record
from models.feed import EVENTS, MEETING_STEPS
from models.roles import SYSTEM, Role
from models.tables import Batch, CycleFact, FeedEvent, MeetingEntry, ReviewMeeting
from models.visibility import Grant
from tests.activities.recorded import Desk, told
from tests.activities.test_cycle import batch
from tests.models.life import Cast, moment, submitted
from tests.models.plan_changes import REAL
from tests.models.test_cycle import begun

AT = moment("2023-12-01 09:00")
OFFICES = {"office": "the-office"}


def sitting() -> list[Any]:
    """A meeting with an act in two steps, of which the last is done, and one that is still being sent."""
    entry = {"plan_id": REAL, "meeting_ref": "m-1", "at": AT, "actor_id": "p-9", "digest": "0" * 64}
    acts = (
        ("a-1", "", "open_ballot", Role.OFFICE, "the-office"),
        ("a-1", "sent", "open_ballot", Role.OFFICE, "the-office"),
        ("a-2", "", "close_ballot", Role.CHAIR, "c-1"),
        ("a-3", "", "close_meeting", Role.CHAIR, "c-1"),
    )
    meeting = ReviewMeeting(
        plan_id=REAL,
        meeting_ref="m-1",
        committee_ref="c-1",
        committee_size=25,
        committee_valid_until=AT.date(),
        meeting_on=AT.date(),
        status="open",
        planned_at=AT,
    )
    return [
        meeting,
        *(
            MeetingEntry(
                command_id=key,
                step=step,
                kind=kind,
                actor_role=role.value,
                actor_organisation=of,
                result={"counts": {"agree": 9}},
                **entry,
            )
            for key, step, kind, role, of in acts
        ),
    ]


def made_batch() -> Batch:
    return Batch(
        batch_ref="b-1",
        plan_id=REAL,
        kind="accept",
        status="prepared",
        command={},
        maker_id="p-9",
        maker_role="department",
        maker_organisation="d-1",
        needs_approval=False,
        items=1,
        made_at=AT,
        seq=1,
        at=AT,
    )


async def filled(database: Database) -> Desk:
    desk = Desk(database)
    await desk.write_all(told(submitted, Cast("one")))
    cycle = begun()
    record(cycle, "step_done", AT, SYSTEM, "process (c)")
    await desk.activities["cycle_records"](batch(cycle))
    async with database.transaction() as session:
        meeting, *acts = sitting()
        session.add(meeting)
        await session.flush()
        session.add_all([*acts, made_batch()])
    return desk


async def read(database: Database, condition: Any = None) -> list[FeedEvent]:
    feed = Feed(database)
    await feed.catch_up()
    rows, _ = await feed.after(0, 1000, REAL, true() if condition is None else condition)
    return list(rows)


async def test_one_numbering_without_a_gap_and_nothing_twice(database: Database) -> None:
    await filled(database)
    found = await read(database)
    assert [one.sequence for one in found] == list(range(1, len(found) + 1))
    assert {one.subject for one in found} == {"application", "cycle", "meeting", "batch"}
    assert [one.event for one in found if one.subject == "meeting"] == ["open_ballot", "close_meeting"]
    assert {one.event for one in found} <= EVENTS
    assert await Feed(database).catch_up() == 0
    for status, seq in (("applying", 2), ("done", 3), ("applying", 4), ("stopped", 5)):
        async with database.transaction() as session:
            await session.execute(update(Batch).values(status=status, seq=seq))
        await Feed(database).catch_up()
    later = [one for one in await read(database) if one.subject == "batch"]
    assert [one.event for one in later] == ["batch_made", "batch_done", "batch_stopped"]


async def test_a_fact_of_a_cycle_that_was_never_acknowledged_is_retracted(database: Database) -> None:
    await filled(database)
    (first, *_) = [one for one in await read(database) if one.subject == "cycle"]
    async with database.transaction() as session:
        gone = update(CycleFact).where(CycleFact.hash == first.fact_key)
        await session.execute(gone.values(orphaned_at=AT))
    assert [await Feed(database).catch_up() for _ in range(2)] == [1, 0]
    last = (await read(database))[-1]
    assert (last.kind, last.subject, last.retracts) == ("retracted", "cycle", first.sequence)


async def test_each_hears_of_what_it_may_see(database: Database) -> None:
    await filled(database)

    async def heard(role: Role, organisation: str | None) -> set[str]:
        grants = [Grant(role=role, organisation=organisation)]
        return {one.subject for one in await read(database, heard_by("nobody", grants, OFFICES))}

    assert await heard(Role.OFFICE, "the-office") == {"application", "cycle", "meeting"}
    assert await heard(Role.OFFICE, "another-office") == set()
    assert await heard(Role.EXPERT, "c-1") == await heard(Role.CHAIR, "c-1") == {"meeting"}
    assert await heard(Role.CHAIR, "c-2") == set()
    assert await heard(Role.DEPARTMENT, "d-1") == {"batch"}
    assert await heard(Role.EMPLOYER, Cast("one").employer) == {"application"}
    assert await heard(Role.EMPLOYER, "d-1") == set(), "another role of the same house made it"
    assert await heard(Role.ARCHIVE, "the-office") == await heard(Role.APPLICANT, None) == set()


def test_an_act_of_a_meeting_is_told_after_its_last_step() -> None:
    last = {kind: max(step for of, step in STEPS if of == kind) for kind, _ in STEPS}
    assert last == MEETING_STEPS
