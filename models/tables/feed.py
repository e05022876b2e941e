"""The event feed: applications, cycles, meetings, batches; one number that only grows, without a gap."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Big, Code, Ref, Sha256


class FeedEvent(Base):
    """One event. `kind`: `fact`, or `retracted`: the event `retracts` was never acknowledged and is no more.

    `subject`: application, cycle, meeting or batch; `subject_ref` is its reference. Of an application
    `audit_id` is the row of the audit chain that it tells of; of the others `fact_key` names the row. No
    person, no words: roles, organisations, stages. No key leads to an application: a row of the feed is
    never changed and never goes.
    """

    __tablename__ = "feed"
    __table_args__ = (
        UniqueConstraint("audit_id", "kind"),
        UniqueConstraint("subject", "plan_id", "subject_ref", "fact_key", "kind"),
        Index(None, "plan_id", "sequence"),
    )

    sequence: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[Code]
    retracts: Mapped[Big | None]
    subject: Mapped[Code]
    subject_ref: Mapped[Ref]
    fact_key: Mapped[str | None] = mapped_column(String(100))
    audit_id: Mapped[Big | None]
    plan_id: Mapped[Ref]
    application_ref: Mapped[Ref | None]
    seq: Mapped[int | None]
    revision: Mapped[int | None]
    event: Mapped[Code]
    from_stage: Mapped[Code | None]
    to_stage: Mapped[Code | None]
    role: Mapped[Code]
    organisation: Mapped[Ref | None]
    at: Mapped[datetime]
    hash: Mapped[Sha256 | None]
