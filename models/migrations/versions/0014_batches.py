"""Batches and their items."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "batches",
        sa.Column("batch_ref", sa.String(length=40), nullable=False),
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("status", sa.String(length=60), nullable=False),
        sa.Column("command", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("selection", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("items_sha256", sa.String(length=64), nullable=True),
        sa.Column("maker_id", sa.String(length=80), nullable=False),
        sa.Column("maker_role", sa.String(length=60), nullable=False),
        sa.Column("maker_organisation", sa.String(length=80), nullable=True),
        sa.Column("approver_id", sa.String(length=80), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("needs_approval", sa.Boolean(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("preview", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("counts", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("batch_ref", name=op.f("pk_batches")),
    )
    op.create_index(
        op.f("ix_batches_plan_id_maker_organisation_made_at"),
        "batches",
        ["plan_id", "maker_organisation", "made_at"],
        unique=False,
    )
    op.create_table(
        "batch_items",
        sa.Column("batch_ref", sa.String(length=40), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("fields", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("status", sa.String(length=60), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("became", sa.Integer(), nullable=True),
        sa.Column("preview_code", sa.String(length=60), nullable=True),
        sa.Column("preview_reason", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["batch_ref"], ["batches.batch_ref"], name=op.f("fk_batch_items_batches")),
        sa.ForeignKeyConstraint(
            ["plan_id", "application_ref"],
            ["applications.plan_id", "applications.application_ref"],
            name=op.f("fk_batch_items_applications"),
        ),
        sa.PrimaryKeyConstraint("batch_ref", "application_ref", name=op.f("pk_batch_items")),
    )
    op.create_index(
        op.f("ix_batch_items_batch_ref_status_application_ref"),
        "batch_items",
        ["batch_ref", "status", "application_ref"],
        unique=False,
    )
    op.create_index(
        op.f("ix_batch_items_plan_id_application_ref"),
        "batch_items",
        ["plan_id", "application_ref"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_batch_items_plan_id_application_ref"), table_name="batch_items")
    op.drop_index(op.f("ix_batch_items_batch_ref_status_application_ref"), table_name="batch_items")
    op.drop_table("batch_items")
    op.drop_index(op.f("ix_batches_plan_id_maker_organisation_made_at"), table_name="batches")
    op.drop_table("batches")
