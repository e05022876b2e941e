"""Identity numbers, sealed, with a blind index; whose data a look was at, and why."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "person_identities",
        sa.Column("person", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("document", sa.String(length=60), nullable=False),
        sa.Column("key_id", sa.String(length=60), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("index_key_id", sa.String(length=60), nullable=False),
        sa.Column("blind_index", sa.String(length=64), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.Column("document_no", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("person", "version", name=op.f("pk_person_identities")),
    )
    op.create_index(op.f("ix_person_identities_blind_index"), "person_identities", ["blind_index"])
    op.create_index(op.f("ix_person_identities_key_id"), "person_identities", ["key_id"])
    op.add_column("access_log", sa.Column("person", sa.String(length=80), nullable=True))
    op.add_column("access_log", sa.Column("reason", sa.Text(), nullable=True))
    op.create_index(op.f("ix_access_log_person_id"), "access_log", ["person", "id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_access_log_person_id"), table_name="access_log")
    op.drop_column("access_log", "reason")
    op.drop_column("access_log", "person")
    op.drop_index(op.f("ix_person_identities_key_id"), table_name="person_identities")
    op.drop_index(op.f("ix_person_identities_blind_index"), table_name="person_identities")
    op.drop_table("person_identities")
