"""The hop that takes a dossier in: it screens facts and materials, and stores what was found.

Advisory only: no finding moves an application, a named person decides (PIPL Art. 24 para 3).
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.facts import write_rows
from activities.plans import plan_at
from activities.records import FactWriter, Records
from activities.review import write_answers
from models.audit import Fact
from models.dossier import Dossier
from models.eligibility import screen
from models.materials import warnings
from models.outbox import HopBatch, HopResult
from models.plan import UnknownPlanError
from models.tables import DossierVersion, Finding
from models.wire import local_day


class Screening:
    """Records submissions, resubmissions and withdrawals."""

    def __init__(self, records: Records) -> None:
        self._records = records

    @activity.defn(name="screening")
    async def screening(self, batch: HopBatch) -> HopResult:
        return await self._records.record(batch)


async def write_findings(session: AsyncSession, batch: HopBatch, fact: Fact) -> None:
    """Screens the dossier on the day of the fact and stores every finding."""
    dossier = await _dossier(session, batch, fact.details.get("dossier_sha256"))
    if dossier is None:
        return
    try:
        plan = await plan_at(session, batch.snapshot.plan_id, batch.snapshot.plan_version)
    except UnknownPlanError:
        return
    found = (
        *screen(
            dossier.facts,
            plan,
            local_day(fact.at),
            specialty=dossier.specialty,
            level=dossier.level,
            route=dossier.route,
        ),
        *warnings(dossier.achievements),
    )
    rows = [
        {
            "occasion": fact.event,
            "code": finding.code,
            "severity": finding.severity,
            "subject": finding.subject,
            "zh": finding.words.zh,
            "en": finding.words.en,
            "citation": finding.citation,
            "mark": finding.mark,
        }
        for finding in found
    ]
    await write_rows(session, Finding, batch, fact, rows)


async def write_answers_and_findings(session: AsyncSession, batch: HopBatch, fact: Fact) -> None:
    """A resubmission: the answers to the list, and what the new dossier shows."""
    await write_answers(session, batch, fact)
    if "dossier_sha256" in fact.details:
        await write_findings(session, batch, fact)


async def _dossier(session: AsyncSession, batch: HopBatch, sha256: str | None) -> Dossier | None:
    """The dossier of that digest, or else the last one the application has."""
    if batch.dossier is not None and sha256 in (None, batch.dossier.digest):
        return batch.dossier
    wanted = (
        select(DossierVersion.content)
        .filter_by(plan_id=batch.snapshot.plan_id, application_ref=batch.snapshot.application_ref)
        .order_by(DossierVersion.seq.desc())
        .limit(1)
    )
    if sha256 is not None:
        wanted = wanted.filter_by(sha256=sha256)
    content = await session.scalar(wanted)
    return Dossier.model_validate(content) if content is not None else None


FACTS: dict[str, FactWriter] = {
    "submit": write_findings,
    "employer_resubmit": write_answers_and_findings,
    "substantive_resubmit": write_answers_and_findings,
    "correction_confirmed": write_answers_and_findings,
    "department_resubmit": write_answers_and_findings,
    "office_resubmit": write_answers_and_findings,
}


async def last_findings(session: AsyncSession, plan_id: str, application_ref: str) -> Sequence[Finding]:
    """What the latest screening found: papers that are missing, conditions that are not met; advisory."""
    of_one = {"plan_id": plan_id, "application_ref": application_ref}
    latest = await session.scalar(select(func.max(Finding.seq)).filter_by(**of_one))
    found = await session.scalars(select(Finding).filter_by(**of_one, seq=latest).order_by(Finding.n))
    return found.all()
