"""Publicity periods and objections: what was posted where, its evidence, grounds and rulings."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.facts import write_row
from activities.plans import plan_at
from activities.records import FactWriter, Records
from activities.review import write_items
from models.audit import Fact, digest
from models.outbox import HopBatch, HopResult
from models.plan import UnknownPlanError
from models.tables import ObjectionRaised, ObjectionRuling, PublicityPosted, PublicityStep, ReturnList


class Publicity:
    """Records publicities, objections and rulings."""

    def __init__(self, records: Records) -> None:
        self._records = records

    @activity.defn(name="publicity")
    async def publicity(self, batch: HopBatch) -> HopResult:
        return await self._records.record(batch)


async def _post(session: AsyncSession, batch: HopBatch, fact: Fact) -> None:
    said = fact.details
    await write_row(
        session,
        PublicityPosted,
        batch,
        fact,
        of="employer",
        started_at=fact.at,
        working_days=said.get("working_days") or await _plan_length(session, batch, "employer"),
        notice_sha256=said["notice_sha256"],
        list_sha256=said["list_sha256"],
        places=said["places"],
        postings=[],
    )


async def _publish(session: AsyncSession, batch: HopBatch, fact: Fact) -> None:
    """The later posting counts (process reading 32)."""
    postings = fact.details["postings"]
    await write_row(
        session,
        PublicityPosted,
        batch,
        fact,
        of="result",
        started_at=max(datetime.fromisoformat(posting["posted_at"]) for posting in postings),
        working_days=await _plan_length(session, batch, "result"),
        notice_sha256=None,
        list_sha256=fact.details["list_sha256"],
        places=[posting["place"] for posting in postings],
        postings=postings,
    )


async def _plan_length(session: AsyncSession, batch: HopBatch, of: str) -> int | None:
    try:
        plan = await plan_at(session, batch.snapshot.plan_id, batch.snapshot.plan_version)
    except UnknownPlanError:
        return None
    public = plan.publicity
    return (public.employer_wd if of == "employer" else public.result_wd).value


def write_step(step: str, of: str) -> FactWriter:
    """Writes what became of the latest publicity of that kind: over, contested, cancelled, with evidence."""

    async def write(session: AsyncSession, batch: HopBatch, fact: Fact) -> None:
        said = fact.details
        posted = await session.scalar(
            select(func.max(PublicityPosted.seq))
            .filter_by(plan_id=batch.snapshot.plan_id, application_ref=batch.snapshot.application_ref, of=of)
            .where(PublicityPosted.seq < fact.seq)
        )
        await write_row(
            session,
            PublicityStep,
            batch,
            fact,
            publicity_seq=posted,
            step=step,
            image_sha256=said.get("image_sha256"),
            statement=said.get("statement"),
            hidden_days=said.get("hidden_days", []),
        )

    return write


def raise_objection(of: str, prefix: str) -> FactWriter:
    """Writes an objection, complaint or question, numbered as the workflow numbers it."""

    async def write(session: AsyncSession, batch: HopBatch, fact: Fact) -> None:
        said = fact.details
        earlier = await session.scalar(
            select(func.count())
            .select_from(ObjectionRaised)
            .filter_by(plan_id=batch.snapshot.plan_id, application_ref=batch.snapshot.application_ref)
            .where(ObjectionRaised.seq < fact.seq, ObjectionRaised.objection_id.startswith(f"{prefix}-"))
        )
        grounds = said.get("grounds") or said.get("text") or ""
        await write_row(
            session,
            ObjectionRaised,
            batch,
            fact,
            objection_id=f"{prefix}-{(earlier or 0) + 1}",
            of=of,
            real_name=said.get("real_name", True),
            grounds=grounds,
            grounds_digest=digest(grounds),
            evidence_sha256=said.get("evidence_sha256", []),
        )

    return write


async def _rule(session: AsyncSession, batch: HopBatch, fact: Fact) -> None:
    said = fact.details
    await write_row(
        session,
        ObjectionRuling,
        batch,
        fact,
        objection_id=said["objection_id"],
        finding=said["finding"],
        words=said["text"],
        hearing_held=said.get("hearing_held", False),
    )


async def _curable(session: AsyncSession, batch: HopBatch, fact: Fact) -> None:
    """A curable objection returns the application with a list."""
    await _rule(session, batch, fact)
    await write_row(
        session,
        ReturnList,
        batch,
        fact,
        hop="employer",
        change_class="substantive",
        correction_due=None,
    )
    await write_items(session, batch, fact)


FACTS: dict[str, FactWriter] = {
    "start_publicity": _post,
    "publish_result": _publish,
    "republish_result": _publish,
    "republish_ended": _publish,
    "publicity_over_clear": write_step("over", "employer"),
    "publicity_over_contested": write_step("contested", "employer"),
    "cancel_publicity": write_step("cancelled", "employer"),
    "file_evidence": write_step("evidence", "employer"),
    "result_over_clear": write_step("over", "result"),
    "result_over_contested": write_step("contested", "result"),
    "employer_object": raise_objection("employer", "employer-objection"),
    "result_object": raise_objection("result", "result-objection"),
    "objection_unfounded_stays": _rule,
    "objection_unfounded_more": _rule,
    "objection_unfounded": _rule,
    "objection_curable": _curable,
    "objection_founded": _rule,
    "objection_fraud": _rule,
    "result_unfounded_stays": _rule,
    "result_unfounded_more": _rule,
    "result_unfounded": _rule,
    "result_procedure_broken": _rule,
    "result_refuted": _rule,
}
