"""Removes the words of one thing whose time is over, inside an open transaction. Again, it finds nothing.

What lies outside of the database (files, workflow histories) is written down as still to be removed in the
same transaction: `activities.retention.outside` does it afterwards, however often it is interrupted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from activities.evidence.store import TO_REMOVE
from activities.list_take_down import take_down
from activities.plans import plan_in_force
from activities.retention.finding import LOGS, MESSAGES, Due, has_certificate
from activities.writing import table_of, write_new
from models.audit import ABRIDGED, digest, verify
from models.removed import skeleton_of
from models.retention import RULES, Kept, latest_start
from models.retention_payload import OF_APPLICATION, OF_MEETING, RERANKED, WHOLE
from models.tables import (
    Application,
    AuditEntry,
    AuditOrphan,
    Base,
    Contact,
    CreditRecord,
    EvidenceLink,
    EvidenceObject,
    EvidencePart,
    EvidenceUpload,
    ExpertRelation,
    Letter,
    Notice,
    Paper,
    Person,
    PersonIdentity,
    PostEntry,
    ToRemove,
)
from models.wire import end_of, local_day

EVIDENCE, UPLOAD, PAPER, HISTORY = TO_REMOVE, "upload", "paper", "history"
REVIEW_FORM = "review_form"
AT_ONCE = 5_000
"""Rows of a log that go in one transaction."""

Rows = dict[str, int]


class ChainBrokenError(Exception):
    """The audit chain of an application is broken: nothing is removed from what may be evidence."""


async def remove_application(session: AsyncSession, one: Due, at: datetime) -> tuple[Rows, str, str]:
    """Removes the words of an application; gives the rows, the last hash, and the digest of what stays.

    Raises `ChainBrokenError`.
    """
    plan_id, ref = one.plan_id or "", one.application_ref or ""
    row = await session.get_one(Application, (plan_id, ref), with_for_update=True)
    entries = (
        await session.scalars(
            select(AuditEntry).filter_by(plan_id=plan_id, application_ref=ref).order_by(AuditEntry.seq)
        )
    ).all()
    facts = [entry.to_fact() for entry in entries]
    if verify(facts) or not facts or facts[-1].hash != row.chain:
        raise ChainBrokenError(f"{plan_id}/{ref}")
    done: Rows = {}
    await _files(session, plan_id, ref, at, done)
    await _letters(session, plan_id, ref, done)
    for name, change in OF_APPLICATION.items():
        await _remove_from(session, Base.metadata.tables[name], change, _of(plan_id, ref), done)
    await _remove_from(
        session,
        table_of(PostEntry),
        {RERANKED: ""},
        lambda table: _of(plan_id, ref)(table) & table.c[RERANKED].is_not(None),
        done,
    )
    for entry in entries:
        entry.details = {ABRIDGED: digest(entry.details)}
    orphans = await session.scalars(select(AuditOrphan).filter_by(plan_id=plan_id, application_ref=ref))
    for orphan in orphans:
        orphan.details = {ABRIDGED: digest(orphan.details)}
    done["audit"] = len(entries)
    await _leave(session, HISTORY, [row.workflow_id], at)
    await session.flush()
    return done, facts[-1].hash, skeleton_of(facts)


def _of(plan_id: str, ref: str) -> Callable[[Table], ColumnElement[bool]]:
    return lambda table: (table.c.plan_id == plan_id) & (table.c.application_ref == ref)


async def _remove_from(
    session: AsyncSession,
    table: Table,
    change: Any,
    which: Callable[[Table], ColumnElement[bool]],
    done: Rows,
) -> None:
    statement = delete(table) if change == WHOLE else update(table).values(**change)
    result: Any = await session.execute(statement.where(which(table)))
    done[table.name] = done.get(table.name, 0) + result.rowcount


async def _files(session: AsyncSession, plan_id: str, ref: str, at: datetime, done: Rows) -> None:
    """The papers of the applicant, uploads under way, and the review form; the certificate stays."""
    ids = {"plan_id": plan_id, "application_ref": ref}
    uploads = (await session.scalars(select(EvidenceUpload.upload_ref).filter_by(**ids))).all()
    if uploads:
        await session.execute(delete(EvidencePart).where(EvidencePart.upload_ref.in_(uploads)))
        await _leave(session, UPLOAD, uploads, at)
    hashes = (await session.scalars(select(EvidenceLink.sha256).filter_by(**ids).distinct())).all()
    gone: Any = await session.execute(delete(EvidenceLink).filter_by(**ids))
    done["evidence_links"] = gone.rowcount
    alone = (
        await session.scalars(
            select(EvidenceObject.sha256).where(
                EvidenceObject.sha256.in_(hashes),
                ~exists().where(EvidenceLink.sha256 == EvidenceObject.sha256),
            )
        )
    ).all()
    if alone:
        await session.execute(delete(EvidenceObject).where(EvidenceObject.sha256.in_(alone)))
        await _leave(session, EVIDENCE, alone, at)
    done["evidence_objects"] = len(alone)
    forms = (
        await session.scalars(select(Paper.storage_key).filter_by(**ids).where(Paper.kind == REVIEW_FORM))
    ).all()
    if forms:
        await session.execute(delete(Paper).filter_by(**ids).where(Paper.kind == REVIEW_FORM))
        await _leave(session, PAPER, forms, at)
    done["papers"] = len(forms)


async def _letters(session: AsyncSession, plan_id: str, ref: str, done: Rows) -> None:
    mine = select(Notice.id).filter_by(plan_id=plan_id, application_ref=ref)
    gone: Any = await session.execute(
        delete(Letter).where(Letter.source == "notices", Letter.notice_id.in_(mine))
    )
    done["letters"] = gone.rowcount


async def _leave(session: AsyncSession, place: str, keys: Sequence[str], at: datetime) -> None:
    rows = [{"place": place, "key": key, "since": at, "tries": 0, "reason": None} for key in keys]
    await write_new(session, ToRemove, rows)


async def remove_meeting(session: AsyncSession, one: Due) -> Rows:
    """The words of minutes and acts of a meeting; hashes and numbers stay."""
    _, plan_id, ref = one.subject.split("/", 2)
    done: Rows = {}
    for name, change in OF_MEETING.items():
        table = Base.metadata.tables[name]
        await _remove_from(
            session, table, change, lambda t: (t.c.plan_id == plan_id) & (t.c.meeting_ref == ref), done
        )
    return done


async def remove_person(session: AsyncSession, one: Due) -> Rows:
    """Identity number, contact, ties; the name too, unless a certificate bears it."""
    ref = one.subject.removeprefix("person/")
    done: Rows = {}
    named = not await has_certificate(session, ref)
    for table, column in (
        (PersonIdentity, PersonIdentity.person),
        (Contact, Contact.recipient),
        (ExpertRelation, ExpertRelation.person),
        *(((Person, Person.ref),) if named else ()),
    ):
        gone: Any = await session.execute(delete(table).where(column == ref))
        done[table.__tablename__] = gone.rowcount
    return done


async def remove_credit(session: AsyncSession, one: Due) -> Rows:
    """An entry of the credit register whose time, and whose ban's, is over."""
    seq = int(one.subject.rsplit("/", 1)[1])
    key = {"plan_id": one.plan_id, "application_ref": one.application_ref, "seq": seq}
    gone: Any = await session.execute(delete(CreditRecord).filter_by(**key))
    return {"credit_records": gone.rowcount}


async def remove_list(session: AsyncSession, one: Due, at: datetime) -> Rows:
    """The names of a list, and of those that it had replaced."""
    plan = await plan_in_force(session, one.plan_id or "")
    return {"result_lists": len(await take_down(session, plan, at))}


async def remove_log(session: AsyncSession, one: Due, at: datetime) -> Rows:
    """Entries of a log or of notices whose time is over, some thousand at once."""
    table: Any = {**LOGS, **MESSAGES}[one.subject]
    period = RULES[one.kept].period
    assert period is not None
    newest = end_of(latest_start(local_day(at), period))
    some = (
        await session.scalars(select(table.id).where(table.at < newest).order_by(table.id).limit(AT_ONCE))
    ).all()
    if one.kept is Kept.MESSAGES and some:
        await session.execute(delete(Letter).where(Letter.source == one.subject, Letter.notice_id.in_(some)))
    if some:
        await session.execute(delete(table).where(table.id.in_(some)))
    return {one.subject: len(some)}


async def left_to_remove(session: AsyncSession) -> int:
    """How much outside of the database is still to be removed."""
    return await session.scalar(select(func.count()).select_from(ToRemove)) or 0
