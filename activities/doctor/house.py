"""What is not of one application: posts, notices on their way, missing years, deadlines gone by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from activities.letters import DEAD, SOURCES
from activities.posts import Pool, audit_pool
from models.deadlines import DeadlineKind
from models.doctor import Symptom, Trouble, trouble
from models.stages import STAGES
from models.tables import Application, CurrentDeadline, DeadDelivery, Letter, PostPool, Webhook

WAITS = timedelta(hours=24)
"""After so long a notice that waits, or a webhook that fails, is stuck."""

LATE = timedelta(hours=1)
"""A BAR acts at its end; a worker that was away for longer than this is worth a look."""


async def posts(session: AsyncSession, plan_id: str | None) -> tuple[int, list[Trouble]]:
    """Every pool: its ledger adds up, keeps to its capacity, and agrees with the chains."""
    query = select(PostPool.plan_id, PostPool.employer, PostPool.level).order_by(PostPool.plan_id)
    if plan_id is not None:
        query = query.where(PostPool.plan_id == plan_id)
    found: list[Trouble] = []
    pools = (await session.execute(query)).all()
    for one in pools:
        subject = f"{one.plan_id}/{one.employer}/{one.level}"
        faults = await audit_pool(session, Pool(*one))
        found += [trouble(Symptom.POSTS_DIFFER, subject, f"岗位台账：{fault}", fault) for fault in faults]
    return len(pools), found


async def outbox(session: AsyncSession, now: datetime) -> list[Trouble]:
    """Notices that wait too long, letters given up, webhooks that fail, deliveries laid aside."""
    found: list[Trouble] = []
    for source in SOURCES:
        waiting = source.table.status == "pending"
        if hasattr(source.table, "at"):
            waiting = waiting & (source.table.at < now - WAITS)
        number = await session.scalar(select(func.count()).select_from(source.table).where(waiting)) or 0
        if number:
            zh, en = f"{number}条通知超过24小时未发出", f"{number} notices wait for more than a day"
            found.append(trouble(Symptom.OUTBOX_STUCK, source.name, zh, en, "warning"))
    dead = await session.scalar(select(func.count()).select_from(Letter).where(Letter.status == DEAD)) or 0
    if dead:
        zh, en = f"{dead}封信已放弃发送", f"{dead} letters were given up"
        found.append(trouble(Symptom.OUTBOX_STUCK, "letters", zh, en, "warning"))
    aside = await session.scalar(select(func.count()).where(DeadDelivery.status == "dead")) or 0
    if aside:
        zh, en = f"{aside}次推送被搁置", f"{aside} deliveries were laid aside"
        found.append(trouble(Symptom.OUTBOX_STUCK, "webhooks", zh, en, "warning"))
    failing = select(Webhook.id).where(Webhook.status == "active", Webhook.failing_since < now - WAITS)
    for name in await session.scalars(failing.order_by(Webhook.id)):
        zh, en = "推送连续失败超过24小时", "nothing was delivered for more than a day"
        found.append(trouble(Symptom.OUTBOX_STUCK, f"webhook {name}", zh, en, "warning"))
    return found


async def deadlines(session: AsyncSession, plan_id: str | None, now: datetime) -> tuple[int, list[Trouble]]:
    """Deadlines in force that cannot be counted, and those whose end is over and that nothing followed."""
    open_stages = [stage.value for stage, known in STAGES.items() if not known.terminal]
    query = (
        select(CurrentDeadline)
        .join(
            Application,
            (Application.plan_id == CurrentDeadline.plan_id)
            & (Application.application_ref == CurrentDeadline.application_ref),
        )
        .where(Application.stage.in_(open_stages))
        .order_by(CurrentDeadline.plan_id, CurrentDeadline.application_ref, CurrentDeadline.name)
    )
    if plan_id is not None:
        query = query.where(CurrentDeadline.plan_id == plan_id)
    counting = select(func.count()).select_from(query.subquery())
    missing = (await session.scalars(query.where(CurrentDeadline.missing_year.is_not(None)))).all()
    overdue = query.where(
        CurrentDeadline.kind == DeadlineKind.BAR.value,
        CurrentDeadline.due_at < now - LATE,
        Application.due_at == CurrentDeadline.due_at,
    )
    late = (await session.scalars(overdue)).all()
    return await session.scalar(counting) or 0, [*_missing(missing), *_late(late)]


def _missing(rows: Sequence[CurrentDeadline]) -> list[Trouble]:
    return [
        trouble(
            Symptom.CALENDAR_MISSING,
            f"{row.plan_id}/{row.application_ref}",
            f"期限 {row.name} 无法计算：缺少{row.missing_year}年工作日安排",
            f"the deadline {row.name} cannot be counted: the working days of {row.missing_year} are missing",
        )
        for row in rows
    ]


def _late(rows: Sequence[CurrentDeadline]) -> list[Trouble]:
    return [
        trouble(
            Symptom.DEADLINE_PASSED,
            f"{row.plan_id}/{row.application_ref}",
            f"期限 {row.name} 已于 {row.last_day} 届满，仍未处理",
            f"the deadline {row.name} was over with {row.last_day}, and nothing happened",
        )
        for row in rows
    ]
