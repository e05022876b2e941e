"""What an examination of the service found: kept so that it can be read where it was not made."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from models.tables.base import Base, Code, Json, Ref, Serial


class OperatorReport(Base):
    """One run of `kind` (doctor, replay) by `subject` with this `release`. `plan_id` None: of every plan.

    `content` is what the command prints as JSON; no personal data, as there.
    """

    __tablename__ = "operator_reports"
    __table_args__ = (Index(None, "kind", "plan_id", "id"),)

    id: Mapped[Serial]
    kind: Mapped[Code]
    plan_id: Mapped[Ref | None]
    at: Mapped[datetime]
    subject: Mapped[Ref]
    release: Mapped[Ref]
    clean: Mapped[bool]
    content: Mapped[Json]
