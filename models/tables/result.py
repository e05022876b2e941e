"""From the examination to the archive: marks, agendas, counts, confirmations, certificates, receipts.

A vote is counts only: no row links an expert and a ballot.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Code, Facts, OfApplication, Prose, Ref, Sha256, of_application


class ExamResult(Facts, Base):
    """The result of the professional examination, or of the defence."""

    __tablename__ = "exams"
    __table_args__ = (of_application(),)

    subject: Mapped[Code]
    result: Mapped[Code]
    held_on: Mapped[date]
    seat: Mapped[Ref | None]
    score: Mapped[int | None]
    pass_line: Mapped[int | None]
    record: Mapped[Prose]


class AgendaEntry(Facts, Base):
    """The application on the agenda of a meeting, and the committee drawn for it."""

    __tablename__ = "meetings"
    __table_args__ = (of_application(),)

    meeting_ref: Mapped[Ref]
    committee_ref: Mapped[Ref]
    committee_size: Mapped[int]
    committee_valid_until: Mapped[date]
    drawn_on: Mapped[date]
    meeting_on: Mapped[date]
    conflicts_cleared: Mapped[bool]


class VoteCount(Facts, Base):
    """The ballot on one application: opened, counted, or broken off. Numbers only."""

    __tablename__ = "votes"
    __table_args__ = (of_application(), CheckConstraint("yes <= attending", name="yes_within_attending"))

    step: Mapped[Code]
    passed: Mapped[bool | None]
    committee_size: Mapped[int]
    attending: Mapped[int]
    recused: Mapped[int]
    opinions: Mapped[int]
    yes: Mapped[int]
    no: Mapped[int]
    abstain: Mapped[int]
    signed: Mapped[bool]
    sealed: Mapped[bool]
    minutes_sha256: Mapped[Sha256 | None]


class RecheckStep(Facts, Base):
    """A re-check: asked for (`ground`), or ruled on (`finding`)."""

    __tablename__ = "rechecks"
    __table_args__ = (of_application(),)

    ground: Mapped[Code | None]
    finding: Mapped[Code | None]
    words: Mapped[Prose]


class Confirmation(Facts, Base):
    """The confirming authority's answer to the filed result."""

    __tablename__ = "confirmations"
    __table_args__ = (of_application(),)

    outcome: Mapped[Code]
    report_ref: Mapped[Prose]
    words: Mapped[Prose | None]


class CertificateCounter(Base):
    """The last number given under a prefix. Numbers are given once and never again."""

    __tablename__ = "certificate_counters"

    prefix: Mapped[Ref] = mapped_column(primary_key=True)
    last: Mapped[int]


class Certificate(OfApplication, Base):
    """The certificate of an application: one number for ever, `valid`, `revoked`, or `void`.

    `void`: the confirmation was never acknowledged; the number stays with this application.
    """

    __tablename__ = "certificates"
    __table_args__ = (of_application(), UniqueConstraint("number"))

    number: Mapped[Ref]
    seq: Mapped[int]
    status: Mapped[Code]
    sha256: Mapped[Sha256]
    title_date: Mapped[date]
    issued_at: Mapped[datetime]
    revoked_seq: Mapped[int | None]
    revoked_at: Mapped[datetime | None]
    revoked_ground: Mapped[Code | None]
    revoked_document_no: Mapped[Prose | None]


class ArchiveReceipt(Facts, Base):
    """The archive keeper has the electronic review form."""

    __tablename__ = "archive_receipts"
    __table_args__ = (of_application(),)

    receipt_ref: Mapped[Prose]
    form_sha256: Mapped[Sha256]
