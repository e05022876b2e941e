"""A review's work plan as data: every date, period, threshold and table, each with its source and a mark.

Plans are TOML files in `models/plans/`, with values such as
`employer_wd = { value = 5, source = "work plan 七(一)", mark = "V" }`. This module reads them and gives the
slim `PlanTerms` that an application carries. It checks types only: a plan that contradicts itself or the law
still loads, so that `models.plan_lint` can say what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import StringConstraints

from models.cited import Cited, Leaf, Sourced, leaves
from models.criteria import CeRule, Criterion, ExamRule, ExceptionRule, QualificationMap, ScopeRule
from models.discipline import ImpactPeriod, SanctionRule
from models.roles import Reference, Role
from models.terms import CorrectionRoute, PassOperator, PlanTerms, Route
from models.toml_text import read_toml
from models.wire import SHANGHAI, Label, Wire, end_of

ClockTime = Annotated[str, StringConstraints(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")]
"""A time of day in Asia/Shanghai, "HH:MM", or "24:00" for the end of the day."""

PLAIN_ROUTES: tuple[Route, ...] = ("normal", "exam", "exception", "qualification")


class UnknownPlanError(LookupError):
    """No plan has this id; `known` are the ids that exist."""

    def __init__(self, plan_id: str, known: tuple[str, ...]) -> None:
        self.plan_id = plan_id
        self.known = known
        super().__init__(f"There is no plan {plan_id!r}; known plans: {', '.join(known) or 'none'}.")


def instant_at(day: date, clock: str) -> datetime:
    """The instant of `clock` on `day` in Asia/Shanghai; "24:00" is the first instant after the day."""
    return end_of(day) if clock == "24:00" else datetime.combine(day, time.fromisoformat(clock), SHANGHAI)


class Choice(Sourced):
    """A specialty or a level that applicants can choose."""

    id: str
    label: Label

    @property
    def key(self) -> str:
        return self.id


class RouteOption(Choice):
    """A way to meet the criteria, and whether this plan offers it."""

    id: Route | Literal["skilled_worker", "contest", "entrusted"]
    offered: Literal["on", "off", "unknown"]


class Opening(Wire):
    """When applicants may begin."""

    first_day: Cited[date]
    at: Cited[ClockTime]

    @property
    def instant(self) -> datetime:
        return instant_at(self.first_day.value, self.at.value)


class Deadline(Wire):
    """A last day with its closing time, and whether missing it BARs the applicant or only breaks a DUTY."""

    last_day: Cited[date]
    until: Cited[ClockTime]
    kind: Cited[Literal["BAR", "DUTY"]]
    late_admission: Cited[Role] | None = None

    @property
    def instant(self) -> datetime:
        """The first instant that is too late."""
        return instant_at(self.last_day.value, self.until.value)


class MeetingWindow(Wire):
    """The days on which the committee may meet, both included."""

    first_day: Cited[date]
    last_day: Cited[date]


class Dates(Wire):
    """The calendar of the cycle (work plan 七)."""

    filed_by: Deadline
    published_by: Deadline
    opens: Opening
    department: Deadline
    office: Deadline
    exam: Deadline
    meeting: MeetingWindow
    review: Deadline
    results_by: Deadline | None = None
    new_specialties: Deadline | None = None
    years_counted_to: Cited[date]


class Publicity(Wire):
    """The public notices: how long, where, what they show (Order 40 Art. 16 and 26). `_wd` are workdays."""

    employer_wd: Cited[int]
    employer_image_required: Cited[bool]
    result_wd: Cited[int]
    acceptance_wd: Cited[int]
    count_first_day: Cited[bool]
    places: Cited[tuple[str, ...]]
    runs_from: Cited[Literal["later_posting", "first_posting"]]
    result_columns: Cited[tuple[str, ...]]
    taken_down_after_days: Cited[int]


class Correction(Wire):
    """Returned for correction (Order 40 Art. 18; work plan 七(二))."""

    wd: Cited[int]
    cap: Deadline
    rounds: Cited[int]
    route: Cited[CorrectionRoute]
    added_document_is: Cited[Literal["formal", "substantive"]]


class Objections(Wire):
    """Objections, complaints and re-checks (Order 40 Art. 16, 26, 27)."""

    employer_wd: Cited[int]
    result_wd: Cited[int]
    real_name_required: Cited[bool]
    holds: Cited[Literal["person", "everyone"]]
    recheck_window_wd: Cited[int]
    recheck_ruling_wd: Cited[int]


class Vote(Wire):
    """The committee and its ballot (Order 40 Art. 8-9, 19-21). Shares are (numerator, denominator)."""

    formed_by: Cited[Literal["specialty", "series"]]
    committee_min: Cited[int]
    committee_odd: Cited[bool]
    committee_valid_years: Cited[int]
    draw_lead_days: Cited[int]
    quorum: Cited[tuple[int, int]]
    quorum_base: Cited[Literal["drawn", "pool"]]
    pass_share: Cited[tuple[int, int]]
    pass_operator: Cited[PassOperator]
    recused_in_denominator: Cited[bool]
    secret: Cited[bool]
    min_opinions: Cited[int]


class Quota(Wire):
    """Whose recommendations are limited by posts (work plan 五)."""

    applies_to: Cited[str]
    basis: Cited[tuple[Literal["free_posts", "ratio"], ...]]


class Fee(Wire):
    """A payment step, where a plan has one."""

    required: Cited[bool]
    due: Deadline | None = None


class After(Wire):
    """What follows the vote: latencies in workdays (`_wd`) or days, and who confirms."""

    list_wd: Cited[int]
    report_wd: Cited[int]
    confirm_wd: Cited[int]
    confirmed_by: Cited[Role]
    certificate_wd: Cited[int]
    archive_reminder_days: Cited[int]
    record_years: Cited[int]


class Retention(Wire):
    """How long files are kept that `after.record_years` does not speak of (PIPL Art. 19)."""

    not_pursued_months: Cited[int]
    not_passed_years: Cited[int]


class Mode(Wire):
    """How merit is judged (work plan 四), and until when an applicant may withdraw."""

    review: Cited[Literal["expert", "defence", "combined"]]
    defence: Cited[bool]
    withdraw_until: Cited[Literal["voting"]]
    reminders_wd: Cited[tuple[int, ...]]


class Amendment(Wire):
    """A change of the plan after publication."""

    version: int
    document: str
    dated: date
    what: Label


class ReviewPlan(Wire):
    """A complete work plan. `version` starts at 1 and grows by one with each amendment."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    version: int
    year: int
    rule_set: str
    calendar: Literal["CN-StateCouncil"]
    title: Label
    series: Label
    convening_unit: Label
    organisations: dict[Role, Reference]
    certificate_prefix: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9-]{1,30}$")] | None = None
    basis: tuple[str, ...]
    enquiries: tuple[str, ...] = ()

    specialties: tuple[Choice, ...]
    levels: tuple[Choice, ...]
    routes: tuple[RouteOption, ...]
    mode: Mode
    scope: ScopeRule
    dates: Dates
    publicity: Publicity
    correction: Correction
    objections: Objections
    vote: Vote
    quota: Quota
    fee: Fee
    after: After
    retention: Retention | None = None
    ce: CeRule
    exam: ExamRule
    exception: ExceptionRule
    qualification_map: QualificationMap
    criteria: tuple[Criterion, ...]
    impacts: tuple[ImpactPeriod, ...]
    sanctions: tuple[SanctionRule, ...]
    amendments: tuple[Amendment, ...] = ()

    @classmethod
    def known(cls) -> tuple[str, ...]:
        """The ids of the plans that come with the service, sorted."""
        return _known()

    @classmethod
    def load(cls, plan_id: str) -> ReviewPlan:
        """The plan with this id, read once in a process. Raises `UnknownPlanError`."""
        if plan_id not in cls.known():
            raise UnknownPlanError(plan_id, cls.known())
        return _released(plan_id)

    @classmethod
    def from_toml(cls, text: str) -> ReviewPlan:
        """A plan from TOML text. Raises `tomllib.TOMLDecodeError` or `pydantic.ValidationError`."""
        return cls.model_validate(read_toml(text))

    def leaves(self) -> Iterator[Leaf]:
        """Every cited value with its dotted path."""
        return leaves(self)

    def unverified(self) -> tuple[Leaf, ...]:
        """The cited values whose source text was not seen."""
        return tuple(leaf for leaf in self.leaves() if not leaf.item.verified)

    def choice_label(self, choice_id: str) -> Label:
        """The label of a specialty, level or route. Raises `KeyError`."""
        for choice in (*self.specialties, *self.levels, *self.routes):
            if choice.id == choice_id:
                return choice.label
        raise KeyError(choice_id)

    def offered_routes(self) -> tuple[Route, ...]:
        """The routes of this plan that an application can declare."""
        on = {option.id for option in self.routes if option.offered == "on"}
        return tuple(route for route in PLAIN_ROUTES if route in on)

    def terms(self) -> PlanTerms:
        """The part of the plan that every application carries."""
        dates, public, fix = self.dates, self.publicity, self.correction
        return PlanTerms(
            plan_id=self.id,
            version=self.version,
            rule_set=self.rule_set,
            opens_at=dates.opens.instant,
            department_deadline=dates.department.instant,
            office_deadline=dates.office.instant,
            exam_deadline=dates.exam.instant,
            review_deadline=dates.review.instant,
            meeting_from=dates.meeting.first_day.value,
            meeting_to=dates.meeting.last_day.value,
            specialties=tuple(choice.id for choice in self.specialties),
            levels=tuple(choice.id for choice in self.levels),
            routes=self.offered_routes(),
            defence=self.mode.defence.value,
            employer_publicity_wd=public.employer_wd.value,
            result_publicity_wd=public.result_wd.value,
            count_first_day=public.count_first_day.value,
            publicity_places=public.places.value,
            correction_wd=fix.wd.value,
            correction_cap=fix.cap.instant,
            correction_rounds=fix.rounds.value,
            correction_route=fix.route.value,
            employer_objection_wd=self.objections.employer_wd.value,
            result_objection_wd=self.objections.result_wd.value,
            recheck_window_wd=self.objections.recheck_window_wd.value,
            recheck_ruling_wd=self.objections.recheck_ruling_wd.value,
            list_wd=self.after.list_wd.value,
            confirm_wd=self.after.confirm_wd.value,
            certificate_wd=self.after.certificate_wd.value,
            archive_reminder_days=self.after.archive_reminder_days.value,
            record_years=self.after.record_years.value,
            confirmed_by=self.after.confirmed_by.value.value,
            real_name_required=self.objections.real_name_required.value,
            organisations={str(role): unit for role, unit in self.organisations.items()},
            reminders_wd=self.mode.reminders_wd.value,
            committee_min=self.vote.committee_min.value,
            committee_odd=self.vote.committee_odd.value,
            quorum=self.vote.quorum.value,
            pass_share=self.vote.pass_share.value,
            pass_operator=self.vote.pass_operator.value,
            min_opinions=self.vote.min_opinions.value,
            recused_in_denominator=self.vote.recused_in_denominator.value,
            draw_lead_days=self.vote.draw_lead_days.value,
        )


@cache
def _known() -> tuple[str, ...]:
    names = (entry.name for entry in (files("models") / "plans").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


@cache
def _released(plan_id: str) -> ReviewPlan:
    return ReviewPlan.from_toml((files("models") / "plans" / f"{plan_id}.toml").read_text("utf-8"))
