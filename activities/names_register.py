"""Writes names into the register: a correction names its document; a file is taken whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from activities.people import latest, record_name
from models.names_file import Fault, NameRow
from models.refusal import RefusalCode, refuse
from models.tables import Person, Unit
from models.tables.people import Named
from models.wire import Label

TABLES: dict[str, type[Named]] = {"person": Person, "unit": Unit}


_LOCK = 7_302_316
"""The PostgreSQL advisory lock under which names are recorded: no row of a first name could be locked."""


async def record_one(
    session: AsyncSession, row: NameRow, at: datetime, document_no: str | None
) -> tuple[int, bool]:
    """Records one name; gives its version, and whether it is new. Raises `Refused`.

    The first name needs no document; another one in its place does (PIPL Art. 8, 46).
    """
    if session.get_bind().dialect.name == "postgresql":  # of two at once the second one finds the first
        await session.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    table = TABLES[row.of]
    (*_, last) = [None, *await latest(session, table, [row.ref])]
    if last is not None and last.name != row.name and document_no is None:
        raise refuse(
            RefusalCode.GUARD,
            zh=f"{row.ref} 已登记为另一名称（第{last.version}版）。",
            en=f"{row.ref} is recorded under another name already (version {last.version}).",
            fix_zh="更正名称须以 --document-no 注明依据文件。",
            fix_en="A correction names the document that allows it: --document-no.",
            field="document_no",
            citation="PIPL Art. 8, 46",
        )
    version = await record_name(session, table, row.ref, row.name, at, kind=row.kind, document_no=document_no)
    return version, last is None or version > last.version


async def record_all(
    session: AsyncSession, rows: Sequence[NameRow], at: datetime, document_no: str | None
) -> tuple[int, list[Fault]]:
    """Records every row, or none: gives how many are new, or what is in the way. Roll back when there is."""
    faults: list[Fault] = []
    for of, table in TABLES.items():
        mine = {row.ref: row for row in rows if row.of == of}
        for known in await latest(session, table, mine):
            if known.name != mine[known.ref].name and document_no is None:
                words = Label(
                    zh=f"{known.ref} 已登记为另一名称，更正须给出依据文件（--document-no）",
                    en=f"{known.ref} is recorded under another name; a correction needs --document-no",
                )
                faults.append(Fault(mine[known.ref].line, words))
    if faults:
        return 0, sorted(faults)
    new = 0
    for row in rows:
        _, is_new = await record_one(session, row, at, document_no)
        new += is_new
    return new, []


async def versions_of(session: AsyncSession, ref: str) -> list[tuple[str, Named]]:
    """Every version recorded under a reference, as a person and as a unit, oldest first."""
    found: list[tuple[str, Named]] = []
    for of, table in TABLES.items():
        rows = await session.scalars(select(table).where(table.ref == ref).order_by(table.version))
        found.extend((of, row) for row in rows)
    return found
