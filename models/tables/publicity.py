"""Publicity periods with their evidence, objections with grounds and rulings, findings of checks."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Code, Facts, Json, Prose, Ref, Sha256, of_application


class PublicityPosted(Facts, Base):
    """A publicity (`of` employer or result): what was posted, where, and since when it counts."""

    __tablename__ = "publicities"
    __table_args__ = (of_application(),)

    of: Mapped[Code]
    started_at: Mapped[datetime]
    working_days: Mapped[int | None]
    notice_sha256: Mapped[Sha256 | None]
    list_sha256: Mapped[Sha256]
    places: Mapped[Json]
    postings: Mapped[Json]


class PublicityStep(Facts, Base):
    """What became of a publicity: over, contested, cancelled, or its evidence filed.

    `publicity_seq` is the posting it belongs to; the image and the statement are the employer's evidence.
    """

    __tablename__ = "publicity_steps"
    __table_args__ = (of_application(),)

    publicity_seq: Mapped[int | None]
    step: Mapped[Code]
    image_sha256: Mapped[Sha256 | None]
    statement: Mapped[Prose | None]
    hidden_days: Mapped[Json]


class ObjectionRaised(Facts, Base):
    """An objection to a publicity, a complaint, or a question of the confirming authority.

    The grounds live here: the workflow keeps only their digest beside the audit chain.
    """

    __tablename__ = "objections"
    __table_args__ = (of_application(),)

    objection_id: Mapped[Ref]
    of: Mapped[Code]
    real_name: Mapped[bool]
    grounds: Mapped[Prose]
    grounds_digest: Mapped[Sha256]
    evidence_sha256: Mapped[Json]


class ObjectionRuling(Facts, Base):
    """The written finding on one objection."""

    __tablename__ = "objection_rulings"
    __table_args__ = (of_application(),)

    objection_id: Mapped[Ref]
    finding: Mapped[Code]
    words: Mapped[Prose]
    hearing_held: Mapped[bool]


class Finding(Facts, Base):
    """What a check found at one moment: advisory, a named person decides."""

    __tablename__ = "findings"
    __table_args__ = (of_application(),)

    n: Mapped[int] = mapped_column(primary_key=True, sort_order=-1)
    occasion: Mapped[Code]
    code: Mapped[Ref]
    severity: Mapped[Code]
    subject: Mapped[Prose]
    zh: Mapped[Prose]
    en: Mapped[Prose]
    citation: Mapped[Prose]
    mark: Mapped[Code]
