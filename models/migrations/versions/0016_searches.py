"""Saved searches, exports, and the indexes by which lists are read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0014"
branch_labels = None
depends_on = None

INDEXES = (
    ("plan_id", "due_at", "application_ref"),
    ("plan_id", "department", "stage"),
    ("plan_id", "employer", "stage"),
)


def upgrade() -> None:
    op.create_table(
        "saved_searches",
        sa.Column("owner_role", sa.String(length=60), nullable=False),
        sa.Column("owner", sa.String(length=80), nullable=False),
        sa.Column("label", sa.String(length=40), nullable=False),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.Column("saved_by", sa.String(length=80), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("owner_role", "owner", "label", name=op.f("pk_saved_searches")),
    )
    op.create_table(
        "exports",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("grants", sa.String(length=500), nullable=False),
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("what", sa.String(length=60), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
    )
    op.create_index(op.f("ix_exports_plan_id_id"), "exports", ["plan_id", "id"], unique=False)
    for columns in INDEXES:
        op.create_index(_name(columns), "applications", list(columns), unique=False)


def downgrade() -> None:
    for columns in reversed(INDEXES):
        op.drop_index(_name(columns), table_name="applications")
    op.drop_index(op.f("ix_exports_plan_id_id"), table_name="exports")
    op.drop_table("exports")
    op.drop_table("saved_searches")


def _name(columns: tuple[str, ...]) -> str:
    return op.f(f"ix_applications_{'_'.join(columns)}")
