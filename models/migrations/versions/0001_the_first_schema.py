"""The first schema: audit chain, read model, inbox and notices, and the evidence of every hop."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "applications",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.Column("workflow_id", sa.String(length=200), nullable=False),
        sa.Column("run_id", sa.String(length=80), nullable=False),
        sa.Column("applicant", sa.String(length=80), nullable=False),
        sa.Column("employer", sa.String(length=80), nullable=False),
        sa.Column("department", sa.String(length=80), nullable=False),
        sa.Column("specialty", sa.String(length=80), nullable=False),
        sa.Column("level", sa.String(length=80), nullable=False),
        sa.Column("archive_keeper", sa.String(length=80), nullable=True),
        sa.Column("route", sa.String(length=80), nullable=True),
        sa.Column("stage", sa.String(length=60), nullable=False),
        sa.Column("status", sa.String(length=60), nullable=False),
        sa.Column("action_by", sa.String(length=60), nullable=True),
        sa.Column("action_organisation", sa.String(length=80), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("returns", sa.Integer(), nullable=False),
        sa.Column("certificate_no", sa.String(length=80), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_run_id", sa.String(length=80), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("plan_id", "application_ref", name=op.f("pk_applications")),
        sa.UniqueConstraint("workflow_id", name=op.f("uq_applications_workflow_id")),
    )
    op.create_index(
        op.f("ix_applications_plan_id_applicant"), "applications", ["plan_id", "applicant"], unique=False
    )
    op.create_index(op.f("ix_applications_plan_id_stage"), "applications", ["plan_id", "stage"], unique=False)
    op.create_table(
        "certificate_counters",
        sa.Column("prefix", sa.String(length=80), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("prefix", name=op.f("pk_certificate_counters")),
    )
    op.create_table(
        "archive_receipts",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("receipt_ref", sa.Text(), nullable=False),
        sa.Column("form_sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "application_ref"],
            ["applications.plan_id", "applications.application_ref"],
            name=op.f("fk_archive_receipts_applications"),
        ),
        sa.PrimaryKeyConstraint("plan_id", "application_ref", "seq", name=op.f("pk_archive_receipts")),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("event", sa.String(length=60), nullable=False),
        sa.Column("from_stage", sa.String(length=60), nullable=False),
        sa.Column("to_stage", sa.String(length=60), nullable=False),
        sa.Column("actor_id", sa.String(length=80), nullable=False),
        sa.Column("actor_role", sa.String(length=60), nullable=False),
        sa.Column("actor_organisation", sa.String(length=80), nullable=True),
        sa.Column("command_id", sa.String(length=100), nullable=True),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("plan", sa.String(length=100), nullable=False),
        sa.Column("details", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("prev_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "application_ref"],
            ["applications.plan_id", "applications.application_ref"],
            name=op.f("fk_audit_applications"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        sa.UniqueConstraint(
            "plan_id", "application_ref", "seq", name=op.f("uq_audit_plan_id_application_ref_seq")
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "audit_orphans",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("audit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("orphaned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("event", sa.String(length=60), nullable=False),
        sa.Column("from_stage", sa.String(length=60), nullable=False),
        sa.Column("to_stage", sa.String(length=60), nullable=False),
        sa.Column("actor_id", sa.String(length=80), nullable=False),
        sa.Column("actor_role", sa.String(length=60), nullable=False),
        sa.Column("actor_organisation", sa.String(length=80), nullable=True),
        sa.Column("command_id", sa.String(length=100), nullable=True),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("plan", sa.String(length=100), nullable=False),
        sa.Column("details", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("prev_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "application_ref"],
            ["applications.plan_id", "applications.application_ref"],
            name=op.f("fk_audit_orphans_applications"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_orphans")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "certificates",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("number", sa.String(length=80), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=60), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("title_date", sa.Date(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_seq", sa.Integer(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_ground", sa.String(length=60), nullable=True),
        sa.Column("revoked_document_no", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["plan_id", "application_ref"],
            ["applications.plan_id", "applications.application_ref"],
            name=op.f("fk_certificates_applications"),
        ),
        sa.PrimaryKeyConstraint("plan_id", "application_ref", name=op.f("pk_certificates")),
        sa.UniqueConstraint("number", name=op.f("uq_certificates_number")),
    )
    op.create_table(
        "confirmations",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=60), nullable=False),
        sa.Column("report_ref", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["plan_id", "application_ref"],
            ["applications.plan_id", "applications.application_ref"],
            name=op.f("fk_confirmations_applications"),
        ),
        sa.PrimaryKeyConstraint("plan_id", "application_ref", "seq", name=op.f("pk_confirmations")),
    )
    op.create_table(
        "deadline_revisions",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("formula", sa.Text(), nullable=False),
        sa.Column("start", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("capped_from", sa.Date(), nullable=True),
        sa.Column("missing_year", sa.Integer(), nullable=True),
        sa.Column("lineage", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("reminders", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("ground", sa.String(length=80), nullable=True),
        sa.Column("document_no", sa.Text(), nullable=True),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "application_ref"],
            ["applications.plan_id", "applications.application_ref"],
            name=op.f("fk_deadline_revisions_applications"),
        ),
        sa.PrimaryKeyConstraint(
            "plan_id", "application_ref", "name", "seq", name=op.f("pk_deadline_revisions")
        ),
    )
    op.create_table(
        "deadlines",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("formula", sa.Text(), nullable=False),
        sa.Column("start", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("capped_from", sa.Date(), nullable=True),
        sa.Column("missing_year", sa.Integer(), nullable=True),
        sa.Column("lineage", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("reminders", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("ground", sa.String(length=80), nullable=True),
        sa.Column("document_no", sa.Text(), nullable=True),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "application_ref"],
            ["applications.plan_id", "applications.application_ref"],
            name=op.f("fk_deadlines_applications"),
        ),
        sa.PrimaryKeyConstraint("plan_id", "application_ref", "name", name=op.f("pk_deadlines")),
    )
    op.create_index(op.f("ix_deadlines_due_at"), "deadlines", ["due_at"], unique=False)
    op.create_table(
        "dossiers",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "application_ref"],
            ["applications.plan_id", "applications.application_ref"],
            name=op.f("fk_dossiers_applications"),
        ),
        sa.PrimaryKeyConstraint("plan_id", "application_ref", "sha256", name=op.f("pk_dossiers")),
    )
    op.create_table(
        "exams",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("result", sa.String(length=60), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("seat", sa.String(length=80), nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("pass_line", sa.Integer(), nullable=True),
        sa.Column("record", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "application_ref"],
            ["applications.plan_id", "applications.application_ref"],
            name=op.f("fk_exams_applications"),
        ),
        sa.PrimaryKeyConstraint("plan_id", "application_ref", "seq", name=op.f("pk_exams")),
    )
    op.create_table(
        "findings",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("occasion", sa.String(length=60), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("severity", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("zh", sa.Text(), nullable=False),
        sa.Column("en", sa.Text(), nullable=False),
        sa.Column("citation", sa.Text(), nullable=False),
        sa.Column("mark", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "application_ref"],
            ["applications.plan_id", "applications.application_ref"],
            name=op.f("fk_findings_applications"),
        ),
        sa.PrimaryKeyConstraint("plan_id", "application_ref", "seq", "n", name=op.f("pk_findings")),
    )
    op.create_table(
        "inbox",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=60), nullable=False),
        sa.Column("organisation", sa.String(length=80), nullable=True),
        sa.Column("stage", sa.String(length=60), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_seq", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["plan_id", "application_ref"],
            ["applications.plan_id", "applications.application_ref"],
            name=op.f("fk_inbox_applications"),
        ),
        sa.PrimaryKeyConstraint("plan_id", "application_ref", "seq", name=op.f("pk_inbox")),
    )
    op.create_index(
        op.f("ix_inbox_organisation_closed_at"), "inbox", ["organisation", "closed_at"], unique=False
    )
    op.create_index(
        "uq_inbox_open",
        "inbox",
        ["plan_id", "application_ref"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "live_applications",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("applicant", sa.String(length=80), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "application_ref"],
            ["applications.plan_id", "applications.application_ref"],
            name=op.f("fk_live_applications_applications"),
        ),
        sa.PrimaryKeyConstraint("plan_id", "applicant", name=op.f("pk_live_applications")),
        sa.UniqueConstraint(
            "plan_id", "application_ref", name=op.f("uq_live_applications_plan_id_application_ref")
        ),
    )
    op.create_table(
        "meetings",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("meeting_ref", sa.String(length=80), nullable=False),
        sa.Column("committee_ref", sa.String(length=80), nullable=False),
        sa.Column("committee_size", sa.Integer(), nullable=False),
        sa.Column("committee_valid_until", sa.Date(), nullable=False),
        sa.Column("drawn_on", sa.Date(), nullable=False),
        sa.Column("meeting_on", sa.Date(), nullable=False),
        sa.Column("conflicts_cleared", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "application_ref"],
            ["applications.plan_id", "applications.application_ref"],
            name=op.f("fk_meetings_applications"),
        ),
        sa.PrimaryKeyConstraint("plan_id", "application_ref", "seq", name=op.f("pk_meetings")),
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("to_role", sa.String(length=60), nullable=False),
        sa.Column("recipient", sa.String(length=80), nullable=True),
        sa.Column("template", sa.String(length=60), nullable=False),
        sa.Column("subject_zh", sa.Text(), nullable=False),
        sa.Column("text_zh", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=60), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dedupe_key", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "application_ref"],
            ["applications.plan_id", "applications.application_ref"],
            name=op.f("fk_notices_applications"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_notices_dedupe_key")),
    )
    op.create_index(
        op.f("ix_notices_plan_id_application_ref_seq"),
        "notices",
        ["plan_id", "application_ref", "seq"],
        unique=False,
    )
    op.create_index(op.f("ix_notices_status_id"), "notices", ["status", "id"], unique=False)
    op.create_table(
        "objection_rulings",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("objection_id", sa.String(length=80), nullable=False),
        sa.Column("finding", sa.String(length=60), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("hearing_held", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "application_ref"],
            ["applications.plan_id", "applications.application_ref"],
            name=op.f("fk_objection_rulings_applications"),
        ),
        sa.PrimaryKeyConstraint("plan_id", "application_ref", "seq", name=op.f("pk_objection_rulings")),
    )
    op.create_table(
        "objections",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("objection_id", sa.String(length=80), nullable=False),
        sa.Column("of", sa.String(length=60), nullable=False),
        sa.Column("real_name", sa.Boolean(), nullable=False),
        sa.Column("grounds", sa.Text(), nullable=False),
        sa.Column("grounds_digest", sa.String(length=64), nullable=False),
        sa.Column("evidence_sha256", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "application_ref"],
            ["applications.plan_id", "applications.application_ref"],
            name=op.f("fk_objections_applications"),
        ),
        sa.PrimaryKeyConstraint("plan_id", "application_ref", "seq", name=op.f("pk_objections")),
    )
    op.create_table(
        "publicities",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("of", sa.String(length=60), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("working_days", sa.Integer(), nullable=True),
        sa.Column("notice_sha256", sa.String(length=64), nullable=True),
        sa.Column("list_sha256", sa.String(length=64), nullable=False),
        sa.Column("places", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("postings", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "application_ref"],
            ["applications.plan_id", "applications.application_ref"],
            name=op.f("fk_publicities_applications"),
        ),
        sa.PrimaryKeyConstraint("plan_id", "application_ref", "seq", name=op.f("pk_publicities")),
    )
    op.create_table(
        "publicity_steps",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("publicity_seq", sa.Integer(), nullable=True),
        sa.Column("step", sa.String(length=60), nullable=False),
        sa.Column("image_sha256", sa.String(length=64), nullable=True),
        sa.Column("statement", sa.Text(), nullable=True),
        sa.Column("hidden_days", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "application_ref"],
            ["applications.plan_id", "applications.application_ref"],
            name=op.f("fk_publicity_steps_applications"),
        ),
        sa.PrimaryKeyConstraint("plan_id", "application_ref", "seq", name=op.f("pk_publicity_steps")),
    )
    op.create_table(
        "rechecks",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ground", sa.String(length=60), nullable=True),
        sa.Column("finding", sa.String(length=60), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "application_ref"],
            ["applications.plan_id", "applications.application_ref"],
            name=op.f("fk_rechecks_applications"),
        ),
        sa.PrimaryKeyConstraint("plan_id", "application_ref", "seq", name=op.f("pk_rechecks")),
    )
    op.create_table(
        "return_answers",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("item", sa.String(length=80), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "application_ref"],
            ["applications.plan_id", "applications.application_ref"],
            name=op.f("fk_return_answers_applications"),
        ),
        sa.PrimaryKeyConstraint("plan_id", "application_ref", "seq", "n", name=op.f("pk_return_answers")),
    )
    op.create_table(
        "return_items",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("item", sa.String(length=80), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=True),
        sa.Column("unrepaired", sa.String(length=80), nullable=True),
        sa.Column("newly_arisen", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "application_ref"],
            ["applications.plan_id", "applications.application_ref"],
            name=op.f("fk_return_items_applications"),
        ),
        sa.PrimaryKeyConstraint("plan_id", "application_ref", "seq", "n", name=op.f("pk_return_items")),
    )
    op.create_table(
        "returns",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hop", sa.String(length=60), nullable=False),
        sa.Column("change_class", sa.String(length=60), nullable=False),
        sa.Column("correction_due", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["plan_id", "application_ref"],
            ["applications.plan_id", "applications.application_ref"],
            name=op.f("fk_returns_applications"),
        ),
        sa.PrimaryKeyConstraint("plan_id", "application_ref", "seq", name=op.f("pk_returns")),
    )
    op.create_table(
        "reviews",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hop", sa.String(length=60), nullable=False),
        sa.Column("outcome", sa.String(length=60), nullable=False),
        sa.Column("attested", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("reasons", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("post", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["plan_id", "application_ref"],
            ["applications.plan_id", "applications.application_ref"],
            name=op.f("fk_reviews_applications"),
        ),
        sa.PrimaryKeyConstraint("plan_id", "application_ref", "seq", name=op.f("pk_reviews")),
    )
    op.create_table(
        "votes",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("step", sa.String(length=60), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("committee_size", sa.Integer(), nullable=False),
        sa.Column("attending", sa.Integer(), nullable=False),
        sa.Column("recused", sa.Integer(), nullable=False),
        sa.Column("opinions", sa.Integer(), nullable=False),
        sa.Column("yes", sa.Integer(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("abstain", sa.Integer(), nullable=False),
        sa.Column("signed", sa.Boolean(), nullable=False),
        sa.Column("sealed", sa.Boolean(), nullable=False),
        sa.Column("minutes_sha256", sa.String(length=64), nullable=True),
        sa.CheckConstraint("yes <= attending", name=op.f("ck_votes_yes_within_attending")),
        sa.ForeignKeyConstraint(
            ["plan_id", "application_ref"],
            ["applications.plan_id", "applications.application_ref"],
            name=op.f("fk_votes_applications"),
        ),
        sa.PrimaryKeyConstraint("plan_id", "application_ref", "seq", name=op.f("pk_votes")),
    )


def downgrade() -> None:
    op.drop_table("votes")
    op.drop_table("reviews")
    op.drop_table("returns")
    op.drop_table("return_items")
    op.drop_table("return_answers")
    op.drop_table("rechecks")
    op.drop_table("publicity_steps")
    op.drop_table("publicities")
    op.drop_table("objections")
    op.drop_table("objection_rulings")
    op.drop_index(op.f("ix_notices_status_id"), table_name="notices")
    op.drop_index(op.f("ix_notices_plan_id_application_ref_seq"), table_name="notices")
    op.drop_table("notices")
    op.drop_table("meetings")
    op.drop_table("live_applications")
    op.drop_index(
        "uq_inbox_open",
        table_name="inbox",
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.drop_index(op.f("ix_inbox_organisation_closed_at"), table_name="inbox")
    op.drop_table("inbox")
    op.drop_table("findings")
    op.drop_table("exams")
    op.drop_table("dossiers")
    op.drop_index(op.f("ix_deadlines_due_at"), table_name="deadlines")
    op.drop_table("deadlines")
    op.drop_table("deadline_revisions")
    op.drop_table("confirmations")
    op.drop_table("certificates")
    op.drop_table("audit_orphans")
    op.drop_table("audit")
    op.drop_table("archive_receipts")
    op.drop_table("certificate_counters")
    op.drop_index(op.f("ix_applications_plan_id_stage"), table_name="applications")
    op.drop_index(op.f("ix_applications_plan_id_applicant"), table_name="applications")
    op.drop_table("applications")
