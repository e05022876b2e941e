"""Who may not vote on which case, in numbers: how many of the panel are recused, and on which grounds."""

from __future__ import annotations

from collections import Counter, defaultdict

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import PanelMember, Recusal


async def recusals_by_case(session: AsyncSession, plan_id: str, meeting_ref: str) -> dict[str, Counter[str]]:
    """Application -> ground -> how many seated members; nobody is named."""
    seated = and_(
        PanelMember.plan_id == Recusal.plan_id,
        PanelMember.meeting_ref == Recusal.meeting_ref,
        PanelMember.expert_ref == Recusal.expert_ref,
        PanelMember.replaced_by.is_(None),
    )
    rows = await session.execute(
        select(Recusal.application_ref, Recusal.reason)
        .join(PanelMember, seated)
        .where(Recusal.plan_id == plan_id, Recusal.meeting_ref == meeting_ref)
    )
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for ref, reason in rows:
        found[ref][reason] += 1
    return found
