"""People and units: the only tables with names."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("people", "units"):
        op.create_table(
            table,
            sa.Column("ref", sa.String(length=80), nullable=False),
            sa.Column("version", sa.Integer(), nullable=False),
            sa.Column("name", sa.Text(), nullable=False),
            sa.Column("kind", sa.String(length=60), nullable=True),
            sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
            sa.Column("document_no", sa.Text(), nullable=True),
            sa.PrimaryKeyConstraint("ref", "version", name=f"pk_{table}"),
        )


def downgrade() -> None:
    op.drop_table("units")
    op.drop_table("people")
