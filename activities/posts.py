"""The register of posts: one row a unit and level is locked, the ledger is read, one entry is written.

A fact that stands in the audit chain has moved its post already: written again, it only answers again.
What is decided is `models.posts`; this module keeps it true under many writers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from activities.notices import notice_of_free_post
from activities.writing import write_new
from models.audit import Fact
from models.outbox import HopBatch
from models.posts import (
    ASKING,
    POST_NEEDED,
    TITLED,
    Entry,
    PostAnswer,
    PostKind,
    Standing,
    answer_of,
    asks,
    faults,
    fold,
    move_of,
    moved,
)
from models.stage_types import Stage
from models.tables import Application, AuditEntry
from models.tables.posts import PostEntry, PostPool
from models.wire import Wire

_COLUMNS = (
    "n",
    "application_ref",
    "seq",
    "kind",
    "delta",
    "reason",
    "owed",
    "capacity",
    "basis",
    "record",
    "reranked",
)


@dataclass(frozen=True)
class Pool:
    """Which pool: the unit and the level in one cycle."""

    plan_id: str
    employer: str
    level: str

    @property
    def key(self) -> dict[str, str]:
        """The columns that name it."""
        return {"plan_id": self.plan_id, "employer": self.employer, "level": self.level}


class PoolView(Wire):
    """A pool as people read it: numbers, who holds a post, who waits in which order."""

    plan_id: str
    employer: str
    level: str
    basis: str | None
    record: str | None
    version: int
    capacity: int
    held: int
    consumed: int
    free: int
    holding: tuple[str, ...]
    titled: tuple[str, ...]
    waiting: tuple[str, ...]


@dataclass
class Moves:
    """What the facts of one batch came to: the answer for the workflow, and who is to be told."""

    answer: PostAnswer | None = None
    notices: list[dict[str, Any]] = field(default_factory=list)


async def move_posts(session: AsyncSession, batch: HopBatch) -> Moves:
    """Moves the posts of a batch's facts, in its transaction and before its facts join the audit chain."""
    moves = Moves()
    facts = [fact for fact in batch.facts if move_of(fact) is not None]
    if not facts:
        return moves
    snapshot = batch.snapshot
    pool = Pool(snapshot.plan_id, snapshot.employer, snapshot.level)
    row = await _locked(session, pool)
    entries = await entries_of(session, pool)
    known = await _in_the_chain(session, batch, facts)
    for fact in facts:
        before = fold(entries)
        if fact.seq in known:
            moves.answer = _answer_again(entries, snapshot.application_ref, fact) or moves.answer
            continue
        entry = moved(before, 1 + max((e.n for e in entries), default=0), snapshot.application_ref, fact)
        if entry is None:
            continue
        await _write(session, pool, entry, fact.at)
        entries.append(entry)
        after = fold(entries)
        _refresh(row, after, fact.at)
        if asks(fact):
            moves.answer = answer_of(entry, after)
        if after.next_in_order not in (None, before.next_in_order):
            moves.notices.append(notice_of_free_post(snapshot, fact, after.next_in_order or "", after.free))
    await session.flush()
    return moves


async def undo_posts(
    session: AsyncSession, plan_id: str, application_ref: str, seq: int, at: datetime
) -> None:
    """Takes back what followed from facts that were never acknowledged, from `seq` on; the pools follow."""
    mine = (
        PostEntry.plan_id == plan_id,
        PostEntry.application_ref == application_ref,
        PostEntry.seq >= seq,
    )
    touched = await session.execute(select(PostEntry.employer, PostEntry.level).where(*mine).distinct())
    for employer, level in sorted(tuple(pair) for pair in touched):
        pool = Pool(plan_id, employer, level)
        row = await _locked(session, pool)
        await session.execute(delete(PostEntry).where(*mine).filter_by(employer=employer, level=level))
        _refresh(row, fold(await entries_of(session, pool)), at)
    await session.flush()


async def entries_of(session: AsyncSession, pool: Pool) -> list[Entry]:
    """The ledger of a pool, in order."""
    columns = [getattr(PostEntry, name) for name in _COLUMNS]
    rows = await session.execute(select(*columns).filter_by(**pool.key).order_by(PostEntry.n))
    return [Entry(**{**row, "kind": PostKind(row["kind"])}) for row in rows.mappings()]


async def pools(
    session: AsyncSession,
    *,
    plan_id: str | None = None,
    employer: str | None = None,
    level: str | None = None,
) -> list[PoolView]:
    """Every pool that fits, in order of plan, unit and level."""
    wanted = {"plan_id": plan_id, "employer": employer, "level": level}
    query = select(PostPool).filter_by(**{k: v for k, v in wanted.items() if v is not None})
    found = []
    for row in await session.scalars(query.order_by(PostPool.plan_id, PostPool.employer, PostPool.level)):
        pool = Pool(row.plan_id, row.employer, row.level)
        found.append(_view(pool, fold(await entries_of(session, pool))))
    return found


async def audit_pool(session: AsyncSession, pool: Pool) -> list[str]:
    """Checks a pool: the ledger sums, keeps invariant 4, and agrees with its row and with every audit chain.

    Gives one sentence a fault; an empty list means that all is well.
    """
    entries = await entries_of(session, pool)
    standing = fold(entries)
    found = faults(entries)
    row = await session.scalar(select(PostPool).filter_by(**pool.key))
    if row is None:
        return [*found, "the pool has no row"] if entries else found
    kept = (row.capacity, row.held, row.consumed, row.waiting, row.version)
    read = (
        standing.capacity,
        len(standing.held),
        len(standing.consumed),
        len(standing.waiting),
        standing.version,
    )
    if kept != read:
        found.append(f"the pool's row says {kept}, the ledger {read}")
    for ref in sorted({entry.application_ref for entry in entries}):
        chain = await session.scalars(
            select(AuditEntry).filter_by(plan_id=pool.plan_id, application_ref=ref).order_by(AuditEntry.seq)
        )
        found += _against_the_chain(standing, ref, [entry.to_fact() for entry in chain])
    return found + await _without_entry(session, pool, {entry.application_ref for entry in entries})


def _against_the_chain(standing: Standing, ref: str, facts: Sequence[Fact]) -> list[str]:
    """The chain says by itself where an application's post is; while one is asked for it says nothing."""
    if not facts:
        return [f"{ref}: it stands in the ledger and has no audit chain"]
    stage = Stage(facts[-1].to_stage)
    told = [f.event for f in facts if f.event in _TOLD or asks(f)]
    if stage is Stage.QUOTA_CHECK or (told and told[-1] not in _TOLD and stage in POST_NEEDED):
        return []
    last = told[-1] if told else ""
    if stage in TITLED:
        wanted = ref in standing.consumed
    elif stage in POST_NEEDED:
        wanted = ref in (standing.held if _TOLD.get(last, False) else standing.waiting)
    elif stage in ASKING:
        wanted = ref in standing.waiting
    else:
        wanted = ref not in (*standing.held, *standing.consumed, *standing.waiting)
    return [] if wanted else [f"{ref}: its chain stands in {stage.value} after {last}, the ledger disagrees"]


_TOLD = {"quota_pass": True, "quota_none": False, "post_regained": True, "post_lacking": False}
"""The facts by which a workflow says what it was answered: it holds a post, or none."""


async def _without_entry(session: AsyncSession, pool: Pool, known: set[str]) -> list[str]:
    """Applications that were told of a post of this pool, but have no entry in its ledger."""
    told = await session.execute(
        select(AuditEntry.application_ref, AuditEntry.details)
        .join(
            Application,
            (Application.plan_id == AuditEntry.plan_id)
            & (Application.application_ref == AuditEntry.application_ref),
        )
        .where(
            Application.plan_id == pool.plan_id,
            Application.employer == pool.employer,
            Application.level == pool.level,
            AuditEntry.event == "quota_pass",
        )
    )
    lost = {ref for ref, details in told if "in_use" in details} - known
    return [f"{ref}: it was told of a post and is not in the ledger" for ref in sorted(lost)]


async def _locked(session: AsyncSession, pool: Pool) -> PostPool:
    """The row of the pool, made if it is not there, locked until the transaction ends."""
    empty = {"capacity": 0, "version": 0, "held": 0, "consumed": 0, "waiting": 0}
    await write_new(session, PostPool, [{**pool.key, **empty}])
    row = await session.scalar(
        select(PostPool).filter_by(**pool.key).with_for_update().execution_options(populate_existing=True)
    )
    assert row is not None
    return row


async def _in_the_chain(session: AsyncSession, batch: HopBatch, facts: Sequence[Fact]) -> set[int]:
    snapshot = batch.snapshot
    return set(
        await session.scalars(
            select(AuditEntry.seq)
            .filter_by(plan_id=snapshot.plan_id, application_ref=snapshot.application_ref)
            .where(AuditEntry.seq.in_([fact.seq for fact in facts]))
        )
    )


def _answer_again(entries: Sequence[Entry], ref: str, fact: Fact) -> PostAnswer | None:
    """The answer that was given: the pool as it stood with the entry."""
    if not asks(fact):
        return None
    for entry in entries:
        if (entry.application_ref, entry.seq) == (ref, fact.seq):
            return answer_of(entry, fold(e for e in entries if e.n <= entry.n))
    return None


async def _write(session: AsyncSession, pool: Pool, entry: Entry, at: datetime) -> None:
    columns = {name: getattr(entry, name) for name in _COLUMNS}
    await write_new(session, PostEntry, [{**pool.key, **columns, "kind": entry.kind.value, "at": at}])


def _refresh(row: PostPool, standing: Standing, at: datetime) -> None:
    row.basis, row.capacity, row.record = standing.basis, standing.capacity, standing.record
    row.version, row.changed_at = standing.version, at
    row.held, row.consumed = len(standing.held), len(standing.consumed)
    row.waiting = len(standing.waiting)


def _view(pool: Pool, standing: Standing) -> PoolView:
    return PoolView(
        **pool.key,
        basis=standing.basis,
        record=standing.record,
        version=standing.version,
        capacity=standing.capacity,
        held=len(standing.held),
        consumed=len(standing.consumed),
        free=standing.free,
        holding=standing.held,
        titled=standing.consumed,
        waiting=standing.waiting,
    )
