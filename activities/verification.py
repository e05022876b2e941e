"""Verification (网上核验): what is known of a certificate's number, or of a file that somebody shows.

Reads the records as they are at this moment: a revocation shows at once. Says no name.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cryptography import x509
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.papers import (
    GROUND_LABELS,
    PaperKind,
    Standing,
    Verdict,
    altered_words,
    revoked_words,
    superseded_words,
    unknown_words,
    valid_words,
)
from models.refusal import legible
from models.tables import Certificate, Paper
from models.wire import Label, local_day

if TYPE_CHECKING:
    from activities.papers.signing import Signed

_NUMBER = re.compile(rb"[A-Z0-9][A-Z0-9-]{1,70}-\d{6}")
LONGEST_NUMBER = 80
_FEW = 50
"""Numbers looked for in a strange file; a paper names its own in the first of them."""


async def verify_number(session: AsyncSession, number: str) -> Verdict:
    """What is known of a certificate's number: valid, revoked, or unknown."""
    asked = legible(number.strip(), LONGEST_NUMBER)  # no store takes what nobody can read
    certificate: Certificate | None = await session.scalar(
        select(Certificate).filter_by(number=asked.upper())
    )
    if certificate is None or certificate.status == "void":
        return Verdict(standing=Standing.UNKNOWN, words=unknown_words(asked))
    paper: Paper | None = await session.scalar(
        select(Paper).filter_by(
            plan_id=certificate.plan_id,
            application_ref=certificate.application_ref,
            kind=PaperKind.CERTIFICATE.value,
            status="current",
        )
    )
    return _of_certificate(certificate, **(_told(paper) if paper else {}))


async def verify_file(session: AsyncSession, content: bytes, roots: Sequence[x509.Certificate]) -> Verdict:
    """What is known of a file: valid, revoked, superseded, altered, or unknown here.

    A file is what was issued only if every byte is. `roots` are the certificates that signatures must lead
    to. Takes some tens of milliseconds of CPU.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    paper: Paper | None = await session.scalar(select(Paper).filter_by(sha256=sha256))
    signed = await asyncio.to_thread(_signed, content, roots)
    if paper is None:
        return await _stranger(session, content, signed)
    certificate = await session.get_one(Certificate, (paper.plan_id, paper.application_ref))
    told = _told(paper) | {"trusted": signed.trusted, "signer": signed.signer}
    if certificate.status == "void":
        return Verdict(standing=Standing.UNKNOWN, words=unknown_words(paper.number), **told)
    if certificate.status == "revoked" or paper.status == "current":
        return _of_certificate(certificate, **told)
    newer = await session.scalar(
        select(Paper).filter_by(
            plan_id=paper.plan_id,
            application_ref=paper.application_ref,
            kind=paper.kind,
            supersedes=paper.version,
        )
    )
    by, reason = (newer.version, newer.reason or "-") if newer else (paper.version + 1, "-")
    return Verdict(
        standing=Standing.SUPERSEDED,
        words=superseded_words(paper.number, paper.version, by, reason),
        since=local_day(paper.superseded_at) if paper.superseded_at else None,
        by_version=by,
        reason=reason,
        document_no=newer.document_no if newer else None,
        **told,
    )


async def certificate_index(session: AsyncSession, plan_id: str) -> list[dict[str, str | int | None]]:
    """What the public pages may say of each certificate of a plan, in the order of numbers; no names.

    `number`, `status` (valid or revoked), `title_date`, `content_sha256` and `version` of the certificate
    in force (None until it is made), `revoked_on`. The hash cannot be guessed from a name: the hash of the
    record is part of what is hashed.
    """
    found = await session.execute(
        select(Certificate, Paper)
        .outerjoin(
            Paper,
            (Paper.plan_id == Certificate.plan_id)
            & (Paper.application_ref == Certificate.application_ref)
            & (Paper.kind == PaperKind.CERTIFICATE.value)
            & (Paper.status == "current"),
        )
        .where(Certificate.plan_id == plan_id, Certificate.status != "void")
        .order_by(Certificate.number)
    )
    return [
        {
            "number": certificate.number,
            "status": certificate.status,
            "title_date": certificate.title_date.isoformat(),
            "content_sha256": paper.content_sha256 if paper else None,
            "version": paper.version if paper else None,
            "revoked_on": local_day(certificate.revoked_at).isoformat() if certificate.revoked_at else None,
        }
        for certificate, paper in found
    ]


def _told(paper: Paper) -> dict[str, Any]:
    return {
        "number": paper.number,
        "kind": PaperKind(paper.kind),
        "version": paper.version,
        "content_sha256": paper.content_sha256,
        "rehearsal": paper.rehearsal,
    }


def _of_certificate(certificate: Certificate, **told: Any) -> Verdict:
    told = {"number": certificate.number} | told | {"title_date": certificate.title_date}
    if certificate.status == "revoked":
        assert certificate.revoked_at is not None
        code = certificate.revoked_ground or "-"
        ground, since = GROUND_LABELS.get(code, Label(zh=code, en=code)), local_day(certificate.revoked_at)
        document = certificate.revoked_document_no or "-"
        words = revoked_words(certificate.number, since, ground, document)
        return Verdict(
            standing=Standing.REVOKED, words=words, since=since, ground=ground, document_no=document, **told
        )
    words = valid_words(certificate.number, certificate.title_date)
    return Verdict(standing=Standing.VALID, words=words, **told)


def _signed(content: bytes, roots: Sequence[x509.Certificate]) -> Signed:
    """What reads signatures takes long to load, and most processes never read one."""
    from activities.papers.signing import verify

    return verify(content, roots)


async def _stranger(session: AsyncSession, content: bytes, signed: Signed) -> Verdict:
    """A file that is not on record: altered if it names one of our certificates, or was signed and broken."""
    named = list(dict.fromkeys(_NUMBER.findall(content)))[:_FEW]
    number: str | None = await session.scalar(
        select(Certificate.number).where(Certificate.number.in_([n.decode() for n in named])).limit(1)
    )
    told = {"number": number, "trusted": signed.trusted, "signer": signed.signer}
    if number is not None or (b"/ByteRange" in content and not signed.intact):
        return Verdict(standing=Standing.ALTERED, words=altered_words(number), **told)
    return Verdict(standing=Standing.UNKNOWN, words=unknown_words(None), **told)
