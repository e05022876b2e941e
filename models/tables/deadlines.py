"""Deadlines as computed: every computation with its lineage, and the one in force."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Code, Json, OfApplication, Prose, Ref, of_application


class DeadlineColumns(OfApplication):
    """One computed end; `due_at` is the first instant that is too late, None while a year is missing.

    `seq` is the fact after which it was computed.
    """

    kind: Mapped[Code]
    formula: Mapped[Prose]
    start: Mapped[date]
    last_day: Mapped[date | None]
    due_at: Mapped[datetime | None]
    capped_from: Mapped[date | None]
    missing_year: Mapped[int | None]
    lineage: Mapped[Json | None]
    reminders: Mapped[Json]
    ground: Mapped[Ref | None]
    document_no: Mapped[Prose | None]
    computed_at: Mapped[datetime]
    asked: Mapped[Json | None]
    """The request (`models.deadlines.DeadlineRequest`): it shows what a notice would move."""


class CurrentDeadline(DeadlineColumns, Base):
    """The deadline in force; `revision` counts how often it was computed."""

    __tablename__ = "deadlines"
    __table_args__ = (
        of_application(),
        Index(None, "due_at"),
        Index("ix_deadlines_next", "plan_id", "application_ref", "due_at", "name"),
    )

    name: Mapped[Code] = mapped_column(primary_key=True, sort_order=-2)
    seq: Mapped[int]
    revision: Mapped[int]


class DeadlineEntry(DeadlineColumns, Base):
    """One computation of a deadline, kept for ever."""

    __tablename__ = "deadline_revisions"
    __table_args__ = (of_application(),)

    name: Mapped[Code] = mapped_column(primary_key=True, sort_order=-2)
    seq: Mapped[int] = mapped_column(primary_key=True, sort_order=-1)
