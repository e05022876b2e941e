"""What examinations of the service found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "operator_reports",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("plan_id", sa.String(length=80), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("release", sa.String(length=80), nullable=False),
        sa.Column("clean", sa.Boolean(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_reports")),
    )
    op.create_index(
        op.f("ix_operator_reports_kind_plan_id_id"), "operator_reports", ["kind", "plan_id", "id"]
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_operator_reports_kind_plan_id_id"), "operator_reports")
    op.drop_table("operator_reports")
