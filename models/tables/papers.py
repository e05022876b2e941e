"""Papers as signed files: which was made of what, which one counts, and what could not be made.

No name stands here: a paper's row says which version of the name it shows. The file lies in the store
under the hash of its content.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Code, OfApplication, Prose, Ref, Sha256, of_application


class Paper(OfApplication, Base):
    """A signed file: the certificate (kind `certificate`) or the review form (`review_form`).

    `status`: current, or superseded by the version that names it in `supersedes`. `certificate_sha256` is
    the certificate's row that it was made of, `content_sha256` is over what it states, `sha256` over the
    file. `rehearsal`: signed with a self-made key, without legal effect.
    """

    __tablename__ = "papers"
    __table_args__ = (
        of_application(),
        UniqueConstraint("sha256"),
        Index(
            "uq_papers_current",
            "plan_id",
            "application_ref",
            "kind",
            unique=True,
            sqlite_where=text("status = 'current'"),
            postgresql_where=text("status = 'current'"),
        ),
        Index(None, "number", "kind"),
    )

    kind: Mapped[Code] = mapped_column(primary_key=True, sort_order=-2)
    version: Mapped[int] = mapped_column(primary_key=True, sort_order=-1)
    number: Mapped[Ref]
    status: Mapped[Code]
    certificate_sha256: Mapped[Sha256]
    content_sha256: Mapped[Sha256]
    sha256: Mapped[Sha256]
    size: Mapped[int]
    storage_key: Mapped[str] = mapped_column(String(120))
    person_version: Mapped[int]
    unit_version: Mapped[int]
    rehearsal: Mapped[bool]
    made_at: Mapped[datetime]
    supersedes: Mapped[int | None]
    superseded_at: Mapped[datetime | None]
    reason: Mapped[Prose | None]
    document_no: Mapped[Prose | None]


class PaperFault(OfApplication, Base):
    """Why a paper could not be made at the last try; gone when it has been made."""

    __tablename__ = "paper_faults"
    __table_args__ = (of_application(),)

    kind: Mapped[Code] = mapped_column(primary_key=True, sort_order=-1)
    at: Mapped[datetime]
    code: Mapped[Code]
    zh: Mapped[Prose]
    en: Mapped[Prose]
