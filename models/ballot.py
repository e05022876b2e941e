"""Quorum and majority: integers and fractions, never floats.

Source: Order 40 Art. 19 (quorum: attending at least two thirds of the committee), Art. 20 (passed: yes at
least two thirds of the attending experts, "以上" includes the number itself, Civil Code Art. 1259), Art. 9
(committee: odd, at least 11 when formed by specialty).
"""

from __future__ import annotations

from typing import Literal

from models.wire import Wire


class VoteRule(Wire):
    """The rule of one plan: fractions as (numerator, denominator), the operator, the denominator."""

    quorum: tuple[int, int] = (2, 3)
    pass_share: tuple[int, int] = (2, 3)
    pass_operator: Literal[">=", ">"] = ">="
    recused_in_denominator: bool = False
    min_opinions: int = 3


def voters(attending: int, recused: int, rule: VoteRule) -> int:
    """N, the denominator: attending experts, without the recused ones unless the plan counts them."""
    return attending if rule.recused_in_denominator else attending - recused


def quorum_met(committee_size: int, attending: int, recused: int, rule: VoteRule) -> bool:
    """True when those who may vote are at least the quorum's share of the committee.

    The recused are left out unless the plan counts them, otherwise recusal would act as a "no".
    """
    numerator, denominator = rule.quorum
    return denominator * voters(attending, recused, rule) >= numerator * committee_size


def passes(yes: int, attending: int, recused: int, rule: VoteRule) -> bool:
    """True when the yes votes reach the plan's share of N (two thirds: `3*yes >= 2*N`)."""
    numerator, denominator = rule.pass_share
    left, right = denominator * yes, numerator * voters(attending, recused, rule)
    return left >= right if rule.pass_operator == ">=" else left > right
