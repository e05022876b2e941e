"""The common writer of every hop: one batch, one transaction, and writing it again changes nothing.

Audit entries, read model, inbox, deadlines and notices are the same for every hop; what a fact leaves
beside them is written by the `FactWriter` of its event, which the hop's own module brings.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from activities.calendar import Calendars, answer
from activities.database import Database
from activities.deadlines import record_deadlines, soonest_end
from activities.inbox import update_inbox
from activities.notices import notices_of_dates, notices_of_fact, told_roles
from activities.orphans import reconcile
from activities.plans import offices_of
from activities.posts import Moves, move_posts
from activities.writing import write_new, write_over, write_revived
from models.audit import Fact
from models.calendar import WorkCalendar
from models.outbox import DeadlineAnswer, HopBatch, HopResult, Snapshot
from models.tables import AgendaEntry, Application, AuditEntry, DossierVersion, LiveApplication, Notice
from models.tables.chain import columns_of, turn_columns
from models.turn import Turn
from models.visibility import OF_THE_COMMITTEE, archive_of

FactWriter = Callable[[AsyncSession, HopBatch, Fact], Awaitable[None]]
"""Writes what one fact leaves beside the common records; called again it changes nothing."""

FEED_LOCK = 7_302_312
"""The PostgreSQL advisory lock that makes the audit ids grow in the order of commits."""

_KEY = ("plan_id", "application_ref")
_NOT_IN_THE_ROW = {"counting", "turn"}

_STORED = (
    select(Application.seq, Application.status, Application.archive_keeper)
    .where(Application.plan_id == bindparam("plan_id"), Application.application_ref == bindparam("ref"))
    .with_for_update()
)
"""What a hop must know of the row that is there. Made once: it is asked at every hop."""


class Records:
    """Writes batches to a database; `facts` says what each event leaves of its own."""

    def __init__(self, database: Database, calendars: Calendars, facts: Mapping[str, FactWriter]) -> None:
        self.database = database
        self._calendars = calendars
        self._facts = facts

    async def calendar_on(self, session: AsyncSession, at: datetime) -> WorkCalendar:
        """The calendar for a question asked at business time `at`, with the notices of the database."""
        return await self._calendars.within(session, at)

    async def record(self, batch: HopBatch) -> HopResult:
        """Records the batch in one transaction and answers the deadlines that it asks for."""
        async with self.database.transaction() as session:
            return await self.write(session, batch)

    async def write(self, session: AsyncSession, batch: HopBatch) -> HopResult:
        """Writes the batch inside an open transaction; it answers deadlines, and a post that is asked for."""
        snapshot = batch.snapshot
        stored = await _locked(session, snapshot)
        answers = await self._answers(session, batch)
        found = await reconcile(session, batch)
        if found.silent:
            return HopResult(answers=answers, late=found.late)
        batch = batch.model_copy(update={"facts": found.facts})
        due_at = soonest_end(snapshot, answers)
        if stored is None or found.set_aside or snapshot.seq >= stored.seq:
            await _write_application(session, snapshot, due_at)
            if stored is None or found.set_aside or stored.status != snapshot.status:
                await _keep_live(session, snapshot)
            await update_inbox(session, snapshot, due_at)
            await record_deadlines(session, batch, answers)
        if batch.dossier is not None:
            await _write_dossier(session, batch)
        for fact in batch.facts:
            writer = self._facts.get(fact.event)
            if writer is not None:
                await writer(session, batch, fact)
        moves = await move_posts(session, batch) if batch.moves_post else Moves()
        await _write_notices(session, batch, answers, due_at, stored.archive_keeper if stored else None)
        await write_notices(session, moves.notices)
        await append(session, snapshot, batch.facts, found.turn)
        return HopResult(answers=answers, post=moves.answer)

    async def write_again(self, session: AsyncSession, batch: HopBatch, result: HopResult) -> None:
        """The read model and the hop's own rows as the batch left them, with the answers that it got then.

        For rows that were deleted first. No notice, no entry of the chain, no post: those have consequences.
        """
        snapshot = batch.snapshot
        due_at = soonest_end(snapshot, result.answers)
        await _write_application(session, snapshot, due_at)
        await _keep_live(session, snapshot)
        await update_inbox(session, snapshot, due_at)
        await record_deadlines(session, batch, result.answers)
        if batch.dossier is not None:
            await _write_dossier(session, batch)
        for fact in batch.facts:
            writer = self._facts.get(fact.event)
            if writer is not None:
                await writer(session, batch, fact)

    async def _answers(self, session: AsyncSession, batch: HopBatch) -> tuple[DeadlineAnswer, ...]:
        if not batch.requests:
            return ()
        calendar = await self.calendar_on(session, batch.snapshot.at)
        return tuple(answer(request, calendar) for request in batch.requests)


async def append(
    session: AsyncSession, snapshot: Snapshot, facts: tuple[Fact, ...], left: Turn | None
) -> None:
    """Appends the facts to the audit chain; last in a transaction, as it holds back other writers."""
    if not facts:
        return
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text(f"SELECT pg_advisory_xact_lock({FEED_LOCK})"))
    turn = turn_columns(left)
    rows = [columns_of(snapshot.plan_id, snapshot.application_ref, fact) | turn for fact in facts]
    await write_new(session, AuditEntry, rows)


async def _locked(session: AsyncSession, snapshot: Snapshot) -> Row[int, str, str | None] | None:
    """The row of the application, locked against a second attempt that runs at the same time."""
    found = await session.execute(_STORED, {"plan_id": snapshot.plan_id, "ref": snapshot.application_ref})
    return found.one_or_none()


async def _write_application(session: AsyncSession, snapshot: Snapshot, due_at: datetime | None) -> None:
    row = snapshot.model_dump(exclude=_NOT_IN_THE_ROW) | {"due_at": due_at}
    await write_over(session, Application, row, _KEY)


async def _keep_live(session: AsyncSession, snapshot: Snapshot) -> None:
    """One live application per person and cycle; it changes with the status alone."""
    ids = {"plan_id": snapshot.plan_id, "application_ref": snapshot.application_ref}
    if snapshot.status == "ended":
        await session.execute(delete(LiveApplication).filter_by(**ids))
    else:
        await write_new(session, LiveApplication, [{**ids, "applicant": snapshot.applicant}])


async def _write_dossier(session: AsyncSession, batch: HopBatch) -> None:
    """It counts from the fact that brought it, which may be one that came back with what is proven."""
    dossier, snapshot = batch.dossier, batch.snapshot
    assert dossier is not None
    brought = [fact.seq for fact in batch.facts if fact.details.get("dossier_sha256") == dossier.digest]
    row = {
        "plan_id": snapshot.plan_id,
        "application_ref": snapshot.application_ref,
        "sha256": dossier.digest,
        "seq": max(brought, default=snapshot.seq),
        "content": dossier.model_dump(mode="json"),
    }
    if batch.proven and not brought:
        await write_new(session, DossierVersion, [row])
    else:
        await write_over(session, DossierVersion, row, (*_KEY, "sha256"), unless_newer=True)


async def _write_notices(
    session: AsyncSession,
    batch: HopBatch,
    answers: tuple[DeadlineAnswer, ...],
    due_at: datetime | None,
    archive_keeper: str | None,
) -> None:
    snapshot = batch.snapshot
    offices = await offices_of(session, snapshot.plan_id, snapshot.plan_version)
    holders: dict[str, str | None] = {
        **offices,
        "applicant": snapshot.applicant,
        "employer": snapshot.employer,
        "department": snapshot.department,
        "archive": archive_of(archive_keeper, offices),
    }
    if any(OF_THE_COMMITTEE & set(told_roles(fact)) for fact in batch.facts):
        committee = await _committee(session, snapshot)
        holders |= {role.value: committee for role in OF_THE_COMMITTEE}
    rows = [row for fact in batch.facts for row in notices_of_fact(fact, snapshot, due_at, holders)]
    rows += notices_of_dates(answers, batch.requests, snapshot, holders)
    await write_notices(session, rows)


async def _committee(session: AsyncSession, snapshot: Snapshot) -> str | None:
    """The committee on whose agenda the application stands: who presides is known there, and nowhere else."""
    return await session.scalar(
        select(AgendaEntry.committee_ref)
        .filter_by(plan_id=snapshot.plan_id, application_ref=snapshot.application_ref)
        .order_by(AgendaEntry.seq.desc())
        .limit(1)
    )


async def write_notices(session: AsyncSession, rows: list[dict[str, Any]]) -> None:
    """Puts notices out to be sent, each once; one that was void for the same words is revived."""
    await write_revived(session, Notice, rows, ("at",))
