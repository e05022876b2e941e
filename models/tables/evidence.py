"""Papers that people upload: uploads under way and their pieces, stored files by hash, whose they are."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Big, Code, Json, OfApplication, Ref, Sha256, of_application


class EvidenceUpload(Base):
    """One upload. `received` bytes of `size` are on disk; `media_type` is what the content says it is.

    `state`: open, stored, refused, discarded or expired. `file_name` is what the sender called it, made
    legible: it may name a person, and stands nowhere else but in `evidence_links`.
    """

    __tablename__ = "evidence_uploads"
    __table_args__ = (
        of_application(),
        Index(None, "plan_id", "application_ref", "state"),
        Index(None, "state", "expires_at"),
    )

    upload_ref: Mapped[Ref] = mapped_column(primary_key=True)
    plan_id: Mapped[Ref]
    application_ref: Mapped[Ref]
    owner: Mapped[Ref]
    kind: Mapped[Code]
    file_name: Mapped[str | None] = mapped_column(String(200))
    declared_type: Mapped[Code | None]
    declared_sha256: Mapped[Sha256 | None]
    size: Mapped[Big]
    received: Mapped[Big]
    media_type: Mapped[Code | None]
    state: Mapped[Code]
    reason: Mapped[Code | None]
    sha256: Mapped[Sha256 | None]
    begun_at: Mapped[datetime]
    touched_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class EvidencePart(Base):
    """A piece of an upload that is on disk: `size` bytes from `start` on, in the store under `key`."""

    __tablename__ = "evidence_parts"

    upload_ref: Mapped[Ref] = mapped_column(ForeignKey("evidence_uploads.upload_ref"), primary_key=True)
    start: Mapped[Big] = mapped_column(primary_key=True)
    size: Mapped[Big]
    key: Mapped[str] = mapped_column(String(160))


class EvidenceObject(Base):
    """A stored file by the hash of its content. `state` as last looked at: stored, missing or altered.

    `flags`: what a person should look at, e.g. `encrypted`.
    """

    __tablename__ = "evidence_objects"
    __table_args__ = (Index(None, "checked_at"),)

    sha256: Mapped[Sha256] = mapped_column(primary_key=True)
    size: Mapped[Big]
    media_type: Mapped[Code]
    flags: Mapped[Json]
    state: Mapped[Code]
    stored_at: Mapped[datetime]
    checked_at: Mapped[datetime | None]


class EvidenceLink(OfApplication, Base):
    """The file belongs to this application, as this kind of paper. The same file may belong to many."""

    __tablename__ = "evidence_links"
    __table_args__ = (of_application(), Index(None, "sha256"))

    sha256: Mapped[Sha256] = mapped_column(
        ForeignKey("evidence_objects.sha256"), primary_key=True, sort_order=-1
    )
    kind: Mapped[Code] = mapped_column(primary_key=True)
    owner: Mapped[Ref]
    file_name: Mapped[str | None] = mapped_column(String(200))
    at: Mapped[datetime]
