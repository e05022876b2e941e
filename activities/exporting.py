"""Files with many applications in them, and the record of who took which."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from activities.finding import View
from activities.selecting import conditions
from models.refusal import RefusalCode, refuse
from models.tables import Application, Export
from models.wire import SHANGHAI, Instant, Wire

MOST_ROWS = 50_000
COLUMNS = (
    *("application_ref", "stage", "status", "action_by", "employer", "department", "specialty", "level"),
    *("route", "due_at", "returns", "revision", "certificate_no", "entered_at"),
)
"""Of the read model; no name is among them. Times in Asia/Shanghai."""


class ExportRow(Wire):
    """Who took what. `sha256` is that of the bytes that were sent."""

    at: Instant
    subject: str
    grants: str
    what: str
    search: str
    rows: int
    sha256: str
    request_id: str


async def as_csv(view: View) -> tuple[bytes, int]:
    """What the view finds as CSV (UTF-8 with its mark), and how many rows. Raises `Refused`: too many."""
    columns = [getattr(Application, name) for name in COLUMNS]
    found = await view.session.execute(
        select(*columns)
        .where(view.seen, *conditions(view.selection, view.today))
        .order_by(Application.application_ref)
        .limit(MOST_ROWS + 1)
    )
    rows = found.all()
    if len(rows) > MOST_ROWS:
        raise refuse(
            RefusalCode.GUARD,
            zh=f"超过{MOST_ROWS}行，不能导出。",
            en=f"More than {MOST_ROWS} rows cannot be exported at once.",
            fix_zh="请收窄查询条件。",
            fix_en="Narrow the search.",
            field="search",
        )
    text = io.StringIO(newline="")
    written = csv.writer(text, lineterminator="\n")
    written.writerow(COLUMNS)
    written.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode("utf-8-sig"), len(rows)


def _cell(value: object) -> object:
    return value.astimezone(SHANGHAI).isoformat() if isinstance(value, datetime) else value


async def note_export(
    session: AsyncSession,
    content: bytes,
    *,
    at: datetime,
    subject: str,
    grants: str,
    plan_id: str,
    what: str,
    search: str,
    rows: int,
    request_id: str = "-",
) -> None:
    """Puts on record, before it is handed over, who takes which file."""
    await note_file(
        session,
        sha256(content).hexdigest(),
        at=at,
        subject=subject,
        grants=grants,
        plan_id=plan_id,
        what=what,
        search=search,
        rows=rows,
        request_id=request_id,
    )


async def note_file(
    session: AsyncSession,
    digest: str,
    *,
    at: datetime,
    subject: str,
    grants: str,
    plan_id: str,
    what: str,
    search: str,
    rows: int,
    request_id: str = "-",
) -> None:
    """The same of a file that is too large to be held: by its sha-256."""
    session.add(
        Export(
            at=at,
            subject=subject,
            grants=grants,
            plan_id=plan_id,
            what=what,
            search=search,
            rows=rows,
            sha256=digest,
            request_id=request_id,
        )
    )


async def exports_of(session: AsyncSession, plan_id: str, limit: int = 200) -> Sequence[ExportRow]:
    """Who took which file of a plan, the last one first."""
    rows = await session.scalars(
        select(Export).filter_by(plan_id=plan_id).order_by(Export.id.desc()).limit(limit)
    )
    shown = [name for name in ExportRow.model_fields if name != "at"]
    return [
        ExportRow(at=row.at.astimezone(SHANGHAI), **{name: getattr(row, name) for name in shown})
        for row in rows
    ]
