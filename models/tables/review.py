"""What the review hops leave: dossiers, decisions, return lists and the answers to them."""

from __future__ import annotations

from datetime import date

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Code, Facts, Json, OfApplication, Prose, Ref, Sha256, of_application


class DossierVersion(OfApplication, Base):
    """A dossier by the sha-256 of its content; `seq` is the fact that last brought it."""

    __tablename__ = "dossiers"
    __table_args__ = (of_application(),)

    sha256: Mapped[Sha256] = mapped_column(primary_key=True, sort_order=-1)
    seq: Mapped[int]
    content: Mapped[Json]


class ReviewDecision(Facts, Base):
    """A decision of the employer, the department or the office: what was attested, and why."""

    __tablename__ = "reviews"
    __table_args__ = (of_application(),)

    hop: Mapped[Code]
    outcome: Mapped[Code]
    attested: Mapped[Json]
    reasons: Mapped[Json]
    post: Mapped[Json | None]


class CorrectedDecision(Facts, Base):
    """A decision was recorded on the wrong application, and corrected: the fact `corrected_seq` stays, but
    counts in no statistics; `seq` is the fact that says so."""

    __tablename__ = "corrected_decisions"
    __table_args__ = (
        of_application(),
        UniqueConstraint("plan_id", "application_ref", "corrected_seq"),
    )

    corrected_seq: Mapped[int]
    corrected_event: Mapped[Code]
    document_no: Mapped[Prose]
    reason: Mapped[Prose]


class ReturnList(Facts, Base):
    """A return: ONE list of what to repair, formal or substantive (一次性告知)."""

    __tablename__ = "returns"
    __table_args__ = (of_application(),)

    hop: Mapped[Code]
    change_class: Mapped[Code]
    correction_due: Mapped[date | None]


class ReturnItem(Facts, Base):
    """One point of a return list."""

    __tablename__ = "return_items"
    __table_args__ = (of_application(),)

    n: Mapped[int] = mapped_column(primary_key=True, sort_order=-1)
    item: Mapped[Ref]
    words: Mapped[Prose]
    part: Mapped[Prose | None]
    unrepaired: Mapped[Ref | None]
    newly_arisen: Mapped[bool]


class ReturnAnswer(Facts, Base):
    """The applicant's answer to one point of a return list."""

    __tablename__ = "return_answers"
    __table_args__ = (of_application(),)

    n: Mapped[int] = mapped_column(primary_key=True, sort_order=-1)
    item: Mapped[Ref]
    words: Mapped[Prose]
