"""A whole life of the real workflow on either database: the rows are what the workflow says of itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest
import pytest_asyncio
from sqlalchemy import select
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue
from temporalio.testing import WorkflowEnvironment

from activities.database import Database
from models.audit import Fact, verify
from models.signals import MAX_REFUSED
from models.tables import Application, AuditEntry, AuditOrphan, Certificate
from tests.databases import postgres, postgres_url, sqlite_template, sqlite_url
from tests.support import eventually, unique
from tests.workflows import lives
from tests.workflows.cycle import Cycle, Life
from workers.registry import WORKFLOWS, make_activities
from workers.settings import Settings
from workers.worker import build_worker

__all__ = ["postgres", "postgres_url", "sqlite_template", "sqlite_url"]

RUBBISH = MAX_REFUSED + 5

UNSTORABLE = RawValue(
    Payload(metadata={"encoding": b"json/plain"}, data=rb'{"command_id": "\u0000\ud83d", "\u0000": 1}')
)
"""What JSON may carry and PostgreSQL cannot hold."""


@pytest_asyncio.fixture(params=["sqlite", "postgresql"], loop_scope="session")
async def either(request: pytest.FixtureRequest, environment: WorkflowEnvironment) -> AsyncIterator[Cycle]:
    """The 2023 cycle on a database of this test."""
    url: str = request.getfixturevalue({"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param])
    database, queue = Database(url), unique(request.param)
    settings = Settings.load(task_queue=queue, rehearsal=True)
    activities = make_activities(database, rehearsal=True)
    async with build_worker(environment.client, settings, WORKFLOWS, activities):
        yield Cycle(environment, queue, database)
    await database.close()


async def _recorded(database: Database, life: Life) -> SimpleNamespace:
    """What the database holds of the application."""
    ids = {"plan_id": life.cast.plan_id, "application_ref": life.cast.ref}
    async with database.reading() as session:
        entries = await session.scalars(select(AuditEntry).filter_by(**ids).order_by(AuditEntry.seq))
        return SimpleNamespace(
            facts=[entry.to_fact() for entry in entries],
            row=(await session.scalars(select(Application).filter_by(**ids))).one(),
            orphans=list(await session.scalars(select(AuditOrphan).filter_by(**ids))),
            certificate=await session.scalar(select(Certificate).filter_by(**ids)),
        )


async def _caught_up(cycle: Cycle, life: Life) -> SimpleNamespace:
    """What the database holds once it has followed."""
    state = await life.state()

    async def followed() -> SimpleNamespace:
        found = await _recorded(cycle.database, life)
        assert (found.row.seq, found.row.chain) == (state.seq, state.chain)
        return found

    return await eventually(followed)


async def test_a_whole_life_leaves_the_rows_it_tells_of(either: Cycle) -> None:
    life = await either.start()
    await lives.to_archived(life)
    history, state = await life.history(), await life.state()
    found = await _caught_up(either, life)
    assert found.facts == history
    assert verify(found.facts) == []
    assert (found.row.stage, found.row.status, found.row.revision, found.row.due_at) == (
        "archived",
        "open",
        state.revision,
        state.due_at,
    )
    assert found.certificate.number == state.certificate_no
    assert found.orphans == []


async def test_the_database_has_every_refused_signal_and_the_workflow_the_last_ones(either: Cycle) -> None:
    life = await either.start()
    await lives.to_employer_review(life)
    for n in range(RUBBISH):
        await life.signal(UNSTORABLE, name=f"promote\x00{n}")

    async def all_seen() -> None:
        assert (await life.state()).refused == RUBBISH

    await eventually(all_seen)
    await life.send(life.cast.recommend())
    history, found = await life.history(), await _caught_up(either, life)
    assert verify(history, kept=True) == []
    assert _refused(history) == MAX_REFUSED
    assert verify(found.facts) == []
    assert _refused(found.facts) == RUBBISH
    assert set(map(_hash, history)) <= set(map(_hash, found.facts))


def _refused(facts: list[Fact]) -> int:
    return sum(1 for fact in facts if fact.event == "refused")


def _hash(fact: Fact) -> str:
    return fact.hash
