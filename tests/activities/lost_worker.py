"""A worker that lost an application and goes on writing, beside the one that took over."""

from __future__ import annotations

from datetime import UTC, datetime

from activities.database import Database
from models.audit import Fact
from models.tables import Application, AuditEntry
from models.turn import Turn
from tests.activities.recorded import RecordedLife
from tests.activities.test_hops import every, one
from tests.models.life import with_office


def at_the_office() -> RecordedLife:
    """A life before the office decides; told twice it is the same, and can take two turns."""
    life = RecordedLife()
    with_office(life)
    return life


def turn(began: str, length: int = 60, run_id: str = "run") -> Turn:
    """A task that began at that time of a day, when the history was so long."""
    return Turn(
        run_id=run_id, length=length, began=datetime.fromisoformat(f"2023-11-22 {began}").replace(tzinfo=UTC)
    )


def leaving(life: RecordedLife, before: int, when: Turn) -> RecordedLife:
    """The life whose batches from that one on leave in that turn."""
    told = [
        b.model_copy(update={"snapshot": b.snapshot.model_copy(update={"turn": when})}) for b in life.batches
    ]
    life.batches = [*life.batches[:before], *told[before:]]
    return life


def only_in(lost: RecordedLife, made: RecordedLife) -> set[str]:
    """The hashes of what the lost one alone decided."""
    return {fact.hash for fact in lost.state.history} - {fact.hash for fact in made.state.history}


async def chain(database: Database) -> list[Fact]:
    """What is part of the chain."""
    return [entry.to_fact() for entry in await every(database, AuditEntry, AuditEntry.seq)]


async def stands(database: Database, made: RecordedLife) -> None:
    """Chain and row are those of that life."""
    assert await chain(database) == made.state.history
    row = await one(database, Application)
    assert (row.stage, row.seq, row.chain) == (made.state.stage.value, made.state.seq, made.state.chain)
