"""The daily roots of a plan (`models.roots`), and the leaves that each of them brought."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.roots import Leaf, LeafKind, Root
from models.tables.base import Base, Code, Ref, Sha256
from models.wire import SHANGHAI


class AuditRoot(Base):
    """The `n`-th root of a plan, at most one a business day; written once, never changed."""

    __tablename__ = "audit_roots"
    __table_args__ = (UniqueConstraint("plan_id", "day"),)

    plan_id: Mapped[Ref] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date]
    at: Mapped[datetime]
    tree: Mapped[Sha256]
    prev: Mapped[Sha256]
    hash: Mapped[Sha256]

    def to_root(self) -> Root:
        """The root as it was published."""
        return Root(
            plan_id=self.plan_id,
            n=self.n,
            day=self.day,
            at=self.at.astimezone(SHANGHAI),
            tree=self.tree,
            prev=self.prev,
            hash=self.hash,
        )


class AuditLeaf(Base):
    """What the `n`-th root says of one chain or record that is new, or has gone on since the root before."""

    __tablename__ = "audit_leaves"
    __table_args__ = (
        ForeignKeyConstraint(["plan_id", "n"], ["audit_roots.plan_id", "audit_roots.n"]),
        Index(None, "plan_id", "kind", "ref"),
    )

    plan_id: Mapped[Ref] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[Code]
    ref: Mapped[str] = mapped_column(String(300))
    seq: Mapped[int]
    hash: Mapped[Sha256]

    def to_leaf(self) -> Leaf:
        """The leaf as it was hashed."""
        return Leaf(kind=LeafKind(self.kind), ref=self.ref, seq=self.seq, hash=self.hash)
