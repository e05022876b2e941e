"""The slim part of a work plan that one application's workflow carries from its start to its archive.

Everything here is a plain value: no citations, no labels, no tables. The full plan, with the source of each
value, is `models.plan.ReviewPlan`; this is what `ReviewPlan.terms()` gives. It must stay short (its JSON is
part of every application's history) and must not know how a period is counted.

Deadlines are EXCLUSIVE aware instants: "before 6 November" is 2023-11-07T00:00+08:00, the first moment that
is too late (Civil Code Art. 203: the last day ends at 24:00; Art. 1259: 以内 includes the number itself).
Names that end in `_wd` count workdays of the State Council calendar.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from models.wire import Compact, Instant

Route = Literal["normal", "exam", "exception", "qualification"]
"""How an application meets the criteria: by the table, 专业考试, 破格, or 职业资格."""

CorrectionRoute = Literal["full_chain", "direct"]
PassOperator = Literal[">=", ">"]


class PlanDates(Compact):
    """The dates of one version of a plan, all of them: what an amendment may move, and only later.

    The three last days at the end follow from the others and the calendar; None where a year is missing.
    """

    opens_at: Instant
    department_deadline: Instant
    office_deadline: Instant
    exam_deadline: Instant
    review_deadline: Instant
    meeting_from: date
    meeting_to: date
    correction_cap: Instant
    last_publicity_start: date | None = None
    last_publicity_day: date | None = None
    last_full_return: date | None = None


BINDING_DATES = tuple(name for name, field in PlanDates.model_fields.items() if field.is_required())
"""The dates that the plan itself names."""


class PlanTerms(Compact):
    """What a plan says about one application: its dates, its periods and the rules of its vote."""

    plan_id: str
    version: int
    rule_set: str

    opens_at: Instant
    department_deadline: Instant
    office_deadline: Instant
    exam_deadline: Instant
    review_deadline: Instant
    meeting_from: date
    meeting_to: date

    specialties: tuple[str, ...]
    levels: tuple[str, ...]
    routes: tuple[Route, ...]
    defence: bool

    employer_publicity_wd: int
    result_publicity_wd: int
    count_first_day: bool
    publicity_places: tuple[str, ...]

    correction_wd: int
    correction_cap: Instant
    correction_rounds: int
    correction_route: CorrectionRoute

    employer_objection_wd: int
    result_objection_wd: int
    recheck_window_wd: int
    recheck_ruling_wd: int

    list_wd: int
    confirm_wd: int
    certificate_wd: int
    archive_reminder_days: int
    reminders_wd: tuple[int, ...] = (5, 2, 1)

    committee_min: int
    committee_odd: bool
    quorum: tuple[int, int]
    pass_share: tuple[int, int]
    pass_operator: PassOperator
    min_opinions: int
    recused_in_denominator: bool
    draw_lead_days: int

    last_publicity_start: date | None = None
    """The last workday on which posting the employer's publicity still serves the department's window."""
    last_publicity_day: date | None = None
    """The same, or the last of the rest days after it, on which posting serves it just as well."""
    last_full_return: date | None = None
    """The last day on which a return of the office leaves the full time for its correction."""

    organisations: dict[str, str] = Field(default_factory=dict)
    """Who holds an office in this plan: role (office, convening_unit, city_office) -> organisation."""
    confirmed_by: str = "city_office"
    real_name_required: bool = False
    record_years: int = 10
    """How long an archived application stays open to revocation before its workflow ends."""

    def dates(self) -> PlanDates:
        """The dates of this version."""
        return PlanDates(**{name: getattr(self, name) for name in PlanDates.model_fields})

    def amended(self, version: int, dates: PlanDates) -> PlanTerms:
        """The terms of a later version of the plan, which has other dates and nothing else."""
        moved = {name: getattr(dates, name) for name in PlanDates.model_fields}
        return self.model_copy(update={**moved, "version": version})


def earlier_date(terms: PlanTerms, dates: PlanDates) -> str | None:
    """The name of the first date of the plan that would move earlier under `terms`, if any."""
    return next((name for name in BINDING_DATES if getattr(dates, name) < getattr(terms, name)), None)
