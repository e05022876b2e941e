"""The names behind the opaque references, and the identity numbers behind them, sealed.

Beside this register only a posted list holds names, while it is public. A correction is a new version with
the document that allows it; what a paper showed at its time stays known.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Code, Prose, Ref, Sha256


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


class PersonIdentity(Base):
    """The identity document of a person, in one of its versions; one of them is `current`.

    `sealed` is the number under the key `key_id` (`activities.identity_keys`); `blind_index` finds who has
    the same number, under the key `index_key_id`. The number itself stands nowhere else.
    """

    __tablename__ = "person_identities"
    __table_args__ = (Index(None, "blind_index"), Index(None, "key_id"))

    person: Mapped[Ref] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    current: Mapped[bool]
    document: Mapped[Code]
    key_id: Mapped[Code]
    sealed: Mapped[Prose]
    index_key_id: Mapped[Code]
    blind_index: Mapped[Sha256]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[Ref]
    document_no: Mapped[Prose | None]
