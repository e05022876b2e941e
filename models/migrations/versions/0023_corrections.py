"""Decisions that were recorded on the wrong application and corrected."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "corrected_decisions",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("corrected_seq", sa.Integer(), nullable=False),
        sa.Column("corrected_event", sa.String(length=60), nullable=False),
        sa.Column("document_no", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "application_ref"],
            ["applications.plan_id", "applications.application_ref"],
            name=op.f("fk_corrected_decisions_applications"),
        ),
        sa.PrimaryKeyConstraint("plan_id", "application_ref", "seq", name=op.f("pk_corrected_decisions")),
        sa.UniqueConstraint(
            "plan_id",
            "application_ref",
            "corrected_seq",
            name=op.f("uq_corrected_decisions_plan_id_application_ref_corrected_seq"),
        ),
    )


def downgrade() -> None:
    op.drop_table("corrected_decisions")
