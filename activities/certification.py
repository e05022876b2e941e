"""Certificates: a number for ever, given once, and what becomes of it when the title is revoked.

A number is the plan's prefix and a counter of six digits, such as `TJ-2023-ENG-000123`. The hash is over
number, application, applicant, specialty, level, day of the title and the fact that confirmed it.
"""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.facts import write_row
from activities.plans import certificate_prefix
from activities.publicity import raise_objection
from activities.records import FactWriter, Records
from activities.writing import insert_into, write_over
from models.audit import Fact, digest
from models.outbox import HopBatch, HopResult, Snapshot
from models.tables import Application, Certificate, CertificateCounter, Confirmation
from models.wire import local_day

_KEY = ("plan_id", "application_ref")


class Certification:
    """Records confirmations and revocations, and makes the certificate."""

    def __init__(self, records: Records) -> None:
        self._records = records

    @activity.defn(name="certification")
    async def certification(self, batch: HopBatch) -> HopResult:
        async with self._records.database.transaction() as session:
            result = await self._records.write(session, batch)
            if not any(fact.event == "confirm" for fact in batch.facts):
                return result
            certificate = await _certificate(session, batch)
            if certificate is None:
                return result
            return result.model_copy(update={"certificate_no": certificate.number})


async def _certificate(session: AsyncSession, batch: HopBatch) -> Certificate | None:
    found: Certificate | None = await session.scalar(
        select(Certificate).filter_by(
            plan_id=batch.snapshot.plan_id, application_ref=batch.snapshot.application_ref
        )
    )
    return found


async def _confirm(session: AsyncSession, batch: HopBatch, fact: Fact) -> None:
    """One certificate an application: a number given before is used again, and counts from now on."""
    snapshot = batch.snapshot
    await _answer(session, batch, fact)
    earlier = await _certificate(session, batch)
    if earlier is not None and earlier.status != "void":
        return
    number = (
        earlier.number if earlier else await _next_number(session, snapshot.plan_id, snapshot.plan_version)
    )
    await write_over(session, Certificate, certificate_row(batch, fact, number), _KEY)
    if earlier is not None:
        await session.refresh(earlier)


def certificate_row(batch: HopBatch, fact: Fact, number: str) -> dict[str, object]:
    """The certificate of that number, by the fact that confirmed it."""
    snapshot = batch.snapshot
    return {
        "plan_id": snapshot.plan_id,
        "application_ref": snapshot.application_ref,
        "number": number,
        "seq": fact.seq,
        "status": "valid",
        "sha256": certificate_sha256(snapshot, fact, number),
        "title_date": local_day(fact.at),
        "issued_at": fact.at,
    }


def certificate_sha256(of: Snapshot | Application, fact: Fact, number: str) -> str:
    """The hash that the certificate of `number` must carry, confirmed by `fact`."""
    content = {
        "number": number,
        "plan": fact.plan,
        "application_ref": of.application_ref,
        "applicant": of.applicant,
        "specialty": of.specialty,
        "level": of.level,
        "title_date": local_day(fact.at).isoformat(),
        "confirmed_by": fact.hash,
    }
    return digest(content)


async def _next_number(session: AsyncSession, plan_id: str, version: int) -> str:
    """The next number under the plan's prefix; the counter's row makes others wait for this transaction."""
    prefix = await certificate_prefix(session, plan_id, version)
    first = insert_into(session, CertificateCounter).values(prefix=prefix, last=1)
    statement = first.on_conflict_do_update(
        index_elements=["prefix"], set_={"last": CertificateCounter.last + 1}
    ).returning(CertificateCounter.last)
    return f"{prefix}-{await session.scalar(statement):06d}"


async def _answer(session: AsyncSession, batch: HopBatch, fact: Fact) -> None:
    said = fact.details
    await write_row(
        session,
        Confirmation,
        batch,
        fact,
        outcome=said.get("outcome", "confirm"),
        report_ref=said["report_ref"],
        words=said.get("text"),
    )


async def _question(session: AsyncSession, batch: HopBatch, fact: Fact) -> None:
    await _answer(session, batch, fact)
    await raise_objection("result", "question")(session, batch, fact)


async def _revoke(session: AsyncSession, batch: HopBatch, fact: Fact) -> None:
    said = fact.details
    await session.execute(
        update(Certificate)
        .filter_by(
            plan_id=batch.snapshot.plan_id,
            application_ref=batch.snapshot.application_ref,
            status="valid",
        )
        .values(
            status="revoked",
            revoked_seq=fact.seq,
            revoked_at=fact.at,
            revoked_ground=said["ground"],
            revoked_document_no=said["document_no"],
        )
    )


FACTS: dict[str, FactWriter] = {"confirm": _confirm, "confirm_question": _question, "revoke": _revoke}
