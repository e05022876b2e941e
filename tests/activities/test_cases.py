"""Spot checks, complaints, credit records and bans in the database, on both kinds."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import pytest

from activities.cases import answer_case, list_cases, rule_case
from activities.credit import ban_on, credit_of
from activities.database import Database
from activities.orphans import take_back
from activities.spot_checks import SpotChecks
from models.cases import CaseAnswer, CaseRuling
from models.cycle_messages import Asked, Done
from models.integrity import draw_sample, verify_sample
from models.refusal import Refused
from models.roles import Actor
from models.tables import CaseStep, CreditRecord, Notice, Sample, SideCase
from tests.activities.recorded import Desk, RecordedLife, told
from tests.activities.stories import STORIES
from tests.activities.test_hops import contents, every, one
from tests.activities.test_statistics import write
from tests.models.life import (
    Cast,
    accepted,
    certified,
    moment,
    posted,
    published,
    submitted,
    with_office,
)
from workers.rehearsal.cast import CITY_OFFICE

PLAN = "tianjin-quality-2023"
AT = moment("2023-10-12 09:00")


def actor(role: str, person: str = "m-clerk", organisation: str | None = CITY_OFFICE) -> Actor:
    return Actor.model_validate({"role": role, "id": person, "organisation": organisation})


def ruling(finding: str, **change: Any) -> CaseRuling:
    body = {
        "actor": actor("city_office"),
        "finding": finding,
        "words": "经核查",
        "document_no": "津人社〔2023〕7号",
    }
    return CaseRuling.model_validate(body | change)


def order(**change: Any) -> Asked:
    body: dict[str, Any] = {
        "kind": "spot_check",
        "actor": actor("city_office", "m-chief").model_dump(mode="json"),
        "command_id": "check-1",
        "size": 2,
        "seed": "seed-2023-1",
        "question": "请提交2023年继续教育证明",
        "answer_by": "2023-10-20",
        "document_no": "津人社〔2023〕6号",
    }
    body |= change
    command = {key: value for key, value in body.items() if value is not None}
    return Asked(plan_id=PLAN, plan_version=1, at=AT, command=command)


async def with_lives(database: Database, *refs: str) -> Desk:
    desk = Desk(database)
    for ref in refs:
        await desk.write_all(told(with_office, Cast(ref)))
    return desk


async def checked(database: Database, asked: Asked) -> Done:
    return await SpotChecks(database).spot_check(asked)


# --- spot checks -------------------------------------------------------------------------------------


async def test_a_sample_is_drawn_once_and_can_be_drawn_again(database: Database) -> None:
    desk = await with_lives(database, "a", "b", "c")
    await desk.open(RecordedLife(Cast("draft")))
    done = await checked(database, order())
    before = await contents(database)
    assert done.counts == {"population": 3, "drawn": 2}
    sample = await one(database, Sample)
    assert sample.drawn == list(draw_sample("seed-2023-1", ["a", "b", "c"], 2)), "a draft is left out"
    assert verify_sample(sample.seed, sample.population, sample.drawn, sample.population_sha256) == []
    cases = await every(database, SideCase)
    assert {case.application_ref for case in cases} == set(sample.drawn)
    notices = [n for n in await every(database, Notice) if n.template == "side_case"]
    assert sorted((n.application_ref, n.to_role) for n in notices) == sorted(
        (ref, role) for ref in sample.drawn for role in ("applicant", "employer")
    )
    assert all("2023-10-20" in n.text_zh and "津人社〔2023〕6号" in n.text_en for n in notices)
    assert await checked(database, order(seed="another-seed")) == done, "the same command, the same sample"
    assert await contents(database) == before


async def test_a_seed_is_made_and_recorded_when_none_is_given(database: Database) -> None:
    await with_lives(database, "a", "b")
    both = await asyncio.gather(*(checked(database, order(seed=None)) for _ in range(3)))
    assert len({done.facts["seed"] for done in both}) == 1, "three tries of one activity draw once"
    assert len(both[0].facts["seed"]) == 32
    assert len(await every(database, SideCase)) == 2


async def test_a_selection_and_a_share(database: Database) -> None:
    await with_lives(database, "a", "b")
    desk = Desk(database)
    await desk.write_all(told(submitted, Cast("c", employer="haihe-pharma")))
    narrow = order(size=None, per_mille=1000, selection={"employer": "haihe-pharma"})
    assert (await checked(database, narrow)).counts == {"population": 1, "drawn": 1}
    by_stage = order(command_id="check-2", selection={"stages": ["office_review"], "refs": ["a", "c"]})
    assert (await checked(database, by_stage)).counts == {"population": 1, "drawn": 1}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"answer_by": "2023-10-12"}, "answer_by"),
        ({"selection": {"employer": "nobody"}}, "selection"),
        ({"per_mille": 5}, "command"),
        ({"size": 0}, "size"),
    ],
)
async def test_a_check_that_cannot_be_is_refused(
    database: Database, change: dict[str, Any], field: str
) -> None:
    await with_lives(database, "a")
    before = await contents(database)
    done = await checked(database, order(**change))
    assert (done.field, bool(done.refused_zh), bool(done.refused_en)) == (field, True, True)
    assert await contents(database) == before


# --- answers and findings ----------------------------------------------------------------------------


async def test_an_answer_moves_nothing_and_a_finding_ends_the_case(database: Database) -> None:
    await with_lives(database, "a")
    await checked(database, order(size=1))
    case = await one(database, SideCase)
    answer = CaseAnswer(actor=actor("applicant", "p-a", None), key="a-1", text="证明见附件")
    for _ in range(2):
        seen = await answer_case(database, case.id, answer, moment("2023-10-13 09:00"))
    assert (seen.status, [s.step for s in seen.steps]) == ("answered", ["answered"])
    with pytest.raises(Refused) as refused:
        await rule_case(database, None, case.id, ruling("no_answer"), moment("2023-11-01 09:00"))
    assert refused.value.refusal.field == "finding"
    ruled = await rule_case(database, None, case.id, ruling("ok"), moment("2023-11-01 09:00"))
    assert (ruled.status, ruled.finding, ruled.effect_outcome) == ("ruled", "ok", "none")
    told_ = [n.subject_zh for n in await every(database, Notice) if "未发现问题" in n.subject_zh]
    assert len(told_) == 1
    with pytest.raises(Refused):
        await answer_case(database, case.id, answer.model_copy(update={"key": "a-2"}), AT)


async def test_silence_is_never_judged_by_itself(database: Database) -> None:
    await with_lives(database, "a")
    await checked(database, order(size=1))
    late = moment("2023-10-21 00:00")
    (case,) = await list_cases(database, late, overdue=True)
    assert await list_cases(database, moment("2023-10-20 23:59"), overdue=True) == []
    assert (case.status, case.finding) == ("open", None)
    ruled = await rule_case(database, None, case.id, ruling("no_answer"), late)
    assert (ruled.finding, ruled.effect_outcome, ruled.stage) == ("no_answer", "none", "office_review")


async def test_a_complaint_leaves_a_case_that_goes_with_its_fact(database: Database) -> None:
    """Taken back when the fact was never acknowledged."""
    desk, life = Desk(database), STORIES["complaint, and a signal refused"]()
    await desk.write_all(life, times=2)
    case = await one(database, SideCase)
    seq = next(fact.seq for fact in life.state.history if fact.event == "complaint")
    assert (case.kind, case.seq, case.objection_id, case.status) == ("complaint", seq, "complaint-1", "open")
    complainer = Actor(id=case.opened_by, role="city_office", organisation=CITY_OFFICE)
    with pytest.raises(Refused) as refused:
        await rule_case(database, None, case.id, ruling("unfounded", actor=complainer), AT)
    assert refused.value.refusal.field == "actor.id"
    seen = await rule_case(database, None, case.id, ruling("unfounded"), AT)
    assert (seen.effect_outcome, seen.grounds is not None) == ("none", True)
    async with database.transaction() as session:
        await take_back(session, PLAN, "life", seq, AT)
    assert await every(database, SideCase) == []
    assert await every(database, CaseStep) == []


async def test_an_unknown_case_is_named(database: Database) -> None:
    with pytest.raises(Refused) as refused:
        await rule_case(database, None, "sc-none", ruling("ok"), AT)
    assert refused.value.refusal.field == "case"


# --- the credit register -----------------------------------------------------------------------------


def cancelled() -> RecordedLife:
    life = told(with_office)
    life.do(life.cast.cancel("eligibility", "city_office", ground="ce_commitment_false"))
    return life


def result_cancelled() -> RecordedLife:
    life = told(published)
    life.do(life.cast.cancel("eligibility", "city_office", ground="fraud"))
    return life


def revoked() -> RecordedLife:
    life = told(certified)
    life.do(life.cast.revoke(), "2024-01-03 09:00")
    return life


def fraud_found() -> RecordedLife:
    life = told(posted)
    life.do(life.cast.objects(), "2023-09-26 09:00")
    life.do(life.cast.rule("employer-objection-1", "fraud"), "2023-09-27 09:00")
    return life


def cheated() -> RecordedLife:
    life = told(accepted, Cast("life", route="exam"))
    life.do(life.cast.exam("cheated", date(2023, 11, 25)), "2023-11-27 09:00")
    return life


BREACHES = {
    cancelled: ("ce_false", "2023-09-20", "2023-10-10", "2026-10-10", "ce_false"),
    result_cancelled: ("fraud", "2023-09-20", "2023-12-18", "2026-12-18", "fraud_order_40"),
    revoked: ("fraud", "2023-09-20", "2024-01-03", "2027-01-03", "fraud_order_40"),
    fraud_found: ("fraud", "2023-09-20", "2023-09-27", "2026-09-27", "fraud_order_40"),
    cheated: ("exam_cheating", "2023-11-25", "2023-11-27", "2026-11-27", "exam_cheating"),
}


@pytest.mark.parametrize("way", BREACHES, ids=lambda way: way.__name__)
async def test_a_breach_of_2023_leaves_a_record_and_no_ban(database: Database, way: Any) -> None:
    """Whether there is a ban is then for the city title office to decide (process reading 29)."""
    life = way()
    await Desk(database).write_all(life, times=2)
    record = await one(database, CreditRecord)
    facts = (record.ground, str(record.act_date), str(record.decision_date), str(record.until), record.rule)
    assert facts == BREACHES[way]
    assert (record.applicant, record.banned_until) == ("p-life", None)
    case = await one(database, SideCase)
    assert (case.kind, case.seq, case.status) == ("sanction", record.seq, "open")
    async with database.transaction() as session:
        await take_back(session, PLAN, "life", record.seq, life.now)
    assert await every(database, CreditRecord) == []
    assert await every(database, SideCase) == []


async def test_a_cancellation_for_another_reason_leaves_no_record(database: Database) -> None:
    life = told(with_office)
    life.do(life.cast.cancel("eligibility", "city_office", ground="other"))
    await Desk(database).write_all(life)
    assert await every(database, CreditRecord) == []


async def test_the_city_office_may_decide_a_ban(database: Database) -> None:
    desk = Desk(database)
    await desk.write_all(cancelled())
    case = await one(database, SideCase)
    at = moment("2023-10-16 09:00")
    with pytest.raises(Refused) as refused:
        await rule_case(database, None, case.id, ruling("ban", ban_until="2026-10-11"), at)
    assert refused.value.refusal.field == "ban_until"
    await rule_case(database, None, case.id, ruling("ban", ban_until="2024-12-31"), at)
    async with database.reading() as session:
        days = [date(2023, 10, 15), date(2023, 10, 16), date(2024, 12, 31), date(2025, 1, 1)]
        assert [await ban_on(session, "p-life", day) is not None for day in days] == [
            False,
            True,
            True,
            False,
        ]
        (record,) = await credit_of(session, "life")
        assert [record] == await credit_of(session, "p-life")
    again = RecordedLife(Cast("again"), start_input=Cast("again").start(applicant="p-life"))
    before = await desk.open(again, at=moment("2023-10-20 09:00"))
    assert before.refused_code == "applicant"
    assert "2024-12-31" in (before.refused_en or "")
    assert "津人社〔2023〕7号" in (before.refused_zh or "")


async def test_under_the_rule_of_2024_a_false_commitment_bars_at_once(database: Database) -> None:
    """Signed after 2024-07-25: the record comes with a ban, and nothing is left to decide."""
    year = {"opens_at": moment("2024-07-26"), "department_deadline": moment("2024-11-07")}
    life = RecordedLife(start="2024-07-26 09:00", **year)
    submitted(life, "2024-07-29 09:00")
    life.do(life.cast.cancel("eligibility", "city_office", ground="ce_commitment_false"), "2024-08-01 09:00")
    await write(database, [life])
    record = await one(database, CreditRecord)
    assert (record.rule, str(record.act_date), str(record.banned_until)) == (
        "ce_false_2024_56",
        "2024-07-29",
        "2027-08-01",
    )
    assert await every(database, SideCase) == []
    again = RecordedLife(Cast("again"), start_input=Cast("again").start(applicant="p-life"))
    desk = Desk(database)
    refused = await desk.open(again, at=moment("2024-08-05 09:00"))
    assert (refused.refused_code, "2027-08-01" in (refused.refused_zh or "")) == ("applicant", True)
    other = RecordedLife(Cast("other"))
    late = await desk.open(other, at=moment("2024-08-05 09:00"))
    assert late.refused_code == "plan_id", "who is not barred is only too late for the plan of 2023"
