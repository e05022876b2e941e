"""Stored files: whose they are, who may read them, and whether a command names one that is not there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from activities.database import Database
from activities.visibility import ties_of
from models.evidence import (
    SUFFIXES,
    EvidenceKind,
    Flag,
    MediaType,
    Named,
    Stored,
    may_read,
    reference,
)
from models.tables import Application, EvidenceLink, EvidenceObject
from models.visibility import Grant, Ties

MOST_LINKS = 200
"""Applications that are looked through for one that the caller may see."""


@dataclass(frozen=True)
class Found:
    """A file, and the application as part of which it is shown."""

    plan_id: str
    application_ref: str
    file: Stored


async def files_of(
    session: AsyncSession, row: Application, subject: str, grants: Sequence[Grant]
) -> list[Stored]:
    """The files of an application that this person may read, in the order in which they came."""
    ties = await ties_of(session, row)
    return [
        _stored(link, known)
        for link, known in await _links(session, row.plan_id, row.application_ref)
        if _readable(link, subject, grants, ties)
    ]


async def all_files_of(session: AsyncSession, plan_id: str, application_ref: str) -> list[Stored]:
    """All files of an application, for those who run the service."""
    return [_stored(link, known) for link, known in await _links(session, plan_id, application_ref)]


async def _links(
    session: AsyncSession, plan_id: str, application_ref: str
) -> list[tuple[EvidenceLink, EvidenceObject]]:
    found = await session.execute(
        select(EvidenceLink, EvidenceObject)
        .join(EvidenceObject, EvidenceObject.sha256 == EvidenceLink.sha256)
        .where(EvidenceLink.plan_id == plan_id, EvidenceLink.application_ref == application_ref)
        .order_by(EvidenceLink.at, EvidenceLink.sha256, EvidenceLink.kind)
    )
    return [(link, known) for link, known in found]


async def find_file(
    session: AsyncSession,
    sha256: str,
    subject: str,
    grants: Sequence[Grant],
    part_of: tuple[str, str] | None = None,
) -> Found | None:
    """The file, as part of an application in which this person may read it.

    That is `part_of` (plan, application), or else the first one to which it came.
    """
    known = await session.get(EvidenceObject, sha256)
    if known is None:
        return None
    question = (
        select(EvidenceLink)
        .where(EvidenceLink.sha256 == sha256)
        .order_by(EvidenceLink.at, EvidenceLink.plan_id, EvidenceLink.application_ref)
        .limit(MOST_LINKS)
    )
    if part_of is not None:
        question = question.filter_by(plan_id=part_of[0], application_ref=part_of[1])
    links = await session.scalars(question)
    for link in links:
        row = await session.get(Application, (link.plan_id, link.application_ref))
        if row is not None and _readable(link, subject, grants, await ties_of(session, row)):
            return Found(link.plan_id, link.application_ref, _stored(link, known))
    return None


async def not_stored(
    session: AsyncSession, plan_id: str, application_ref: str, named: Iterable[Named]
) -> list[Named]:
    """Those of the named files that this application does not have, or that are missing or altered."""
    wanted = list(named)
    if not wanted:
        return []
    there = await session.scalars(
        select(EvidenceLink.sha256)
        .join(EvidenceObject, EvidenceObject.sha256 == EvidenceLink.sha256)
        .where(
            EvidenceLink.plan_id == plan_id,
            EvidenceLink.application_ref == application_ref,
            EvidenceLink.sha256.in_({one.sha256 for one in wanted}),
            EvidenceObject.state == "stored",
        )
    )
    have = set(there)
    return [one for one in wanted if one.sha256 not in have]


async def mark(database: Database, sha256: str, state: str) -> None:
    """What became of a file: stored, missing or altered."""
    async with database.transaction() as session:
        await session.execute(
            update(EvidenceObject).where(EvidenceObject.sha256 == sha256).values(state=state)
        )


def download_name(file: Stored) -> str:
    """A name to save a file under; its suffix says what the content is."""
    suffix = SUFFIXES[file.media_type]
    given = file.file_name or file.sha256[:16]
    stem, dot, last = given.rpartition(".")
    if dot and last.lower() in (suffix, {"jpg": "jpeg", "tif": "tiff"}.get(suffix)):
        return given
    return f"{stem if dot and len(last) <= 5 else given}.{suffix}"


def _readable(link: EvidenceLink, subject: str, grants: Sequence[Grant], ties: Ties) -> bool:
    return may_read(subject, grants, ties, [(EvidenceKind(link.kind), link.owner)])


def _stored(link: EvidenceLink, known: EvidenceObject) -> Stored:
    return Stored(
        sha256=link.sha256,
        reference=reference(link.sha256),
        kind=EvidenceKind(link.kind),
        media_type=MediaType(known.media_type),
        size=known.size,
        flags=tuple(Flag(flag) for flag in known.flags),
        file_name=link.file_name,
        state=known.state,
    )
