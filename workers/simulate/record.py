"""What a simulated year left in the database, read once at the end: chains, deadlines, dossiers, lists."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from activities.database import Database
from models.audit import Fact
from models.dossier import Dossier
from models.tables import AuditEntry, DeadlineEntry, DossierVersion
from models.wire import SHANGHAI


@dataclass(frozen=True)
class Told:
    """A computed end of a deadline: when it was computed (and the person told), and the exclusive end."""

    name: str
    kind: str
    computed_at: datetime
    due_at: datetime | None


@dataclass
class Record:
    """By application: the facts in order, every computed deadline, and the dossiers by their hash."""

    facts: dict[str, list[Fact]] = field(default_factory=lambda: defaultdict(list))
    deadlines: dict[str, list[Told]] = field(default_factory=lambda: defaultdict(list))
    dossiers: dict[str, dict[str, Dossier]] = field(default_factory=lambda: defaultdict(dict))


async def read_record(database: Database, plan_id: str) -> Record:
    """Everything of one plan. Moments are in Asia/Shanghai."""
    record = Record()
    async with database.reading() as session:
        entries = await session.scalars(
            select(AuditEntry).filter_by(plan_id=plan_id).order_by(AuditEntry.application_ref, AuditEntry.seq)
        )
        for entry in entries:
            record.facts[entry.application_ref].append(entry.to_fact())
        computed = await session.scalars(
            select(DeadlineEntry).filter_by(plan_id=plan_id).order_by(DeadlineEntry.seq)
        )
        for row in computed:
            due_at = row.due_at.astimezone(SHANGHAI) if row.due_at else None
            told = Told(row.name, row.kind, row.computed_at.astimezone(SHANGHAI), due_at)
            record.deadlines[row.application_ref].append(told)
        for version in await session.scalars(select(DossierVersion).filter_by(plan_id=plan_id)):
            dossier = Dossier.model_validate(version.content)
            record.dossiers[version.application_ref][version.sha256] = dossier
    return record
