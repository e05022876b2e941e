"""Posts: the pool of a unit at a level in a cycle, and its ledger."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Code, Facts, Prose, Ref, of_application


class PostPool(Base):
    """The posts of one unit at one level in one cycle, as its ledger adds up to (`models.posts.fold`).

    Whoever moves a post locks this row first: of two decisions one is second. `version` counts the
    attestations that were accepted; `basis` and `record` are those of the last one.
    """

    __tablename__ = "post_pools"
    __table_args__ = (CheckConstraint("held >= 0 AND consumed >= 0 AND capacity >= 0", name="counts"),)

    plan_id: Mapped[Ref] = mapped_column(primary_key=True)
    employer: Mapped[Ref] = mapped_column(primary_key=True)
    level: Mapped[Ref] = mapped_column(primary_key=True)
    basis: Mapped[Code | None]
    capacity: Mapped[int]
    record: Mapped[Prose | None]
    version: Mapped[int]
    held: Mapped[int]
    consumed: Mapped[int]
    waiting: Mapped[int]
    changed_at: Mapped[datetime | None]


class PostEntry(Facts, Base):
    """One entry of a pool's ledger (`models.posts.Entry`): the sum of `delta` is the posts in use.

    `n` numbers the entries of a pool in the order in which they were decided.
    """

    __tablename__ = "post_ledger"
    __table_args__ = (of_application(), UniqueConstraint("plan_id", "employer", "level", "n"))

    employer: Mapped[Ref]
    level: Mapped[Ref]
    n: Mapped[int]
    kind: Mapped[Code]
    delta: Mapped[int]
    reason: Mapped[Code | None]
    owed: Mapped[bool]
    capacity: Mapped[int | None]
    basis: Mapped[Code | None]
    record: Mapped[Prose | None]
    reranked: Mapped[Prose | None]
