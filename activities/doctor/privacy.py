"""Duties towards people that are not met: one person under two references, what is kept too long."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from activities.identity import live_twice
from activities.retention.finding import due
from activities.retention.register import verify
from models.doctor import Symptom, Trouble, trouble
from models.retention import RULES, Kept, is_overdue
from models.wire import local_day


async def people(session: AsyncSession) -> list[Trouble]:
    """One person with two live applications, begun before it was known who it is."""
    return [
        trouble(
            Symptom.IDENTITY_DOUBLED,
            plan_id,
            f"编号 {'、'.join(refs)} 证件号码相同，均有在办申报",
            f"{', '.join(refs)} have the same identity number, and a live application each",
        )
        for plan_id, refs in await live_twice(session)
    ]


async def retention(session: AsyncSession, now: datetime) -> list[Trouble]:
    """The register of removals is whole, and nothing is kept for weeks after its time."""
    found = [
        trouble(Symptom.CHAIN_BROKEN, "removals", f"删除登记：{fault}", fault)
        for fault in await verify(session)
    ]
    today = local_day(now)
    late: Counter[Kept] = Counter()
    for one in await due(session, today):
        if one.held is None and is_overdue(one.due_on, today):
            late[one.kept] += one.rows
    for kept, number in sorted(late.items()):
        label = RULES[kept].label
        zh, en = f"{label.zh}：{number}项保存期满30日以上", f"{label.en}: {number} due for more than 30 days"
        found.append(trouble(Symptom.RETENTION_OVERDUE, kept.value, zh, en, "warning"))
    return found
