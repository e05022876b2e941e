"""Discipline and sanctions: how long a 处分 bars an application, and what a breach of the review costs.

Both are tables in the plan. A sanction depends on the day of the act, the day of the decision and the rule
version, because the three-year ban on applying is only certain from 人社部发〔2024〕56号 on, while Order 40
Art. 39 gives a three-year record. This module chooses a rule; a named person at the city office decides.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from enum import StrEnum
from typing import Literal

from models.cited import Sourced
from models.wire import Label, Wire


class DisciplineKind(StrEnum):
    """A decision of discipline: by the state, by a public institution, or by the Party."""

    GOVERNMENT_WARNING = "government_warning"
    GOVERNMENT_DEMERIT = "government_demerit"
    GOVERNMENT_MAJOR_DEMERIT = "government_major_demerit"
    GOVERNMENT_DEMOTION = "government_demotion"
    GOVERNMENT_REMOVAL = "government_removal"
    INSTITUTION_WARNING = "institution_warning"
    INSTITUTION_DEMERIT = "institution_demerit"
    INSTITUTION_POST_DOWNGRADE = "institution_post_downgrade"
    PARTY_WARNING = "party_warning"
    PARTY_SERIOUS_WARNING = "party_serious_warning"
    PARTY_REMOVAL = "party_removal"
    PARTY_PROBATION = "party_probation"
    PARTY_EXPULSION = "party_expulsion"


class ImpactPeriod(Sourced):
    """影响期 of one kind of discipline, in months from the day on which the decision took effect."""

    kind: DisciplineKind
    label: Label
    months: int

    @property
    def key(self) -> str:
        return self.kind


class DisciplineRecord(Wire):
    """A decision against an applicant; `impact_until` (its last day) wins over the table when known."""

    kind: DisciplineKind
    effective_date: date
    impact_until: date | None = None


def add_months(day: date, months: int) -> date:
    """The corresponding day `months` later, or the last day of that month (Civil Code Art. 202)."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def impact_period(table: tuple[ImpactPeriod, ...], kind: DisciplineKind) -> ImpactPeriod | None:
    """The row of the table for a kind of discipline."""
    return next((row for row in table if row.kind == kind), None)


def impact_end(record: DisciplineRecord, table: tuple[ImpactPeriod, ...]) -> date | None:
    """The last day of the impact period; None when neither the record nor the table tells.

    政务处分法 Art. 8 counts from the day of effect and does not say whether that day is included; the
    corresponding day is taken as the last one, as Civil Code Art. 202 does.
    """
    if record.impact_until is not None:
        return record.impact_until
    row = impact_period(table, record.kind)
    return add_months(record.effective_date, row.months) if row else None


SanctionSubject = Literal["applicant", "expert", "staff", "unit"]
SanctionGround = Literal["fraud", "ce_false", "exam_cheating", "secrecy_or_gain", "failed_check"]


class SanctionRule(Sourced):
    """What a breach costs under one rule, in force from `in_force_from` to the day before `in_force_to`."""

    id: str
    subject: SanctionSubject
    ground: SanctionGround
    in_force_from: date
    in_force_to: date | None = None
    cancel_application: bool = False
    revoke_title: bool = False
    disqualify: bool = False
    record_years: int = 0
    ban_years: int = 0

    @property
    def key(self) -> str:
        return self.id

    def in_force(self, day: date) -> bool:
        """True when the rule applied on `day`."""
        return self.in_force_from <= day and (self.in_force_to is None or day < self.in_force_to)

    @property
    def weight(self) -> tuple[int, int, bool]:
        """How heavy the sanction is, for choosing the more lenient of two."""
        return (self.ban_years, self.record_years, self.disqualify)


def sanction_for(
    rules: tuple[SanctionRule, ...],
    subject: SanctionSubject,
    ground: SanctionGround,
    acted_on: date,
    decided_on: date,
) -> SanctionRule | None:
    """The rule to propose: the one in force at the act, or at the decision where that is more lenient.

    None when no rule was in force on the day of the act: then only a person, with legal advice, can tell.
    """
    fitting = [rule for rule in rules if rule.subject == subject and rule.ground == ground]
    at_act = [rule for rule in fitting if rule.in_force(acted_on)]
    if not at_act:
        return None
    at_decision = [rule for rule in fitting if rule.in_force(decided_on)]
    return min([*at_act, *at_decision], key=lambda rule: rule.weight)
