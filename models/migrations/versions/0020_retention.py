"""Removals when the time is over, legal holds, and what is still to be removed elsewhere."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "removals",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("kept", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("plan_id", sa.String(length=80), nullable=True),
        sa.Column("application_ref", sa.String(length=80), nullable=True),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("counted_from", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("rows", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("chain", sa.String(length=64), nullable=True),
        sa.Column("skeleton", sa.String(length=64), nullable=True),
        sa.Column("prev_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_removals")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_removals_plan_id_application_ref"), "removals", ["plan_id", "application_ref"])
    op.create_table(
        "legal_holds",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document_no", sa.Text(), nullable=False),
        sa.Column("placed_by", sa.String(length=80), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_by", sa.String(length=80), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_document_no", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_holds")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_legal_holds_plan_id_application_ref"), "legal_holds", ["plan_id", "application_ref"]
    )
    op.create_table(
        "to_remove",
        sa.Column("place", sa.String(length=60), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=True),
        sa.PrimaryKeyConstraint("place", "key", name=op.f("pk_to_remove")),
    )


def downgrade() -> None:
    op.drop_table("to_remove")
    op.drop_index(op.f("ix_legal_holds_plan_id_application_ref"), table_name="legal_holds")
    op.drop_table("legal_holds")
    op.drop_index(op.f("ix_removals_plan_id_application_ref"), table_name="removals")
    op.drop_table("removals")
