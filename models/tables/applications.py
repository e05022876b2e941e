"""The read model: where each application stands, in whose court it is, and what is to be told to whom."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Code, OfApplication, Prose, Ref, Serial, Sha256, of_application

_RISK = ("stage", "status", "due_at", "application_ref")


class Application(OfApplication, Base):
    """One application as its workflow last reported it (`models.outbox.Snapshot`).

    `seq` and `chain` name the fact it stood at, so that any difference to the workflow is detectable.
    """

    __tablename__ = "applications"
    __table_args__ = (
        UniqueConstraint("workflow_id"),
        Index(None, "plan_id", "applicant"),
        Index(None, "plan_id", "due_at", "application_ref"),
        # The overviews are counted from these alone, and no row is opened (`activities.tally`).
        Index(
            "ix_applications_tally",
            *("plan_id", "stage", "status", "due_at", "specialty", "level", "action_by", "application_ref"),
        ),
        Index("ix_applications_department", "plan_id", "department", *_RISK),
        Index("ix_applications_employer", "plan_id", "employer", *_RISK),
    )

    plan_version: Mapped[int]
    workflow_id: Mapped[str] = mapped_column(String(200))
    run_id: Mapped[Ref]
    applicant: Mapped[Ref]
    employer: Mapped[Ref]
    department: Mapped[Ref]
    specialty: Mapped[Ref]
    level: Mapped[Ref]
    archive_keeper: Mapped[Ref | None]
    route: Mapped[Ref | None]
    stage: Mapped[Code]
    status: Mapped[Code]
    action_by: Mapped[Code | None]
    action_organisation: Mapped[Ref | None]
    due_at: Mapped[datetime | None]
    revision: Mapped[int]
    seq: Mapped[int]
    chain: Mapped[Sha256]
    returns: Mapped[int]
    certificate_no: Mapped[Ref | None]
    opened_at: Mapped[datetime | None]
    opened_run_id: Mapped[Ref | None]
    entered_at: Mapped[datetime]
    at: Mapped[datetime]


class LiveApplication(Base):
    """A reservation: one person has at most one live application in a plan. Gone when it has ended."""

    __tablename__ = "live_applications"
    __table_args__ = (of_application(), UniqueConstraint("plan_id", "application_ref"))

    plan_id: Mapped[Ref] = mapped_column(primary_key=True)
    applicant: Mapped[Ref] = mapped_column(primary_key=True)
    application_ref: Mapped[Ref]


class InboxItem(OfApplication, Base):
    """Work that waits for somebody: `role` of `organisation` is to act in `stage`. One open an application.

    `seq` and `closed_seq` are the facts that opened and closed it.
    """

    __tablename__ = "inbox"
    __table_args__ = (
        of_application(),
        Index(
            "uq_inbox_open",
            "plan_id",
            "application_ref",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index(None, "organisation", "closed_at"),
    )

    seq: Mapped[int] = mapped_column(primary_key=True, sort_order=-1)
    role: Mapped[Code]
    organisation: Mapped[Ref | None]
    stage: Mapped[Code]
    due_at: Mapped[datetime | None]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_seq: Mapped[int | None]


class Notice(Base):
    """A message to send, once: `recipient` is an organisation, or the applicant's opaque reference.

    `status`: pending, sent, held, or void (its fact was never acknowledged).
    """

    __tablename__ = "notices"
    __table_args__ = (
        of_application(),
        UniqueConstraint("dedupe_key"),
        Index(None, "status", "id"),
        Index(None, "plan_id", "application_ref", "seq"),
    )

    id: Mapped[Serial]
    plan_id: Mapped[Ref]
    application_ref: Mapped[Ref]
    seq: Mapped[int]
    at: Mapped[datetime]
    to_role: Mapped[Code]
    recipient: Mapped[Ref | None]
    template: Mapped[Code]
    subject_zh: Mapped[Prose]
    text_zh: Mapped[Prose]
    text_en: Mapped[Prose]
    status: Mapped[Code]
    sent_at: Mapped[datetime | None]
    dedupe_key: Mapped[str] = mapped_column(String(120))
