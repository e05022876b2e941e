"""Which route an applicant's facts fit: the criteria table, the exam, the exception or a qualification.

Failing education only leads to the exam; failing years or both, with an exceptional ground, to the exception
(破格); a mapped qualification with the employer's appointment stands in for the prior title. The result is a
suggestion with its reasons. Years are counted to the plan's date, not to today.
"""

from __future__ import annotations

from datetime import date

from models.cited import Sourced
from models.criteria import (
    EDUCATION_LABELS,
    PRIOR_TITLE_LABELS,
    Criterion,
    Education,
    PriorTitle,
    QualificationRow,
    criterion_for,
    full_years,
    strictest,
)
from models.findings import Finding
from models.plan import ReviewPlan
from models.roles import Reference
from models.terms import Route
from models.wire import Label, Wire


class HeldQualification(Wire):
    """A 职业资格 the applicant holds, since when, and whether the employer appointed them to its title."""

    id: Reference
    since: date
    employer_appointment: bool = False


class Assessment(Wire):
    """Which parts of the criteria are met, and the routes that they leave open, best first."""

    criterion: Criterion | None
    education_met: bool
    title_met: bool
    years: int | None
    years_met: bool
    qualification: QualificationRow | None
    fits: tuple[Route, ...]
    reasons: tuple[Finding, ...]

    @property
    def suggested(self) -> Route | None:
        """The first route that fits; None when none does."""
        return self.fits[0] if self.fits else None

    def findings(self, declared: str) -> list[Finding]:
        """The reasons, and whether the declared route is among those that fit."""
        rule: Sourced | None = self.criterion
        suggested = self.suggested
        if declared in self.fits:
            words = Label(zh="申报途径与所填情况相符", en="The declared route fits the facts.")
        elif suggested:
            words = Label(
                zh=f"所填情况更符合“{ROUTE_LABELS[suggested].zh}”途径",
                en=f"The facts fit the route {ROUTE_LABELS[suggested].en!r} instead.",
            )
        else:
            words = Label(zh="所填情况不符合任何申报途径", en="The facts fit no route of the plan.")
        verdict = Finding(
            code="criteria.route",
            severity="ok" if declared in self.fits else "flag",
            subject="route",
            words=words,
            citation=rule.source if rule else "work plan 三",
            mark=rule.mark if rule else "V",
        )
        return [*self.reasons, verdict]


ROUTE_LABELS: dict[Route, Label] = {
    "normal": Label(zh="正常申报", en="normal"),
    "exam": Label(zh="专业考试", en="exam"),
    "exception": Label(zh="破格申报", en="exception"),
    "qualification": Label(zh="职业资格", en="qualification"),
}


def assess(
    plan: ReviewPlan,
    level: str,
    *,
    education: Education,
    prior_title: PriorTitle,
    since: date | None,
    qualifications: tuple[HeldQualification, ...],
    has_ground: bool,
) -> Assessment:
    """Compare the facts with the plan's table for `level`; years end at `dates.years_counted_to`."""
    row = criterion_for(plan.criteria, level, education)
    measure = row or strictest(plan.criteria, level)
    counted_to = plan.dates.years_counted_to.value
    years = full_years(since, counted_to) if since is not None else None
    if measure is None:
        return _without_table(level)
    title_met = prior_title.reaches(measure.prior_title)
    years_met = measure.years == 0 or (title_met and years is not None and years >= measure.years)
    qualified = _qualified(plan, measure, qualifications, counted_to)

    possible: list[Route] = []
    if row and title_met and years_met:
        possible.append("normal")
    if row and qualified:
        possible.append("qualification")
    if not row and title_met and years_met:
        possible.append("exam")
    if has_ground and not (row and title_met and years_met):
        possible.append("exception")
    offered = plan.offered_routes()
    return Assessment(
        criterion=measure,
        education_met=row is not None,
        title_met=title_met,
        years=years,
        years_met=years_met,
        qualification=qualified,
        fits=tuple(route for route in possible if route in offered),
        reasons=(
            _education_reason(education, row, measure),
            _title_reason(measure, title_met, years, years_met, counted_to),
            *_qualification_reasons(plan, qualifications),
        ),
    )


def _qualified(
    plan: ReviewPlan, measure: Criterion, held: tuple[HeldQualification, ...], counted_to: date
) -> QualificationRow | None:
    """The row of a held qualification that stands in for the prior title, long enough and appointed."""
    table = plan.qualification_map
    for certificate in held:
        row = table.find(certificate.id)
        if row is None or row.title is None or not row.title.reaches(measure.prior_title):
            continue
        appointed = certificate.employer_appointment or not table.needs_employer_appointment.value
        if appointed and full_years(certificate.since, counted_to) >= measure.years:
            return row
    return None


def _without_table(level: str) -> Assessment:
    words = Label(zh="本方案没有该级别的评审条件", en=f"The plan has no criteria for the level {level!r}.")
    return Assessment(
        criterion=None,
        education_met=False,
        title_met=False,
        years=None,
        years_met=False,
        qualification=None,
        fits=(),
        reasons=(
            Finding(
                code="criteria.table",
                severity="flag",
                subject="level",
                words=words,
                citation="work plan 三",
                mark="V",
            ),
        ),
    )


def _education_reason(education: Education, row: Criterion | None, measure: Criterion) -> Finding:
    label = EDUCATION_LABELS[education]
    words = (
        Label(zh=f"{label.zh}：符合学历条件", en=f"Education ({label.en}) is in the criteria table.")
        if row
        else Label(
            zh=f"{label.zh}：不具备规定学历，须参加专业考试或破格",
            en=f"Education ({label.en}) is below the criteria table: exam or exception.",
        )
    )
    return Finding(
        code="criteria.education",
        severity="ok" if row else "flag",
        subject="education",
        words=words,
        citation=measure.source,
        mark=measure.mark,
    )


def _title_reason(
    measure: Criterion, title_met: bool, years: int | None, years_met: bool, counted_to: date
) -> Finding:
    label = PRIOR_TITLE_LABELS[measure.prior_title]
    held = 0 if years is None or not title_met else max(years, 0)
    return Finding(
        code="criteria.years",
        severity="ok" if title_met and years_met else "flag",
        subject="prior_title",
        words=Label(
            zh=f"须取得{label.zh}满{measure.years}年；截至{counted_to.isoformat()}为{held}年",
            en=f"Needs {measure.years} full years as {label.en}; has {held} on {counted_to.isoformat()}.",
        ),
        citation=measure.source,
        mark=measure.mark,
    )


def _qualification_reasons(plan: ReviewPlan, held: tuple[HeldQualification, ...]) -> list[Finding]:
    table = plan.qualification_map
    findings = []
    for certificate in held:
        row = table.find(certificate.id)
        rule: Sourced = row or table.version
        if row is None:
            words = Label(
                zh=f"职业资格“{certificate.id}”不在对应表（{table.version.value}）中",
                en=f"The qualification {certificate.id!r} is not in the map {table.version.value}.",
            )
        elif row.title is None:
            words = Label(
                zh=f"{row.label.zh}对应{row.title_label.zh}，属其他系列，须由人核对",
                en=f"{row.label.en} stands for {row.title_label.en}, of another series: a person must check.",
            )
        elif table.needs_employer_appointment.value and not certificate.employer_appointment:
            rule = table.needs_employer_appointment
            words = Label(
                zh=f"{row.label.zh}：缺用人单位聘任证明", en=f"{row.label.en}: no employer's appointment."
            )
        else:
            words = Label(
                zh=f"{row.label.zh}对应{row.title_label.zh}",
                en=f"{row.label.en} stands for {row.title_label.en}.",
            )
        usable = row is not None and row.title is not None and rule is row
        findings.append(
            Finding(
                code="criteria.qualification",
                severity="ok" if usable else "flag",
                subject="qualifications",
                words=words,
                citation=rule.source,
                mark=rule.mark,
            )
        )
    return findings
