"""The daily roots over all audit chains, and their leaves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_roots",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tree", sa.String(length=64), nullable=False),
        sa.Column("prev", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("plan_id", "n", name=op.f("pk_audit_roots")),
        sa.UniqueConstraint("plan_id", "day", name=op.f("uq_audit_roots_plan_id_day")),
    )
    op.create_table(
        "audit_leaves",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("ref", sa.String(length=300), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "n"],
            ["audit_roots.plan_id", "audit_roots.n"],
            name=op.f("fk_audit_leaves_audit_roots"),
        ),
        sa.PrimaryKeyConstraint("plan_id", "n", "place", name=op.f("pk_audit_leaves")),
    )
    op.create_index(op.f("ix_audit_leaves_plan_id_kind_ref"), "audit_leaves", ["plan_id", "kind", "ref"])


def downgrade() -> None:
    op.drop_index(op.f("ix_audit_leaves_plan_id_kind_ref"), "audit_leaves")
    op.drop_table("audit_leaves")
    op.drop_table("audit_roots")
