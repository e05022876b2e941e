"""The register of names: who stands behind an opaque reference, for papers and lists only.

Names never enter a workflow, a log or a search attribute; whoever draws a paper looks them up here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables.people import Named

CHUNK = 500
"""References in one question; SQLite allows no more than some thousand parameters."""


async def record_name(
    session: AsyncSession,
    table: type[Named],
    ref: str,
    name: str,
    at: datetime,
    *,
    kind: str | None = None,
    document_no: str | None = None,
) -> int:
    """Records a name and gives its version; the same name again changes nothing."""
    last = await session.scalar(
        select(table).where(table.ref == ref).order_by(table.version.desc()).limit(1).with_for_update()
    )
    if last is not None and last.name == name and (kind is None or last.kind == kind):
        return int(last.version)
    version = 1 if last is None else last.version + 1
    session.add(
        table(
            ref=ref,
            version=version,
            name=name,
            kind=kind if kind is not None or last is None else last.kind,
            recorded_at=at,
            document_no=document_no,
        )
    )
    await session.flush()
    return version


async def names_of(session: AsyncSession, table: type[Named], refs: Iterable[str]) -> dict[str, str]:
    """The present name of each reference; one without a name is left out."""
    return {row.ref: row.name for row in await latest(session, table, refs)}


async def latest(session: AsyncSession, table: type[Named], refs: Iterable[str]) -> list[Named]:
    """The highest version of each reference that is known."""
    wanted = list(dict.fromkeys(refs))
    found: list[Named] = []
    for start in range(0, len(wanted), CHUNK):
        part = wanted[start : start + CHUNK]
        newest = (
            select(table.ref, func.max(table.version).label("version"))
            .where(table.ref.in_(part))
            .group_by(table.ref)
            .subquery()
        )
        rows = await session.scalars(
            select(table).join(newest, (table.ref == newest.c.ref) & (table.version == newest.c.version))
        )
        found.extend(rows)
    return found
