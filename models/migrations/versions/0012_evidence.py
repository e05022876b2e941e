"""Papers that people upload."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_APPLICATION = (
    ["plan_id", "application_ref"],
    ["applications.plan_id", "applications.application_ref"],
)


def _big() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "evidence_uploads",
        sa.Column("upload_ref", sa.String(length=80), nullable=False),
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("owner", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=True),
        sa.Column("declared_type", sa.String(length=60), nullable=True),
        sa.Column("declared_sha256", sa.String(length=64), nullable=True),
        sa.Column("size", _big(), nullable=False),
        sa.Column("received", _big(), nullable=False),
        sa.Column("media_type", sa.String(length=60), nullable=True),
        sa.Column("state", sa.String(length=60), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(*_APPLICATION, name=op.f("fk_evidence_uploads_applications")),
        sa.PrimaryKeyConstraint("upload_ref", name=op.f("pk_evidence_uploads")),
    )
    op.create_index(
        op.f("ix_evidence_uploads_plan_id_application_ref_state"),
        "evidence_uploads",
        ["plan_id", "application_ref", "state"],
        unique=False,
    )
    op.create_index(
        op.f("ix_evidence_uploads_state_expires_at"),
        "evidence_uploads",
        ["state", "expires_at"],
        unique=False,
    )
    op.create_table(
        "evidence_parts",
        sa.Column("upload_ref", sa.String(length=80), nullable=False),
        sa.Column("start", _big(), nullable=False),
        sa.Column("size", _big(), nullable=False),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.ForeignKeyConstraint(
            ["upload_ref"],
            ["evidence_uploads.upload_ref"],
            name=op.f("fk_evidence_parts_evidence_uploads"),
        ),
        sa.PrimaryKeyConstraint("upload_ref", "start", name=op.f("pk_evidence_parts")),
    )
    op.create_table(
        "evidence_objects",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", _big(), nullable=False),
        sa.Column("media_type", sa.String(length=60), nullable=False),
        sa.Column("flags", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("state", sa.String(length=60), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_evidence_objects")),
    )
    op.create_index(op.f("ix_evidence_objects_checked_at"), "evidence_objects", ["checked_at"], unique=False)
    op.create_table(
        "evidence_links",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("owner", sa.String(length=80), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(*_APPLICATION, name=op.f("fk_evidence_links_applications")),
        sa.ForeignKeyConstraint(
            ["sha256"], ["evidence_objects.sha256"], name=op.f("fk_evidence_links_evidence_objects")
        ),
        sa.PrimaryKeyConstraint(
            "plan_id", "application_ref", "sha256", "kind", name=op.f("pk_evidence_links")
        ),
    )
    op.create_index(op.f("ix_evidence_links_sha256"), "evidence_links", ["sha256"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_evidence_links_sha256"), table_name="evidence_links")
    op.drop_table("evidence_links")
    op.drop_index(op.f("ix_evidence_objects_checked_at"), table_name="evidence_objects")
    op.drop_table("evidence_objects")
    op.drop_table("evidence_parts")
    op.drop_index(op.f("ix_evidence_uploads_state_expires_at"), table_name="evidence_uploads")
    op.drop_index(op.f("ix_evidence_uploads_plan_id_application_ref_state"), table_name="evidence_uploads")
    op.drop_table("evidence_uploads")
