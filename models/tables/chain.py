"""The audit chain as rows, and the rows that the workflow never acknowledged."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.audit import Fact
from models.roles import Actor, Role
from models.tables.base import Base, Big, Code, Json, Prose, Ref, Serial, Sha256, of_application
from models.turn import Turn
from models.wire import SHANGHAI


class FactColumns:
    """The columns of one fact (`models.audit.Fact`)."""

    plan_id: Mapped[Ref]
    application_ref: Mapped[Ref]
    seq: Mapped[int]
    at: Mapped[datetime]
    revision: Mapped[int]
    event: Mapped[Code]
    from_stage: Mapped[Code]
    to_stage: Mapped[Code]
    actor_id: Mapped[Ref]
    actor_role: Mapped[Code]
    actor_organisation: Mapped[Ref | None]
    command_id: Mapped[str | None] = mapped_column(String(100))
    rule: Mapped[Prose]
    plan: Mapped[str] = mapped_column(String(100))
    details: Mapped[Json]
    prev_hash: Mapped[Sha256]
    hash: Mapped[Sha256]

    def to_fact(self) -> Fact:
        """The fact as the workflow made it: its hash is over business time in Asia/Shanghai."""
        return Fact(
            seq=self.seq,
            at=self.at.astimezone(SHANGHAI),
            revision=self.revision,
            event=self.event,
            from_stage=self.from_stage,
            to_stage=self.to_stage,
            actor=Actor(id=self.actor_id, role=Role(self.actor_role), organisation=self.actor_organisation),
            command_id=self.command_id,
            rule=self.rule,
            plan=self.plan,
            details=self.details,
            prev_hash=self.prev_hash,
            hash=self.hash,
        )


class TurnColumns:
    """The turn of its workflow that an entry last left (`models.turn`). Older entries have none."""

    turn_run: Mapped[Ref | None]
    turn_length: Mapped[int | None]
    turn_began: Mapped[datetime | None]


class AuditEntry(FactColumns, TurnColumns, Base):
    """One entry of the chain. `id` grows over all applications: the order of an event feed.

    The turn is the one in which the entry last left its workflow; it is not part of the chain.
    """

    __tablename__ = "audit"
    __table_args__ = (
        of_application(),
        UniqueConstraint("plan_id", "application_ref", "seq"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Serial]


class AuditOrphan(FactColumns, Base):
    """An entry that was written but is not part of the chain: its decision was never acknowledged.

    Kept for ever, with the reason and the business time at which that was found out. One that was proven
    since stands in the chain as well, with the same hash: roots may have sealed, and the feed have told,
    that it was set aside.
    """

    __tablename__ = "audit_orphans"
    __table_args__ = (of_application(), {"sqlite_autoincrement": True})

    id: Mapped[Serial]
    audit_id: Mapped[Big | None]
    reason: Mapped[Prose]
    orphaned_at: Mapped[datetime]


def columns_of(plan_id: str, application_ref: str, fact: Fact) -> dict[str, object]:
    """The row of an application's fact."""
    return {
        "plan_id": plan_id,
        "application_ref": application_ref,
        "from_stage": fact.from_stage,
        "to_stage": fact.to_stage,
        **told_columns(fact),
    }


def told_columns(fact: Fact) -> dict[str, object]:
    """The columns that every chain has of a fact."""
    return {
        "seq": fact.seq,
        "at": fact.at,
        "revision": fact.revision,
        "event": fact.event,
        "actor_id": fact.actor.id,
        "actor_role": fact.actor.role.value,
        "actor_organisation": fact.actor.organisation,
        "command_id": fact.command_id,
        "rule": fact.rule,
        "plan": fact.plan,
        "details": fact.details,
        "prev_hash": fact.prev_hash,
        "hash": fact.hash,
    }


def turn_columns(turn: Turn | None) -> dict[str, object]:
    """The turn, as columns."""
    if turn is None:
        return {}
    return {"turn_run": turn.run_id, "turn_length": turn.length, "turn_began": turn.began}


def turn_of(run: str | None, length: int | None, began: datetime | None) -> Turn | None:
    """The columns as a turn again."""
    if run is None or length is None or began is None:
        return None
    return Turn(run_id=run, length=length, began=began)
