"""What is counted in a cycle, and how it must add up.

Pure: the numbers come from `activities.statistics`. A cell is a specialty, a level, a kind of employer and a
route. Every measure counts applications, but for those in `COUNTS_OF_THINGS`. What a number means stands in
`MEASURES`; which numbers must agree stands in `problems`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from itertools import pairwise

from pydantic import Field

from models.stages import Stage
from models.wire import Instant, Label, Wire

UNKNOWN = "unknown"
"""The kind of an employer that nobody has recorded."""
UNDECLARED = "undeclared"
"""The route of a draft without a dossier."""

DIMENSIONS: dict[str, Label] = {
    "specialty": Label(zh="专业", en="specialty"),
    "level": Label(zh="级别", en="level"),
    "unit_kind": Label(zh="单位类别", en="kind of employer"),
    "route": Label(zh="申报途径", en="route"),
}

FUNNEL: dict[str, Label] = {
    "opened": Label(zh="建立", en="drafts opened"),
    "submitted": Label(zh="提交", en="submitted to the employer"),
    "recommended": Label(zh="推荐", en="recommended by the employer"),
    "to_department": Label(zh="公示后报送", en="sent on after the publicity"),
    "to_office": Label(zh="主管部门报送", en="submitted by the department"),
    "accepted": Label(zh="受理", en="accepted by the office"),
    "voted": Label(zh="表决", en="voted on"),
    "passed": Label(zh="通过", en="passed (last ballot)"),
    "confirmed": Label(zh="确认", en="confirmed"),
}
"""Each is reached only by those who reached the one before it."""

OUTCOMES: dict[str, tuple[Label, tuple[Stage, ...]]] = {
    "withdrawn": (Label(zh="撤回", en="withdrawn"), (Stage.WITHDRAWN,)),
    "lapsed": (Label(zh="逾期", en="lapsed"), (Stage.LAPSED,)),
    "declined": (Label(zh="单位不予推荐", en="declined by the employer"), (Stage.EMPLOYER_DECLINED,)),
    "department_rejected": (
        Label(zh="主管部门不予通过", en="rejected by the department"),
        (Stage.DEPARTMENT_REJECTED,),
    ),
    "office_rejected": (Label(zh="不符合条件", en="refused by the office"), (Stage.OFFICE_REJECTED,)),
    "abandoned": (Label(zh="视为放弃", en="deemed abandoned"), (Stage.DEEMED_ABANDONED,)),
    "exam_failed": (Label(zh="考试未通过", en="examination failed"), (Stage.EXAM_FAILED,)),
    "closed": (Label(zh="未通过结案", en="not passed, closed"), (Stage.CLOSED,)),
    "eligibility_cancelled": (
        Label(zh="取消申报资格", en="eligibility cancelled"),
        (Stage.ELIGIBILITY_CANCELLED,),
    ),
    "result_cancelled": (Label(zh="取消结果", en="result cancelled"), (Stage.RESULT_CANCELLED,)),
    "revoked": (Label(zh="撤销职称", en="title revoked"), (Stage.REVOKED,)),
    "titled": (
        Label(zh="取得职称", en="title given"),
        (Stage.CONFIRMED, Stage.CERTIFIED, Stage.ARCHIVED),
    ),
    "pending": (Label(zh="在办", en="still pending"), ()),
}
"""Where each application stands now: exactly one of them, so that they add up to `opened`."""

_OF_STAGE = {stage.value: name for name, (_, stages) in OUTCOMES.items() for stage in stages}

OTHERS: dict[str, Label] = {
    "returned_employer": Label(zh="单位退回", en="returned by the employer"),
    "returned_department": Label(zh="主管部门退回", en="returned by the department"),
    "returned_office": Label(zh="办事机构退回", en="returned by the office"),
    "returns": Label(zh="退回次数", en="returns"),
    "exam_sat": Label(zh="参加考试", en="sat the examination"),
    "exam_passed": Label(zh="考试合格", en="passed the examination"),
    "objections": Label(zh="公示异议数", en="objections"),
    "complaints": Label(zh="举报投诉数", en="complaints"),
    "rechecks": Label(zh="申请复查", en="asked for a re-check"),
    "rechecks_founded": Label(zh="复查成立", en="re-check founded"),
}
COUNTS_OF_THINGS = ("returns", "objections", "complaints")
"""Measures of which one application may have several."""

MEASURES: dict[str, Label] = {
    **FUNNEL,
    **{name: label for name, (label, _) in OUTCOMES.items()},
    **OTHERS,
}
"""Every measure with its name."""


def outcome_of(stage: str) -> str:
    """The outcome that a stage stands for; pending until something is final."""
    return _OF_STAGE.get(stage, "pending")


class Cell(Wire):
    """The counts of one specialty, level, kind of employer and route; every measure is there."""

    specialty: str
    level: str
    unit_kind: str
    route: str
    counts: dict[str, int]

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Its place in the table."""
        return (self.specialty, self.level, self.unit_kind, self.route)


class ReasonCount(Wire):
    """How often a hop returned for a reason, by the reason's code."""

    hop: str
    code: str
    count: int


class ObjectionCount(Wire):
    """Objections of one kind (employer, result, none: a complaint) by finding; `open` has none yet."""

    of: str
    finding: str
    count: int


class HopTime(Wire):
    """How many working days the finished turns in one stage took, from the day it came (not counted).

    `unknown`: turns that ran over a year without a calendar; they are left out and never guessed.
    """

    stage: str
    role: str
    count: int
    median: int | None
    p90: int | None
    longest: int | None
    unknown: int = 0


class MeetingNumbers(Wire):
    """One meeting: sizes and attendance, no names. `votes` are applications with a counted ballot."""

    meeting_ref: str
    committee_ref: str
    meeting_on: date
    drawn_on: date
    committee_size: int
    attending_least: int | None
    attending_most: int | None
    recused_most: int | None
    opinions_least: int | None
    votes: int
    passed: int


class StepDates(Wire):
    """The first and the last time that something happened in the cycle, and how often."""

    event: str
    first: Instant
    last: Instant
    count: int


class DeadlineMove(Wire):
    """Deadlines that were moved on one ground by one document, and for how many applications."""

    name: str
    ground: str
    document_no: str
    applications: int


class AmendmentNote(Wire):
    """A version of the plan after the first one."""

    version: int
    document_no: str
    dated: date
    text: str


class PendingCase(Wire):
    """An application that is not finished: its opaque reference and where it stands."""

    application_ref: str
    stage: str


class CaseCount(Wire):
    """Side cases of a kind by finding; `open` has none yet."""

    kind: str
    finding: str
    count: int


class CycleStatistics(Wire):
    """Everything counted in a cycle at one moment."""

    plan_id: str
    plan_version: int
    at: Instant
    cells: tuple[Cell, ...]
    totals: dict[str, int]
    stages: dict[str, int]
    reasons: tuple[ReasonCount, ...] = ()
    objections: tuple[ObjectionCount, ...] = ()
    hops: tuple[HopTime, ...] = ()
    meetings: tuple[MeetingNumbers, ...] = ()
    steps: tuple[StepDates, ...] = ()
    deviations: dict[str, int] = Field(default_factory=dict)
    moves: tuple[DeadlineMove, ...] = ()
    amendments: tuple[AmendmentNote, ...] = ()
    cases: tuple[CaseCount, ...] = ()
    pending: tuple[PendingCase, ...] = ()


def no_counts() -> dict[str, int]:
    """Every measure at nought."""
    return dict.fromkeys(MEASURES, 0)


def total(cells: Iterable[Cell]) -> dict[str, int]:
    """The sums over the cells."""
    sums = no_counts()
    for cell in cells:
        for name, count in cell.counts.items():
            sums[name] += count
    return sums


def grouped(cells: Iterable[Cell], dimension: str) -> dict[str, dict[str, int]]:
    """The sums of the cells by one of the `DIMENSIONS`."""
    groups: dict[str, list[Cell]] = {}
    for cell in cells:
        groups.setdefault(getattr(cell, dimension), []).append(cell)
    return {value: total(group) for value, group in sorted(groups.items())}


def rate(part: int, whole: int) -> Fraction | None:
    """The exact share; None of nothing."""
    return Fraction(part, whole) if whole else None


def problems(statistics: CycleStatistics) -> list[str]:
    """What does not add up, in words; an empty list means that every number agrees with the others."""
    found = []
    if total(statistics.cells) != {**no_counts(), **statistics.totals}:
        found.append("the totals are not the sums of the cells")
    if sum(statistics.stages.values()) != statistics.totals.get("opened", 0):
        found.append("the stages do not add up to the applications opened")
    if len(statistics.pending) != statistics.totals.get("pending", 0):
        found.append("the list of pending cases is not as long as their number")
    for cell in statistics.cells:
        found += [f"{'/'.join(cell.key)}: {problem}" for problem in _odd(cell.counts)]
    return found


def _odd(counts: Mapping[str, int]) -> list[str]:
    steps = list(FUNNEL)
    found = [
        f"{later} ({counts[later]}) exceeds {earlier} ({counts[earlier]})"
        for earlier, later in pairwise(steps)
        if counts[later] > counts[earlier]
    ]
    if sum(counts[name] for name in OUTCOMES) != counts["opened"]:
        found.append("the outcomes do not add up to opened")
    if counts["exam_passed"] > counts["exam_sat"]:
        found.append("more passed the examination than sat it")
    returned = [counts[f"returned_{hop}"] for hop in ("employer", "department", "office")]
    if counts["returns"] < sum(returned):
        found.append("fewer returns than applications returned")
    if counts["rechecks_founded"] > counts["rechecks"]:
        found.append("more re-checks founded than asked for")
    return found


def quantile(numbers: Mapping[int, int], share: Fraction) -> int | None:
    """The smallest number that at least `share` of all do not exceed; `numbers`: number -> how often."""
    whole = sum(numbers.values())
    if not whole:
        return None
    seen = 0
    for number in sorted(numbers):
        seen += numbers[number]
        if seen >= share * whole:
            return number
    raise AssertionError("unreachable: the shares add up to one")


MEDIAN, P90 = Fraction(1, 2), Fraction(9, 10)
