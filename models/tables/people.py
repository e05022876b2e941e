"""The names behind the opaque references. Beside them only a posted list holds names, while it is public.

A correction is a new version with the document that allows it; what a paper showed at its time stays known.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Code, Prose, Ref


class Named(Base):
    """A name behind a reference, in one of its versions. `kind` is that of a unit (事业单位, 企业 ...)."""

    __abstract__ = True

    ref: Mapped[Ref] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[Prose]
    kind: Mapped[Code | None]
    recorded_at: Mapped[datetime]
    document_no: Mapped[Prose | None]


class Person(Named):
    """An applicant, by the opaque reference; the highest version counts."""

    __tablename__ = "people"


class Unit(Named):
    """An organisation, by its reference; the highest version counts."""

    __tablename__ = "units"
