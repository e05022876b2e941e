"""The ballot box. No row here or anywhere holds both an expert and a slip or a choice.

Four tables that share nothing but the box: the box with its counters; the roll of those who may vote, with
whether each has taken a slip; the hashes of the slips, with whether each was used; the slips that nobody has
taken yet. Taking a slip deletes it from the last table; nothing says afterwards who has it. There is no row a
vote and no time of one. When a box is closed or void, roll and slips are removed.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Code, Ref, Sha256
from models.tables.meeting import of_meeting

_UNDECIDED = text("status IN ('prepared', 'open', 'closed')")


class BallotBox(Base):
    """The box of one ballot on one application, and its counters. Numbers only.

    `status`: prepared (the application is being told), open, closed (counted, not announced), announced, void
    (opened again later), broken_off (the quorum was lost). `attending` and `recused` are those of the moment
    of opening; `n` counts the boxes of this application in this meeting.
    """

    __tablename__ = "ballot_boxes"
    __table_args__ = (
        of_meeting(),
        Index(
            "uq_ballot_boxes_undecided",
            "plan_id",
            "meeting_ref",
            "application_ref",
            unique=True,
            sqlite_where=_UNDECIDED,
            postgresql_where=_UNDECIDED,
        ),
        CheckConstraint("yes + no + abstain <= attending - recused", name="no_more_votes_than_slips"),
    )

    box_ref: Mapped[Ref] = mapped_column(primary_key=True)
    plan_id: Mapped[Ref]
    meeting_ref: Mapped[Ref]
    application_ref: Mapped[Ref]
    n: Mapped[int]
    status: Mapped[Code]
    committee_size: Mapped[int]
    attending: Mapped[int]
    recused: Mapped[int]
    opinions: Mapped[int]
    yes: Mapped[int]
    no: Mapped[int]
    abstain: Mapped[int]
    passed: Mapped[bool | None]
    reason: Mapped[Code | None]
    minutes_sha256: Mapped[Sha256 | None]
    prepared_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


def _of_box() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["box_ref"], ["ballot_boxes.box_ref"])


class BallotRoll(Base):
    """Who may take a slip of this box, and whether it was taken. Kept until the box is closed."""

    __tablename__ = "ballot_roll"
    __table_args__ = (_of_box(),)

    box_ref: Mapped[Ref] = mapped_column(primary_key=True)
    expert_ref: Mapped[Ref] = mapped_column(primary_key=True)
    taken: Mapped[bool]


class BallotSlip(Base):
    """The sha-256 of a slip and whether it was used. Written in the order of the hashes."""

    __tablename__ = "ballot_slips"
    __table_args__ = (_of_box(),)

    box_ref: Mapped[Ref] = mapped_column(primary_key=True)
    slip_sha256: Mapped[Sha256] = mapped_column(primary_key=True)
    used: Mapped[bool]


class SlipToTake(Base):
    """A slip that nobody has taken yet. Written in random order, taken in random order, then gone."""

    __tablename__ = "slips_to_take"
    __table_args__ = (_of_box(),)

    box_ref: Mapped[Ref] = mapped_column(primary_key=True)
    slip: Mapped[str] = mapped_column(String(64), primary_key=True)
