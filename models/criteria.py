"""Who may apply and what they need: the shapes of the tables that a plan fills in.

The tables themselves (years, mappings, hours) are plan data, because cities and years differ.
Tianjin's criteria are 津人社局发〔2019〕39号 on the national base 人社部发〔2019〕16号; its qualification map
moved from 津人社办发〔2019〕96号 to 津人社办发〔2023〕64号. Nothing here knows an applicant.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Literal

from models.cited import Cited, Sourced, Unknown
from models.wire import Label, Wire


class EmploymentKind(StrEnum):
    """For whom the applicant works (work plan 二; Order 40 Art. 2)."""

    INSTITUTION = "institution"
    ENTERPRISE = "enterprise"
    NON_PUBLIC = "non_public"
    SOCIAL_ORG = "social_org"
    FREELANCER = "freelancer"
    NEW_FORM = "new_form"


class EmploymentStatus(StrEnum):
    """Whether the applicant is in service (work plan 二; Order 40 Art. 13)."""

    IN_SERVICE = "in_service"
    CIVIL_SERVANT = "civil_servant"
    RETIRED = "retired"
    LEFT = "left"


class Residence(StrEnum):
    """On what footing the applicant works in the city (work plan 二)."""

    MAINLAND = "mainland"
    HK_MO_TW = "hk_mo_tw"
    WORK_PERMIT = "work_permit"
    PERMANENT_RESIDENCE = "permanent_residence"
    NONE = "none"


class Education(StrEnum):
    """The highest education or degree that the criteria tables tell apart."""

    DOCTOR = "doctor"
    MASTER = "master"
    SECOND_BACHELOR = "second_bachelor"
    BACHELOR = "bachelor"
    TECHNICIAN = "technician"
    COLLEGE = "college"
    SENIOR_WORKER = "senior_worker"
    BELOW = "below"


class PriorTitle(StrEnum):
    """The engineering title held before, lowest first."""

    NONE = "none"
    ASSISTANT_ENGINEER = "assistant_engineer"
    ENGINEER = "engineer"
    SENIOR_ENGINEER = "senior_engineer"

    def reaches(self, needed: PriorTitle) -> bool:
        """True when this title is `needed` or a higher one."""
        ladder = list(PriorTitle)
        return ladder.index(self) >= ladder.index(needed)


EMPLOYMENT_KIND_LABELS: dict[EmploymentKind, Label] = {
    EmploymentKind.INSTITUTION: Label(zh="事业单位", en="public institution"),
    EmploymentKind.ENTERPRISE: Label(zh="企业", en="enterprise"),
    EmploymentKind.NON_PUBLIC: Label(zh="非公经济组织", en="non-public economic organisation"),
    EmploymentKind.SOCIAL_ORG: Label(zh="社会组织", en="social organisation"),
    EmploymentKind.FREELANCER: Label(zh="自由职业者", en="freelancer"),
    EmploymentKind.NEW_FORM: Label(zh="新就业形态劳动者", en="worker in a new form of employment"),
}

EDUCATION_LABELS: dict[Education, Label] = {
    Education.DOCTOR: Label(zh="博士学位", en="doctor's degree"),
    Education.MASTER: Label(zh="硕士学位", en="master's degree"),
    Education.SECOND_BACHELOR: Label(zh="第二学士学位", en="second bachelor's degree"),
    Education.BACHELOR: Label(zh="大学本科或学士学位", en="bachelor's degree"),
    Education.TECHNICIAN: Label(zh="技工院校预备技师（技师）班", en="technician class of a technical school"),
    Education.COLLEGE: Label(zh="大学专科", en="junior college"),
    Education.SENIOR_WORKER: Label(zh="技工院校高级工班", en="senior-worker class of a technical school"),
    Education.BELOW: Label(zh="大专以下", en="below junior college"),
}

PRIOR_TITLE_LABELS: dict[PriorTitle, Label] = {
    PriorTitle.NONE: Label(zh="无职称", en="no title"),
    PriorTitle.ASSISTANT_ENGINEER: Label(zh="助理工程师", en="assistant engineer"),
    PriorTitle.ENGINEER: Label(zh="工程师", en="engineer"),
    PriorTitle.SENIOR_ENGINEER: Label(zh="高级工程师", en="senior engineer"),
}


class Criterion(Sourced):
    """One row of the criteria table: with this education, this title held for `years` full years."""

    level: str
    education: Education
    prior_title: PriorTitle
    years: int

    @property
    def key(self) -> str:
        return f"{self.level}.{self.education}"


class QualificationRow(Sourced):
    """A 职业资格 and the title it stands for; `title` is empty where that title is of another series."""

    id: str
    label: Label
    title_label: Label
    title: PriorTitle | None = None

    @property
    def key(self) -> str:
        return self.id


class QualificationMap(Wire):
    """The mapping of qualifications to titles, pinned to one version of the notice."""

    version: Cited[str]
    needs_employer_appointment: Cited[bool]
    rows: tuple[QualificationRow, ...] = ()

    def find(self, qualification: str) -> QualificationRow | None:
        """The row for a qualification id, if this version of the map has it."""
        return next((row for row in self.rows if row.id == qualification), None)


class CeRule(Wire):
    """Continuing education 继续教育: hours a year and how they are proved (work plan 九(四))."""

    hours_per_year: Cited[int]
    professional_share: Cited[tuple[int, int]]
    mode: Cited[Literal["commitment", "proof"]]
    spot_check_by: Cited[str]


class ExamRule(Wire):
    """The exam for applicants without the education that the table asks for (work plan 七(三))."""

    for_missing: Cited[Literal["education"]]
    subjects: Cited[tuple[str, ...] | Unknown]
    pass_mark: Cited[int | Unknown]
    valid_years: Cited[int | Unknown]


class ExceptionRule(Wire):
    """The exceptional route 破格 (work plan 九(三)); its conditions stand in an annex."""

    grounds: Cited[tuple[str, ...]]
    peer_recommendations: Cited[int]
    may_replace: Cited[tuple[Literal["years", "education"], ...]]


class ScopeRule(Wire):
    """Who is inside the plan at all (work plan 二)."""

    employment_kinds: Cited[tuple[EmploymentKind, ...]]
    residences: Cited[tuple[Residence, ...]]
    excluded_statuses: Cited[tuple[EmploymentStatus, ...]]
    discipline_excludes: Cited[bool]


def criterion_for(table: tuple[Criterion, ...], level: str, education: Education) -> Criterion | None:
    """The row for a level and an education; None when that education is below the table."""
    return next((row for row in table if row.level == level and row.education == education), None)


def strictest(table: tuple[Criterion, ...], level: str) -> Criterion | None:
    """The row of `level` that asks for most years: what remains to be met when only education is missing."""
    return max((row for row in table if row.level == level), key=lambda row: row.years, default=None)


def full_years(since: date, to: date) -> int:
    """Completed years from `since` to `to`; the anniversary itself completes a year.

    Source: Civil Code Art. 202 (no corresponding day: the last day of the month) and 1259 (满 includes it).
    """
    years = to.year - since.year
    anniversary_day = 28 if (since.month, since.day) == (2, 29) and not _leap(to.year) else since.day
    return years if (to.month, to.day) >= (since.month, anniversary_day) else years - 1


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
