"""Saved searches, and what was exported: by whom, which search, how many rows, the digest of the file."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.search import MOST_CHARACTERS
from models.tables.base import Base, Code, Prose, Ref, Serial, Sha256


class SavedSearch(Base):
    """A search under a label. `owner_role`: `person` (the owner is a subject), or the role of a house."""

    __tablename__ = "saved_searches"

    owner_role: Mapped[Code] = mapped_column(primary_key=True)
    owner: Mapped[Ref] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(String(40), primary_key=True)
    text: Mapped[str] = mapped_column(String(MOST_CHARACTERS))
    saved_by: Mapped[Ref]
    saved_at: Mapped[datetime]


class Export(Base):
    """A file that left the system with many applications in it. `search`: what it was asked for."""

    __tablename__ = "exports"
    __table_args__ = (Index(None, "plan_id", "id"),)

    id: Mapped[Serial]
    at: Mapped[datetime]
    subject: Mapped[Ref]
    grants: Mapped[str] = mapped_column(String(500))
    plan_id: Mapped[Ref]
    what: Mapped[Code]
    search: Mapped[Prose]
    rows: Mapped[int]
    sha256: Mapped[Sha256]
    request_id: Mapped[Ref]
