"""Posts: the register of free posts of a unit at a level, and its ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes pools and ledger."""
    op.create_table(
        "post_pools",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("employer", sa.String(length=80), nullable=False),
        sa.Column("level", sa.String(length=80), nullable=False),
        sa.Column("basis", sa.String(length=60), nullable=True),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("record", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("consumed", sa.Integer(), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "held >= 0 AND consumed >= 0 AND capacity >= 0", name=op.f("ck_post_pools_counts")
        ),
        sa.PrimaryKeyConstraint("plan_id", "employer", "level", name=op.f("pk_post_pools")),
    )
    op.create_table(
        "post_ledger",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("employer", sa.String(length=80), nullable=False),
        sa.Column("level", sa.String(length=80), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("delta", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=True),
        sa.Column("owed", sa.Boolean(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("basis", sa.String(length=60), nullable=True),
        sa.Column("record", sa.Text(), nullable=True),
        sa.Column("reranked", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["plan_id", "application_ref"],
            ["applications.plan_id", "applications.application_ref"],
            name=op.f("fk_post_ledger_applications"),
        ),
        sa.PrimaryKeyConstraint("plan_id", "application_ref", "seq", name=op.f("pk_post_ledger")),
        sa.UniqueConstraint(
            "plan_id", "employer", "level", "n", name=op.f("uq_post_ledger_plan_id_employer_level_n")
        ),
    )


def downgrade() -> None:
    """Takes them away."""
    op.drop_table("post_ledger")
    op.drop_table("post_pools")
