"""The access log: who looked at which dossier through the gateway."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_log",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("grants", sa.String(length=500), nullable=False),
        sa.Column("service", sa.Boolean(), nullable=False),
        sa.Column("what", sa.String(length=60), nullable=False),
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("outcome", sa.String(length=60), nullable=False),
        sa.Column("request_id", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_log")),
    )
    op.create_index(
        op.f("ix_access_log_plan_id_application_ref_id"),
        "access_log",
        ["plan_id", "application_ref", "id"],
        unique=False,
    )
    op.create_index(op.f("ix_access_log_subject_id"), "access_log", ["subject", "id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_access_log_subject_id"), table_name="access_log")
    op.drop_index(op.f("ix_access_log_plan_id_application_ref_id"), table_name="access_log")
    op.drop_table("access_log")
