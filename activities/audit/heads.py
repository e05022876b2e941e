"""How far every chain and record of a plan has come: the leaves that the next root may seal."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.audit import digest
from models.roots import Leaf, LeafKind
from models.tables import (
    AuditEntry,
    AuditOrphan,
    CycleFact,
    ExpertDraw,
    MeetingEntry,
    Minutes,
    PostedEntry,
    PostedList,
    Removal,
)
from models.wire import SHANGHAI


async def heads(session: AsyncSession, plan_id: str) -> list[Leaf]:
    """Every leaf of the plan as the database has it now: applications first, by reference."""
    return [
        *await _applications(session, plan_id),
        *await _cycle(session, plan_id),
        *await records(session, plan_id),
    ]


async def _applications(session: AsyncSession, plan_id: str) -> list[Leaf]:
    last = (
        select(AuditEntry.application_ref.label("ref"), func.max(AuditEntry.seq).label("seq"))
        .where(AuditEntry.plan_id == plan_id)
        .group_by(AuditEntry.application_ref)
        .subquery()
    )
    rows = await session.execute(
        select(AuditEntry.application_ref, AuditEntry.seq, AuditEntry.hash)
        .join(last, (AuditEntry.application_ref == last.c.ref) & (AuditEntry.seq == last.c.seq))
        .where(AuditEntry.plan_id == plan_id)
        .order_by(AuditEntry.application_ref)
    )
    return [Leaf(kind=LeafKind.APPLICATION, ref=ref, seq=seq, hash=hash_) for ref, seq, hash_ in rows]


async def _cycle(session: AsyncSession, plan_id: str) -> list[Leaf]:
    last = await session.scalar(
        select(CycleFact)
        .filter_by(plan_id=plan_id)
        .where(CycleFact.orphaned_at.is_(None))
        .order_by(CycleFact.seq.desc())
        .limit(1)
    )
    return [Leaf(kind=LeafKind.CYCLE, ref=plan_id, seq=last.seq, hash=last.hash)] if last is not None else []


async def records(session: AsyncSession, plan_id: str) -> list[Leaf]:
    """What is written once and stays, or grows in one place: acts, draws, minutes, lists, what was set aside.

    Only what a retention leaves in place is hashed: no words.
    """
    found = [_leaf_of_act(act) for act in await _all(session, MeetingEntry, plan_id)]
    found += [_leaf_of_draw(draw) for draw in await _all(session, ExpertDraw, plan_id)]
    for part in await _all(session, Minutes, plan_id):
        found.append(_once(LeafKind.MINUTES, f"{part.meeting_ref}/{part.part}", part.sha256))
    for posted in await _all(session, PostedList, plan_id):
        if posted.status != "draft":
            found.append(await _leaf_of_list(session, posted))
    aside = {(gone.application_ref, gone.hash) for gone in await _all(session, AuditOrphan, plan_id)}
    found += [_once(LeafKind.SET_ASIDE, f"{ref}/{hash_}", hash_) for ref, hash_ in aside]
    found.sort(key=lambda leaf: (leaf.kind.value, leaf.ref))
    removals = (await session.scalars(select(Removal.hash).order_by(Removal.id))).all()
    if removals:
        found.append(Leaf(kind=LeafKind.REMOVALS, ref="all", seq=len(removals), hash=removals[-1]))
    return found


async def _all(session: AsyncSession, table: type, plan_id: str) -> list:  # type: ignore[type-arg]
    return list(await session.scalars(select(table).filter_by(plan_id=plan_id)))


def _once(kind: LeafKind, ref: str, hash_: str) -> Leaf:
    return Leaf(kind=kind, ref=ref, seq=1, hash=hash_)


def _leaf_of_act(act: MeetingEntry) -> Leaf:
    said = [act.kind, _moment(act.at), act.actor_id, act.actor_role, act.actor_organisation, act.digest]
    ref = f"{act.meeting_ref}/{act.command_id}/{act.step}"
    return _once(LeafKind.MEETING_ACT, ref, digest(said))


def _leaf_of_draw(draw: ExpertDraw) -> Leaf:
    said = [
        draw.pool_sha256,
        draw.drawer_commitment,
        draw.witness_commitment,
        draw.seed,
        draw.result,
        draw.drawn_by,
        draw.witnessed_by,
        _moment(draw.drawn_at),
    ]
    return _once(LeafKind.DRAW, draw.meeting_ref, digest(said))


async def _leaf_of_list(session: AsyncSession, posted: PostedList) -> Leaf:
    lines = await session.execute(
        select(PostedEntry.position, PostedEntry.application_ref)
        .filter_by(plan_id=posted.plan_id, n=posted.n)
        .order_by(PostedEntry.position)
    )
    said = [posted.n, posted.sha256, posted.corrects, [list(line) for line in lines]]
    return _once(LeafKind.RESULT_LIST, str(posted.n), digest(said))


def _moment(at: datetime) -> str:
    return at.astimezone(SHANGHAI).isoformat()
