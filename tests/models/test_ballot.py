"""Quorum and majority against an independent computation with fractions, for every committee up to 51."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.ballot import Tally, VoteRule, least_voters, least_yes, passes, quorum_met, voters

RULES = [
    VoteRule(),
    VoteRule(recused_in_denominator=True),
    VoteRule(pass_operator=">"),
    VoteRule(quorum=(3, 4), pass_share=(1, 2), pass_operator=">"),
]


@pytest.mark.parametrize(
    "rule", RULES, ids=lambda r: f"{r.quorum}{r.pass_operator}{r.recused_in_denominator}"
)
@pytest.mark.parametrize("size", range(1, 52))
def test_every_committee_every_attendance_every_count(size: int, rule: VoteRule) -> None:
    for attending in range(size + 1):
        for recused in (0, 1, 2, attending):
            if recused > attending:
                continue
            base = attending if rule.recused_in_denominator else attending - recused
            assert voters(attending, recused, rule) == base
            there = Fraction(base, size) >= Fraction(*rule.quorum)
            assert quorum_met(size, attending, recused, rule) == there
            for yes in range(attending - recused + 1):
                needed = Fraction(*rule.pass_share) * base
                reached = yes > needed if rule.pass_operator == ">" else yes >= needed
                assert passes(yes, attending, recused, rule) == reached


@given(st.integers(1, 51), st.data())
def test_one_more_yes_never_turns_a_pass_into_a_failure(size: int, data: st.DataObject) -> None:
    attending = data.draw(st.integers(1, size))
    recused = data.draw(st.integers(0, attending - 1))
    yes = data.draw(st.integers(0, attending - recused - 1))
    rule = data.draw(st.sampled_from(RULES))
    assert passes(yes + 1, attending, recused, rule) or not passes(yes, attending, recused, rule)


def test_two_thirds_includes_the_number_itself() -> None:
    assert passes(6, 9, 0, VoteRule())
    assert not passes(5, 9, 0, VoteRule())
    assert not passes(6, 9, 0, VoteRule(pass_operator=">"))


def test_a_recusal_is_no_vote_against() -> None:
    assert passes(6, 10, 1, VoteRule())
    assert not passes(6, 10, 1, VoteRule(recused_in_denominator=True))
    assert not quorum_met(11, 8, 1, VoteRule())


@given(st.integers(1, 51), st.data())
def test_a_tally_against_fractions(size: int, data: st.DataObject) -> None:
    """Whatever comes back, the blank slips stay in N, and two thirds of N decide."""
    attending = data.draw(st.integers(1, size))
    recused = data.draw(st.integers(0, attending - 1))
    issued = attending - recused
    yes = data.draw(st.integers(0, issued))
    no = data.draw(st.integers(0, issued - yes))
    abstain = data.draw(st.integers(0, issued - yes - no))
    tally = Tally(attending=attending, recused=recused, yes=yes, no=no, abstain=abstain)
    assert (tally.issued, tally.adds_up) == (issued, True)
    assert tally.yes + tally.no + tally.abstentions == issued
    assert tally.passes(VoteRule()) == (Fraction(yes, issued) >= Fraction(2, 3))
    assert not tally.model_copy(update={"yes": yes + tally.blank + 1}).adds_up


@pytest.mark.parametrize(
    "rule", RULES, ids=lambda r: f"{r.quorum}{r.pass_operator}{r.recused_in_denominator}"
)
@pytest.mark.parametrize("size", range(1, 52))
def test_the_least_numbers_are_the_least(size: int, rule: VoteRule) -> None:
    least = least_voters(size, rule)
    assert quorum_met(size, least, 0, rule)
    assert least == 0 or not quorum_met(size, least - 1, 0, rule)
    for recused in range(min(size, 5)):
        enough = least_yes(size, recused, rule)
        assert passes(enough, size, recused, rule)
        assert not passes(enough - 1, size, recused, rule)
