"""A lost worker has told a later turn than the true one: what the server has stands all the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest_asyncio
from sqlalchemy import delete, select
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory
from temporalio.testing import WorkflowEnvironment

from models.audit import Fact
from models.roles import SYSTEM
from models.tables import Application, AuditEntry, AuditOrphan, CycleFact, DossierVersion
from models.tables import Cycle as CycleRow
from models.tables.chain import columns_of, told_columns, turn_columns
from models.turn import Turn
from tests.codec import replayer
from tests.support import eventually
from tests.workflows import lives
from tests.workflows.apart import apart
from tests.workflows.cycle import Cycle, Life
from tests.workflows.year import PLAN_ID, begin, command, office


@pytest_asyncio.fixture(loop_scope="session")
async def own(environment: WorkflowEnvironment, tmp_path: Path) -> AsyncIterator[Cycle]:
    """A database and a queue of this test."""
    async with apart(environment, tmp_path) as made:
        yield made


def never_decided(last: Fact, event: str, run_id: str | None) -> tuple[Fact, Turn]:
    """What a lost worker wrote behind that fact, and the turn that it told: a later one than any to come."""
    changes = {
        "seq": last.seq + 1,
        "event": event,
        "actor": SYSTEM,
        "command_id": None,
        "prev_hash": last.hash,
    }
    fact = last.model_copy(update={**changes, "to_stage": last.to_stage, "details": {}}).sealed()
    return fact, Turn(run_id=run_id or "", length=100_000, began=datetime.now(UTC) + timedelta(days=1))


def scheduled(history: WorkflowHistory, activity: str) -> int:
    """How often the activity was asked for as an ordinary one."""
    return sum(
        event.activity_task_scheduled_event_attributes.activity_type.name == activity
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
    )


async def _followed(own: Cycle, life: Life) -> list[Fact]:
    known = await life.history()

    async def written() -> list[Fact]:
        async with own.database.reading() as session:
            rows = await session.scalars(
                select(AuditEntry).filter_by(application_ref=life.cast.ref).order_by(AuditEntry.seq)
            )
            facts = [row.to_fact() for row in rows]
        assert facts == known
        return facts

    return await eventually(written)


async def test_an_application_stands_against_what_a_lost_worker_told(own: Cycle) -> None:
    life = await own.start()
    await lives.to_office_review(life)
    before = await _followed(own, life)
    fact, turn = never_decided(before[-1], "hold", (await life.handle.describe()).run_id)
    async with own.database.transaction() as session:
        session.add(AuditEntry(**columns_of(PLAN_ID, life.cast.ref, fact), **turn_columns(turn)))
        await session.execute(delete(DossierVersion))
    ordinary = scheduled(await life.handle.fetch_history(), "office")
    await life.send(life.cast.accept())
    known = await _followed(own, life)
    assert [one.event for one in known[len(before) :]] == ["office_accept", "route_to_review"]
    async with own.database.reading() as session:
        orphans = list(await session.scalars(select(AuditOrphan)))
        row = await session.get_one(Application, (PLAN_ID, life.cast.ref))
        dossiers = list(await session.scalars(select(DossierVersion)))
    told = {one.hash for one in known[len(before) :]}
    assert {orphan.hash for orphan in orphans} == {fact.hash} | told, "first they were called late"
    assert (row.stage, row.seq, row.chain) == ("review_ready", known[-1].seq, known[-1].hash)
    assert len(dossiers) == 1, "the dossier that counts travels with what is proven"
    history = await life.handle.fetch_history()
    assert scheduled(history, "office") == ordinary + 1, "told once more, where only a true task can"
    await replayer().replay_workflow(history)


async def test_a_cycle_stands_against_what_a_lost_worker_told(own: Cycle) -> None:
    year = await begin(own, "2023-09-20 09:00")

    async def entries(*, aside: bool = False) -> list[CycleFact]:
        kept = CycleFact.orphaned_at.is_not(None) if aside else CycleFact.orphaned_at.is_(None)
        async with own.database.reading() as session:
            return list(await session.scalars(select(CycleFact).where(kept).order_by(CycleFact.seq)))

    async def followed() -> list[Fact]:
        known = await year.history()
        facts = [entry.to_fact() for entry in await entries()]
        assert facts == known != []
        return facts

    before = await eventually(followed)
    fact, turn = never_decided(before[-1], "watch_failed", (await year.handle.describe()).run_id)
    phases = {"from_phase": fact.from_stage, "to_phase": fact.to_stage}
    async with own.database.transaction() as session:
        session.add(CycleFact(plan_id=PLAN_ID, **told_columns(fact), **phases, **turn_columns(turn)))
    await year.send(
        command(
            "record_step", office(), step="plan_filed", on="2023-09-14", document_no="津市监报〔2023〕1号"
        )
    )
    known = await eventually(followed)
    assert len(known) > len(before)
    assert [entry.hash for entry in await entries(aside=True)] == [fact.hash]
    async with own.database.reading() as session:
        row = await session.get_one(CycleRow, PLAN_ID)
    assert (row.seq, row.chain) == (known[-1].seq, known[-1].hash)
    history = await year.handle.fetch_history()
    assert scheduled(history, "cycle_records") == 1
    await replayer().replay_workflow(history)
