"""Result lists, their entries and their postings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "result_lists",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=60), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("command_id", sa.String(length=100), nullable=True),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("meeting_refs", sa.JSON(), nullable=False),
        sa.Column("nonce", sa.String(length=60), nullable=True),
        sa.Column("corrects", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_down_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("plan_id", "n", name=op.f("pk_result_lists")),
        sa.UniqueConstraint("plan_id", "command_id", name=op.f("uq_result_lists_plan_id_command_id")),
        sa.UniqueConstraint("sha256", name=op.f("uq_result_lists_sha256")),
    )
    op.create_table(
        "list_entries",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("shown_name", sa.Text(), nullable=True),
        sa.Column("shown_unit", sa.Text(), nullable=True),
        sa.Column("shown_specialty", sa.Text(), nullable=True),
        sa.Column("shown_level", sa.Text(), nullable=True),
        sa.Column("change", sa.String(length=60), nullable=False),
        sa.Column("corrects", sa.String(length=64), nullable=True),
        sa.Column("period_sha256", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=60), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("plan_id", "n", "position", name=op.f("pk_list_entries")),
        sa.ForeignKeyConstraint(
            ["plan_id", "application_ref"],
            ["applications.plan_id", "applications.application_ref"],
            name=op.f("fk_list_entries_applications"),
        ),
        sa.ForeignKeyConstraint(
            ["plan_id", "n"],
            ["result_lists.plan_id", "result_lists.n"],
            name=op.f("fk_list_entries_result_lists"),
        ),
        sa.UniqueConstraint(
            "plan_id", "n", "application_ref", name=op.f("uq_list_entries_plan_id_n_application_ref")
        ),
    )
    op.create_index(
        op.f("ix_list_entries_plan_id_application_ref"),
        "list_entries",
        ["plan_id", "application_ref"],
        unique=False,
    )
    op.create_table(
        "list_postings",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("plan_id", "n", "place", name=op.f("pk_list_postings")),
        sa.ForeignKeyConstraint(
            ["plan_id", "n"],
            ["result_lists.plan_id", "result_lists.n"],
            name=op.f("fk_list_postings_result_lists"),
        ),
    )


def downgrade() -> None:
    op.drop_table("list_postings")
    op.drop_table("list_entries")
    op.drop_table("result_lists")
