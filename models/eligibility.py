"""Screening: what the plan's rules say about an applicant's facts, for the people who decide.

Every finding is advisory. PIPL Art. 24 para 3: a person may refuse a decision made only automatically, so a
named person at the employer, the department or the office decides, and sees these findings. A rule whose
text was not seen never yields a "bar", only a "flag". No name, identity number or phone enters here.
"""

from __future__ import annotations

from datetime import date

from pydantic import Field

from models.cited import Sourced
from models.criteria import Education, EmploymentKind, EmploymentStatus, PriorTitle, Residence
from models.discipline import DisciplineRecord, impact_end, impact_period
from models.findings import Finding, Severity
from models.plan import ReviewPlan
from models.roles import Reference
from models.routes import Assessment, HeldQualification, assess
from models.wire import Label, ShortText, Wire

__all__ = ["ApplicantFacts", "DisciplineRecord", "Finding", "HeldQualification", "screen"]


class ApplicantFacts(Wire):
    """What the rules need to know about an applicant, and nothing else (PIPL Art. 6)."""

    employment_kind: EmploymentKind
    employment_status: EmploymentStatus = EmploymentStatus.IN_SERVICE
    residence: Residence = Residence.MAINLAND
    full_post_management: bool = False
    discipline: tuple[DisciplineRecord, ...] = Field(default=(), max_length=10)
    education: Education
    prior_title: PriorTitle = PriorTitle.NONE
    prior_title_since: date | None = None
    qualifications: tuple[HeldQualification, ...] = Field(default=(), max_length=10)
    exception_ground: ShortText | None = None
    ce_committed: bool = False
    truth_committed: bool = False


def screen(
    facts: ApplicantFacts,
    plan: ReviewPlan,
    on: date,
    *,
    specialty: Reference,
    level: Reference,
    route: Reference,
) -> tuple[Finding, ...]:
    """Everything the plan says about these facts on the day `on` (Asia/Shanghai). Decides nothing.

    Sources: work plan 一 (choices), 二 (scope, discipline), 三 (criteria), 五 (posts), 九 (commitments).
    """
    return (
        *_choices(plan, specialty, level, route),
        *_scope(facts, plan),
        *_discipline(facts, plan, on),
        *_criteria(facts, plan, level, route),
        *_commitments(facts, plan),
        *_posts(facts, plan),
    )


def _finding(code: str, against: bool, subject: str, words: Label, rule: Sourced) -> Finding:
    """`against` gives a bar where the rule's text was seen and a flag where it was not."""
    severity: Severity = "ok" if not against else "bar" if rule.verified else "flag"
    return Finding(
        code=code, severity=severity, subject=subject, words=words, citation=rule.source, mark=rule.mark
    )


def _choices(plan: ReviewPlan, specialty: str, level: str, route: str) -> list[Finding]:
    offered: dict[str, tuple[str, set[str], Label]] = {
        "specialty": (
            specialty,
            {choice.id for choice in plan.specialties},
            Label(zh="专业", en="specialty"),
        ),
        "level": (level, {choice.id for choice in plan.levels}, Label(zh="级别", en="level")),
        "route": (route, {*plan.offered_routes()}, Label(zh="申报途径", en="route")),
    }
    findings = []
    for subject, (chosen, known, noun) in offered.items():
        inside = chosen in known
        words = (
            Label(zh=f"{noun.zh}在本方案范围内", en=f"The {noun.en} is in the plan.")
            if inside
            else Label(
                zh=f"本方案没有{noun.zh}“{chosen}”", en=f"The plan does not offer the {noun.en} {chosen!r}."
            )
        )
        findings.append(
            Finding(
                code=f"plan.{subject}",
                severity="ok" if inside else "bar",
                subject=subject,
                words=words,
                citation="work plan 一, 二, 九(三)",
                mark="V",
            )
        )
    return findings


def _scope(facts: ApplicantFacts, plan: ReviewPlan) -> list[Finding]:
    scope = plan.scope
    outside_words = {
        EmploymentStatus.CIVIL_SERVANT: Label(
            zh="公务员（含参公管理事业单位工作人员）不在职称评审范围内",
            en="Civil servants, also in institutions run like the civil service, are outside the review.",
        ),
        EmploymentStatus.RETIRED: Label(
            zh="已离退休人员不在职称评审范围内", en="Retired people are outside the review."
        ),
        EmploymentStatus.LEFT: Label(
            zh="申报人应当在职，现已离开申报单位",
            en="The applicant must be in service, and has left the employer.",
        ),
    }
    excluded = facts.employment_status in scope.excluded_statuses.value
    inside = Label(zh="在职，属参评范围", en="In service and within scope.")
    return [
        _finding(
            "scope.status",
            excluded,
            "employment_status",
            outside_words.get(facts.employment_status, inside) if excluded else inside,
            scope.excluded_statuses,
        ),
        _finding(
            "scope.employer",
            facts.employment_kind not in scope.employment_kinds.value,
            "employment_kind",
            Label(zh="用人单位类型须属参评范围", en="The kind of employer must be within scope."),
            scope.employment_kinds,
        ),
        _finding(
            "scope.residence",
            facts.residence not in scope.residences.value,
            "residence",
            Label(
                zh="境外人才须持来华工作许可证或永久居留身份证",
                en="Foreign talent must hold a work permit or a permanent residence card.",
            ),
            scope.residences,
        ),
    ]


def _discipline(facts: ApplicantFacts, plan: ReviewPlan, on: date) -> list[Finding]:
    """Barred while an impact period runs on `on`; free on the day after its last day (work plan 二)."""
    if not plan.scope.discipline_excludes.value:
        return []
    findings = []
    for record in facts.discipline:
        row = impact_period(plan.impacts, record.kind)
        rule: Sourced = plan.scope.discipline_excludes
        if record.impact_until is None and row is not None:
            rule = row
        end = impact_end(record, plan.impacts)
        label = row.label if row else Label(zh=record.kind, en=record.kind)
        if end is None:
            running, words = (
                True,
                Label(zh=f"{label.zh}：影响期不明", en=f"{label.en}: impact period not known."),
            )
        elif on < record.effective_date:
            running, words = (
                False,
                Label(zh=f"{label.zh}：尚未生效", en=f"{label.en}: not in effect yet; screen again."),
            )
        else:
            running = on <= end
            verdict = Label(zh="不得申报", en="may not apply") if running else Label(zh="已满", en="over")
            words = Label(
                zh=f"{label.zh}：影响期至{end.isoformat()}（含），{verdict.zh}",
                en=f"{label.en}: impact period to {end.isoformat()} included, {verdict.en}.",
            )
        found = _finding("discipline.impact", running, "discipline", words, rule)
        unclear = end is None or on < record.effective_date
        findings.append(found.model_copy(update={"severity": "flag"}) if unclear else found)
    return findings


def _criteria(facts: ApplicantFacts, plan: ReviewPlan, level: str, route: str) -> list[Finding]:
    assessed: Assessment = assess(
        plan,
        level,
        education=facts.education,
        prior_title=facts.prior_title,
        since=facts.prior_title_since,
        qualifications=facts.qualifications,
        has_ground=facts.exception_ground is not None,
    )
    return assessed.findings(route)


def _commitments(facts: ApplicantFacts, plan: ReviewPlan) -> list[Finding]:
    hours = plan.ce.hours_per_year.value
    return [
        _finding(
            "commitment.ce",
            not facts.ce_committed,
            "ce_committed",
            Label(
                zh=f"继续教育（每年不少于{hours}学时）须由申报人承诺",
                en=f"The applicant commits to {hours} hours of continuing education a year.",
            ),
            plan.ce.mode,
        ),
        Finding(
            code="commitment.truth",
            severity="ok" if facts.truth_committed else "bar",
            subject="truth_committed",
            words=Label(
                zh="申报人须承诺材料真实", en="The applicant commits to the truth of the application."
            ),
            citation="work plan 九(二)",
            mark="V",
        ),
    ]


def _posts(facts: ApplicantFacts, plan: ReviewPlan) -> list[Finding]:
    if not facts.full_post_management:
        return []
    rule = plan.quota.applies_to
    words = Label(
        zh="单位全面实行岗位管理，须在空岗数额或结构比例内推荐",
        en="The employer is under full post management and recommends within free posts or its ratio.",
    )
    return [
        Finding(
            code="quota.applies",
            severity="flag",
            subject="full_post_management",
            words=words,
            citation=rule.source,
            mark=rule.mark,
        )
    ]
