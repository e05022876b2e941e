"""Applications with all that the database says of each, in pages: memory does not grow with them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from activities.database import Database
from models.audit import Fact
from models.tables import (
    Application,
    AuditEntry,
    Certificate,
    InboxItem,
    LiveApplication,
    Paper,
    PublicityPosted,
    PublicityStep,
    Removal,
)

T = TypeVar("T")

PAGE = 200
"""Applications that are looked at together."""


@dataclass(frozen=True)
class Case:
    """All that the database says of one application."""

    row: Application
    facts: list[Fact]
    inbox: list[InboxItem]
    reservation: list[LiveApplication]
    certificates: list[Certificate]
    papers: list[Paper]
    postings: list[PublicityPosted]
    steps: list[PublicityStep]
    removal: Removal | None = None
    """Set when its words were removed because their time was over."""
    unreadable: tuple[int, ...] = ()
    """Numbers of entries that hold what no entry can hold; they are not among the facts."""

    @property
    def name(self) -> str:
        """`plan/reference`."""
        return f"{self.row.plan_id}/{self.row.application_ref}"

    @property
    def ended(self) -> bool:
        """For its workflow it is over; an archived title can still be revoked, and lives on."""
        return self.row.status == "ended"


async def cases(database: Database, plan_id: str | None, ref: str | None = None) -> AsyncIterator[Case]:
    """Every application, of one plan or of all, in order. Each page is one look at the database.

    With `ref`: of that reference alone.
    """
    last = ("", "")
    key = tuple_(Application.plan_id, Application.application_ref)
    while True:
        query = select(Application).where(key > last)
        if plan_id is not None:
            query = query.where(Application.plan_id == plan_id)
        if ref is not None:
            query = query.where(Application.application_ref == ref)
        async with database.reading() as session:
            ordered = query.order_by(Application.plan_id, Application.application_ref).limit(PAGE)
            rows = (await session.scalars(ordered)).all()
            found = [case async for case in _with_their_rows(session, rows)]
        for case in found:
            yield case
        if len(rows) < PAGE:
            return
        last = (rows[-1].plan_id, rows[-1].application_ref)


async def _with_their_rows(session: AsyncSession, rows: Sequence[Application]) -> AsyncIterator[Case]:
    audit = await _rows_of(session, AuditEntry, rows)
    inbox = await _rows_of(session, InboxItem, rows)
    live = await _rows_of(session, LiveApplication, rows)
    certificates = await _rows_of(session, Certificate, rows)
    papers = await _rows_of(session, Paper, rows)
    postings = await _rows_of(session, PublicityPosted, rows)
    steps = await _rows_of(session, PublicityStep, rows)
    removed = await _rows_of(session, Removal, rows)
    for row in rows:
        key = (row.plan_id, row.application_ref)
        facts, unreadable = _read(audit[key])
        yield Case(
            row=row,
            facts=facts,
            inbox=inbox[key],
            reservation=live[key],
            certificates=certificates[key],
            papers=papers[key],
            postings=postings[key],
            steps=steps[key],
            removal=next((one for one in removed[key] if one.chain is not None), None),
            unreadable=unreadable,
        )


def _read(entries: Sequence[AuditEntry]) -> tuple[list[Fact], tuple[int, ...]]:
    """The facts, and the numbers of those that are none: a look must not stop at what it looks for."""
    facts, unreadable = list[Fact](), list[int]()
    for entry in entries:
        try:
            facts.append(entry.to_fact())
        except ValueError:
            unreadable.append(entry.seq)
    return facts, tuple(unreadable)


async def _rows_of(
    session: AsyncSession, table: type[T], rows: Sequence[Application]
) -> dict[tuple[str, str], list[T]]:
    """The rows of a table by application, in the order of their facts."""
    columns: Any = table
    refs = [(row.plan_id, row.application_ref) for row in rows]
    wanted = select(table).where(tuple_(columns.plan_id, columns.application_ref).in_(refs))
    order = columns.seq if hasattr(table, "seq") else columns.application_ref
    found: dict[tuple[str, str], list[T]] = defaultdict(list)
    for row in await session.scalars(wanted.order_by(order)):
        one: Any = row
        found[one.plan_id, one.application_ref].append(row)
    return found
