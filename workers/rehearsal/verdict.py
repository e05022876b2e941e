"""Did a story end as it must: asked of the workflow's own history, and of the database beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from activities.database import Database
from models.audit import Fact, verify
from models.tables import Application, AuditEntry
from models.views import StateView
from workers.rehearsal.player import Player
from workers.rehearsal.story import Story, Told, missing_in_order

DATABASE_SECONDS = 10.0
"""The database follows within a second; after this it never will."""


@dataclass(frozen=True)
class Verdict:
    """One story at its end; no `problems` means as expected."""

    story: Story
    stage: str
    told: Told
    problems: tuple[str, ...]

    @property
    def as_expected(self) -> bool:
        """Everything the story promises is true."""
        return not self.problems


async def judge(player: Player, database: Database) -> Verdict:
    """Compares what happened with what the story promises; never raises for what it finds."""
    problems = [player.problem] if player.problem else []
    view = player.view
    if view is None:
        return Verdict(player.story, "(not begun)", player.told, tuple(problems or ["it did not begin"]))
    problems += of_history(player.story, player.told, view)
    problems += await of_database(player, view, database)
    return Verdict(player.story, view.stage, player.told, tuple(problems))


def of_history(story: Story, told: Told, view: StateView) -> list[str]:
    """What the workflow's own answers say against the story."""
    problems = []
    if view.stage != story.ends.value:
        problems.append(f"it stands in {view.stage}, not in {story.ends.value}")
    if (view.status == "ended") != story.closed:
        problems.append(f"its status is {view.status}")
    events = [fact.event for fact in told.facts]
    if (lacking := missing_in_order(story.must, events)) is not None:
        problems.append(f"{lacking} is not in its history, or not in its place: {' '.join(events)}")
    problems += [f"{event} is in its history" for event in sorted(story.never & set(events))]
    problems += [f"audit chain: {broken}" for broken in verify(told.facts)]
    if told.facts and told.facts[-1].hash != view.chain:
        problems.append("the state names another last entry of the chain than its history")
    for check in story.checks:
        problems += check(told)
    return problems


async def of_database(player: Player, view: StateView, database: Database) -> list[str]:
    """What the database says against the workflow; waits until it has followed."""
    deadline = asyncio.get_running_loop().time() + DATABASE_SECONDS
    while True:
        problems = await _differences(player.cast.plan_id, player.cast.ref, view, player.told.facts, database)
        if not problems or asyncio.get_running_loop().time() > deadline:
            return problems
        await asyncio.sleep(0.1)


async def _differences(
    plan_id: str, ref: str, view: StateView, facts: Sequence[Fact], database: Database
) -> list[str]:
    async with database.reading() as session:
        entries = list(
            await session.scalars(
                select(AuditEntry)
                .where(AuditEntry.plan_id == plan_id, AuditEntry.application_ref == ref)
                .order_by(AuditEntry.seq)
            )
        )
        row = await session.scalar(
            select(Application).where(Application.plan_id == plan_id, Application.application_ref == ref)
        )
    recorded = [entry.to_fact() for entry in entries]
    problems = [f"audit chain in the database: {broken}" for broken in verify(recorded)]
    if [fact.hash for fact in recorded] != [fact.hash for fact in facts]:
        problems.append(f"the database holds {len(recorded)} facts, not the {len(facts)} of the workflow")
    if row is None:
        return [*problems, "the database does not know it"]
    problems += [
        f"the database has {name} {getattr(row, name)}, not {getattr(view, name)}"
        for name in ("stage", "status", "revision", "seq", "chain", "certificate_no")
        if getattr(row, name) != getattr(view, name)
    ]
    return problems
