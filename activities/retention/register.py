"""The register of removals: each appended to a hash chain, in the transaction that removes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from activities.retention.finding import Due
from models.audit import GENESIS
from models.plan import ReviewPlan
from models.removed import RemovalRecord, plain, verify_removals
from models.retention import RULES, period_of
from models.tables import Removal
from models.wire import Instant, Wire

LOCK = 7_302_313
"""The PostgreSQL advisory lock under which the chain grows."""


class RemovalRow(Wire):
    """One removal, as people see it."""

    n: int
    at: Instant
    by: str
    kept: str
    subject: str
    rule: str
    due_on: str
    rows: dict[str, int]


async def append(
    session: AsyncSession,
    one: Due,
    rows: Mapping[str, int],
    plan: ReviewPlan | None,
    at: datetime,
    by: str,
    *,
    chain: str | None = None,
    skeleton: str | None = None,
) -> None:
    """Appends a removal; last in its transaction, since it holds back other removals."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
    before = await session.scalar(select(Removal.hash).order_by(Removal.id.desc()).limit(1))
    rule = RULES[one.kept]
    period = period_of(one.kept, plan)
    record = RemovalRecord(
        at=at.replace(microsecond=0),
        by=by,
        kept=one.kept.value,
        subject=one.subject,
        plan_id=one.plan_id,
        application_ref=one.application_ref,
        rule=f"{rule.citation}: {period.words().en if period else 'for ever'} from {rule.counts_from.en}",
        counted_from=one.counted_from,
        due_on=one.due_on,
        rows={name: number for name, number in rows.items() if number},
        chain=chain,
        skeleton=skeleton,
        prev_hash=before or GENESIS,
    )
    session.add(Removal(**plain(record), hash=record.computed_hash()))
    await session.flush()


def record_of(row: Removal) -> RemovalRecord:
    """The record of a row, as it is hashed."""
    return RemovalRecord(**{name: getattr(row, name) for name in RemovalRecord.model_fields})


async def verify(session: AsyncSession) -> list[str]:
    """What breaks the chain of removals; empty: it is whole."""
    rows = (await session.scalars(select(Removal).order_by(Removal.id))).all()
    return verify_removals((record_of(row), row.hash) for row in rows)


async def removals(session: AsyncSession, limit: int = 200) -> Sequence[RemovalRow]:
    """What was removed, the last first."""
    rows = await session.scalars(select(Removal).order_by(Removal.id.desc()).limit(limit))
    return [
        RemovalRow(
            n=row.id,
            at=row.at,
            by=row.by,
            kept=row.kept,
            subject=row.subject,
            rule=row.rule,
            due_on=row.due_on.isoformat(),
            rows=row.rows,
        )
        for row in rows
    ]


async def removal_of(session: AsyncSession, plan_id: str, application_ref: str) -> Removal | None:
    """The removal of an application's words, if it took place."""
    found: Removal | None = await session.scalar(
        select(Removal)
        .filter_by(plan_id=plan_id, application_ref=application_ref)
        .where(Removal.chain.is_not(None))
        .limit(1)
    )
    return found
