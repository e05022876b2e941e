"""Plan versions, calendar notices, and the orders that are carried out on many applications."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


WITH_REQUEST = ("deadlines", "deadline_revisions")


def upgrade() -> None:
    for table in WITH_REQUEST:
        op.add_column(table, sa.Column("asked", sa.JSON(none_as_null=True), nullable=True))
    op.create_table(
        "plan_versions",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document_no", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dated", sa.Date(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("amends", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("plan_id", "version", name="pk_plan_versions"),
    )
    op.create_table(
        "calendar_notices",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("document", sa.String(length=120), nullable=False),
        sa.Column("issued", sa.Date(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_calendar_notices"),
        sa.UniqueConstraint("sha256", name="uq_calendar_notices_sha256"),
    )
    op.create_table(
        "order_refusals",
        sa.Column("order_id", sa.String(length=100), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "application_ref", name="pk_order_refusals"),
    )
    op.create_index(
        "ix_order_refusals_plan_id_application_ref", "order_refusals", ["plan_id", "application_ref"]
    )


def downgrade() -> None:
    op.drop_index("ix_order_refusals_plan_id_application_ref", table_name="order_refusals")
    op.drop_table("order_refusals")
    op.drop_table("calendar_notices")
    op.drop_table("plan_versions")
    for table in WITH_REQUEST:
        op.drop_column(table, "asked")
