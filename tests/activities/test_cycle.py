"""What a cycle leaves in the database, and what it counts there, on both databases."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from activities.audit.checking import verify_roots
from activities.audit.sealing import seal
from activities.database import Database
from models import cycle_life as life
from models.audit import verify
from models.cycle_dates import DatesAnswer, DatesAsked
from models.cycle_messages import Asked, Done
from models.cycle_state import CycleBatch, CycleSnapshot, CycleState, Watched
from models.roles import SYSTEM
from models.tables import Cycle, CycleFact, CycleNotice, CycleStep, OpenCase, ReviewMeeting
from models.tampering import Tampering
from models.turn import Turn
from tests.activities.recorded import Desk, told
from tests.models.life import Cast, moment, posted, submitted, voted, with_office
from tests.models.plan_changes import REAL
from tests.models.test_cycle import OFFICE, begun


@pytest.fixture
def desk(database: Database) -> Desk:
    """The activities on one database."""
    return Desk(database)


def batch(state: CycleState) -> CycleBatch:
    """What the workflow would hand over now."""
    facts, state.outbox = tuple(state.outbox), []
    snapshot = CycleSnapshot.of(state, f"cycle/{REAL}", "run-1")
    sent = CycleBatch(snapshot=snapshot, facts=facts)
    return CycleBatch.model_validate_json(sent.model_dump_json())


def asked(at: str, command: dict[str, Any] | None = None) -> Asked:
    return Asked(plan_id=REAL, plan_version=1, at=moment(at), command=command or {})


async def rows(database: Database, table: Any, *order: Any) -> list[Any]:
    async with database.reading() as session:
        return list(await session.scalars(select(table).order_by(*order)))


async def test_dates_come_with_their_lineage_and_an_unknown_plan_is_refused(desk: Desk) -> None:
    ask = desk.activities["cycle_dates"]
    answer: DatesAnswer = await ask(DatesAsked(plan_id=REAL, at=moment("2023-12-01 09:00")))
    assert answer.terms is not None
    listed = answer.steps["result_list"]  # type: ignore[index]
    assert listed.lineage is not None
    assert (str(listed.last_day), listed.lineage.working_days) == ("2024-01-08", 5)
    early: DatesAnswer = await ask(DatesAsked(plan_id=REAL, at=moment("2023-09-01 09:00")))
    assert early.missing_year == 2024
    unknown: DatesAnswer = await ask(DatesAsked(plan_id="no-such-plan", at=moment("2023-09-01 09:00")))
    assert (unknown.terms, unknown.field) == (None, "plan_id")
    real = Desk(desk.database, rehearsal=False).activities["cycle_dates"]
    clock: DatesAnswer = await real(
        DatesAsked(plan_id=REAL, at=moment("2023-09-01 09:00"), rehearsal_clock=True)
    )
    assert clock.field == "clock"


async def test_records_are_written_once_and_tell_each_role_once(desk: Desk) -> None:
    state = begun()
    life.record(state, "opened", moment("2023-09-01 09:00"), SYSTEM, "process (c)")
    life.remind(state, moment("2023-09-08 08:30"))
    first = batch(state)
    for _ in range(2):
        await desk.activities["cycle_records"](first)
    life.remind(state, moment("2023-09-16 08:30"))
    await desk.activities["cycle_records"](batch(state))
    facts = await rows(desk.database, CycleFact, CycleFact.seq)
    assert verify([row.to_fact() for row in facts]) == []
    (row,) = await rows(desk.database, Cycle)
    assert (row.seq, row.chain, row.phase) == (state.seq, state.chain, "preparing")
    steps = {step.step: step for step in await rows(desk.database, CycleStep)}
    assert len(steps) == 15
    assert (steps["plan_filed"].escalated, str(steps["plan_filed"].last_day)) == (True, "2023-09-15")
    notices = await rows(desk.database, CycleNotice, CycleNotice.id)
    told_of = [(n.template, n.to_role, n.recipient) for n in notices if "备案" in n.text_zh]
    assert told_of == [
        ("reminded", "office", "tj-scjg-title-office"),
        ("escalated", "office", "tj-scjg-title-office"),
        ("escalated", "convening_unit", "tj-scjg"),
        ("escalated", "city_office", "tj-rsj-title-office"),
    ]


async def test_a_decision_that_was_never_acknowledged_gives_way(desk: Desk) -> None:
    state = begun()
    life.record(state, "opened", moment("2023-09-01 09:00"), SYSTEM, "process (c)")
    await desk.activities["cycle_records"](batch(state))
    lost = state.model_copy(deep=True)
    life.record(
        lost, "order_failed", moment("2023-09-02 09:00"), SYSTEM, "x", {"order_id": "o1", "reason": "y"}
    )
    await desk.activities["cycle_records"](batch(lost))
    life.record(state, "papers_asked", moment("2023-09-02 09:01"), SYSTEM, "process (c)")
    await desk.activities["cycle_records"](batch(state))
    facts = await rows(desk.database, CycleFact, CycleFact.seq, CycleFact.at)
    assert [(f.event, f.orphaned_at is not None) for f in facts] == [
        ("opened", False),
        ("order_failed", True),
        ("papers_asked", False),
    ]
    (row,) = await rows(desk.database, Cycle)
    assert row.chain == state.chain
    assert {n.status for n in await rows(desk.database, CycleNotice)} == {"void"}


async def test_a_worker_that_lost_the_cycle_and_writes_late_displaces_nothing(desk: Desk) -> None:
    """Its clock went on: the entry that it brings is the younger one, of a turn that was given out before."""

    def leaving(one: CycleState, length: int) -> CycleBatch:
        whole = batch(one)
        turn = Turn(run_id="run-1", length=length, began=moment("2023-09-02 09:00"))
        return whole.model_copy(update={"snapshot": whole.snapshot.model_copy(update={"turn": turn})})

    write = desk.activities["cycle_records"]
    state = begun()
    life.record(state, "opened", moment("2023-09-01 09:00"), SYSTEM, "process (c)")
    await write(leaving(state, 4))
    lost = state.model_copy(deep=True)
    details = {"order_id": "o1", "reason": "y"}
    life.record(lost, "order_failed", moment("2023-09-02 09:09"), SYSTEM, "x", details)
    life.record(state, "papers_asked", moment("2023-09-02 09:01"), SYSTEM, "process (c)")
    late = leaving(lost, 9)
    for one in (leaving(state, 12), late, late):
        await write(one)
    facts = await rows(desk.database, CycleFact, CycleFact.seq, CycleFact.at)
    assert [(f.event, f.orphaned_at is not None) for f in facts] == [
        ("opened", False),
        ("papers_asked", False),
        ("order_failed", True),
    ]
    (row,) = await rows(desk.database, Cycle)
    assert row.chain == state.chain
    assert await rows(desk.database, CycleNotice) == []


async def test_what_a_cycle_is_told_to_be_late_and_proves_stands(desk: Desk) -> None:
    """The true task told too early a turn: first it came too late for the chain, then it was displaced."""

    def leaving(one: CycleState, length: int, *, proven: bool = False) -> CycleBatch:
        whole = batch(one)
        turn = Turn(run_id="run-1", length=length, began=moment("2023-09-02 09:00"))
        snapshot = whole.snapshot.model_copy(update={"turn": turn})
        return whole.model_copy(update={"snapshot": snapshot, "proven": proven})

    async def chain() -> list[str]:
        facts = await rows(desk.database, CycleFact, CycleFact.seq)
        return [fact.event for fact in facts if fact.orphaned_at is None]

    write = desk.activities["cycle_records"]
    state = begun()
    life.record(state, "opened", moment("2023-09-01 09:00"), SYSTEM, "process (c)")
    await write(leaving(state, 4))
    lost, other = state.model_copy(deep=True), state.model_copy(deep=True)
    details = {"order_id": "o1", "reason": "y"}
    life.record(lost, "order_failed", moment("2023-09-02 09:09"), SYSTEM, "x", details)
    life.record(other, "watch_failed", moment("2023-09-02 09:10"), SYSTEM, "x")
    life.record(state, "papers_asked", moment("2023-09-02 09:01"), SYSTEM, "process (c)")
    await write(leaving(lost, 12))
    true = leaving(state, 9)
    assert (await write(true)).late
    assert not (await write(true.model_copy(update={"proven": True}))).late
    assert await chain() == ["opened", "papers_asked"]
    await write(leaving(other, 15))
    assert await chain() == ["opened", "watch_failed"]
    life.record(state, "watch_failed", moment("2023-09-03 09:00"), SYSTEM, "x")
    true = leaving(state, 18)
    assert (await write(true)).late, "it does not follow what is there"
    await write(true.model_copy(update={"proven": True}))
    facts = await rows(desk.database, CycleFact, CycleFact.seq)
    assert [f.hash for f in facts if f.orphaned_at is None] == [f.hash for f in state.history]
    (row,) = await rows(desk.database, Cycle)
    assert (row.seq, row.chain) == (state.seq, state.chain)


async def test_an_entry_that_was_sealed_and_set_aside_is_for_the_history_to_judge(
    desk: Desk, database: Database
) -> None:
    """Decision 2, as for an application: sealed with `--no-temporal` before the cycle decided anew."""
    lost, made = begun(), begun()
    life.record(lost, "watch_failed", moment("2023-09-02 09:00"), SYSTEM, "process (c)")
    life.record(made, "opened", moment("2023-09-02 10:00"), SYSTEM, "process (c)")
    await desk.activities["cycle_records"](batch(lost))
    assert await seal(database, REAL, moment("2023-09-02 12:00")) is not None
    await desk.activities["cycle_records"](batch(made))
    found = (await verify_roots(database, REAL)).findings
    assert [(one.tampering, one.severity) for one in found] == [(Tampering.SET_ASIDE, "warning")]


async def test_the_look_counts_stages_late_duties_and_who_may_miss_the_window(desk: Desk) -> None:
    hung = told(lambda one: posted(one, "2023-10-31 09:00"), Cast("posted"))
    waiting = told(submitted, Cast("waiting", department="binhai-hrss"))
    reviewed = told(with_office, Cast("late"))
    for one in (hung, waiting, reviewed):
        await desk.write_all(one)
    look = desk.activities["watch_cycle"]
    early: Watched = await look(asked("2023-10-12 08:30"))
    assert (early.at_risk, early.overdue) == (1, {}), "posted too late to end in time"
    seen: Watched = await look(asked("2023-10-21 08:30"))
    assert seen.stages == {"employer_publicity": 1, "employer_review": 1, "office_review": 1}
    assert seen.at_risk_departments == {"binhai-hrss": 1, "tj-scjg-personnel": 1}
    after: Watched = await look(asked("2023-11-21 08:30"))
    assert (after.at_risk, after.overdue) == (0, {"office_review": 1})


async def test_the_look_finds_meetings_without_a_draw(desk: Desk) -> None:
    common = {
        "plan_id": REAL,
        "committee_ref": "c",
        "committee_size": 11,
        "committee_valid_until": date(2025, 1, 1),
        "clock": None,
        "planned_at": moment("2023-11-20 09:00"),
        "opened_at": None,
        "closed_at": None,
        "minutes_sha256": None,
    }
    made = (
        ("held", date(2023, 12, 1), date(2023, 11, 20), "closed"),
        ("drawn", date(2023, 12, 20), date(2023, 12, 1), "drawn"),
        ("bare", date(2023, 12, 15), None, "planned"),
    )
    async with desk.database.transaction() as session:
        for ref, on, drawn, status in made:
            session.add(
                ReviewMeeting(meeting_ref=ref, meeting_on=on, drawn_on=drawn, status=status, **common)
            )
    seen: Watched = await desk.activities["watch_cycle"](asked("2023-12-02 08:30"))
    assert [(m.meeting_ref, str(m.draw_by)) for m in seen.undrawn] == [("bare", "2023-12-08")]
    assert (seen.next_meeting, seen.last_meeting, seen.drawn_meetings) == (
        date(2023, 12, 15),
        date(2023, 12, 1),
        2,
    )


async def test_a_meeting_is_not_without_a_list_because_of_who_is_on_hold(desk: Desk) -> None:
    """Who is on hold waits for the next list alone: the report on the others is not held up (reading 19)."""
    held = told(voted, Cast("held"))
    await desk.write_all(held)
    look = desk.activities["watch_cycle"]
    seen: Watched = await look(asked("2023-12-16 08:30"))
    assert (seen.unlisted_meeting, seen.last_meeting) == (date(2023, 12, 15), date(2023, 12, 15))
    held.do(held.cast.hold(), "2023-12-18 09:00")
    await desk.write_all(held)
    assert (await look(asked("2023-12-19 08:30"))).unlisted_meeting is None
    held.do(held.cast.release(), "2024-01-15 09:00")
    await desk.write_all(held)
    assert (await look(asked("2024-01-16 08:30"))).unlisted_meeting == date(2023, 12, 15)


async def test_a_meeting_of_two_days_is_without_a_list_since_its_last_one(desk: Desk) -> None:
    await desk.write_all(told(lambda one: voted(one, when="2023-12-18 16:00"), Cast("late")))
    seen: Watched = await desk.activities["watch_cycle"](asked("2023-12-19 08:30"))
    assert seen.unlisted_meeting == date(2023, 12, 18)


async def test_a_close_lists_the_open_cases_or_is_refused(desk: Desk) -> None:
    await desk.write_all(told(with_office, Cast("open-1")))
    close = {"kind": "close", "actor": OFFICE, "command_id": "close-1", "text": "结束"}
    refused: Done = await desk.activities["list_open_cases"](asked("2024-01-10 09:00", close))
    assert (refused.field, "office_review 1" in str(refused.refused_en)) == ("with_open_cases", True)
    assert await rows(desk.database, OpenCase) == []
    for _ in range(2):
        done: Done = await desk.activities["list_open_cases"](
            asked("2024-01-10 09:00", {**close, "with_open_cases": True})
        )
        assert done.counts == {"open": 1, "stage.office_review": 1}
    (case,) = await rows(desk.database, OpenCase)
    assert (case.application_ref, case.action_by, case.stage) == ("open-1", "office", "office_review")


async def test_what_was_set_aside_and_is_decided_again_comes_back(desk: Desk, database: Database) -> None:
    """The daily look succeeds in a lost task, fails in the next lost one, and succeeds in the third."""

    def leaving(state: CycleState, n: int) -> CycleBatch:
        made, began = batch(state), moment("2023-09-16 08:30") + timedelta(minutes=n)
        turn = Turn(run_id="run-1", length=60 + 3 * n, began=began)
        return made.model_copy(update={"snapshot": made.snapshot.model_copy(update={"turn": turn})})

    write = desk.activities["cycle_records"]
    state = begun()
    life.record(state, "opened", moment("2023-09-01 09:00"), SYSTEM, "process (c)")
    await write(leaving(state, 0))
    tick = moment("2023-09-16 08:30")
    first, second, third = (state.model_copy(deep=True) for _ in range(3))
    life.remind(first, tick)
    await write(leaving(first, 1))
    life.record(second, "watch_failed", tick, SYSTEM, life.CLOCK_CITATION)
    await write(leaving(second, 2))
    life.remind(third, tick)
    assert third.chain == first.chain
    await write(leaving(third, 3))
    facts = await rows(database, CycleFact, CycleFact.seq)
    standing = [(fact.seq, fact.event) for fact in facts if fact.orphaned_at is None]
    assert standing == [(fact.seq, fact.event) for fact in third.history]
    assert [(fact.event, fact.orphaned_at is None) for fact in facts if fact.event == "watch_failed"] == [
        ("watch_failed", False)
    ]
    (row,) = await rows(database, Cycle)
    assert (row.seq, row.chain) == (third.seq, third.chain)
