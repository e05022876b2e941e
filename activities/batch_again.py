"""A retry: items that were refused wait again."""

from __future__ import annotations

from sqlalchemy import select, update

from activities.database import Database
from models.batch_messages import ItemStatus, Leg
from models.refusal import RefusalCode
from models.tables import Application, BatchItem

FOR_A_WHILE = (
    "no_answer",
    "unknown",
    RefusalCode.PLAN_PENDING.value,
    RefusalCode.NOT_OPEN_YET.value,
    RefusalCode.ON_HOLD.value,
    RefusalCode.TOO_EARLY.value,
)
"""Codes of refusals that may be otherwise tomorrow: what a retry without force sends again."""


async def take_up_again(database: Database, leg: Leg) -> None:
    """What was refused waits again, once a round: what may be otherwise by now, or all by force.

    By force an outdated item is frozen anew, at the revision that the read model has now.
    """
    refused = (
        BatchItem.batch_ref == leg.batch.batch_ref,
        BatchItem.status == ItemStatus.REFUSED.value,
        BatchItem.round < leg.round,
    )
    async with database.transaction() as session:
        if leg.force:
            now = (
                select(Application.revision)
                .where(
                    Application.plan_id == BatchItem.plan_id,
                    Application.application_ref == BatchItem.application_ref,
                )
                .scalar_subquery()
            )
            stale = BatchItem.code == RefusalCode.STALE_REVISION.value
            await session.execute(
                update(BatchItem).where(*refused, stale).values(revision=now),
                execution_options={"synchronize_session": False},
            )
        again = refused if leg.force else (*refused, BatchItem.code.in_(FOR_A_WHILE))
        await session.execute(
            update(BatchItem)
            .where(*again)
            .values(status=ItemStatus.PENDING.value, round=leg.round, code=None, reason=None),
            execution_options={"synchronize_session": False},
        )
