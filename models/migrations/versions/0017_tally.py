"""The indexes from which the overviews of a cycle are counted, and the one that tells the next deadline."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0015"
branch_labels = None
depends_on = None

_RISK = ("stage", "status", "due_at", "application_ref")
_TALLY = ("stage", "status", "due_at", "specialty", "level", "action_by", "application_ref")
NEW = {
    "ix_applications_tally": ("plan_id", *_TALLY),
    "ix_applications_department": ("plan_id", "department", *_RISK),
    "ix_applications_employer": ("plan_id", "employer", *_RISK),
}
GONE = {
    "ix_applications_plan_id_stage": ("plan_id", "stage"),
    "ix_applications_plan_id_department_stage": ("plan_id", "department", "stage"),
    "ix_applications_plan_id_employer_stage": ("plan_id", "employer", "stage"),
}
"""Each is the beginning of a new one."""


def upgrade() -> None:
    for name, columns in NEW.items():
        op.create_index(name, "applications", list(columns))
    for name in GONE:
        op.drop_index(name, "applications")
    op.create_index("ix_deadlines_next", "deadlines", ["plan_id", "application_ref", "due_at", "name"])


def downgrade() -> None:
    op.drop_index("ix_deadlines_next", "deadlines")
    for name, columns in GONE.items():
        op.create_index(name, "applications", list(columns))
    for name in NEW:
        op.drop_index(name, "applications")
