"""Activities that fail and are tried again: noted, forgotten when one succeeds, read by who watches.

Temporal's visibility does not know them: only a look at each workflow would show a pending activity. So the
worker that tried says so here. What stands here is confirmed by the server before it is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, delete, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from activities.database import Database
from activities.writing import insert_into, write_new
from models.tables import ActivityFailure, Batch

MOST = 60
"""Characters of a name that are kept."""


async def note_failure(
    database: Database,
    *,
    workflow_id: str,
    activity_id: str,
    plan_id: str | None,
    activity: str,
    cause: str,
    attempt: int,
    at: datetime,
    only_new: bool = False,
) -> None:
    """An attempt failed; the first one of them keeps its time. `only_new`: what is known already stays."""
    row = {
        "workflow_id": workflow_id[:200],
        "activity_id": activity_id[:80],
        "plan_id": plan_id,
        "activity": activity[:MOST],
        "cause": cause[:MOST],
        "attempts": attempt,
        "first_at": at,
        "last_at": at,
    }
    changing = ("activity", "cause", "attempts", "last_at")
    async with database.transaction() as session:
        if only_new:
            await write_new(session, ActivityFailure, [row])
            return
        new = insert_into(session, ActivityFailure).values(row)
        await session.execute(
            new.on_conflict_do_update(
                index_elements=["workflow_id", "activity_id"], set_={k: new.excluded[k] for k in changing}
            )
        )


async def forget_failure(database: Database, workflow_id: str, activity_id: str | None = None) -> None:
    """It succeeded, or is not waited for any more; without `activity_id` all of a workflow."""
    gone = delete(ActivityFailure).filter_by(workflow_id=workflow_id[:200])
    if activity_id is not None:
        gone = gone.filter_by(activity_id=activity_id[:80])
    async with database.transaction() as session:
        await session.execute(gone)


async def failing_since(
    session: AsyncSession,
    plan_id: str,
    since: datetime | None = None,
    *,
    activity: str | None = None,
    cause: str | None = None,
    limit: int = 500,
) -> Sequence[ActivityFailure]:
    """What fails in a plan, the latest first. `since`: it failed again after this moment."""
    of_batch = select(Batch.batch_ref).where(
        Batch.plan_id == plan_id, literal("batch/") + Batch.batch_ref == ActivityFailure.workflow_id
    )
    asked = select(ActivityFailure).where(
        or_(ActivityFailure.plan_id == plan_id, and_(ActivityFailure.plan_id.is_(None), of_batch.exists()))
    )
    if since is not None:
        asked = asked.where(ActivityFailure.last_at >= since)
    if activity is not None:
        asked = asked.filter_by(activity=activity)
    if cause is not None:
        asked = asked.filter_by(cause=cause)
    found = await session.scalars(asked.order_by(ActivityFailure.last_at.desc()).limit(limit))
    return found.all()
