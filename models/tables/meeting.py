"""The committee and its meeting: pool, filing, draw, panel, agenda, recusals, attendance, opinions, minutes.

Opinions are signed and name their expert (Order 40 Art. 21); ballots do not and stand in
`models.tables.ballots`. Experts are opaque references here as everywhere.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Code, Json, Prose, Ref, Serial, Sha256, of_application


class Expert(Base):
    """An expert of the pool. `status`: active, suspended or disqualified; `term_until` is the last day."""

    __tablename__ = "experts"

    expert_ref: Mapped[Ref] = mapped_column(primary_key=True)
    employer: Mapped[Ref]
    specialties: Mapped[Json]
    term_until: Mapped[date]
    status: Mapped[Code]
    recorded_at: Mapped[datetime]


class ExpertRelation(Base):
    """A tie of an expert to a person: a ground to be recused (`models.conflicts.Tie`)."""

    __tablename__ = "expert_relations"
    __table_args__ = (ForeignKeyConstraint(["expert_ref"], ["experts.expert_ref"]),)

    expert_ref: Mapped[Ref] = mapped_column(primary_key=True)
    person: Mapped[Ref] = mapped_column(primary_key=True)
    kind: Mapped[Code] = mapped_column(primary_key=True)
    recorded_at: Mapped[datetime]


class Committee(Base):
    """A committee as approved and filed; the last filing before a meeting counts for it."""

    __tablename__ = "committees"

    committee_ref: Mapped[Ref] = mapped_column(primary_key=True)
    filed_on: Mapped[date] = mapped_column(primary_key=True)
    formed_by: Mapped[Code]
    size: Mapped[int]
    valid_until: Mapped[date]
    document_no: Mapped[Prose]
    recorded_at: Mapped[datetime]


class OfMeeting:
    """Part of the key: the plan (cycle) and the meeting in it."""

    plan_id: Mapped[Ref] = mapped_column(primary_key=True, sort_order=-9)
    meeting_ref: Mapped[Ref] = mapped_column(primary_key=True, sort_order=-8)


def of_meeting() -> ForeignKeyConstraint:
    """The row belongs to a meeting that exists."""
    return ForeignKeyConstraint(
        ["plan_id", "meeting_ref"], ["review_meetings.plan_id", "review_meetings.meeting_ref"]
    )


class ReviewMeeting(OfMeeting, Base):
    """A meeting. `status`: planned, drawn, open, closed or called_off; `clock` is the rehearsal's, if any."""

    __tablename__ = "review_meetings"

    committee_ref: Mapped[Ref]
    committee_size: Mapped[int]
    committee_valid_until: Mapped[date]
    meeting_on: Mapped[date]
    drawn_on: Mapped[date | None]
    status: Mapped[Code]
    clock: Mapped[Json | None]
    planned_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    minutes_sha256: Mapped[Sha256 | None]


class MeetingEntry(OfMeeting, Base):
    """One act of the office or the chair, with the answer it got: carried out once, however often sent."""

    __tablename__ = "meeting_acts"
    __table_args__ = (of_meeting(),)

    command_id: Mapped[str] = mapped_column(String(100), primary_key=True)
    step: Mapped[Code] = mapped_column(primary_key=True)
    kind: Mapped[Code]
    at: Mapped[datetime]
    actor_id: Mapped[Ref]
    actor_role: Mapped[Code]
    actor_organisation: Mapped[Ref | None]
    digest: Mapped[Sha256]
    result: Mapped[Json]


class DrawCommitment(OfMeeting, Base):
    """What the drawer or the witness bound themselves to before the draw, over which pool."""

    __tablename__ = "draw_commitments"
    __table_args__ = (of_meeting(),)

    side: Mapped[Code] = mapped_column(primary_key=True)
    commitment: Mapped[Sha256]
    committed_by: Mapped[Ref]
    numbers: Mapped[Json]
    pool_sha256: Mapped[Sha256]
    at: Mapped[datetime]


class ExpertDraw(OfMeeting, Base):
    """The draw with all that is needed to compute it again (`models.draw.verify_draw`)."""

    __tablename__ = "draws"
    __table_args__ = (of_meeting(),)

    algorithm: Mapped[Prose]
    numbers: Mapped[Json]
    pool: Mapped[Json]
    pool_sha256: Mapped[Sha256]
    drawer_commitment: Mapped[Sha256]
    witness_commitment: Mapped[Sha256]
    drawer_nonce: Mapped[str] = mapped_column(String(128))
    witness_nonce: Mapped[str] = mapped_column(String(128))
    seed: Mapped[Sha256]
    result: Mapped[Json]
    drawn_by: Mapped[Ref]
    witnessed_by: Mapped[Ref]
    drawn_at: Mapped[datetime]


class PanelMember(OfMeeting, Base):
    """An expert on the panel. `duty`: member, chair or deputy.

    A chair acts under `acts_as`, a reference of the duty: what the chair does in that duty stands in workflow
    histories, where no expert is named. `replaced_by` set: no longer on the panel, with the reason. `follows`
    is the order in which replacements came; None for those first drawn.
    """

    __tablename__ = "panel_members"
    __table_args__ = (of_meeting(), UniqueConstraint("acts_as"))

    expert_ref: Mapped[Ref] = mapped_column(primary_key=True)
    seat: Mapped[int]
    specialty: Mapped[Ref]
    follows: Mapped[int | None]
    duty: Mapped[Code]
    acts_as: Mapped[Ref | None]
    replaced_by: Mapped[Ref | None]
    reason: Mapped[Code | None]
    replaced_at: Mapped[datetime | None]


class PassedOver(OfMeeting, Base):
    """An expert who was next in rank for a seat and could not follow (term over, no longer active)."""

    __tablename__ = "draw_passed_over"
    __table_args__ = (of_meeting(),)

    expert_ref: Mapped[Ref] = mapped_column(primary_key=True)
    seat: Mapped[int]
    reason: Mapped[Code]
    at: Mapped[datetime]


class AgendaItem(OfMeeting, Base):
    """An application on the agenda. `status`: see `models.meeting_state.ItemStatus`."""

    __tablename__ = "meeting_agenda"
    __table_args__ = (of_meeting(), of_application())

    application_ref: Mapped[Ref] = mapped_column(primary_key=True)
    status: Mapped[Code]
    reason: Mapped[Prose | None]
    added_at: Mapped[datetime]


class Recusal(OfMeeting, Base):
    """An expert who does not judge an application. `source`: computed, or declared by the expert."""

    __tablename__ = "recusals"
    __table_args__ = (of_meeting(), Index(None, "plan_id", "meeting_ref", "application_ref"))

    expert_ref: Mapped[Ref] = mapped_column(primary_key=True)
    application_ref: Mapped[Ref] = mapped_column(primary_key=True)
    reason: Mapped[Code]
    source: Mapped[Code]
    at: Mapped[datetime]


class Attendance(OfMeeting, Base):
    """An expert was in the room from `in_at` to `out_at`; still there while that is None."""

    __tablename__ = "attendance"
    __table_args__ = (of_meeting(),)

    expert_ref: Mapped[Ref] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    in_at: Mapped[datetime]
    out_at: Mapped[datetime | None]


class Opinion(OfMeeting, Base):
    """A written opinion, signed by its expert; the highest version counts. `sha256` is that of the words."""

    __tablename__ = "opinions"
    __table_args__ = (of_meeting(),)

    application_ref: Mapped[Ref] = mapped_column(primary_key=True)
    expert_ref: Mapped[Ref] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[Sha256]
    words: Mapped[Prose]
    at: Mapped[datetime]


class Minutes(OfMeeting, Base):
    """The minutes (Order 40 Art. 23): of one ballot (`part` is its box) or of the whole meeting (`meeting`).

    Archived, not announced. `content` is JSON; `sha256` is that of its text.
    """

    __tablename__ = "meeting_minutes"
    __table_args__ = (of_meeting(),)

    part: Mapped[Ref] = mapped_column(primary_key=True)
    sha256: Mapped[Sha256]
    content: Mapped[Prose]
    at: Mapped[datetime]


class MeetingNotice(Base):
    """A message about a meeting, sent once to `recipient`, an organisation. `status`: pending or sent."""

    __tablename__ = "meeting_notices"
    __table_args__ = (of_meeting(), UniqueConstraint("dedupe_key"))

    id: Mapped[Serial]
    plan_id: Mapped[Ref]
    meeting_ref: Mapped[Ref]
    at: Mapped[datetime]
    to_role: Mapped[Code]
    recipient: Mapped[Ref | None]
    template: Mapped[Code]
    text_zh: Mapped[Prose]
    text_en: Mapped[Prose]
    status: Mapped[Code]
    dedupe_key: Mapped[str] = mapped_column(String(200))
