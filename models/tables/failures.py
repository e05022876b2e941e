"""Activities that fail and are tried again, noted by the worker that tried: one row until one succeeds."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Code, Ref


class ActivityFailure(Base):
    """An activity of a workflow that is being retried. `cause`: the kind of error, never its words, which may
    hold what is personal. `attempts`: the one that failed last.
    """

    __tablename__ = "activity_failures"
    __table_args__ = (Index(None, "plan_id", "last_at"),)

    workflow_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    activity_id: Mapped[Ref] = mapped_column(primary_key=True)
    plan_id: Mapped[Ref | None]
    activity: Mapped[Code]
    cause: Mapped[Code]
    attempts: Mapped[int]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
