"""Webhooks, contacts, letters on their way, notices about the service, the lease of the courier."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def _big() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("role", sa.String(length=60), nullable=False),
        sa.Column("organisation", sa.String(length=80), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("events", sa.JSON(), nullable=True),
        sa.Column("application_ref", sa.String(length=80), nullable=True),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("former_secret", sa.Text(), nullable=True),
        sa.Column("former_until", INSTANT, nullable=True),
        sa.Column("status", sa.String(length=60), nullable=False),
        sa.Column("position", _big(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", INSTANT, nullable=True),
        sa.Column("failing_since", INSTANT, nullable=True),
        sa.Column("last_answer", sa.String(length=60), nullable=True),
        sa.Column("last_at", INSTANT, nullable=True),
        sa.Column("delivered", _big(), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
    )
    op.create_index(
        op.f("ix_webhooks_plan_id_role_organisation"),
        "webhooks",
        ["plan_id", "role", "organisation"],
        unique=False,
    )
    op.create_table(
        "webhook_dead",
        sa.Column("id", _big(), nullable=False),
        sa.Column("webhook_id", sa.String(length=80), nullable=False),
        sa.Column("sequence", _big(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("last_answer", sa.String(length=60), nullable=False),
        sa.Column("died_at", INSTANT, nullable=False),
        sa.Column("status", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhooks.id"], name=op.f("fk_webhook_dead_webhooks"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_dead")),
        sa.UniqueConstraint("webhook_id", "sequence", name=op.f("uq_webhook_dead_webhook_id_sequence")),
    )
    op.create_table(
        "contacts",
        sa.Column("recipient", sa.String(length=80), nullable=False),
        sa.Column("channel", sa.String(length=60), nullable=False),
        sa.Column("address", sa.String(length=500), nullable=False),
        sa.Column("set_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("recipient", name=op.f("pk_contacts")),
    )
    op.create_table(
        "letters",
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("notice_id", _big(), autoincrement=False, nullable=False),
        sa.Column("recipient", sa.String(length=80), nullable=True),
        sa.Column("status", sa.String(length=60), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", INSTANT, nullable=True),
        sa.Column("reason", sa.String(length=60), nullable=True),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("source", "notice_id", name=op.f("pk_letters")),
    )
    op.create_index(op.f("ix_letters_status_source"), "letters", ["status", "source"], unique=False)
    op.create_table(
        "operator_notices",
        sa.Column("id", _big(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("recipient", sa.String(length=80), nullable=True),
        sa.Column("to_role", sa.String(length=60), nullable=False),
        sa.Column("template", sa.String(length=60), nullable=False),
        sa.Column("subject_zh", sa.Text(), nullable=False),
        sa.Column("text_zh", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=60), nullable=False),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.Column("dedupe_key", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_notices")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_operator_notices_dedupe_key")),
    )
    op.create_table(
        "leases",
        sa.Column("work", sa.String(length=60), nullable=False),
        sa.Column("holder", sa.String(length=80), nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("work", name=op.f("pk_leases")),
    )


def downgrade() -> None:
    op.drop_table("leases")
    op.drop_table("operator_notices")
    op.drop_index(op.f("ix_letters_status_source"), table_name="letters")
    op.drop_table("letters")
    op.drop_table("contacts")
    op.drop_table("webhook_dead")
    op.drop_index(op.f("ix_webhooks_plan_id_role_organisation"), table_name="webhooks")
    op.drop_table("webhooks")
