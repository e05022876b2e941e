"""Rebuilds what the database says of one application from what its workflow's history tells.

In one transaction the rows of the application that its workflow's activities own are removed and every batch
of the history is written again, with the answers that it got at the time; the difference between before and
after is the report. Without `apply` the transaction is rolled back: what is shown is what would be written.
Done again it finds nothing. Entries of the audit chain are put right only with `audit`, each out of the
history and the one that stood there kept among the orphans. Nothing is invented: see `NOT_REBUILT`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import Field
from sqlalchemy import Table, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from activities.certification import certificate_row
from activities.database import Database
from activities.opening import note_opening, opening_batch
from activities.records import Records, append
from activities.writing import table_of, write_new
from models.audit import Fact
from models.outbox import HopBatch, HopResult, OpenRequest, OpenResult, Snapshot
from models.tables import (
    AgendaEntry,
    Application,
    ArchiveReceipt,
    AuditEntry,
    AuditOrphan,
    Base,
    Certificate,
    Confirmation,
    CurrentDeadline,
    DeadlineEntry,
    DossierVersion,
    ExamResult,
    InboxItem,
    LiveApplication,
    ObjectionRaised,
    ObjectionRuling,
    PublicityPosted,
    PublicityStep,
    RecheckStep,
    Removal,
    ReturnAnswer,
    ReturnItem,
    ReturnList,
    ReviewDecision,
    VoteCount,
)
from models.tables.chain import columns_of
from models.wire import Wire

OWNED: tuple[type[Base], ...] = (
    LiveApplication,
    InboxItem,
    CurrentDeadline,
    DeadlineEntry,
    DossierVersion,
    ReviewDecision,
    ReturnList,
    ReturnItem,
    ReturnAnswer,
    PublicityPosted,
    PublicityStep,
    ObjectionRaised,
    ObjectionRuling,
    ExamResult,
    AgendaEntry,
    VoteCount,
    RecheckStep,
    Confirmation,
    ArchiveReceipt,
)
"""Rows that follow from the facts of one application and from nothing else."""

NOT_REBUILT = (
    "notices and letters (they would be sent again)",
    "the register of posts, side cases and the credit register (shared; their own registers prove them)",
    "screening findings (computed from what was on file that day)",
    "uploaded papers, files of certificates and review forms (restore them from the backup)",
    "names, experts, ballots, opinions, minutes (never in a history)",
)
"""What cannot be had from a history, or must not be written twice."""

_NOT_KEPT = {"id", "turn_run", "turn_length", "turn_began"}
"""What an orphan does not have of an entry."""

SET_ASIDE = "not what the workflow's history says; set aside by a rebuild"


class Difference(Wire):
    """One row that is not as the history tells. `columns`: in what, with both values as text."""

    table: str
    row: str
    what: Literal["missing", "differs", "surplus"]
    columns: dict[str, tuple[str, str]] = Field(default_factory=dict)


class Rebuilt(Wire):
    """One application: what differed, whether it was written, or why it was left as it is."""

    plan_id: str
    application_ref: str
    differences: tuple[Difference, ...] = ()
    written: bool = False
    left: str | None = None


@dataclass(frozen=True)
class Story:
    """What a history tells of one application: the opening, then every batch with its answer, in order."""

    opened: OpenRequest
    terms: OpenResult
    batches: Sequence[tuple[HopBatch, HopResult]]

    @property
    def facts(self) -> list[Fact]:
        """The chain, by number."""
        found = {self.opened.fact.seq: self.opened.fact}
        for batch, _ in self.batches:
            found |= {fact.seq: fact for fact in batch.facts}
        return [found[seq] for seq in sorted(found)]


class _Shown(Exception):  # noqa: N818 - never leaves this module
    """A rebuild that was only to be shown."""


Rows = dict[tuple[str, str], dict[str, Any]]


async def rebuild(
    database: Database, records: Records, story: Story, at: datetime, *, apply: bool, audit: bool
) -> Rebuilt:
    """Compares the application with its story, and with `apply` writes it; one transaction."""
    given = story.opened.application
    found = Rebuilt(plan_id=given.plan_id, application_ref=given.application_ref)
    try:
        async with database.transaction() as session:
            found = await _rebuild(session, records, story, found, at, audit=audit)
            if found.left is None and apply and found.differences:
                found = found.model_copy(update={"written": True})
            else:
                raise _Shown
    except _Shown:
        pass
    return found


async def _rebuild(
    session: AsyncSession, records: Records, story: Story, found: Rebuilt, at: datetime, *, audit: bool
) -> Rebuilt:
    ids = {"plan_id": found.plan_id, "application_ref": found.application_ref}
    await session.scalar(select(Application).filter_by(**ids).with_for_update())
    if await session.scalar(select(Removal.id).filter_by(**ids).where(Removal.chain.is_not(None)).limit(1)):
        return found.model_copy(update={"left": "its words were removed when their time was over"})
    last = await session.scalar(
        select(AuditEntry.seq).filter_by(**ids).order_by(AuditEntry.seq.desc()).limit(1)
    )
    told = story.facts
    if last is not None and last > told[-1].seq and not audit:
        left = f"the record goes to entry {last}, the history to {told[-1].seq}"
        return found.model_copy(update={"left": f"{left}: it moved on meanwhile, or see --audit"})
    before = await _rows(session, ids)
    for table in OWNED:
        await session.execute(delete(table).filter_by(**ids))
    session.expire_all()
    opening = opening_batch(story.opened, _terms(story.terms))
    await records.write_again(session, opening, HopResult(answers=story.terms.answers))
    await note_opening(session, story.opened)
    for batch, result in story.batches:
        await _certificate(session, batch, result)
        await records.write_again(session, batch, result)
    await session.flush()
    session.expire_all()
    differences = _differences(before, await _rows(session, ids))
    last_left = story.batches[-1][0].snapshot if story.batches else opening.snapshot
    differences += await _chain(session, last_left, told, at, audit=audit)
    return found.model_copy(update={"differences": tuple(differences)})


def _terms(opened: OpenResult) -> Any:
    assert opened.terms is not None
    return opened.terms


async def _certificate(session: AsyncSession, batch: HopBatch, result: HopResult) -> None:
    """A certificate that is gone comes back under the number that the history has, never under a new one."""
    confirmed = next((fact for fact in batch.facts if fact.event == "confirm"), None)
    if confirmed is None or result.certificate_no is None:
        return
    await write_new(session, Certificate, [certificate_row(batch, confirmed, result.certificate_no)])


async def _rows(session: AsyncSession, ids: Mapping[str, str]) -> Rows:
    found: Rows = {}
    kinds: tuple[type[Base], ...] = (Application, *OWNED, Certificate)
    for table in map(table_of, kinds):
        mine = [table.c[name] == value for name, value in ids.items()]
        for row in await session.execute(select(table).where(*mine)):
            said: dict[str, Any] = dict(row._mapping)
            found[table.name, _row_name(table, said, ids)] = said
    return found


def _row_name(table: Table, said: Mapping[str, Any], ids: Mapping[str, str]) -> str:
    """The rest of its key."""
    keys = [column.name for column in table.primary_key.columns if column.name not in ids]
    return ", ".join(str(said[key]) for key in keys) or "-"


def _differences(before: Rows, after: Rows) -> list[Difference]:
    found = []
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        table, row = key
        if old is None:
            found.append(Difference(table=table, row=row, what="missing"))
        elif new is None:
            found.append(Difference(table=table, row=row, what="surplus"))
        elif old != new:
            columns = {name: (str(old[name]), str(new[name])) for name in old if old[name] != new[name]}
            found.append(Difference(table=table, row=row, what="differs", columns=columns))
    return found


async def _chain(
    session: AsyncSession, snapshot: Snapshot, told: Sequence[Fact], at: datetime, *, audit: bool
) -> list[Difference]:
    """The entries of the chain against the history's; with `audit` they are put right."""
    ids = {"plan_id": snapshot.plan_id, "application_ref": snapshot.application_ref}
    entries = {e.seq: e for e in await session.scalars(select(AuditEntry).filter_by(**ids))}
    facts, found = {fact.seq: fact for fact in told}, list[Difference]()
    for seq in sorted(entries.keys() | facts.keys()):
        entry, fact = entries.get(seq), facts.get(seq)
        if entry is not None and fact is not None and not _differing(entry, fact, ids):
            continue
        what: Literal["missing", "differs", "surplus"] = "differs"
        columns: dict[str, tuple[str, str]] = {}
        if entry is None:
            what = "missing"
        elif fact is None:
            what = "surplus"
        else:
            columns = _differing(entry, fact, ids)
        found.append(Difference(table="audit", row=str(seq), what=what, columns=columns))
        if audit and entry is not None:
            await _set_aside(session, entry, at)
            del entries[seq]
    if audit:
        await session.flush()
        await append(
            session, snapshot, tuple(fact for seq, fact in facts.items() if seq not in entries), snapshot.turn
        )
    return found


def _differing(entry: AuditEntry, fact: Fact, ids: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    told = columns_of(ids["plan_id"], ids["application_ref"], fact)
    said = {name: getattr(entry, name) for name in told}
    return {name: (str(said[name]), str(told[name])) for name in told if said[name] != told[name]}


async def _set_aside(session: AsyncSession, entry: AuditEntry, at: datetime) -> None:
    """What stood there is kept among the orphans: the feed takes it back, and tells what replaces it."""
    kept = {c.name: getattr(entry, c.name) for c in AuditEntry.__table__.columns if c.name not in _NOT_KEPT}
    orphan = {**kept, "audit_id": entry.id, "reason": SET_ASIDE, "orphaned_at": at}
    await write_new(session, AuditOrphan, [orphan])
    await session.delete(entry)
