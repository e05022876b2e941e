"""Reminders of a batch: a notice to whoever is to act, once an application, template and day."""

from __future__ import annotations

from datetime import date
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from activities.inbox import NOBODYS
from activities.writing import write_new
from models.batch import Remind
from models.stages import label_of
from models.tables import Application, Notice
from models.wire import Instant


async def remind(session: AsyncSession, row: Application | None, told: Remind, at: Instant, day: date) -> str:
    """Writes the notice, pending; gives the code: `reminded`, or why nobody is."""
    if row is None or row.action_by is None or nobody(row) is not None:
        return nobody(row) or "nobody_to_remind"
    key = sha256(f"{row.plan_id}/{row.application_ref}/{told.template}/{day}".encode()).hexdigest()
    if await session.scalar(select(Notice.id).filter_by(dedupe_key=key)) is not None:
        return "already_reminded"
    await write_new(session, Notice, [_notice(row, row.action_by, told, at, key)])
    return "reminded"


def nobody(row: Application | None) -> str | None:
    """Why nobody is to be reminded of this application; None when somebody is."""
    if row is None:
        return "unknown"
    if row.status == "ended":
        return "closed"
    return "nobody_to_remind" if row.action_by in NOBODYS else None


def _notice(row: Application, role: str, told: Remind, at: Instant, key: str) -> dict[str, Any]:
    place, ref = label_of(row.stage), row.application_ref
    zh = ["提醒", f"申报编号：{ref}", f"当前环节：{place.zh}", told.text]
    en = ["Reminder", f"Application: {ref}", f"Stage: {place.en}", told.text]
    return {
        "plan_id": row.plan_id,
        "application_ref": ref,
        "seq": row.seq,
        "at": at,
        "to_role": role,
        "recipient": row.action_organisation,
        "template": told.template[:60],
        "subject_zh": f"【职称评审】提醒（{ref}）",
        "text_zh": "\n".join(zh),
        "text_en": "\n".join(en),
        "status": "pending",
        "dedupe_key": key,
    }
