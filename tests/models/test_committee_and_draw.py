"""The committee on file, the draw that anybody can compute again, and conflicts of interest."""

from __future__ import annotations

import hashlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.committee import CommitteeOnFile, CommitteeRule, check_filing, check_for_meeting, last_valid_day
from models.conflicts import Applicant, ExpertTies, KnownTie, conflict, conflicts
from models.draw import (
    DrawNumber,
    DrawRecord,
    PoolEntry,
    commitment,
    draw,
    last_draw_day,
    next_in_rank,
    pool_hash,
    rank,
    seed_of,
    verify_draw,
)
from models.refusal import Refused

RULE = CommitteeRule()
FILED = CommitteeOnFile(
    committee_ref="c",
    size=11,
    filed_on=date(2022, 6, 1),
    valid_until=date(2025, 6, 1),
    document_no="津人社评备〔2022〕18号",
)


# --- committee ---------------------------------------------------------------------------------------


def test_a_lawful_filing_serves_through_its_last_day() -> None:
    check_filing(FILED, RULE)
    check_for_meeting(FILED, date(2025, 6, 1), RULE)
    check_for_meeting(FILED, date(2022, 6, 1), RULE)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"size": 10}, "size"),
        ({"size": 9}, "size"),
        ({"size": 12}, "size"),
        ({"formed_by": "series", "size": 23}, "size"),
        ({"valid_until": date(2025, 6, 2)}, "valid_until"),
        ({"valid_until": date(2022, 5, 31)}, "valid_until"),
    ],
)
def test_an_unlawful_filing_names_its_field(change: dict[str, object], field: str) -> None:
    with pytest.raises(Refused) as refused:
        check_filing(FILED.model_copy(update=change), RULE)
    assert refused.value.refusal.field == field


def test_a_committee_of_a_series_has_twenty_five() -> None:
    check_filing(FILED.model_copy(update={"formed_by": "series", "size": 25}), RULE)


@pytest.mark.parametrize("day", [date(2025, 6, 2), date(2022, 5, 31)])
def test_no_meeting_outside_of_the_filing(day: date) -> None:
    with pytest.raises(Refused):
        check_for_meeting(FILED, day, RULE)


def test_a_filing_of_the_29th_of_february() -> None:
    assert last_valid_day(date(2024, 2, 29), 3) == date(2027, 2, 28)
    assert last_valid_day(date(2024, 2, 29), 4) == date(2028, 2, 29)


# --- draw --------------------------------------------------------------------------------------------


def people(number: int) -> tuple[PoolEntry, ...]:
    return tuple(
        PoolEntry(
            expert_ref=f"e{n}", employer=f"u{n % 3}", specialties=("law",) if n % 2 else ("law", "physics")
        )
        for n in range(number)
    )


POOL = people(20)
NUMBERS = (DrawNumber(specialty="physics", number=3), DrawNumber(specialty="law", number=4))


def recorded(
    pool: tuple[PoolEntry, ...] = POOL, drawer: str = "d" * 16, witness: str = "w" * 16
) -> DrawRecord:
    sha256 = pool_hash(pool)
    seed = seed_of(drawer, witness, "plan", "m1", sha256)
    return DrawRecord(
        plan_id="plan",
        meeting_ref="m1",
        numbers=NUMBERS,
        pool=pool,
        pool_sha256=sha256,
        drawer_nonce=drawer,
        witness_nonce=witness,
        drawer_commitment=commitment(drawer),
        witness_commitment=commitment(witness),
        seed=seed,
        result=draw(pool, NUMBERS, seed),
        drawn_by="a",
        witnessed_by="b",
    )


def test_the_rank_is_a_hash_that_anybody_can_compute() -> None:
    assert rank("seed", "e1") == hashlib.sha256(b"seed|e1").hexdigest()
    smallest = sorted(POOL, key=lambda e: hashlib.sha256(f"s|{e.expert_ref}".encode()).hexdigest())
    drawn = draw(POOL, (DrawNumber(specialty="law", number=4),), "s")
    assert [seat.expert_ref for seat in drawn] == [e.expert_ref for e in smallest[:4]]


@given(st.text("abcdef0123456789", min_size=16, max_size=32), st.text("ghijkl", min_size=16, max_size=32))
def test_every_draw_verifies_and_nobody_sits_twice(drawer: str, witness: str) -> None:
    record = recorded(drawer=drawer, witness=witness)
    assert verify_draw(record) == []
    drawn = [seat.expert_ref for seat in record.result]
    assert len(set(drawn)) == len(drawn) == 7
    assert [seat.seat for seat in record.result] == list(range(1, 8))
    physicists = {e.expert_ref for e in POOL if "physics" in e.specialties}
    assert all(s.expert_ref in physicists for s in record.result if s.specialty == "physics")


@given(st.permutations(POOL))
def test_the_order_of_the_pool_does_not_matter(pool: list[PoolEntry]) -> None:
    assert pool_hash(pool) == pool_hash(POOL)
    assert draw(pool, NUMBERS, "s") == draw(POOL, NUMBERS, "s")


def test_what_is_tampered_with_is_found() -> None:
    record = recorded()
    another = draw(POOL, NUMBERS, "another seed")
    tampered = {
        "pool": {"pool": POOL[1:], "result": draw(POOL[1:], NUMBERS, record.seed)},
        "drawer's number": {"drawer_nonce": "x" * 16},
        "witness's number": {"witness_nonce": "x" * 16},
        "one person": {"witnessed_by": "a"},
        "the seed": {"seed": "0" * 64, "result": draw(POOL, NUMBERS, "0" * 64)},
        "the panel": {"result": another},
    }
    for words, change in tampered.items():
        assert any(words in found for found in verify_draw(record.model_copy(update=change))), words


def test_replacements_follow_the_ranks() -> None:
    record = recorded()
    drawn = {seat.expert_ref for seat in record.result}
    first, second, third = next_in_rank(POOL, "law", record.seed, drawn)[:3]
    seat = record.result[0].model_copy(update={"specialty": "law"})
    in_order = tuple(seat.model_copy(update={"expert_ref": ref}) for ref in (first, second))
    assert verify_draw(record.model_copy(update={"replaced": in_order})) == []
    skipped = (seat.model_copy(update={"expert_ref": third}),)
    assert verify_draw(record.model_copy(update={"replaced": skipped})) != []
    assert verify_draw(record.model_copy(update={"replaced": skipped}), unable={first, second}) == []


def test_too_few_experts_are_not_drawn() -> None:
    with pytest.raises(Refused, match="10 experts"):
        draw(POOL, (DrawNumber(specialty="physics", number=11),), "s")


def test_seven_days_lie_before_the_meeting() -> None:
    assert last_draw_day(date(2023, 12, 1), 7) == date(2023, 11, 24)


# --- conflicts ---------------------------------------------------------------------------------------

MINE = Applicant(application_ref="a", person="p", employer="u")


@pytest.mark.parametrize(
    ("expert", "reason"),
    [
        (ExpertTies(expert_ref="x", employer="v"), None),
        (ExpertTies(expert_ref="x", employer="u"), "own_employer"),
        (ExpertTies(expert_ref="p", employer="v"), "own_application"),
        (ExpertTies(expert_ref="x", employer="v", ties=(KnownTie(person="p", kind="kin"),)), "related"),
        (
            ExpertTies(expert_ref="x", employer="v", ties=(KnownTie(person="p", kind="co_author"),)),
            "co_author",
        ),
        (ExpertTies(expert_ref="x", employer="v", ties=(KnownTie(person="q", kind="kin"),)), None),
    ],
)
def test_who_may_not_judge(expert: ExpertTies, reason: str | None) -> None:
    assert conflict(expert, MINE) == reason
    assert conflicts([expert], MINE) == (((expert.expert_ref, reason),) if reason else ())
