"""A cycle as its workflow reports it: where the year stands, its steps, its audit chain, its notices.

The workflow owns the state; these rows are written by its own activities and carry the number of the fact
they stood at.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.audit import Fact
from models.roles import Actor, Role
from models.tables.base import Base, Code, Json, Prose, Ref, Serial, Sha256, of_application
from models.tables.chain import TurnColumns, turn_of
from models.turn import Turn
from models.wire import SHANGHAI


def _of_cycle() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["plan_id"], ["cycles.plan_id"])


class Cycle(Base):
    """One cycle. `numbers` are those of the last look at the database, as of `watched_at`."""

    __tablename__ = "cycles"

    plan_id: Mapped[Ref] = mapped_column(primary_key=True)
    plan_version: Mapped[int]
    workflow_id: Mapped[str] = mapped_column(String(200))
    run_id: Mapped[Ref]
    phase: Mapped[Code]
    revision: Mapped[int]
    seq: Mapped[int]
    chain: Mapped[Sha256]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    numbers: Mapped[Json | None]
    watched_at: Mapped[datetime | None]
    at: Mapped[datetime]


class CycleStep(Base):
    """One step of a cycle with its date; `expected`: counted from what has not happened yet."""

    __tablename__ = "cycle_steps"
    __table_args__ = (_of_cycle(), Index(None, "due_at"))

    plan_id: Mapped[Ref] = mapped_column(primary_key=True)
    step: Mapped[Code] = mapped_column(primary_key=True)
    kind: Mapped[Code]
    role: Mapped[Code]
    from_day: Mapped[date | None]
    last_day: Mapped[date | None]
    due_at: Mapped[datetime | None]
    expected: Mapped[bool]
    missing_year: Mapped[int | None]
    lineage: Mapped[Json | None]
    reminded: Mapped[int]
    escalated: Mapped[bool]
    done_on: Mapped[date | None]
    document_no: Mapped[Prose | None]
    seq: Mapped[int]


class CycleFact(TurnColumns, Base):
    """One entry of the cycle's audit chain (`models.audit.Fact`; its stages are the phases).

    `orphaned_at`: it was written for a decision that was never acknowledged and is not part of the chain.
    """

    __tablename__ = "cycle_facts"
    __table_args__ = (_of_cycle(),)

    plan_id: Mapped[Ref] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    hash: Mapped[Sha256] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    revision: Mapped[int]
    event: Mapped[Code]
    from_phase: Mapped[Code]
    to_phase: Mapped[Code]
    actor_id: Mapped[Ref]
    actor_role: Mapped[Code]
    actor_organisation: Mapped[Ref | None]
    command_id: Mapped[str | None] = mapped_column(String(100))
    rule: Mapped[Prose]
    plan: Mapped[str] = mapped_column(String(100))
    details: Mapped[Json]
    prev_hash: Mapped[Sha256]
    orphaned_at: Mapped[datetime | None]

    def turn(self) -> Turn | None:
        """The turn of the cycle's workflow that it left."""
        return turn_of(self.turn_run, self.turn_length, self.turn_began)

    def to_fact(self) -> Fact:
        """The fact as the workflow made it: its hash is over business time in Asia/Shanghai."""
        return Fact(
            seq=self.seq,
            at=self.at.astimezone(SHANGHAI),
            revision=self.revision,
            event=self.event,
            from_stage=self.from_phase,
            to_stage=self.to_phase,
            actor=Actor(id=self.actor_id, role=Role(self.actor_role), organisation=self.actor_organisation),
            command_id=self.command_id,
            rule=self.rule,
            plan=self.plan,
            details=self.details,
            prev_hash=self.prev_hash,
            hash=self.hash,
        )


class CycleNotice(Base):
    """A reminder or an escalation to the role in charge, once. `status`: pending, sent, held or void."""

    __tablename__ = "cycle_notices"
    __table_args__ = (
        _of_cycle(),
        UniqueConstraint("dedupe_key"),
        Index(None, "status", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Serial]
    plan_id: Mapped[Ref]
    seq: Mapped[int]
    at: Mapped[datetime]
    to_role: Mapped[Code]
    recipient: Mapped[Ref | None]
    template: Mapped[Code]
    subject_zh: Mapped[Prose]
    text_zh: Mapped[Prose]
    text_en: Mapped[Prose]
    status: Mapped[Code]
    sent_at: Mapped[datetime | None]
    dedupe_key: Mapped[Sha256]


class OpenCase(Base):
    """An application that was an open case when its cycle was closed, as it stood then."""

    __tablename__ = "cycle_open_cases"
    __table_args__ = (of_application(),)

    plan_id: Mapped[Ref] = mapped_column(primary_key=True)
    application_ref: Mapped[Ref] = mapped_column(primary_key=True)
    stage: Mapped[Code]
    employer: Mapped[Ref]
    department: Mapped[Ref]
    action_by: Mapped[Code | None]
    due_at: Mapped[datetime | None]
    listed_at: Mapped[datetime]
