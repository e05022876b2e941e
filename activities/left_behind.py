"""What people who left leave behind: work that only they did, seats, batches.

Work waits for a role of an organisation, never for a person. It is left behind when everybody who has acted
for that desk in this plan is among those who left.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Literal

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.meeting_messages import OVER
from models.slack import Today
from models.tables import AuditEntry, Batch, Expert, InboxItem, PanelMember, ReviewMeeting
from models.wire import Wire

_OVER = ("done", "stopped", "not_made")
MOST = 500


class LeftRow(Wire):
    """One thing to give to somebody else. `ref`: an application, a meeting or a batch.

    `why`: they_alone_acted, not_active or term_over (an expert), made_it (a batch that is not done).
    """

    kind: Literal["work", "seat", "batch"]
    ref: str
    subject: str
    role: str
    organisation: str | None
    stage: str | None
    why: str


async def left_behind(
    session: AsyncSession, plan_id: str, subjects: Collection[str], today: Today, limit: int = MOST
) -> list[LeftRow]:
    """What those `subjects` leave in a plan, and the seats of experts who cannot sit any more."""
    rows = [
        *await _work(session, plan_id, set(subjects), limit),
        *await _seats(session, plan_id, set(subjects), today),
        *await _batches(session, plan_id, set(subjects)),
    ]
    return rows[:limit]


async def _work(session: AsyncSession, plan_id: str, subjects: set[str], limit: int) -> list[LeftRow]:
    if not subjects:
        return []
    desk = (AuditEntry.actor_role, AuditEntry.actor_organisation)
    theirs = (
        await session.execute(
            select(*desk)
            .where(AuditEntry.plan_id == plan_id, AuditEntry.actor_id.in_(subjects), desk[1].is_not(None))
            .distinct()
        )
    ).all()
    if not theirs:
        return []
    of_theirs = or_(*((desk[0] == role) & (desk[1] == house) for role, house in theirs))
    acted = await session.execute(
        select(*desk, AuditEntry.actor_id).where(AuditEntry.plan_id == plan_id, of_theirs).distinct()
    )
    people: dict[tuple[str, str], set[str]] = defaultdict(set)
    for role, house, person in acted:
        people[role, house or ""].add(person)
    alone = {where: sorted(who) for where, who in people.items() if who <= subjects}
    if not alone:
        return []
    waiting = await session.scalars(
        select(InboxItem)
        .where(
            InboxItem.plan_id == plan_id,
            InboxItem.closed_at.is_(None),
            or_(*((InboxItem.role == role) & (InboxItem.organisation == house) for role, house in alone)),
        )
        .order_by(InboxItem.due_at.is_(None), InboxItem.due_at, InboxItem.application_ref)
        .limit(limit)
    )
    return [
        LeftRow(
            kind="work",
            ref=item.application_ref,
            subject=", ".join(alone[item.role, item.organisation or ""]),
            role=item.role,
            organisation=item.organisation,
            stage=item.stage,
            why="they_alone_acted",
        )
        for item in waiting
    ]


async def _seats(session: AsyncSession, plan_id: str, subjects: set[str], today: Today) -> list[LeftRow]:
    found = await session.execute(
        select(PanelMember, ReviewMeeting, Expert)
        .join(
            ReviewMeeting,
            (ReviewMeeting.plan_id == PanelMember.plan_id)
            & (ReviewMeeting.meeting_ref == PanelMember.meeting_ref),
        )
        .join(Expert, Expert.expert_ref == PanelMember.expert_ref)
        .where(
            PanelMember.plan_id == plan_id,
            PanelMember.replaced_by.is_(None),
            ReviewMeeting.status.not_in(OVER),
            or_(
                Expert.status != "active",
                Expert.term_until < ReviewMeeting.meeting_on,
                PanelMember.expert_ref.in_(subjects),
            ),
        )
        .order_by(ReviewMeeting.meeting_on, PanelMember.seat)
    )
    return [
        LeftRow(
            kind="seat",
            ref=meeting.meeting_ref,
            subject=member.expert_ref,
            role=member.duty,
            organisation=meeting.committee_ref,
            stage=meeting.status,
            why="not_active"
            if expert.status != "active"
            else "term_over"
            if expert.term_until < max(meeting.meeting_on, today.day)
            else "left",
        )
        for member, meeting, expert in found
    ]


async def _batches(session: AsyncSession, plan_id: str, subjects: set[str]) -> list[LeftRow]:
    found = await session.scalars(
        select(Batch)
        .where(Batch.plan_id == plan_id, Batch.maker_id.in_(subjects), Batch.status.not_in(_OVER))
        .order_by(Batch.made_at)
    )
    return [
        LeftRow(
            kind="batch",
            ref=batch.batch_ref,
            subject=batch.maker_id,
            role=batch.maker_role,
            organisation=batch.maker_organisation,
            stage=batch.status,
            why="made_it",
        )
        for batch in found
    ]
