"""Activities that fail and are tried again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "activity_failures",
        sa.Column("workflow_id", sa.String(length=200), nullable=False),
        sa.Column("activity_id", sa.String(length=80), nullable=False),
        sa.Column("plan_id", sa.String(length=80), nullable=True),
        sa.Column("activity", sa.String(length=60), nullable=False),
        sa.Column("cause", sa.String(length=60), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("workflow_id", "activity_id", name=op.f("pk_activity_failures")),
    )
    op.create_index(op.f("ix_activity_failures_plan_id_last_at"), "activity_failures", ["plan_id", "last_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_activity_failures_plan_id_last_at"), "activity_failures")
    op.drop_table("activity_failures")
