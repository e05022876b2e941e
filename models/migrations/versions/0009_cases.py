"""Side cases, spot checks, credit records, work reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "report_files",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=60), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_report_files")),
    )
    op.create_table(
        "samples",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("command_id", sa.String(length=100), nullable=False),
        sa.Column("seed", sa.String(length=120), nullable=False),
        sa.Column("drawn_by", sa.Text(), nullable=False),
        sa.Column("selection", sa.JSON(), nullable=False),
        sa.Column("population", sa.JSON(), nullable=False),
        sa.Column("population_size", sa.Integer(), nullable=False),
        sa.Column("population_sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("drawn", sa.JSON(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=False),
        sa.Column("document_no", sa.Text(), nullable=False),
        sa.Column("ordered_by", sa.String(length=80), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("plan_id", "command_id", name=op.f("pk_samples")),
    )
    op.create_table(
        "work_reports",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("command_id", sa.String(length=100), nullable=False),
        sa.Column("report_ref", sa.String(length=120), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.Column("applications", sa.Integer(), nullable=False),
        sa.Column("pending", sa.Integer(), nullable=False),
        sa.Column("json_sha256", sa.String(length=64), nullable=False),
        sa.Column("csv_sha256", sa.String(length=64), nullable=False),
        sa.Column("pdf_sha256", sa.String(length=64), nullable=False),
        sa.Column("public_json_sha256", sa.String(length=64), nullable=False),
        sa.Column("public_csv_sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("plan_id", "command_id", name=op.f("pk_work_reports")),
        sa.UniqueConstraint("plan_id", "report_ref", name=op.f("uq_work_reports_plan_id_report_ref")),
    )
    op.create_table(
        "case_steps",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.String(length=80), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("step", sa.String(length=60), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("actor_id", sa.String(length=80), nullable=False),
        sa.Column("actor_role", sa.String(length=60), nullable=False),
        sa.Column("actor_organisation", sa.String(length=80), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "application_ref"],
            ["applications.plan_id", "applications.application_ref"],
            name=op.f("fk_case_steps_applications"),
        ),
        sa.PrimaryKeyConstraint(
            "plan_id", "application_ref", "seq", "case_id", "n", name=op.f("pk_case_steps")
        ),
        sa.UniqueConstraint("case_id", "key", name=op.f("uq_case_steps_case_id_key")),
    )
    op.create_table(
        "credit_records",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applicant", sa.String(length=80), nullable=False),
        sa.Column("ground", sa.String(length=60), nullable=False),
        sa.Column("act_date", sa.Date(), nullable=False),
        sa.Column("decision_date", sa.Date(), nullable=False),
        sa.Column("decided_by", sa.String(length=80), nullable=False),
        sa.Column("decided_by_role", sa.String(length=60), nullable=False),
        sa.Column("document_no", sa.Text(), nullable=True),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("rule", sa.String(length=80), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("banned_from", sa.Date(), nullable=True),
        sa.Column("banned_until", sa.Date(), nullable=True),
        sa.Column("proposed_until", sa.Date(), nullable=True),
        sa.Column("ban_document_no", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["plan_id", "application_ref"],
            ["applications.plan_id", "applications.application_ref"],
            name=op.f("fk_credit_records_applications"),
        ),
        sa.PrimaryKeyConstraint("plan_id", "application_ref", "seq", name=op.f("pk_credit_records")),
    )
    op.create_index(op.f("ix_credit_records_applicant"), "credit_records", ["applicant"], unique=False)
    op.create_table(
        "side_cases",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("opened_by", sa.String(length=80), nullable=False),
        sa.Column("opened_by_role", sa.String(length=60), nullable=False),
        sa.Column("sample_id", sa.String(length=100), nullable=True),
        sa.Column("objection_id", sa.String(length=80), nullable=True),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=True),
        sa.Column("status", sa.String(length=60), nullable=False),
        sa.Column("finding", sa.String(length=60), nullable=True),
        sa.Column("ground", sa.String(length=60), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.String(length=80), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("document_no", sa.Text(), nullable=True),
        sa.Column("notice_given", sa.Boolean(), nullable=False),
        sa.Column("hearing_offered", sa.Boolean(), nullable=False),
        sa.Column("effect_command", sa.String(length=60), nullable=True),
        sa.Column("effect_outcome", sa.String(length=60), nullable=True),
        sa.Column("effect_event", sa.String(length=60), nullable=True),
        sa.Column("effect_reason", sa.Text(), nullable=True),
        sa.Column("effect_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["plan_id", "application_ref"],
            ["applications.plan_id", "applications.application_ref"],
            name=op.f("fk_side_cases_applications"),
        ),
        sa.PrimaryKeyConstraint("plan_id", "application_ref", "seq", "id", name=op.f("pk_side_cases")),
        sa.UniqueConstraint("id", name=op.f("uq_side_cases_id")),
    )
    op.create_index(op.f("ix_side_cases_plan_id_status"), "side_cases", ["plan_id", "status"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_side_cases_plan_id_status"), table_name="side_cases")
    op.drop_table("side_cases")
    op.drop_index(op.f("ix_credit_records_applicant"), table_name="credit_records")
    op.drop_table("credit_records")
    op.drop_table("case_steps")
    op.drop_table("work_reports")
    op.drop_table("samples")
    op.drop_table("report_files")
