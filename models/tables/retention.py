"""What was removed when its time was over, what must not be, and what is still to be removed elsewhere.

The entries are a hash chain of their own, so that a removal can neither be hidden nor invented.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Code, Json, Prose, Ref, Serial, Sha256


class Removal(Base):
    """One removal: of which class, whose, under which rule, how many rows of which table, by whom.

    Of an application `chain` is the last hash of its audit chain and `skeleton` the digest of its entries as
    they stay (`models.removed`). `hash` is over all of it and over `prev_hash`, that of the entry before.
    """

    __tablename__ = "removals"
    __table_args__ = (Index(None, "plan_id", "application_ref"), {"sqlite_autoincrement": True})

    id: Mapped[Serial]
    at: Mapped[datetime]
    by: Mapped[Ref]
    kept: Mapped[Code]
    subject: Mapped[str] = mapped_column(String(200))
    plan_id: Mapped[Ref | None]
    application_ref: Mapped[Ref | None]
    rule: Mapped[Prose]
    counted_from: Mapped[date | None]
    due_on: Mapped[date]
    rows: Mapped[Json]
    chain: Mapped[Sha256 | None]
    skeleton: Mapped[Sha256 | None]
    prev_hash: Mapped[Sha256]
    hash: Mapped[Sha256]


class LegalHold(Base):
    """An application that must be kept, whatever its time: a court, an inspection. One row a ground."""

    __tablename__ = "legal_holds"
    __table_args__ = (Index(None, "plan_id", "application_ref"), {"sqlite_autoincrement": True})

    id: Mapped[Serial]
    plan_id: Mapped[Ref]
    application_ref: Mapped[Ref]
    reason: Mapped[Prose]
    document_no: Mapped[Prose]
    placed_by: Mapped[Ref]
    placed_at: Mapped[datetime]
    lifted_by: Mapped[Ref | None]
    lifted_at: Mapped[datetime | None]
    lifted_document_no: Mapped[Prose | None]


class ToRemove(Base):
    """Something outside of the database that a removal left to do: written with it, gone when it is done.

    `place`: evidence (a hash), paper (a key of the store) or history (a workflow id).
    """

    __tablename__ = "to_remove"

    place: Mapped[Code] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    since: Mapped[datetime]
    tries: Mapped[int]
    reason: Mapped[Code | None]
