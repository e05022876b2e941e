"""The feed tells of cycles, meetings and batches, too."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0016"
branch_labels = None
depends_on = None

_OF_APPLICATIONS: dict[str, sa.types.TypeEngine[Any]] = {
    "audit_id": sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
    "application_ref": sa.String(length=80),
    "seq": sa.Integer(),
    "revision": sa.Integer(),
    "from_stage": sa.String(length=60),
    "to_stage": sa.String(length=60),
    "hash": sa.String(length=64),
}
_TOLD_ONCE = "uq_feed_subject_plan_id_subject_ref_fact_key_kind"


def upgrade() -> None:
    with op.batch_alter_table("feed") as feed:
        feed.add_column(
            sa.Column("subject", sa.String(length=60), nullable=False, server_default="application")
        )
        feed.add_column(sa.Column("subject_ref", sa.String(length=80), nullable=True))
        feed.add_column(sa.Column("fact_key", sa.String(length=100), nullable=True))
        for name, kind in _OF_APPLICATIONS.items():
            feed.alter_column(name, existing_type=kind, nullable=True)
    op.execute("UPDATE feed SET subject_ref = application_ref")
    with op.batch_alter_table("feed") as feed:
        feed.alter_column("subject_ref", existing_type=sa.String(length=80), nullable=False)
        feed.alter_column("subject", existing_type=sa.String(length=60), server_default=None)
        feed.create_unique_constraint(
            op.f(_TOLD_ONCE), ["subject", "plan_id", "subject_ref", "fact_key", "kind"]
        )


def downgrade() -> None:
    op.execute("DELETE FROM feed WHERE subject <> 'application'")
    with op.batch_alter_table("feed") as feed:
        feed.drop_constraint(op.f(_TOLD_ONCE), type_="unique")
        for name in ("subject", "subject_ref", "fact_key"):
            feed.drop_column(name)
        for name, kind in _OF_APPLICATIONS.items():
            feed.alter_column(name, existing_type=kind, nullable=False)
