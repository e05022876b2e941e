"""Committees, draws, meetings, opinions, ballot boxes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "committees",
        sa.Column("committee_ref", sa.String(length=80), nullable=False),
        sa.Column("filed_on", sa.Date(), nullable=False),
        sa.Column("formed_by", sa.String(length=60), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("document_no", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("committee_ref", "filed_on", name=op.f("pk_committees")),
    )
    op.create_table(
        "experts",
        sa.Column("expert_ref", sa.String(length=80), nullable=False),
        sa.Column("employer", sa.String(length=80), nullable=False),
        sa.Column("specialties", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("term_until", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=60), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("expert_ref", name=op.f("pk_experts")),
    )
    op.create_table(
        "review_meetings",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("meeting_ref", sa.String(length=80), nullable=False),
        sa.Column("committee_ref", sa.String(length=80), nullable=False),
        sa.Column("committee_size", sa.Integer(), nullable=False),
        sa.Column("committee_valid_until", sa.Date(), nullable=False),
        sa.Column("meeting_on", sa.Date(), nullable=False),
        sa.Column("drawn_on", sa.Date(), nullable=True),
        sa.Column("status", sa.String(length=60), nullable=False),
        sa.Column("clock", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("minutes_sha256", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("plan_id", "meeting_ref", name=op.f("pk_review_meetings")),
    )
    op.create_table(
        "attendance",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("meeting_ref", sa.String(length=80), nullable=False),
        sa.Column("expert_ref", sa.String(length=80), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("in_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("out_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["plan_id", "meeting_ref"],
            ["review_meetings.plan_id", "review_meetings.meeting_ref"],
            name=op.f("fk_attendance_review_meetings"),
        ),
        sa.PrimaryKeyConstraint("plan_id", "meeting_ref", "expert_ref", "n", name=op.f("pk_attendance")),
    )
    op.create_table(
        "ballot_boxes",
        sa.Column("box_ref", sa.String(length=80), nullable=False),
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("meeting_ref", sa.String(length=80), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=60), nullable=False),
        sa.Column("committee_size", sa.Integer(), nullable=False),
        sa.Column("attending", sa.Integer(), nullable=False),
        sa.Column("recused", sa.Integer(), nullable=False),
        sa.Column("opinions", sa.Integer(), nullable=False),
        sa.Column("yes", sa.Integer(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("abstain", sa.Integer(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("reason", sa.String(length=60), nullable=True),
        sa.Column("minutes_sha256", sa.String(length=64), nullable=True),
        sa.Column("prepared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "yes + no + abstain <= attending - recused", name=op.f("ck_ballot_boxes_no_more_votes_than_slips")
        ),
        sa.ForeignKeyConstraint(
            ["plan_id", "meeting_ref"],
            ["review_meetings.plan_id", "review_meetings.meeting_ref"],
            name=op.f("fk_ballot_boxes_review_meetings"),
        ),
        sa.PrimaryKeyConstraint("box_ref", name=op.f("pk_ballot_boxes")),
    )
    op.create_index(
        "uq_ballot_boxes_undecided",
        "ballot_boxes",
        ["plan_id", "meeting_ref", "application_ref"],
        unique=True,
        sqlite_where=sa.text("status IN ('prepared', 'open', 'closed')"),
        postgresql_where=sa.text("status IN ('prepared', 'open', 'closed')"),
    )
    op.create_table(
        "draw_commitments",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("meeting_ref", sa.String(length=80), nullable=False),
        sa.Column("side", sa.String(length=60), nullable=False),
        sa.Column("commitment", sa.String(length=64), nullable=False),
        sa.Column("committed_by", sa.String(length=80), nullable=False),
        sa.Column("numbers", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("pool_sha256", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "meeting_ref"],
            ["review_meetings.plan_id", "review_meetings.meeting_ref"],
            name=op.f("fk_draw_commitments_review_meetings"),
        ),
        sa.PrimaryKeyConstraint("plan_id", "meeting_ref", "side", name=op.f("pk_draw_commitments")),
    )
    op.create_table(
        "draw_passed_over",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("meeting_ref", sa.String(length=80), nullable=False),
        sa.Column("expert_ref", sa.String(length=80), nullable=False),
        sa.Column("seat", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "meeting_ref"],
            ["review_meetings.plan_id", "review_meetings.meeting_ref"],
            name=op.f("fk_draw_passed_over_review_meetings"),
        ),
        sa.PrimaryKeyConstraint("plan_id", "meeting_ref", "expert_ref", name=op.f("pk_draw_passed_over")),
    )
    op.create_table(
        "draws",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("meeting_ref", sa.String(length=80), nullable=False),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.Column("numbers", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("pool", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("pool_sha256", sa.String(length=64), nullable=False),
        sa.Column("drawer_commitment", sa.String(length=64), nullable=False),
        sa.Column("witness_commitment", sa.String(length=64), nullable=False),
        sa.Column("drawer_nonce", sa.String(length=128), nullable=False),
        sa.Column("witness_nonce", sa.String(length=128), nullable=False),
        sa.Column("seed", sa.String(length=64), nullable=False),
        sa.Column("result", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("drawn_by", sa.String(length=80), nullable=False),
        sa.Column("witnessed_by", sa.String(length=80), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "meeting_ref"],
            ["review_meetings.plan_id", "review_meetings.meeting_ref"],
            name=op.f("fk_draws_review_meetings"),
        ),
        sa.PrimaryKeyConstraint("plan_id", "meeting_ref", name=op.f("pk_draws")),
    )
    op.create_table(
        "expert_relations",
        sa.Column("expert_ref", sa.String(length=80), nullable=False),
        sa.Column("person", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["expert_ref"], ["experts.expert_ref"], name=op.f("fk_expert_relations_experts")
        ),
        sa.PrimaryKeyConstraint("expert_ref", "person", "kind", name=op.f("pk_expert_relations")),
    )
    op.create_table(
        "meeting_acts",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("meeting_ref", sa.String(length=80), nullable=False),
        sa.Column("command_id", sa.String(length=100), nullable=False),
        sa.Column("step", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.String(length=80), nullable=False),
        sa.Column("actor_role", sa.String(length=60), nullable=False),
        sa.Column("actor_organisation", sa.String(length=80), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("result", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "meeting_ref"],
            ["review_meetings.plan_id", "review_meetings.meeting_ref"],
            name=op.f("fk_meeting_acts_review_meetings"),
        ),
        sa.PrimaryKeyConstraint("plan_id", "meeting_ref", "command_id", "step", name=op.f("pk_meeting_acts")),
    )
    op.create_table(
        "meeting_agenda",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("meeting_ref", sa.String(length=80), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("status", sa.String(length=60), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "application_ref"],
            ["applications.plan_id", "applications.application_ref"],
            name=op.f("fk_meeting_agenda_applications"),
        ),
        sa.ForeignKeyConstraint(
            ["plan_id", "meeting_ref"],
            ["review_meetings.plan_id", "review_meetings.meeting_ref"],
            name=op.f("fk_meeting_agenda_review_meetings"),
        ),
        sa.PrimaryKeyConstraint("plan_id", "meeting_ref", "application_ref", name=op.f("pk_meeting_agenda")),
    )
    op.create_table(
        "meeting_minutes",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("meeting_ref", sa.String(length=80), nullable=False),
        sa.Column("part", sa.String(length=80), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "meeting_ref"],
            ["review_meetings.plan_id", "review_meetings.meeting_ref"],
            name=op.f("fk_meeting_minutes_review_meetings"),
        ),
        sa.PrimaryKeyConstraint("plan_id", "meeting_ref", "part", name=op.f("pk_meeting_minutes")),
    )
    op.create_table(
        "meeting_notices",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("meeting_ref", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("to_role", sa.String(length=60), nullable=False),
        sa.Column("recipient", sa.String(length=80), nullable=True),
        sa.Column("template", sa.String(length=60), nullable=False),
        sa.Column("text_zh", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=60), nullable=False),
        sa.Column("dedupe_key", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "meeting_ref"],
            ["review_meetings.plan_id", "review_meetings.meeting_ref"],
            name=op.f("fk_meeting_notices_review_meetings"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_notices")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_meeting_notices_dedupe_key")),
    )
    op.create_table(
        "opinions",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("meeting_ref", sa.String(length=80), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("expert_ref", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "meeting_ref"],
            ["review_meetings.plan_id", "review_meetings.meeting_ref"],
            name=op.f("fk_opinions_review_meetings"),
        ),
        sa.PrimaryKeyConstraint(
            "plan_id", "meeting_ref", "application_ref", "expert_ref", "version", name=op.f("pk_opinions")
        ),
    )
    op.create_table(
        "panel_members",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("meeting_ref", sa.String(length=80), nullable=False),
        sa.Column("expert_ref", sa.String(length=80), nullable=False),
        sa.Column("seat", sa.Integer(), nullable=False),
        sa.Column("specialty", sa.String(length=80), nullable=False),
        sa.Column("follows", sa.Integer(), nullable=True),
        sa.Column("duty", sa.String(length=60), nullable=False),
        sa.Column("acts_as", sa.String(length=80), nullable=True),
        sa.Column("replaced_by", sa.String(length=80), nullable=True),
        sa.Column("reason", sa.String(length=60), nullable=True),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["plan_id", "meeting_ref"],
            ["review_meetings.plan_id", "review_meetings.meeting_ref"],
            name=op.f("fk_panel_members_review_meetings"),
        ),
        sa.PrimaryKeyConstraint("plan_id", "meeting_ref", "expert_ref", name=op.f("pk_panel_members")),
        sa.UniqueConstraint("acts_as", name=op.f("uq_panel_members_acts_as")),
    )
    op.create_table(
        "recusals",
        sa.Column("plan_id", sa.String(length=80), nullable=False),
        sa.Column("meeting_ref", sa.String(length=80), nullable=False),
        sa.Column("expert_ref", sa.String(length=80), nullable=False),
        sa.Column("application_ref", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "meeting_ref"],
            ["review_meetings.plan_id", "review_meetings.meeting_ref"],
            name=op.f("fk_recusals_review_meetings"),
        ),
        sa.PrimaryKeyConstraint(
            "plan_id", "meeting_ref", "expert_ref", "application_ref", name=op.f("pk_recusals")
        ),
    )
    op.create_index(
        op.f("ix_recusals_plan_id_meeting_ref_application_ref"),
        "recusals",
        ["plan_id", "meeting_ref", "application_ref"],
        unique=False,
    )
    op.create_table(
        "ballot_roll",
        sa.Column("box_ref", sa.String(length=80), nullable=False),
        sa.Column("expert_ref", sa.String(length=80), nullable=False),
        sa.Column("taken", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["box_ref"], ["ballot_boxes.box_ref"], name=op.f("fk_ballot_roll_ballot_boxes")
        ),
        sa.PrimaryKeyConstraint("box_ref", "expert_ref", name=op.f("pk_ballot_roll")),
    )
    op.create_table(
        "ballot_slips",
        sa.Column("box_ref", sa.String(length=80), nullable=False),
        sa.Column("slip_sha256", sa.String(length=64), nullable=False),
        sa.Column("used", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["box_ref"], ["ballot_boxes.box_ref"], name=op.f("fk_ballot_slips_ballot_boxes")
        ),
        sa.PrimaryKeyConstraint("box_ref", "slip_sha256", name=op.f("pk_ballot_slips")),
    )
    op.create_table(
        "slips_to_take",
        sa.Column("box_ref", sa.String(length=80), nullable=False),
        sa.Column("slip", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["box_ref"], ["ballot_boxes.box_ref"], name=op.f("fk_slips_to_take_ballot_boxes")
        ),
        sa.PrimaryKeyConstraint("box_ref", "slip", name=op.f("pk_slips_to_take")),
    )


def downgrade() -> None:
    op.drop_table("slips_to_take")
    op.drop_table("ballot_slips")
    op.drop_table("ballot_roll")
    op.drop_index(op.f("ix_recusals_plan_id_meeting_ref_application_ref"), table_name="recusals")
    op.drop_table("recusals")
    op.drop_table("panel_members")
    op.drop_table("opinions")
    op.drop_table("meeting_notices")
    op.drop_table("meeting_minutes")
    op.drop_table("meeting_agenda")
    op.drop_table("meeting_acts")
    op.drop_table("expert_relations")
    op.drop_table("draws")
    op.drop_table("draw_passed_over")
    op.drop_table("draw_commitments")
    op.drop_index(
        "uq_ballot_boxes_undecided",
        table_name="ballot_boxes",
        sqlite_where=sa.text("status IN ('prepared', 'open', 'closed')"),
        postgresql_where=sa.text("status IN ('prepared', 'open', 'closed')"),
    )
    op.drop_table("ballot_boxes")
    op.drop_table("attendance")
    op.drop_table("review_meetings")
    op.drop_table("experts")
    op.drop_table("committees")
