"""Side cases: opened by a complaint, answered, ruled on, and the finding carried out on the application.

A finding is written down first and sent afterwards, under an id derived from the case, so that a process that
dies in between loses nothing: the same ruling given again is carried out to its end. If the application moves
between the look at its stage and the sending, the finding is tried again by the new stage.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio.client import Client

from activities.credit import blank_case, case_id, record_breach
from activities.database import Database
from activities.plans import offices_of
from activities.records import FactWriter, write_notices
from activities.sending import Sent, send_command
from activities.spot_checks import case_notice
from activities.writing import write_new
from models.audit import Fact
from models.cases import CaseAnswer, CaseFile, CaseRuling, check_answer, check_ruling, command_of
from models.integrity import Effect, effect_at, sanction_ground
from models.outbox import HopBatch
from models.refusal import RefusalCode, refuse
from models.roles import Actor, Role
from models.stages import Stage
from models.tables import (
    Application,
    CaseStep,
    CreditRecord,
    ObjectionRaised,
    ObjectionRuling,
    Sample,
    SideCase,
)
from models.wire import Instant, Label, Wire, local_day

MOST_TRIES = 4
"""How often a finding follows an application that moves on while it is being sent."""

TOLD: dict[str, Label] = {
    "ok": Label(zh="抽查结束：未发现问题", en="spot check over: nothing was found"),
    "false": Label(zh="抽查结论：承诺不实", en="spot check: the commitment is false"),
    "no_answer": Label(zh="抽查结束：未收到答复，已记录", en="spot check over: no answer came; noted"),
    "ban": Label(zh="限制申报决定", en="decision: barred from applying"),
    "no_ban": Label(zh="不作限制申报", en="decision: not barred from applying"),
}
"""What the applicant hears of a finding. Of a complaint the workflow tells what follows from it."""


class Step(Wire):
    """Something that was done in a case."""

    n: int
    at: Instant
    step: str
    by: str
    role: str
    words: str
    evidence_sha256: tuple[str, ...] = ()


class CaseView(Wire):
    """A case as people see it. `stage` is where the application stands now."""

    id: str
    kind: str
    plan_id: str
    application_ref: str
    stage: str
    status: str
    question: str
    opened_at: Instant
    opened_by: str
    answer_by: date | None
    overdue: bool
    finding: str | None
    ground: str | None
    words: str | None
    decided_by: str | None
    decided_at: Instant | None
    document_no: str | None
    effect_command: str | None
    effect_outcome: str | None
    effect_event: str | None
    effect_reason: str | None
    sample_id: str | None
    grounds: str | None = None
    steps: tuple[Step, ...] = ()


# --- opened by a fact --------------------------------------------------------------------------------


async def _complaint(session: AsyncSession, batch: HopBatch, fact: Fact) -> None:
    """Each complaint leaves a case, at whatever stage, also after certification."""
    ids = {
        "plan_id": batch.snapshot.plan_id,
        "application_ref": batch.snapshot.application_ref,
        "seq": fact.seq,
    }
    objection_id = await session.scalar(select(ObjectionRaised.objection_id).filter_by(**ids))
    row = {
        **blank_case(),
        **ids,
        "at": fact.at,
        "id": case_id("complaint", *ids.values()),
        "kind": "complaint",
        "opened_by": fact.actor.id,
        "opened_by_role": fact.actor.role.value,
        "objection_id": objection_id,
        "question": f"核查举报投诉 {objection_id}",
    }
    await write_new(session, SideCase, [row])


FACTS: dict[str, FactWriter] = {"complaint": _complaint}


# --- answered and ruled on ---------------------------------------------------------------------------


async def answer_case(database: Database, case: str, answer: CaseAnswer, at: datetime) -> CaseView:
    """Records an answer; it moves nothing. Raises `Refused`."""
    async with database.transaction() as session:
        row = await _locked(session, case)
        known = await session.scalar(select(CaseStep).filter_by(case_id=case, key=answer.key))
        if known is None:
            check_answer(await _file(session, row), answer)
            evidence = list(answer.evidence_sha256)
            await _add_step(
                session, row, "answered", answer.key, at, answer.actor, answer.text, {"evidence": evidence}
            )
            row.status = "answered"
        return await _view(session, row, local_day(at))


async def rule_case(
    database: Database, client: Client | None, case: str, ruling: CaseRuling, at: datetime
) -> CaseView:
    """Writes the finding down and carries it out; `client` is needed for one that states a breach.

    Raises `Refused`, and what `send_command` raises when nobody can be reached: the finding stands then, and
    giving it again sends it again, also after the application has refused it.
    """
    async with database.transaction() as session:
        row = await _locked(session, case)
        application = await _application(session, row)
        file = await _file(session, row)
        check_ruling(file, ruling, effect_at(Stage(application.stage)), local_day(at))
        if file.ruled != ruling:
            await _write_ruling(session, row, application, ruling, at)
        elif row.effect_outcome == "refused":
            row.effect_outcome = "pending"
    if client is not None:
        await carry_out(database, client, case, at)
    return await show_case(database, case, at)


async def _write_ruling(
    session: AsyncSession, row: SideCase, application: Application, ruling: CaseRuling, at: datetime
) -> None:
    n = await _count(session, row.id, "ruled")
    await _add_step(
        session,
        row,
        "ruled",
        f"ruled-{n + 1}",
        at,
        ruling.actor,
        ruling.words,
        ruling.model_dump(mode="json"),
    )
    row.status, row.finding, row.words = "ruled", ruling.finding, ruling.words
    row.decided_by, row.decided_at, row.document_no = ruling.actor.id, at, ruling.document_no
    row.notice_given, row.hearing_offered = ruling.notice_given, ruling.hearing_offered
    row.effect_outcome = "none" if ruling.breach is None else "pending"
    if row.kind != "sanction":
        row.ground = ruling.breach
    if ruling.finding == "ban":
        record = await session.get_one(CreditRecord, (row.plan_id, row.application_ref, row.seq))
        record.banned_from, record.banned_until = local_day(at), ruling.ban_until
        record.ban_document_no = ruling.document_no
    told = TOLD.get(ruling.finding)
    if told is not None:
        said = Label(
            zh=f"{ruling.words}\n文号：{ruling.document_no or '无'}",
            en=f"{ruling.words}\nDocument: {ruling.document_no or 'none'}",
        )
        await write_notices(
            session,
            [case_notice(application, at, row.id, "applicant", application.applicant, told, said)],
        )


async def carry_out(database: Database, client: Client, case: str, at: datetime) -> None:
    """Sends what the finding of a case asks for, if it was not sent to its end yet."""
    async with database.reading() as session:
        row = await _found(session, case)
        if row.effect_outcome != "pending":
            return
        stage = Stage((await _application(session, row)).stage)
        ruling = await _ruling(session, case)
        assert ruling is not None
    for _ in range(MOST_TRIES):
        effect = effect_at(stage)
        if effect is Effect.NONE:
            await _write_effect(database, case, ruling.actor, effect, None, at, last=True)
            return
        async with database.reading() as session:
            tries = await _count(session, case, "refused")
        body = command_of(case, ruling, effect, tries)
        sent = await send_command(client, row.plan_id, row.application_ref, body)
        now = Stage(sent.refusal.stage) if sent.refusal is not None and sent.refusal.stage else stage
        moved = sent.outcome == "refused" and effect_at(now).command != effect.command
        await _write_effect(database, case, ruling.actor, effect, sent, at, last=not moved)
        if not moved:
            return
        stage = now
    await _write_effect(database, case, ruling.actor, effect, sent, at, last=True)


async def _write_effect(
    database: Database,
    case: str,
    actor: Actor,
    effect: Effect,
    sent: Sent | None,
    at: datetime,
    *,
    last: bool,
) -> None:
    """What came of one sending. An application that had ended leaves the breach in the credit register."""
    async with database.transaction() as session:
        row = await _locked(session, case)
        if row.effect_outcome != "pending":
            return
        outcome = "ended" if sent is None or sent.outcome in ("closed", "unknown") else sent.outcome
        when = sent.receipt.at if sent is not None and sent.receipt is not None else at
        reason = sent.reason if sent is not None else "the application has ended"
        n = await _count(session, case, outcome)
        await _add_step(
            session,
            row,
            outcome,
            f"{outcome}-{n + 1}",
            when,
            actor,
            reason or f"{effect.command}: {outcome}",
            {"command": effect.command},
        )
        row.effect_command, row.effect_reason, row.effect_at = effect.command, reason, when
        row.effect_event = sent.receipt.event if sent is not None and sent.receipt else None
        if last:
            row.effect_outcome = outcome
        if outcome == "ended":
            await _record_ended(session, row, actor, at)


async def _record_ended(session: AsyncSession, row: SideCase, actor: Actor, at: datetime) -> None:
    """One record for each ground: the command of an earlier finding has left one of its own."""
    ids = {"plan_id": row.plan_id, "application_ref": row.application_ref}
    ground = sanction_ground(row.ground or "")
    known = select(CreditRecord.seq).filter_by(**ids, ground=ground).limit(1)
    if ground is None or await session.scalar(known) is not None:
        return
    application = await _application(session, row)
    whose = (row.plan_id, row.application_ref, application.applicant)
    before = select(func.count()).select_from(CreditRecord).filter_by(**ids).where(CreditRecord.seq <= 0)
    number = -(await session.scalar(before) or 0)
    await record_breach(session, whose, number, at, ground, actor, row.document_no)


# --- read --------------------------------------------------------------------------------------------


async def show_case(database: Database, case: str, at: datetime) -> CaseView:
    """One case with everything that was done in it. Raises `Refused` when there is none."""
    async with database.reading() as session:
        return await _view(session, await _found(session, case), local_day(at))


async def list_cases(
    database: Database,
    at: datetime,
    *,
    plan_id: str | None = None,
    kind: str | None = None,
    status: str | None = None,
    application_ref: str | None = None,
    overdue: bool = False,
    limit: int = 200,
) -> list[CaseView]:
    """Cases, oldest first, without their steps. `overdue`: the time for an answer is over, no finding yet."""
    wanted = {"plan_id": plan_id, "kind": kind, "status": status, "application_ref": application_ref}
    found = select(SideCase, Application.stage).join(
        Application,
        (Application.plan_id == SideCase.plan_id) & (Application.application_ref == SideCase.application_ref),
    )
    found = found.where(
        *(getattr(SideCase, name) == value for name, value in wanted.items() if value is not None)
    )
    if overdue:
        found = found.where(SideCase.status != "ruled", SideCase.answer_by < local_day(at))
    async with database.reading() as session:
        rows = await session.execute(found.order_by(SideCase.at, SideCase.id).limit(limit))
        return [_seen(row, stage, local_day(at)) for row, stage in rows]


async def show_sample(database: Database, plan_id: str, command_id: str) -> Sample | None:
    """The sample that was drawn under this command."""
    async with database.reading() as session:
        return await session.get(Sample, (plan_id, command_id))


def _seen(row: SideCase, stage: str, on: date) -> CaseView:
    fields = set(CaseView.model_fields) - {"opened_at", "overdue", "stage", "grounds", "steps"}
    overdue = row.status != "ruled" and row.answer_by is not None and row.answer_by < on
    return CaseView(
        **{name: getattr(row, name) for name in fields}, stage=stage, opened_at=row.at, overdue=overdue
    )


async def _view(session: AsyncSession, row: SideCase, on: date) -> CaseView:
    application = await _application(session, row)
    grounds = await session.scalar(
        select(ObjectionRaised.grounds).filter_by(
            plan_id=row.plan_id, application_ref=row.application_ref, seq=row.seq
        )
    )
    steps = [
        Step(
            n=step.n,
            at=step.at,
            step=step.step,
            by=step.actor_id,
            role=step.actor_role,
            words=step.words,
            evidence_sha256=tuple(step.details.get("evidence", ())),
        )
        for step in await _steps(session, row.id)
    ]
    return _seen(row, application.stage, on).model_copy(update={"grounds": grounds, "steps": tuple(steps)})


# --- rows --------------------------------------------------------------------------------------------


async def _locked(session: AsyncSession, case: str) -> SideCase:
    return await _found(session, case, lock=True)


async def _found(session: AsyncSession, case: str, *, lock: bool = False) -> SideCase:
    wanted = select(SideCase).filter_by(id=case)
    row: SideCase | None = await session.scalar(wanted.with_for_update() if lock else wanted)
    if row is None:
        raise refuse(
            RefusalCode.MALFORMED,
            zh=f"没有编号为“{case[:60]}”的个案。",
            en=f"There is no case '{case[:60]}'.",
            fix_zh="用 zhicheng case list 查看。",
            fix_en="See `zhicheng case list`.",
            field="case",
        )
    return row


async def _application(session: AsyncSession, row: SideCase) -> Application:
    return await session.get_one(Application, (row.plan_id, row.application_ref))


async def _steps(session: AsyncSession, case: str) -> Sequence[CaseStep]:
    return (await session.scalars(select(CaseStep).filter_by(case_id=case).order_by(CaseStep.n))).all()


async def _count(session: AsyncSession, case: str, step: str) -> int:
    found = await session.scalar(
        select(func.count()).select_from(CaseStep).filter_by(case_id=case, step=step)
    )
    return int(found or 0)


async def _add_step(
    session: AsyncSession,
    row: SideCase,
    step: str,
    key: str,
    at: datetime,
    actor: Actor,
    words: str,
    details: dict[str, object],
) -> None:
    last = await session.scalar(select(func.max(CaseStep.n)).filter_by(case_id=row.id))
    session.add(
        CaseStep(
            plan_id=row.plan_id,
            application_ref=row.application_ref,
            seq=row.seq,
            at=at,
            case_id=row.id,
            n=(last or 0) + 1,
            step=step,
            key=key,
            actor_id=actor.id,
            actor_role=actor.role.value,
            actor_organisation=actor.organisation,
            words=words,
            details=details,
        )
    )
    await session.flush()


async def _ruling(session: AsyncSession, case: str) -> CaseRuling | None:
    last = [step for step in await _steps(session, case) if step.step == "ruled"]
    return CaseRuling.model_validate(last[-1].details) if last and last[-1].details else None


async def _file(session: AsyncSession, row: SideCase) -> CaseFile:
    application = await _application(session, row)
    ids = {"plan_id": row.plan_id, "application_ref": row.application_ref}
    objection = None
    if row.objection_id is not None:
        objection = await session.scalar(
            select(ObjectionRuling.seq).filter_by(**ids, objection_id=row.objection_id).limit(1)
        )
    record = await session.get(CreditRecord, (*ids.values(), row.seq)) if row.kind == "sanction" else None
    plan_roles = {Role.OFFICE.value, Role.CONVENING_UNIT.value, Role.CITY_OFFICE.value}
    offices = await offices_of(session, row.plan_id, application.plan_version)
    held = {role: unit for role, unit in offices.items() if role in plan_roles}
    return CaseFile(
        id=row.id,
        kind=row.kind,
        opened_by=row.opened_by,
        applicant=application.applicant,
        employer=application.employer,
        organisations={**held, Role.DEPARTMENT.value: application.department},
        status=row.status,
        answer_by=row.answer_by,
        answered_by=tuple(s.actor_id for s in await _steps(session, row.id) if s.step == "answered"),
        ruled=await _ruling(session, row.id),
        effect_outcome=row.effect_outcome,
        ruled_as_objection=objection is not None,
        record_until=record.until if record else None,
    )
