"""Gathers what the system holds on a person and packs it as a ZIP, on record before it is handed over.

One look at the database for all of the text; files are streamed from the stores. What a person may not see is
left out by `models.person_data`.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from activities.database import Database
from activities.evidence.files import all_files_of, download_name
from activities.evidence.store import EvidenceStore
from activities.evidence.store import key_of as evidence_key
from activities.exporting import note_file
from activities.identity import Identity, identity_of, same_person
from activities.identity_keys import IdentityKeys
from activities.looks import NOTHING, Looker, looks_at_person, put_on_record
from activities.papers.storage import FileStore, StoredFileError
from models.person_data import README_EN, README_ZH, case_told, told
from models.refusal import RefusalCode, refuse
from models.roles import Role
from models.stages import STAGES, Stage
from models.tables import (
    Application,
    AuditEntry,
    CaseStep,
    Certificate,
    Contact,
    CreditRecord,
    DossierVersion,
    Notice,
    Paper,
    Person,
    PersonIdentity,
    ReturnAnswer,
    ReturnItem,
    SideCase,
)
from models.wire import SHANGHAI

EXPORTED = "person_data"
_OF_ROW = ("plan_id", "application_ref", "employer", "department", "specialty", "level", "route")


@dataclass
class Collected:
    """Everything to be packed: JSON by its name in the archive, and files with where they lie."""

    person: str
    documents: dict[str, Any] = field(default_factory=dict)
    evidence: list[tuple[str, str]] = field(default_factory=list)
    papers: list[tuple[str, str]] = field(default_factory=list)
    applications: list[tuple[str, str]] = field(default_factory=list)
    whole_number: bool = False


async def collect(
    session: AsyncSession,
    keys: IdentityKeys,
    looker: Looker,
    person: str,
    at: datetime,
    *,
    whole: bool,
    reason: str,
    plan_id: str | None = None,
) -> Collected:
    """What is held on a person; the looks are put on record. `plan_id`: only the applications of this plan,
    and nothing on a person who has none in it.

    Raises `Refused` when nothing is known under the reference, and `IdentityKeyError`.
    """
    found = Collected(person, whole_number=whole)
    mine = select(Application).where(Application.applicant == person)
    if plan_id is not None:
        mine = mine.where(Application.plan_id == plan_id)
    rows = (await session.scalars(mine.order_by(Application.plan_id, Application.application_ref))).all()
    names = (await session.scalars(select(Person).filter_by(ref=person).order_by(Person.version))).all()
    known = await session.scalar(select(PersonIdentity.person).filter_by(person=person).limit(1))
    is_held = bool(rows) if plan_id is not None else bool(rows or names or known)
    contact = await session.get(Contact, person) if is_held else None
    if not is_held:
        raise refuse(
            RefusalCode.GUARD,
            zh=f"系统中没有编号 {person} 的个人信息。",
            en=f"The system holds nothing on {person}.",
            fix_zh="请核对编号。",
            fix_en="Check the reference.",
            field="person",
            citation="PIPL Art. 45",
        )
    shown = (
        await identity_of(session, keys, looker, person, at, whole=whole, reason=reason) if known else None
    )
    found.documents["person.json"] = {
        "reference": person,
        "other_references": [one for one in await same_person(session, person) if one != person],
        "names": [_plain(row, ("version", "name", "recorded_at", "document_no")) for row in names],
        "identity": _identity(shown),
        "contact": _plain(contact, ("channel", "address", "set_at")) if contact else None,
    }
    for row in rows:
        await _application(session, found, row)
        await put_on_record(
            session,
            looker,
            EXPORTED,
            at,
            plan_id=row.plan_id,
            application_ref=row.application_ref,
            reason=reason,
        )
    if not rows:
        await put_on_record(session, looker, EXPORTED, at, person=person, reason=reason)
    looks = await looks_at_person(session, [person])
    names_of_look = ("at", "what", "plan_id", "application_ref", "outcome", "reason")
    found.documents["looks.json"] = [
        {**_plain(look, names_of_look), "roles": _roles(look.grants)}
        for look in looks
        if plan_id is None or look.plan_id in (plan_id, NOTHING)
    ]
    return found


def _identity(shown: Identity | None) -> dict[str, Any] | None:
    if shown is None:
        return None
    return {
        "document": shown.document.value,
        "number": shown.number,
        "version": shown.version,
        "recorded_at": shown.recorded_at.astimezone(SHANGHAI).isoformat(),
        "document_no": shown.document_no,
    }


def _roles(grants: str) -> list[str]:
    """Roles alone: neither an account nor a committee is named."""
    return sorted({part.strip().partition(":")[0] for part in grants.split(",")})


async def _application(session: AsyncSession, found: Collected, row: Application) -> None:
    ids = {"plan_id": row.plan_id, "application_ref": row.application_ref}
    folder = f"applications/{row.plan_id}/{row.application_ref}"
    found.applications.append((row.plan_id, row.application_ref))

    async def every(table: Any, *order: Any) -> Sequence[Any]:
        return (await session.scalars(select(table).filter_by(**ids).order_by(*order))).all()

    facts = [entry.to_fact() for entry in await every(AuditEntry, AuditEntry.seq)]
    cases = await every(SideCase, SideCase.at)
    answers = [
        step
        for step in await every(CaseStep, CaseStep.n)
        if step.step == "answered" and (step.actor_id, step.actor_role) == (found.person, Role.APPLICANT)
    ]
    papers = await every(Paper, Paper.kind, Paper.version)
    files = await all_files_of(session, row.plan_id, row.application_ref)
    mine = [file for file in files if file.kind.value == "dossier"]
    found.documents[f"{folder}/application.json"] = {
        **_plain(
            row, ("plan_id", "application_ref", "employer", "department", "specialty", "level", "route")
        ),
        "stage": STAGES[Stage(row.stage)].label.model_dump(),
        "since": row.entered_at.astimezone(SHANGHAI).isoformat(),
        "history": [told(fact, found.person) for fact in facts],
        "handed_in": [one.content for one in await every(DossierVersion, DossierVersion.seq)],
        "to_repair": [
            _plain(one, ("at", "item", "words", "part"))
            for one in await every(ReturnItem, ReturnItem.seq, ReturnItem.n)
        ],
        "answers": [
            _plain(one, ("at", "item", "words"))
            for one in await every(ReturnAnswer, ReturnAnswer.seq, ReturnAnswer.n)
        ],
        "notices": [
            _plain(one, ("at", "subject_zh", "text_zh", "text_en", "status", "sent_at"))
            for one in await every(Notice, Notice.id)
            if one.to_role == "applicant"
        ],
        "cases": [
            {
                **case_told(one.kind, one.question, one.words),
                **_plain(one, ("at", "status", "finding", "decided_at", "document_no")),
                "your_answers": [
                    {**_plain(step, ("at", "words")), "evidence": step.details.get("evidence", [])}
                    for step in answers
                    if step.case_id == one.id
                ],
            }
            for one in cases
        ],
        "credit_register": [
            _plain(one, ("ground", "decision_date", "document_no", "until", "source", "banned_until"))
            for one in await every(CreditRecord, CreditRecord.at)
        ],
        "certificates": [
            _plain(one, ("number", "status", "title_date", "issued_at", "revoked_at", "revoked_ground"))
            for one in await every(Certificate, Certificate.number)
        ],
        "files": [
            {"name": download_name(file), "sha256": file.sha256, "bytes": file.size, "state": file.state}
            for file in mine
        ],
    }
    for file in mine:
        found.evidence.append((f"{folder}/files/{file.sha256[:12]}-{download_name(file)}", file.sha256))
    for paper in papers:
        name = f"{folder}/files/{paper.kind}-{paper.version}.pdf"
        found.papers.append((name, paper.storage_key))


def _plain(row: Any, names: Iterable[str]) -> dict[str, Any]:
    return {name: _value(getattr(row, name)) for name in names}


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(SHANGHAI).isoformat()
    return value.isoformat() if hasattr(value, "isoformat") else value


async def pack(
    found: Collected, out: BinaryIO, at: datetime, evidence: EvidenceStore, papers: FileStore
) -> str:
    """Writes the ZIP and gives its sha-256. A file that is missing in the store is named in the manifest."""
    manifest: dict[str, str] = {}
    number = ("全号", "whole") if found.whole_number else ("已掩码", "masked")
    words = {"person": found.person, "at": at.astimezone(SHANGHAI).isoformat(timespec="minutes")}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:

        def put(name: str, content: bytes) -> None:
            archive.writestr(name, content)
            manifest[name] = hashlib.sha256(content).hexdigest()

        put("README.zh.md", README_ZH.format(number=number[0], **words).encode())
        put("README.en.md", README_EN.format(number=number[1], **words).encode())
        for name, document in found.documents.items():
            put(name, (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode())
        for name, key in found.papers:
            try:
                put(name, await asyncio.to_thread(papers.get, key))
            except StoredFileError:
                manifest[name] = "missing"
        for name, sha256 in found.evidence:
            manifest[name] = await _stream(archive, name, evidence, sha256)
        archive.writestr("manifest.json", json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True))
    return await asyncio.to_thread(_digest_of, out)


def _digest_of(out: BinaryIO) -> str:
    out.seek(0)
    counted = hashlib.sha256()
    while chunk := out.read(1_000_000):
        counted.update(chunk)
    return counted.hexdigest()


async def _stream(archive: zipfile.ZipFile, name: str, store: EvidenceStore, sha256: str) -> str:
    if await store.size(evidence_key(sha256)) is None:
        return "missing"
    counted = hashlib.sha256()
    with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as entry:
        async for chunk in store.stream(evidence_key(sha256)):
            counted.update(chunk)
            await asyncio.to_thread(entry.write, chunk)
    return counted.hexdigest() if counted.hexdigest() == sha256 else "altered"


async def export_person(
    database: Database,
    keys: IdentityKeys,
    looker: Looker,
    person: str,
    at: datetime,
    out: BinaryIO,
    evidence: EvidenceStore,
    papers: FileStore | Path,
    *,
    whole: bool = False,
    reason: str,
    plan_id: str | None = None,
) -> tuple[str, int]:
    """The whole of it: collected, packed, on record in the log of exports. Gives sha-256 and applications."""
    store = papers if isinstance(papers, FileStore) else FileStore(papers)
    async with database.transaction() as session:
        found = await collect(session, keys, looker, person, at, whole=whole, reason=reason, plan_id=plan_id)
    sha256 = await pack(found, out, at, evidence, store)
    async with database.transaction() as session:
        await note_file(
            session,
            sha256,
            at=at,
            subject=looker.subject,
            grants=looker.grants,
            plan_id=plan_id or NOTHING,
            what=EXPORTED,
            search=f"person:{person}",
            rows=len(found.applications),
            request_id=looker.request_id,
        )
    return sha256, len(found.applications)
