"""Who looked at what, and who was turned away: one row a view of a dossier, or of a person's data."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Code, Prose, Ref, Serial


class AccessEntry(Base):
    """One look. `what` is the route's name; `outcome`: shown, or not_visible (also for what is not there).

    No key leads to an application: a look at one that does not exist is a row, too. `person`: whose data were
    looked at outside of an application (then `application_ref` is `-`); `reason`: why, where it must be said.
    """

    __tablename__ = "access_log"
    __table_args__ = (
        Index(None, "plan_id", "application_ref", "id"),
        Index(None, "subject", "id"),
        Index(None, "person", "id"),
    )

    id: Mapped[Serial]
    at: Mapped[datetime]
    subject: Mapped[Ref]
    grants: Mapped[str] = mapped_column(String(500))
    service: Mapped[bool]
    what: Mapped[Code]
    plan_id: Mapped[Ref]
    application_ref: Mapped[Ref]
    outcome: Mapped[Code]
    request_id: Mapped[Ref]
    person: Mapped[Ref | None]
    reason: Mapped[Prose | None]
