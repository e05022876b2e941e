"""Findings that reach their applications, on a real server: spot checks, complaints, and a ban."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select, update
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ApplicationError

from activities.cases import CaseView, list_cases, rule_case
from activities.spot_checks import SpotChecks
from models.application import ApplicationInput
from models.cases import CaseRuling
from models.cycle_messages import Asked
from models.refusal import Refusal
from models.tables import Application, CreditRecord
from tests.support import eventually, unique
from tests.workflows import lives
from tests.workflows.cycle import Cycle, Life, moment
from workers.rehearsal.cast import CITY_OFFICE, Cast, Json

PLAN = "tianjin-quality-2023"
CHECKED_AT, RULED_AT = moment("2023-12-28 09:00"), moment("2024-01-10 09:00")


def city(person: str = "m-clerk") -> Json:
    return {"id": person, "role": "city_office", "organisation": CITY_OFFICE}


def ruling(finding: str, **change: Any) -> CaseRuling:
    heard = {"notice_given": True, "hearing_offered": True}
    body = {"actor": city(), "finding": finding, "words": "经核查属实", "document_no": "津人社〔2024〕3号"}
    return CaseRuling.model_validate(body | heard | change)


async def ruled(cycle: Cycle, case: str, given: CaseRuling) -> CaseView:
    return await rule_case(cycle.database, cycle.environment.client, case, given, RULED_AT)


async def cases_of(cycle: Cycle, life: Life, kind: str) -> list[CaseView]:
    """The cases of an application, once its last fact is in the database."""
    state = await life.state()

    async def written() -> bool:
        async with cycle.database.reading() as session:
            row = await session.get(Application, (PLAN, life.cast.ref))
            return row is not None and row.seq == state.seq

    await eventually(written)
    return await list_cases(cycle.database, RULED_AT, kind=kind, application_ref=life.cast.ref)


async def checked(cycle: Cycle, *drawn: Life) -> list[str]:
    """The case of each life, all of them drawn."""
    command = {
        "kind": "spot_check",
        "actor": city("m-chief"),
        "command_id": unique("check"),
        "size": len(drawn),
        "selection": {"refs": [life.cast.ref for life in drawn]},
        "question": "请提交继续教育证明",
        "answer_by": "2024-01-05",
        "document_no": "津人社〔2023〕9号",
    }
    for life in drawn:
        await cases_of(cycle, life, "spot_check")
    asked = Asked(plan_id=PLAN, plan_version=1, at=CHECKED_AT, command=command)
    done = await SpotChecks(cycle.database).spot_check(asked)
    assert done.counts == {"population": len(drawn), "drawn": len(drawn)}
    return [(await cases_of(cycle, life, "spot_check"))[0].id for life in drawn]


async def test_a_false_commitment_ends_where_the_stage_says(cycle: Cycle) -> None:
    """Before the vote, between vote and confirmation, with a title in hand; an honest one goes on."""
    drawn = [await cycle.start() for _ in range(4)]
    ways = (lives.to_office_review, lives.to_confirm_pending, lives.to_certified, lives.to_office_review)
    await asyncio.gather(*(way(life) for way, life in zip(ways, drawn, strict=True)))
    before, between, titled, honest = await checked(cycle, *drawn)
    for case in (before, between, titled):
        seen = await ruled(cycle, case, ruling("false"))
        assert (seen.status, seen.effect_outcome) == ("ruled", "accepted"), seen.effect_reason
    seen = await ruled(cycle, honest, ruling("ok"))
    assert seen.effect_outcome == "none"
    ends = [(await life.state()).stage for life in drawn]
    assert ends == ["eligibility_cancelled", "result_cancelled", "revoked", "office_review"]
    facts = await drawn[2].history()
    assert (facts[-1].event, facts[-1].command_id) == ("revoke", f"{titled}:revoke:0")
    length = len(facts)
    again = await ruled(cycle, titled, ruling("false"))
    assert (again.effect_outcome, len(await drawn[2].history())) == ("accepted", length)
    async with cycle.database.reading() as session:
        refs = [life.cast.ref for life in drawn]
        rows = await session.scalars(select(CreditRecord).where(CreditRecord.application_ref.in_(refs)))
        records = {row.application_ref: (row.ground, row.banned_until) for row in rows}
    assert records == dict.fromkeys(refs[:3], ("ce_false", None)), "a record of 3 years, and no ban in 2023"


async def test_a_complaint_after_certification_leads_to_a_revocation(cycle: Cycle) -> None:
    """Only its finding moves the application; the complaint itself does not."""
    life = await cycle.start()
    await lives.to_archived(life)
    await life.send(life.cast.objects())
    assert (await life.state()).stage == "archived"
    (case,) = await cases_of(cycle, life, "complaint")
    seen = await ruled(cycle, case.id, ruling("founded", ground="fraud"))
    assert (seen.effect_command, seen.effect_event, seen.effect_outcome) == ("revoke", "revoke", "accepted")
    assert (await life.state()).stage == "revoked"


async def test_an_application_that_moved_on_meanwhile_is_met_where_it_is(cycle: Cycle) -> None:
    """The stage that was read says "cancel"; the title was given before the command arrived."""
    life = await cycle.start()
    await lives.to_certified(life)
    (case,) = await checked(cycle, life)
    async with cycle.database.transaction() as session:
        stale = update(Application).filter_by(application_ref=life.cast.ref)
        await session.execute(stale.values(stage="confirm_pending"))
    seen = await ruled(cycle, case, ruling("false"))
    assert [step.step for step in seen.steps] == ["ruled", "refused", "accepted"]
    assert (seen.effect_outcome, (await life.state()).stage) == ("accepted", "revoked")


async def test_what_has_ended_is_only_recorded(cycle: Cycle) -> None:
    """Withdrawn while the check went on: nothing moves, the register knows, of a second breach as well."""
    life = await cycle.start()
    await lives.to_employer_review(life)
    (case,) = await checked(cycle, life)
    await life.send(life.cast.objects())
    (complaint,) = await cases_of(cycle, life, "complaint")
    await life.send(life.cast.withdraw())
    seen = await ruled(cycle, case, ruling("false"))
    assert (seen.effect_outcome, seen.stage) == ("ended", "withdrawn")
    async with cycle.database.reading() as session:
        record = await session.get_one(CreditRecord, (PLAN, life.cast.ref, 0))
    assert (record.ground, record.document_no, record.decision_date) == (
        "ce_false",
        "津人社〔2024〕3号",
        date(2024, 1, 10),
    )
    again = await ruled(cycle, complaint.id, ruling("founded", ground="fraud"))
    assert again.effect_outcome == "ended"
    async with cycle.database.reading() as session:
        found = select(CreditRecord.ground).filter_by(plan_id=PLAN, application_ref=life.cast.ref)
        assert set(await session.scalars(found)) == {"ce_false", "fraud"}


async def opened(cycle: Cycle, person: str, opening: str) -> Refusal | None:
    """Starts an application of that person; None, or why it may not begin."""
    start = moment(opening)
    clock = {"real_start": datetime.now(UTC).isoformat(), "business_start": start.isoformat()}
    body = Cast(unique("app")).start(applicant=person, clock=clock)
    given = ApplicationInput.model_validate(body)
    handle = await cycle.environment.client.start_workflow(
        "ApplicationWorkflow", body, id=given.workflow_id, task_queue=cycle.queue
    )

    async def decided() -> bool:
        async with cycle.database.reading() as session:
            row = await session.get(Application, (PLAN, given.application_ref))
        return row is not None or (await handle.describe()).close_time is not None

    await eventually(decided)
    if (await handle.describe()).close_time is None:
        return None
    with pytest.raises(WorkflowFailureError) as ended:
        await handle.result()
    cause = ended.value.cause
    assert isinstance(cause, ApplicationError)
    return Refusal.model_validate(cause.details[0])


async def test_who_is_barred_cannot_begin_while_the_ban_is_in_force(cycle: Cycle) -> None:
    """人社部发〔2024〕56号: barred from 1 August 2024 on; in 2023 the same person may begin."""
    person, other = unique("p"), await cycle.start()
    await cases_of(cycle, other, "complaint")
    async with cycle.database.transaction() as session:
        session.add(
            CreditRecord(
                plan_id=PLAN,
                application_ref=other.cast.ref,
                seq=0,
                at=moment("2024-08-01 09:00"),
                applicant=person,
                ground="fraud",
                act_date=date(2024, 7, 29),
                decision_date=date(2024, 8, 1),
                decided_by="m-clerk",
                decided_by_role="city_office",
                document_no="津人社〔2024〕8号",
                until=date(2027, 8, 1),
                rule="fraud_2024_56",
                source="人社部发〔2024〕56号",
                banned_from=date(2024, 8, 1),
                banned_until=date(2027, 8, 1),
            )
        )
    refusal = await opened(cycle, person, "2024-08-05 09:00")
    assert refusal is not None
    assert (refusal.field, "2027-08-01" in refusal.rule.zh) == ("applicant", True)
    assert await opened(cycle, person, "2023-09-20 09:00") is None


@pytest.mark.parametrize("finding", ["ok", "no_answer"])
async def test_a_finding_that_proves_nothing_sends_nothing(cycle: Cycle, finding: str) -> None:
    life = await cycle.start()
    await lives.to_employer_review(life)
    (case,) = await checked(cycle, life)
    before = await life.events()
    assert (await ruled(cycle, case, ruling(finding))).effect_outcome == "none"
    assert await life.events() == before
