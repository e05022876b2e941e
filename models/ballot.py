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


def least_voters(committee_size: int, rule: VoteRule) -> int:
    """The smallest number of voters that is a quorum of the committee."""
    numerator, denominator = rule.quorum
    return -(-numerator * committee_size // denominator)


def least_yes(attending: int, recused: int, rule: VoteRule) -> int:
    """The smallest number of yes votes that passes."""
    numerator, denominator = rule.pass_share
    product = numerator * voters(attending, recused, rule)
    return -(-product // denominator) if rule.pass_operator == ">=" else product // denominator + 1


class Tally(Wire):
    """The counts of one ballot. `issued` slips; those not cast are `blank`.

    Who abstains or leaves the slip blank stays in N, so that neither acts as if the expert were away
    (reading 13: "Abstain and blank stay in N").
    """

    attending: int
    recused: int
    yes: int = 0
    no: int = 0
    abstain: int = 0

    @property
    def issued(self) -> int:
        """Slips that were made: one for everybody who attends and is not recused."""
        return self.attending - self.recused

    @property
    def blank(self) -> int:
        """Slips that never came back."""
        return self.issued - self.yes - self.no - self.abstain

    @property
    def abstentions(self) -> int:
        """Abstentions, with the blank slips among them."""
        return self.abstain + self.blank

    @property
    def adds_up(self) -> bool:
        """True when nobody has voted twice: no more votes than slips, none negative."""
        return self.blank >= 0 and min(self.yes, self.no, self.abstain) >= 0

    def passes(self, rule: VoteRule) -> bool:
        """True when the yes votes reach the plan's share of N."""
        return passes(self.yes, self.attending, self.recused, rule)
