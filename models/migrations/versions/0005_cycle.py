"""The steps of a cycle."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
REF, CODE, SHA = sa.String(length=80), sa.String(length=60), sa.String(length=64)
JSON = sa.JSON(none_as_null=True)


def _of_cycle(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["plan_id"], ["cycles.plan_id"], name=f"fk_{table}_cycles")


def upgrade() -> None:
    op.create_table(
        "cycles",
        sa.Column("plan_id", REF, nullable=False),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.Column("workflow_id", sa.String(length=200), nullable=False),
        sa.Column("run_id", REF, nullable=False),
        sa.Column("phase", CODE, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("chain", SHA, nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.Column("numbers", JSON, nullable=True),
        sa.Column("watched_at", INSTANT, nullable=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("plan_id", name="pk_cycles"),
    )
    op.create_table(
        "cycle_steps",
        sa.Column("plan_id", REF, nullable=False),
        sa.Column("step", CODE, nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("role", CODE, nullable=False),
        sa.Column("from_day", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("due_at", INSTANT, nullable=True),
        sa.Column("expected", sa.Boolean(), nullable=False),
        sa.Column("missing_year", sa.Integer(), nullable=True),
        sa.Column("lineage", JSON, nullable=True),
        sa.Column("reminded", sa.Integer(), nullable=False),
        sa.Column("escalated", sa.Boolean(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("document_no", sa.Text(), nullable=True),
        sa.Column("seq", sa.Integer(), nullable=False),
        _of_cycle("cycle_steps"),
        sa.PrimaryKeyConstraint("plan_id", "step", name="pk_cycle_steps"),
    )
    op.create_index("ix_cycle_steps_due_at", "cycle_steps", ["due_at"])
    op.create_table(
        "cycle_facts",
        sa.Column("plan_id", REF, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", SHA, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("event", CODE, nullable=False),
        sa.Column("from_phase", CODE, nullable=False),
        sa.Column("to_phase", CODE, nullable=False),
        sa.Column("actor_id", REF, nullable=False),
        sa.Column("actor_role", CODE, nullable=False),
        sa.Column("actor_organisation", REF, nullable=True),
        sa.Column("command_id", sa.String(length=100), nullable=True),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("plan", sa.String(length=100), nullable=False),
        sa.Column("details", JSON, nullable=False),
        sa.Column("prev_hash", SHA, nullable=False),
        sa.Column("orphaned_at", INSTANT, nullable=True),
        _of_cycle("cycle_facts"),
        sa.PrimaryKeyConstraint("plan_id", "seq", "hash", name="pk_cycle_facts"),
    )
    op.create_table(
        "cycle_notices",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("plan_id", REF, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("to_role", CODE, nullable=False),
        sa.Column("recipient", REF, nullable=True),
        sa.Column("template", CODE, nullable=False),
        sa.Column("subject_zh", sa.Text(), nullable=False),
        sa.Column("text_zh", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("status", CODE, nullable=False),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.Column("dedupe_key", SHA, nullable=False),
        _of_cycle("cycle_notices"),
        sa.PrimaryKeyConstraint("id", name="pk_cycle_notices"),
        sa.UniqueConstraint("dedupe_key", name="uq_cycle_notices_dedupe_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_cycle_notices_status_id", "cycle_notices", ["status", "id"])
    op.create_table(
        "cycle_open_cases",
        sa.Column("plan_id", REF, nullable=False),
        sa.Column("application_ref", REF, nullable=False),
        sa.Column("stage", CODE, nullable=False),
        sa.Column("employer", REF, nullable=False),
        sa.Column("department", REF, nullable=False),
        sa.Column("action_by", CODE, nullable=True),
        sa.Column("due_at", INSTANT, nullable=True),
        sa.Column("listed_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "application_ref"],
            ["applications.plan_id", "applications.application_ref"],
            name="fk_cycle_open_cases_applications",
        ),
        sa.PrimaryKeyConstraint("plan_id", "application_ref", name="pk_cycle_open_cases"),
    )


def downgrade() -> None:
    for table in ("cycle_open_cases", "cycle_notices", "cycle_facts", "cycle_steps", "cycles"):
        op.drop_table(table)
