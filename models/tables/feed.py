"""The event feed: every fact of every application under one number that only grows, without a gap."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Big, Code, Ref, Sha256


class FeedEvent(Base):
    """One event. `kind`: `fact`, or `retracted`: the event `retracts` was never acknowledged and is no more.

    `audit_id` is the row of the audit chain that it tells of. No person, no words: roles, organisations,
    stages. No key leads to an application: a row of the feed is never changed and never goes.
    """

    __tablename__ = "feed"
    __table_args__ = (
        UniqueConstraint("audit_id", "kind"),
        Index(None, "plan_id", "sequence"),
    )

    sequence: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[Code]
    retracts: Mapped[Big | None]
    audit_id: Mapped[Big]
    plan_id: Mapped[Ref]
    application_ref: Mapped[Ref]
    seq: Mapped[int]
    revision: Mapped[int]
    event: Mapped[Code]
    from_stage: Mapped[Code]
    to_stage: Mapped[Code]
    role: Mapped[Code]
    organisation: Mapped[Ref | None]
    at: Mapped[datetime]
    hash: Mapped[Sha256]
