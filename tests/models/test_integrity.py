"""Samples that anyone can draw again, what a breach does by stage, and what it costs by date."""

from __future__ import annotations

import hashlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.cases import CaseAnswer, CaseFile, CaseRuling, check_answer, check_ruling, command_of
from models.commands import parse
from models.discipline import SanctionGround
from models.integrity import (
    Effect,
    credit_terms,
    draw_sample,
    effect_at,
    population_hash,
    sample_size,
    sanction_ground,
    verify_sample,
)
from models.lifecycle import TRANSITIONS
from models.plan import ReviewPlan
from models.refusal import Refused
from models.roles import Actor, Role
from models.stages import STAGES, Stage

RULES = ReviewPlan.load("tianjin-quality-2023").sanctions
REFS = st.sets(st.from_regex(r"[a-z0-9]{1,12}", fullmatch=True), min_size=1, max_size=60)
TODAY = date(2023, 12, 1)


@given(REFS, st.integers(0, 70))
def test_a_sample_is_the_smallest_of_the_ranks(refs: set[str], size: int) -> None:
    drawn = draw_sample("seed-2023-1", refs, size)
    by_rank = sorted(refs, key=lambda ref: hashlib.sha256(f"seed-2023-1|{ref}".encode()).digest())
    assert list(drawn) == by_rank[:size]
    assert verify_sample("seed-2023-1", refs, drawn, population_hash(refs)) == []


@given(REFS)
def test_a_sample_does_not_depend_on_the_order_of_the_population(refs: set[str]) -> None:
    assert draw_sample("seed-2023-1", sorted(refs), 5) == draw_sample("seed-2023-1", sorted(refs)[::-1], 5)
    assert population_hash(sorted(refs)) == population_hash(sorted(refs)[::-1])


def test_who_changes_the_sample_or_the_population_is_found_out() -> None:
    population = [f"app-{n}" for n in range(40)]
    drawn = draw_sample("seed-2023-1", population, 5)
    spared = next(ref for ref in population if ref not in drawn)
    swapped = (*drawn[:4], spared)
    assert len(verify_sample("seed-2023-1", population, swapped)) == 2
    assert verify_sample("seed-2023-2", population, drawn) != []
    fewer = [ref for ref in population if ref != drawn[0]]
    assert any("hash" in p for p in verify_sample("seed-2023-1", fewer, drawn, population_hash(population)))


@pytest.mark.parametrize(
    ("population", "given", "drawn"),
    [
        (200, {"size": 7}, 7),
        (3, {"size": 7}, 3),
        (200, {"per_mille": 50}, 10),
        (201, {"per_mille": 50}, 11),
        (1, {"per_mille": 1}, 1),
    ],
)
def test_how_many_are_drawn(population: int, given: dict[str, int], drawn: int) -> None:
    assert sample_size(population, **given) == drawn


@pytest.mark.parametrize("stage", list(Stage))
def test_the_effect_is_what_the_lifecycle_can_do(stage: Stage) -> None:
    """Before PASSED, from there to CONFIRM_PENDING, from CONFIRMED on (work plan 九(四); reading 28)."""
    events = {"cancel_eligibility", "cancel_result", "revoke"}
    possible = {t.event for t in TRANSITIONS if stage in t.sources and t.event in events}
    effect = effect_at(stage)
    assert possible == (set() if effect is Effect.NONE else {effect.value})
    if effect is Effect.NONE:
        assert STAGES[stage].terminal


@pytest.mark.parametrize(
    ("ground", "acted", "decided", "by", "rule", "until", "banned_until", "proposed"),
    [
        ("ce_false", "2023-09-20", "2023-12-01", "city_office", "ce_false", "2026-12-01", None, None),
        ("fraud", "2023-09-20", "2023-12-01", "city_office", "fraud_order_40", "2026-12-01", None, None),
        ("fraud", "2023-09-20", "2024-08-01", "city_office", "fraud_order_40", "2027-08-01", None, None),
        ("fraud", "2024-07-24", "2024-08-01", "city_office", "fraud_order_40", "2027-08-01", None, None),
        (
            "fraud",
            "2024-07-25",
            "2024-08-01",
            "city_office",
            "fraud_2024_56",
            "2027-08-01",
            "2027-08-01",
            None,
        ),
        (
            "fraud",
            "2024-07-26",
            "2024-08-01",
            "convening_unit",
            "fraud_2024_56",
            "2027-08-01",
            "2027-08-01",
            None,
        ),
        ("fraud", "2024-07-26", "2024-08-01", "employer", "fraud_2024_56", "2027-08-01", None, "2027-08-01"),
        (
            "ce_false",
            "2024-09-20",
            "2024-12-01",
            "city_office",
            "ce_false_2024_56",
            "2027-12-01",
            "2027-12-01",
            None,
        ),
        ("exam_cheating", "2023-11-25", "2023-11-25", "office", "exam_cheating", "2026-11-25", None, None),
        ("fraud", "2018-09-20", "2023-12-01", "city_office", None, "2026-12-01", None, None),
        (
            "fraud",
            "2024-09-01",
            "2028-02-29",
            "city_office",
            "fraud_2024_56",
            "2031-02-28",
            "2031-02-28",
            None,
        ),
    ],
)
def test_a_sanction_follows_from_act_decision_and_rule(
    ground: SanctionGround,
    acted: str,
    decided: str,
    by: str,
    rule: str | None,
    until: str,
    banned_until: str | None,
    proposed: str | None,
) -> None:
    """Invariant 9. A ban is certain from 2024-07-25 on (人社部发〔2024〕56号), never for an act of 2023."""
    terms = credit_terms(RULES, ground, date.fromisoformat(acted), date.fromisoformat(decided), Role(by))
    shown = [str(day) if day else None for day in (terms.until, terms.banned_until, terms.proposed_until)]
    assert (terms.rule, *shown) == (rule, until, banned_until, proposed)
    assert terms.to_decide is (banned_until is None)


def test_what_is_no_breach_has_no_sanction() -> None:
    assert [sanction_ground(g) for g in ("other", "error")] == [None, None]


# --- rules of a case ---------------------------------------------------------------------------------

CITY = Actor(id="m-clerk", role=Role.CITY_OFFICE, organisation="city")


def file(**change: object) -> CaseFile:
    facts: dict[str, object] = {
        "id": "sc-1",
        "kind": "spot_check",
        "opened_by": "m-chief",
        "applicant": "p-1",
        "employer": "unit-1",
        "organisations": {"city_office": "city", "office": "office-1"},
        "status": "open",
        "answer_by": date(2023, 11, 20),
    }
    return CaseFile.model_validate(facts | change)


def ruling(finding: str, **change: object) -> CaseRuling:
    body: dict[str, object] = {
        "actor": CITY,
        "finding": finding,
        "words": "经核查",
        "document_no": "津人社〔2023〕1号",
    }
    return CaseRuling.model_validate(body | change)


@pytest.mark.parametrize(
    ("case", "given", "effect", "field"),
    [
        (
            file(),
            ruling("ok", actor=CITY.model_copy(update={"role": Role.OFFICE})),
            Effect.NONE,
            "actor.role",
        ),
        (
            file(),
            ruling("ok", actor=CITY.model_copy(update={"organisation": "x"})),
            Effect.NONE,
            "actor.organisation",
        ),
        (file(answered_by=("m-clerk",)), ruling("ok"), Effect.NONE, "actor.id"),
        (file(kind="complaint", opened_by="m-clerk"), ruling("unfounded"), Effect.NONE, "actor.id"),
        (file(applicant="m-clerk"), ruling("ok"), Effect.NONE, "actor.id"),
        (file(), ruling("founded"), Effect.NONE, "finding"),
        (file(answered_by=("p-1",)), ruling("no_answer"), Effect.NONE, "finding"),
        (file(answer_by=TODAY), ruling("no_answer"), Effect.NONE, "finding"),
        (file(), ruling("false", document_no=None), Effect.CANCEL_RESULT, "document_no"),
        (file(), ruling("false"), Effect.REVOKE, "notice_given"),
        (file(), ruling("false", notice_given=True), Effect.REVOKE, "hearing_offered"),
        (file(ruled=ruling("ok"), status="ruled"), ruling("false"), Effect.CANCEL_RESULT, "finding"),
        (file(kind="complaint", ruled_as_objection=True), ruling("unfounded"), Effect.NONE, "case"),
        (
            file(kind="sanction", record_until=date(2026, 1, 1)),
            ruling("ban", ban_until="2026-01-02"),
            Effect.NONE,
            "ban_until",
        ),
        (file(kind="sanction"), ruling("ban", ban_until=str(TODAY)), Effect.NONE, "ban_until"),
    ],
)
def test_a_finding_that_may_not_be_is_refused_with_the_field(
    case: CaseFile, given: CaseRuling, effect: Effect, field: str
) -> None:
    with pytest.raises(Refused) as refused:
        check_ruling(case, given, effect, TODAY)
    refusal = refused.value.refusal
    assert refusal.field == field
    assert refusal.sentence("zh")
    assert refusal.remedy.en


@pytest.mark.parametrize(
    ("case", "given", "effect"),
    [
        (file(), ruling("ok", document_no=None), Effect.REVOKE),
        (file(), ruling("no_answer", document_no=None), Effect.REVOKE),
        (file(answered_by=("p-1",)), ruling("false"), Effect.CANCEL_ELIGIBILITY),
        (file(), ruling("false", notice_given=True, hearing_offered=True), Effect.REVOKE),
        (file(ruled=ruling("false"), effect_outcome="pending"), ruling("false"), Effect.CANCEL_RESULT),
        (file(ruled=ruling("ok"), effect_outcome="refused"), ruling("false"), Effect.CANCEL_RESULT),
        (file(kind="complaint"), ruling("founded", document_no=None), Effect.REVOKE),
        (
            file(kind="sanction", record_until=date(2026, 1, 1)),
            ruling("ban", ban_until="2026-01-01"),
            Effect.NONE,
        ),
    ],
)
def test_a_finding_that_may_be(case: CaseFile, given: CaseRuling, effect: Effect) -> None:
    check_ruling(case, given, effect, TODAY)


def test_who_may_answer() -> None:
    def said(role: Role, person: str, organisation: str | None = None) -> CaseAnswer:
        actor = Actor(id=person, role=role, organisation=organisation)
        return CaseAnswer(actor=actor, key="a-1", text="见附件")

    check_answer(file(), said(Role.APPLICANT, "p-1"))
    check_answer(file(), said(Role.EMPLOYER, "e-1", "unit-1"))
    for wrong in (
        said(Role.APPLICANT, "p-2"),
        said(Role.EMPLOYER, "e-1", "unit-2"),
        said(Role.DEPARTMENT, "d-1"),
        said(Role.PUBLIC, "x"),
    ):
        with pytest.raises(Refused):
            check_answer(file(), wrong)
    with pytest.raises(Refused):
        check_answer(file(status="ruled"), said(Role.APPLICANT, "p-1"))


@pytest.mark.parametrize("effect", [Effect.CANCEL_ELIGIBILITY, Effect.CANCEL_RESULT, Effect.REVOKE])
@pytest.mark.parametrize("ground", ["fraud", "improper_influence", "exam_cheating", "ce_commitment_false"])
def test_every_breach_has_a_command_that_can_be_read(effect: Effect, ground: str) -> None:
    given = ruling("founded", ground=ground, notice_given=True, hearing_offered=True)
    body = command_of("cp-1", given, effect, 2)
    assert body["command_id"] == f"cp-1:{effect.command}:2"
    assert parse(body["kind"], body).actor == CITY
