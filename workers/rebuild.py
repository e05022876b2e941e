"""Rebuilds applications one by one from the histories of their workflows: compares, and writes if asked to.

Each application is a transaction of its own, so it may be interrupted and begun again at any time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from sqlalchemy import select
from temporalio.client import Client

from activities.calendar import Calendars
from activities.database import Database
from activities.rebuilding import Rebuilt, Story, rebuild
from activities.records import Records
from models.application import workflow_id
from models.outbox import HopBatch, HopResult, OpenRequest, OpenResult
from models.tables import Application
from workers.registry import REBUILT
from workers.retelling import Told, told_by, workflows_of

TRIES = 3
"""How often a history is read again of an application that moves on meanwhile."""


async def rebuild_all(
    client: Client,
    database: Database,
    calendars: Calendars,
    at: datetime,
    plan_id: str,
    ref: str | None,
    *,
    apply: bool,
    audit: bool,
) -> AsyncIterator[Rebuilt]:
    """Every application of the plan that is on record or runs on the server, or the one named."""
    records = Records(database, calendars, REBUILT)
    refs = [ref] if ref is not None else await _known(client, database, plan_id)
    for one in refs:
        yield await _one(client, database, records, at, plan_id, one, apply=apply, audit=audit)


async def _known(client: Client, database: Database, plan_id: str) -> list[str]:
    async with database.reading() as session:
        found = set(await session.scalars(select(Application.application_ref).filter_by(plan_id=plan_id)))
    running = await workflows_of(client, plan_id)
    return sorted(found | {name.rpartition("/")[2] for name in running})


async def _one(
    client: Client,
    database: Database,
    records: Records,
    at: datetime,
    plan_id: str,
    ref: str,
    *,
    apply: bool,
    audit: bool,
) -> Rebuilt:
    found = Rebuilt(plan_id=plan_id, application_ref=ref)
    for _ in range(TRIES):
        told = await told_by(client, workflow_id(plan_id, ref))
        if told is None:
            return found.model_copy(update={"left": "the server has no history of it"})
        story = story_of(told)
        if isinstance(story, str):
            found = found.model_copy(update={"left": story})
            continue
        found = await rebuild(database, records, story, at, apply=apply, audit=audit)
        if found.left is None:
            break
    return found


def story_of(told: Told) -> Story | str:
    """The opening and every batch with its answer; or in words why the history does not tell all of it."""
    if told.fault is not None:
        return f"its history does not replay on this release: {told.fault}"
    if not told.whole:
        return "the beginning of its history is gone"
    opened = [call for call in told.calls if isinstance(call.argument, OpenRequest) and call.answered]
    if not opened or not isinstance(opened[0].answer, OpenResult) or opened[0].answer.terms is None:
        return "it was never opened"
    batches = [
        (call.argument, call.answer)
        for call in told.calls
        if call.answered and isinstance(call.argument, HopBatch) and isinstance(call.answer, HopResult)
    ]
    story = Story(opened=opened[0].argument, terms=opened[0].answer, batches=batches)
    if [fact.seq for fact in story.facts] != [fact.seq for fact in told.facts]:
        return "something of it is on its way to the database"
    return story
