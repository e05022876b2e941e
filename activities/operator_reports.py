"""Reports of examinations: kept by the command that made them, read by the board."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from importlib.metadata import version
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import OperatorReport

Kind = Literal["doctor", "replay"]


async def keep_report(
    session: AsyncSession,
    kind: Kind,
    content: Mapping[str, Any],
    *,
    clean: bool,
    subject: str,
    at: datetime,
    plan_id: str | None = None,
) -> None:
    """Keeps what was found, with the release that looked."""
    session.add(
        OperatorReport(
            kind=kind,
            plan_id=plan_id,
            at=at,
            subject=subject,
            release=version("zhicheng"),
            clean=clean,
            content=dict(content),
        )
    )


async def last_report(session: AsyncSession, kind: Kind, plan_id: str | None = None) -> OperatorReport | None:
    """The latest one of this kind for the plan; those of every plan where none is named."""
    report: OperatorReport | None = await session.scalar(
        select(OperatorReport)
        .filter_by(kind=kind, plan_id=plan_id)
        .order_by(OperatorReport.id.desc())
        .limit(1)
    )
    return report
