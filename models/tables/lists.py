"""Lists of the passed, as posted: hash, lines, places, and what came of telling each application.

While a list is public its lines hold the names they show; they are blanked when it is taken down, and the
hash stays (PIPL Art. 19; regulations Part 7).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Code, Json, Prose, Ref, Sha256, of_application


def _of_list() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["plan_id", "n"], ["result_lists.plan_id", "result_lists.n"])


class PostedList(Base):
    """The `n`-th list of a plan. `command_id` is that of the command that published it; a draft has none.

    `status`: draft (nobody was told), published, corrected (another list replaces it), taken_down.
    `started_at` is the later posting, from which the period runs. `meeting_refs`: the meetings whose passed
    it holds; empty: all. `nonce` is part of the posted file and goes with the names.
    """

    __tablename__ = "result_lists"
    __table_args__ = (UniqueConstraint("plan_id", "command_id"), UniqueConstraint("sha256"))

    plan_id: Mapped[Ref] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[Sha256]
    status: Mapped[Code]
    made_at: Mapped[datetime]
    command_id: Mapped[str | None] = mapped_column(String(100))
    columns: Mapped[Json]
    meeting_refs: Mapped[Json]
    nonce: Mapped[Code | None]
    corrects: Mapped[Sha256 | None]
    reason: Mapped[Prose | None]
    started_at: Mapped[datetime | None]
    taken_down_at: Mapped[datetime | None]


class PostedEntry(Base):
    """One line of a list as posted; the words are None once it is taken down.

    `change`: added, changed or unchanged (against the list it corrects). `period_sha256` is the list under
    whose posting this person's period runs. `outcome`: pending (not told yet), accepted, refused (with the
    reason), ended, or linked (nothing to tell: the period goes on).
    """

    __tablename__ = "list_entries"
    __table_args__ = (
        of_application(),
        _of_list(),
        UniqueConstraint("plan_id", "n", "application_ref"),
        Index(None, "plan_id", "application_ref"),
    )

    plan_id: Mapped[Ref] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    application_ref: Mapped[Ref]
    shown_name: Mapped[Prose | None]
    shown_unit: Mapped[Prose | None]
    shown_specialty: Mapped[Prose | None]
    shown_level: Mapped[Prose | None]
    change: Mapped[Code]
    corrects: Mapped[Sha256 | None]
    period_sha256: Mapped[Sha256]
    outcome: Mapped[Code]
    reason: Mapped[Prose | None]


class ListPosting(Base):
    """Where and since when a list is visible."""

    __tablename__ = "list_postings"
    __table_args__ = (_of_list(),)

    plan_id: Mapped[Ref] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    place: Mapped[Prose] = mapped_column(primary_key=True)
    posted_at: Mapped[datetime]
