"""The names behind the opaque references. These two tables are the only ones with a name in them.

A correction is a new version with the document that allows it; what a paper showed at its time stays known.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Code, Prose, Ref


class Person(Base):
    """The name of an applicant, by the opaque reference; the highest version counts. `kind` is unused."""

    __tablename__ = "people"

    ref: Mapped[Ref] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[Prose]
    kind: Mapped[Code | None]
    recorded_at: Mapped[datetime]
    document_no: Mapped[Prose | None]


class Unit(Base):
    """The name of an organisation, and its `kind` (事业单位, 企业 ...); the highest version counts."""

    __tablename__ = "units"

    ref: Mapped[Ref] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[Prose]
    kind: Mapped[Code | None]
    recorded_at: Mapped[datetime]
    document_no: Mapped[Prose | None]
