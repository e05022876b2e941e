"""Who listens and how it goes: webhooks, contacts, letters on their way, and which courier works.

Addresses of people stand in `contacts` and nowhere else; everything else names opaque references. The keys
that sign deliveries stand in `webhooks` sealed (`activities.sealing`).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Big, Code, Json, Prose, Ref, Serial, Sha256


class Webhook(Base):
    """One subscription: what `role` of `organisation` may see of a plan is sent to `url`, in its order.

    `position`: the sequence up to which everything was delivered, laid aside or not meant. `events`: only
    these. `status`: active or paused. `tries` and `next_at` are those of the event after `position`;
    `failing_since`: nothing was delivered since. `former_secret` signs too, until `former_until`.
    """

    __tablename__ = "webhooks"
    __table_args__ = (Index(None, "plan_id", "role", "organisation"),)

    id: Mapped[Ref] = mapped_column(primary_key=True)
    plan_id: Mapped[Ref]
    role: Mapped[Code]
    organisation: Mapped[Ref]
    url: Mapped[str] = mapped_column(String(500))
    events: Mapped[Json | None]
    application_ref: Mapped[Ref | None]
    secret: Mapped[Prose]
    former_secret: Mapped[Prose | None]
    former_until: Mapped[datetime | None]
    status: Mapped[Code]
    position: Mapped[Big]
    tries: Mapped[int]
    next_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    last_answer: Mapped[Code | None]
    last_at: Mapped[datetime | None]
    delivered: Mapped[Big]
    created_by: Mapped[Ref]
    created_at: Mapped[datetime]


class DeadDelivery(Base):
    """A delivery that was refused too often. `status`: dead, due (to be tried again) or delivered."""

    __tablename__ = "webhook_dead"
    __table_args__ = (
        ForeignKeyConstraint(["webhook_id"], ["webhooks.id"], ondelete="CASCADE"),
        UniqueConstraint("webhook_id", "sequence"),
    )

    id: Mapped[Serial]
    webhook_id: Mapped[Ref]
    sequence: Mapped[Big]
    tries: Mapped[int]
    last_answer: Mapped[Code]
    died_at: Mapped[datetime]
    status: Mapped[Code]


class Contact(Base):
    """Where what is meant for `recipient` goes. `channel`: mail, webhook or mailbox (the folder)."""

    __tablename__ = "contacts"

    recipient: Mapped[Ref] = mapped_column(primary_key=True)
    channel: Mapped[Code]
    address: Mapped[str] = mapped_column(String(500))
    set_at: Mapped[datetime]


class Letter(Base):
    """How the sending of one notice goes; `source` is its table. The notice stays `pending` until it is sent.

    `status`: waiting (for `next_at`), no_contact, sent or dead. `reason`: why it is not sent yet.
    """

    __tablename__ = "letters"
    __table_args__ = (Index(None, "status", "source"),)

    source: Mapped[Code] = mapped_column(primary_key=True)
    notice_id: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    recipient: Mapped[Ref | None]
    status: Mapped[Code]
    tries: Mapped[int]
    next_at: Mapped[datetime | None]
    reason: Mapped[Code | None]
    changed_at: Mapped[datetime]


class OperatorNotice(Base):
    """A message about the service itself, to its operator or whom it concerns. `status`: pending or sent."""

    __tablename__ = "operator_notices"
    __table_args__ = (UniqueConstraint("dedupe_key"),)

    id: Mapped[Serial]
    at: Mapped[datetime]
    recipient: Mapped[Ref | None]
    to_role: Mapped[Code]
    template: Mapped[Code]
    subject_zh: Mapped[Prose]
    text_zh: Mapped[Prose]
    text_en: Mapped[Prose]
    status: Mapped[Code]
    sent_at: Mapped[datetime | None]
    dedupe_key: Mapped[Sha256]


class Lease(Base):
    """Who does a work that one process does at a time, and until when nobody else may take it."""

    __tablename__ = "leases"

    work: Mapped[Code] = mapped_column(primary_key=True)
    holder: Mapped[Ref]
    until: Mapped[datetime]
