"""Integrity of the review: random samples that anyone can draw again, what a breach costs and when.

Pure. A sample is drawn by rank: sha-256 of `seed|application_ref`, the smallest ones first, so that whoever
knows the seed and the population finds the same sample. What a false commitment does depends on how far the
application is (work plan 九(四); process reading 28); what it costs the person depends on the day of the act,
the day of the decision and the rule version (process invariant 9). A person decides; nothing here does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from datetime import date
from enum import StrEnum
from typing import Literal

from models.audit import digest
from models.discipline import SanctionGround, SanctionRule, add_months, sanction_for
from models.roles import Role
from models.stage_groups import BEFORE_PASSED, PASSED_NOT_CONFIRMED, TITLED
from models.stages import Stage
from models.wire import Wire

RECORD_YEARS = 3
"""The least that a record lasts: 记录期限为3年 (Order 40 Art. 39; process reading 29)."""

DRAWN_BY = "the smallest sha256(seed|application_ref)"
"""How a sample is drawn, as stored beside it."""

CaseKind = Literal["spot_check", "complaint", "sanction"]
CaseFinding = Literal["ok", "false", "no_answer", "unfounded", "founded", "ban", "no_ban"]
BreachGround = Literal["ce_commitment_false", "fraud", "improper_influence", "exam_cheating"]

FINDINGS: dict[CaseKind, tuple[CaseFinding, ...]] = {
    "spot_check": ("ok", "false", "no_answer"),
    "complaint": ("unfounded", "founded"),
    "sanction": ("ban", "no_ban"),
}
"""What may be found in a case of each kind."""

_SANCTION_GROUND: dict[str, SanctionGround] = {
    "ce_commitment_false": "ce_false",
    "fraud": "fraud",
    "improper_influence": "fraud",
    "exam_cheating": "exam_cheating",
}
"""The ground of a command, as the tables of sanctions call it (Order 40 Art. 39: 其他不正当手段 too)."""

_AUTHORITIES = (Role.CITY_OFFICE, Role.CONVENING_UNIT)
"""Whose decision may bar a person: a finding of an employer or an invigilator only proposes it."""


class Effect(StrEnum):
    """What a proven breach does to an application."""

    CANCEL_ELIGIBILITY = "cancel_eligibility"
    CANCEL_RESULT = "cancel_result"
    REVOKE = "revoke"
    NONE = "none"

    @property
    def command(self) -> Literal["cancel", "revoke"] | None:
        """The command that brings it about."""
        if self is Effect.NONE:
            return None
        return "revoke" if self is Effect.REVOKE else "cancel"


def effect_at(stage: Stage) -> Effect:
    """What a false commitment or a proven fraud leads to in this stage.

    Before the vote has passed the year's eligibility is cancelled; from there to the confirmation the result;
    afterwards the title is revoked. An application that has ended is not moved any more.
    """
    if stage in TITLED:
        return Effect.REVOKE
    if stage in PASSED_NOT_CONFIRMED:
        return Effect.CANCEL_RESULT
    if stage in (*BEFORE_PASSED, Stage.EMPLOYER_DECLINED, Stage.LAPSED):
        return Effect.CANCEL_ELIGIBILITY
    return Effect.NONE


# --- samples -----------------------------------------------------------------------------------------


def rank(seed: str, application_ref: str) -> str:
    """The place of an application in the draw: the smallest are drawn."""
    return hashlib.sha256(f"{seed}|{application_ref}".encode()).hexdigest()


def sample_size(population: int, *, size: int | None = None, per_mille: int | None = None) -> int:
    """How many to draw: `size`, or the share rounded up; never more than there are."""
    wanted = size if size is not None else -(-population * (per_mille or 0) // 1000)
    return min(wanted, population)


def draw_sample(seed: str, population: Collection[str], size: int) -> tuple[str, ...]:
    """The sample, in the order of the draw."""
    return tuple(sorted(set(population), key=lambda ref: rank(seed, ref))[:size])


def population_hash(population: Iterable[str]) -> str:
    """One hash for the set that was drawn from, whatever its order."""
    return digest(sorted(population))


def verify_sample(
    seed: str, population: Collection[str], drawn: Collection[str], expected_hash: str | None = None
) -> list[str]:
    """Draws again and says what differs; an empty list means that the sample is the right one."""
    problems = []
    if expected_hash is not None and population_hash(population) != expected_hash:
        problems.append("the population is not the one that was drawn from: its hash differs")
    again = draw_sample(seed, population, len(drawn))
    problems += [f"{ref} was drawn though it does not rank so low" for ref in drawn if ref not in again]
    problems += [f"{ref} ranks low enough and was not drawn" for ref in again if ref not in drawn]
    return problems


# --- the credit record -------------------------------------------------------------------------------


class CreditTerms(Wire):
    """What a breach costs a person: a record until a day (its last one), and a ban where a rule gives one.

    `rule` is None when no rule was in force on the day of the act. `proposed_until`: a rule gives a ban, but
    whoever decided may not impose it. `to_decide`: the city title office has to say whether there is a ban.
    """

    ground: SanctionGround
    rule: str | None
    source: str
    until: date
    banned_until: date | None = None
    proposed_until: date | None = None

    @property
    def to_decide(self) -> bool:
        """True when nobody has said yet whether the person is barred."""
        return self.banned_until is None


def sanction_ground(ground: str) -> SanctionGround | None:
    """The ground of a cancellation or revocation in the tables of sanctions; None when it is no breach."""
    return _SANCTION_GROUND.get(ground)


def credit_terms(
    rules: tuple[SanctionRule, ...], ground: SanctionGround, acted_on: date, decided_on: date, by: Role
) -> CreditTerms:
    """Sanction = f(act date, decision date, rule version).

    The record lasts three years from the decision, longer where the rule says so. There is a ban only where
    the rule that was in force at the act, and is not milder now, gives one (certain from 2024-07-25 on:
    人社部发〔2024〕56号). For an act of 2023 there is none by itself: the city title office decides.
    """
    rule = sanction_for(rules, "applicant", ground, acted_on, decided_on)
    years = max(RECORD_YEARS, rule.record_years if rule else 0)
    ban = add_months(decided_on, 12 * rule.ban_years) if rule is not None and rule.ban_years else None
    return CreditTerms(
        ground=ground,
        rule=rule.id if rule else None,
        source=rule.source if rule else "no rule was in force on the day of the act",
        until=add_months(decided_on, 12 * years),
        banned_until=ban if by in _AUTHORITIES else None,
        proposed_until=ban if by not in _AUTHORITIES else None,
    )
