"""Batches: one command for many applications, and what came of each.

The workflow of the batch owns its status; an item is written by the activity that sends it. No personal data:
references, and the fields of the command.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Code, Json, Prose, Ref, Sha256, of_application


class Batch(Base):
    """One batch. `status` is that of its workflow; `written`: items lie here and nobody has started it yet;
    `not_made`: it was refused.

    `frozen_at`: from when on its items are fixed. `preview` and `counts` are those of the last leg.
    """

    __tablename__ = "batches"
    __table_args__ = (Index(None, "plan_id", "maker_organisation", "made_at"),)

    batch_ref: Mapped[str] = mapped_column(String(40), primary_key=True)
    plan_id: Mapped[Ref]
    kind: Mapped[Code]
    status: Mapped[Code]
    command: Mapped[Json]
    selection: Mapped[Json | None]
    items_sha256: Mapped[Sha256 | None]
    maker_id: Mapped[Ref]
    maker_role: Mapped[Code]
    maker_organisation: Mapped[Ref | None]
    approver_id: Mapped[Ref | None]
    approved_at: Mapped[datetime | None]
    needs_approval: Mapped[bool]
    items: Mapped[int]
    preview: Mapped[Json | None]
    counts: Mapped[Json | None]
    made_at: Mapped[datetime]
    frozen_at: Mapped[datetime | None]
    seq: Mapped[int]
    at: Mapped[datetime]


class BatchItem(Base):
    """One application of a batch: the revision it was frozen at, its own fields, what came of it.

    `status`: pending, sending, accepted, refused, not_sent. `code` and `reason` say why; `became` is the
    revision after it. `round` is the retry in which it was sent last. `preview_code`: what a dry run said.
    """

    __tablename__ = "batch_items"
    __table_args__ = (
        of_application(),
        Index(None, "batch_ref", "status", "application_ref"),
        Index(None, "plan_id", "application_ref"),
    )

    batch_ref: Mapped[str] = mapped_column(String(40), ForeignKey("batches.batch_ref"), primary_key=True)
    application_ref: Mapped[Ref] = mapped_column(primary_key=True)
    plan_id: Mapped[Ref]
    revision: Mapped[int | None]
    fields: Mapped[Json | None]
    status: Mapped[Code]
    round: Mapped[int]
    code: Mapped[Code | None]
    reason: Mapped[Prose | None]
    became: Mapped[int | None]
    preview_code: Mapped[Code | None]
    preview_reason: Mapped[Prose | None]
    at: Mapped[datetime | None]
