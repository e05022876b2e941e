"""Which turn of its workflow an entry of a chain last left: of two with one number the later one is true.

Empty for the entries that were there before: for them the moment of the decision stands in.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

TABLES = ("audit", "cycle_facts")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("turn_run", sa.String(length=80), nullable=True))
        op.add_column(table, sa.Column("turn_length", sa.Integer(), nullable=True))
        op.add_column(table, sa.Column("turn_began", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    for table in TABLES:
        for column in ("turn_began", "turn_length", "turn_run"):
            op.drop_column(table, column)
