"""Work plans and calendar notices that came after the release, and who could not carry out an order.

None of these rows stems from a fact of one application. The texts are kept as they came, with their hash.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Code, Prose, Ref, Serial, Sha256


class PlanVersion(Base):
    """One version of a work plan: `content` is its TOML, `amends` the version that it replaces.

    `dated` is the day of the document, `issued_at` the business moment from which it is in force here.
    """

    __tablename__ = "plan_versions"

    plan_id: Mapped[Ref] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    document_no: Mapped[Prose]
    issued_at: Mapped[datetime]
    dated: Mapped[date]
    content: Mapped[Prose]
    sha256: Mapped[Sha256]
    amends: Mapped[int | None]


class CalendarNotice(Base):
    """A notice on working days, in the form of `models/calendars/state_council.toml`: `content` is its TOML.

    `issued` is the day of the document; in a rehearsal the notice counts from that day on.
    """

    __tablename__ = "calendar_notices"
    __table_args__ = (UniqueConstraint("sha256"),)

    id: Mapped[Serial]
    year: Mapped[int]
    document: Mapped[str] = mapped_column(String(120))
    issued: Mapped[date]
    content: Mapped[Prose]
    sha256: Mapped[Sha256]
    recorded_at: Mapped[datetime]


class OrderRefusal(Base):
    """An application that did not carry out its part of an order, and why.

    `code` is that of the refusal, or `closed`, `unknown`, `no_answer`.
    """

    __tablename__ = "order_refusals"
    __table_args__ = (Index(None, "plan_id", "application_ref"),)

    order_id: Mapped[str] = mapped_column(String(100), primary_key=True)
    application_ref: Mapped[Ref] = mapped_column(primary_key=True)
    plan_id: Mapped[Ref]
    code: Mapped[Code]
    reason: Mapped[Prose]
    at: Mapped[datetime]
