"""The credit register: what a proven breach leaves, for how long, and whether the person may apply meanwhile.

A record stems from the fact that decided it, and is taken back with it. Whether there is a ban follows from
the rule in force (`models.integrity.credit_terms`); where none says so, a sanction case is left for the city
title office to decide.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from activities.plans import plan_in_force
from activities.records import FactWriter
from activities.writing import write_new
from models.audit import Fact
from models.discipline import SanctionGround, SanctionRule
from models.integrity import CreditTerms, credit_terms, sanction_ground
from models.outbox import HopBatch
from models.plan import UnknownPlanError
from models.roles import Actor
from models.tables import Application, AuditEntry, CreditRecord, ExamResult, SideCase
from models.wire import local_day

HANDED_IN = (
    *("submit", "employer_resubmit", "substantive_resubmit", "correction_confirmed", "office_resubmit"),
    "opened",
)
"""The facts with which an applicant signs the commitments anew, if they bring a dossier."""


def case_id(kind: str, *parts: object) -> str:
    """The name of a case: two letters of its kind, and 16 hex digits over what it stems from."""
    prefix = {"spot_check": "sc", "complaint": "cp", "sanction": "sa"}[kind]
    text = "/".join(str(part) for part in parts)
    return f"{prefix}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


async def record_breach(
    session: AsyncSession,
    application: tuple[str, str, str],
    seq: int,
    at: datetime,
    ground: SanctionGround,
    actor: Actor,
    document_no: str | None,
) -> None:
    """Writes the record of a breach, and the case in which a ban is decided where no rule gives one.

    `application` is plan, reference and applicant. Written again it changes nothing.
    """
    plan_id, ref, applicant = application
    ids = {"plan_id": plan_id, "application_ref": ref, "seq": seq, "at": at}
    decided_on = local_day(at)
    acted_on = await _acted_on(session, plan_id, ref, ground, seq) or decided_on
    terms = credit_terms(await _rules(session, plan_id), ground, acted_on, decided_on, actor.role)
    row = {
        **ids,
        **terms.model_dump(include={"until", "rule", "source", "banned_until", "proposed_until", "ground"}),
        "applicant": applicant,
        "act_date": acted_on,
        "decision_date": decided_on,
        "decided_by": actor.id,
        "decided_by_role": actor.role.value,
        "document_no": document_no,
        "banned_from": decided_on if terms.banned_until else None,
        "ban_document_no": None,
    }
    await write_new(session, CreditRecord, [row])
    if terms.to_decide:
        await write_new(session, SideCase, [{**_sanction_case(ids, terms), **_opened_by(actor)}])


def _sanction_case(ids: dict[str, object], terms: CreditTerms) -> dict[str, object]:
    rule = terms.rule or "（行为时无现行规则）"
    proposal = f"建议限制至{terms.proposed_until}" if terms.proposed_until else "该规则未规定限制申报"
    question = f"是否在一定期限内限制该申报人申报？适用规则：{rule}（{terms.source}）；{proposal}。"
    return {
        **blank_case(),
        **ids,
        "id": case_id("sanction", ids["plan_id"], ids["application_ref"], ids["seq"]),
        "kind": "sanction",
        "question": question,
        "ground": terms.ground,
    }


def blank_case() -> dict[str, object]:
    """The columns of an open case that nothing is known of yet."""
    nothing = dict.fromkeys(
        (
            *("sample_id", "objection_id", "answer_by", "finding", "ground", "words", "decided_by"),
            *("decided_at", "document_no", "effect_command", "effect_outcome", "effect_event"),
            *("effect_reason", "effect_at"),
        )
    )
    return {**nothing, "status": "open", "notice_given": False, "hearing_offered": False}


def _opened_by(actor: Actor) -> dict[str, object]:
    return {"opened_by": actor.id, "opened_by_role": actor.role.value}


async def _rules(session: AsyncSession, plan_id: str) -> tuple[SanctionRule, ...]:
    try:
        return (await plan_in_force(session, plan_id)).sanctions
    except UnknownPlanError:
        return ()


async def _acted_on(
    session: AsyncSession, plan_id: str, ref: str, ground: SanctionGround, seq: int
) -> date | None:
    """The day of the act: the examination, or the last time the applicant signed before the decision."""
    ids = {"plan_id": plan_id, "application_ref": ref}
    if ground == "exam_cheating":
        held: date | None = await session.scalar(select(func.max(ExamResult.held_on)).filter_by(**ids))
        return held
    entries = await session.scalars(
        select(AuditEntry)
        .filter_by(**ids)
        .where(AuditEntry.event.in_(HANDED_IN), *([AuditEntry.seq < seq] if seq else []))
        .order_by(AuditEntry.seq.desc())
    )
    found = list(entries)
    signed = next((e for e in found if "dossier_sha256" in e.details), found[-1] if found else None)
    return local_day(signed.at) if signed else None


# --- what facts leave --------------------------------------------------------------------------------


def _by_ground(*, only_fraud: bool = False) -> FactWriter:
    async def write(session: AsyncSession, batch: HopBatch, fact: Fact) -> None:
        said = fact.details
        given = said["finding"] if only_fraud else said["ground"]
        ground = sanction_ground(given)
        if ground is not None:
            await _write(session, batch, fact, ground)

    return write


async def _cheated(session: AsyncSession, batch: HopBatch, fact: Fact) -> None:
    await _write(session, batch, fact, "exam_cheating")


async def _write(session: AsyncSession, batch: HopBatch, fact: Fact, ground: SanctionGround) -> None:
    snapshot = batch.snapshot
    whose = (snapshot.plan_id, snapshot.application_ref, snapshot.applicant)
    document_no = fact.details.get("document_no")
    await record_breach(session, whose, fact.seq, fact.at, ground, fact.actor, document_no)


FACTS: dict[str, FactWriter] = {
    "cancel_eligibility": _by_ground(),
    "cancel_result": _by_ground(),
    "revoke": _by_ground(),
    "objection_fraud": _by_ground(only_fraud=True),
    "result_refuted": _by_ground(only_fraud=True),
    "exam_cheat": _cheated,
}


def beside(facts: Mapping[str, FactWriter], more: Mapping[str, FactWriter]) -> dict[str, FactWriter]:
    """The writers of `facts`, and after each of them the one of `more` for the same event."""
    return {**facts, **{event: _both(facts.get(event), writer) for event, writer in more.items()}}


def _both(first: FactWriter | None, second: FactWriter) -> FactWriter:
    if first is None:
        return second
    leading = first

    async def write(session: AsyncSession, batch: HopBatch, fact: Fact) -> None:
        await leading(session, batch, fact)
        await second(session, batch, fact)

    return write


# --- what is asked of it -----------------------------------------------------------------------------


async def ban_on(session: AsyncSession, applicant: str, day: date) -> CreditRecord | None:
    """The ban that is in force on that day, the one that ends last; None: the person may apply."""
    found: CreditRecord | None = await session.scalar(
        select(CreditRecord)
        .where(
            CreditRecord.applicant == applicant,
            CreditRecord.banned_from <= day,
            CreditRecord.banned_until >= day,
        )
        .order_by(CreditRecord.banned_until.desc())
        .limit(1)
    )
    return found


async def credit_of(session: AsyncSession, ref: str) -> list[CreditRecord]:
    """Every record of a person, or of the person of an application; oldest first."""
    of_application = select(Application.applicant).where(Application.application_ref == ref)
    whose = CreditRecord.applicant.in_(of_application) | (CreditRecord.applicant == ref)
    rows = await session.scalars(select(CreditRecord).where(whose).order_by(CreditRecord.at))
    return list(rows)
