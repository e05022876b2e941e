"""The plan lint: what the law, the calendar or the plan itself says against a work plan, before publication.

Errors are things nobody could carry out lawfully; warnings are traps; infos are computed dates and values
that nobody has verified. The calendar is passed in, so a lint can use what was known on an earlier
day; a year that was not announced then is an info, since periods are computed when they start.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Protocol

from models.calendar import MAX_WORKING_DAYS, CalendarYearMissing
from models.cited import MARK_LABELS
from models.plan import PLAIN_ROUTES, ReviewPlan
from models.plan_finding import PlanFinding, PlanSeverity, finding
from models.plan_lint_dates import date_findings, rest_day_findings
from models.plan_lint_vote import ballot_findings, committee_findings
from models.plan_periods import (
    PeriodCalendar,
    last_full_return,
    last_useful_publicity_start,
    results_chain,
)
from models.wire import Label

__all__ = ["PlanFinding", "lint"]

PUBLICITY_FLOOR = 5
"""Workdays of a publicity at least (Order 40 Art. 16 and 26)."""


class CountedRule(Protocol):
    """A rule that needs the calendar, and may raise `CalendarYearMissing`."""

    def __call__(self, plan: ReviewPlan, calendar: PeriodCalendar, /) -> Iterable[PlanFinding]: ...


def lint(plan: ReviewPlan, calendar: PeriodCalendar) -> list[PlanFinding]:
    """Everything found, errors first. An empty list of errors means that the plan can be published."""
    found = [
        *date_findings(plan),
        *_lengths(plan),
        *_publicity(plan),
        *_counted(plan, calendar, "publicity.employer_wd", _publicity_fits),
        *_counted(plan, calendar, "publicity.result_wd", _results_fit),
        *_correction(plan),
        *_counted(plan, calendar, "correction.wd", _correction_fits),
        *_counted(plan, calendar, "dates", rest_day_findings),
        *committee_findings(plan),
        *ballot_findings(plan),
        *_choices(plan),
        *_amendments(plan),
        *_unverified(plan),
    ]
    order: dict[PlanSeverity, int] = {"error": 0, "warning": 1, "info": 2}
    return sorted(found, key=lambda item: order[item.severity])


def _counted(plan: ReviewPlan, calendar: PeriodCalendar, field: str, rule: CountedRule) -> list[PlanFinding]:
    """Run a rule that counts workdays; a year not yet announced gives an info instead."""
    if not all(_countable(days) for days in _counted_lengths(plan).values()):
        return []
    try:
        return list(rule(plan, calendar))
    except CalendarYearMissing as missing:
        return [
            finding(
                "info",
                field,
                (
                    f"暂不能计算：{missing.problem.zh}",
                    f"Cannot be computed yet: {missing.problem.en}.",
                ),
                ("公布后重新检查", "Lint again when the calendar is announced."),
                "国务院办公厅节假日安排通知",
            )
        ]


def _counted_lengths(plan: ReviewPlan) -> dict[str, int]:
    """The periods that every plan has, in workdays; each must be one that can be counted."""
    after, objections = plan.after, plan.objections
    return {
        "publicity.employer_wd": plan.publicity.employer_wd.value,
        "publicity.result_wd": plan.publicity.result_wd.value,
        "correction.wd": plan.correction.wd.value,
        "objections.employer_wd": objections.employer_wd.value,
        "objections.result_wd": objections.result_wd.value,
        "objections.recheck_window_wd": objections.recheck_window_wd.value,
        "objections.recheck_ruling_wd": objections.recheck_ruling_wd.value,
        "after.list_wd": after.list_wd.value,
        "after.report_wd": after.report_wd.value,
        "after.confirm_wd": after.confirm_wd.value,
        "after.certificate_wd": after.certificate_wd.value,
    }


def _countable(days: int) -> bool:
    return 1 <= days <= MAX_WORKING_DAYS


def _lengths(plan: ReviewPlan) -> Iterator[PlanFinding]:
    for field, days in _counted_lengths(plan).items():
        if not _countable(days):
            yield finding(
                "error",
                field,
                (
                    f"期限须为1至{MAX_WORKING_DAYS}个工作日，方案为{days}个",
                    f"A period has 1 to {MAX_WORKING_DAYS} workdays; here it is {days}.",
                ),
                ("改正期限", "Correct the number."),
                "Civil Code Art. 201",
            )


def _publicity(plan: ReviewPlan) -> Iterator[PlanFinding]:
    public = plan.publicity
    for name, days, article in (
        ("employer_wd", public.employer_wd.value, "16"),
        ("result_wd", public.result_wd.value, "26"),
    ):
        if days < PUBLICITY_FLOOR:
            yield finding(
                "error",
                f"publicity.{name}",
                (
                    f"公示期不少于{PUBLICITY_FLOOR}个工作日，方案为{days}个",
                    f"A publicity lasts at least {PUBLICITY_FLOOR} workdays; the plan says {days}.",
                ),
                (f"改为{PUBLICITY_FLOOR}个工作日以上", f"Say {PUBLICITY_FLOOR} or more."),
                f"Order 40 Art. {article}",
            )
    if 0 < public.acceptance_wd.value < PUBLICITY_FLOOR:
        yield finding(
            "warning",
            "publicity.acceptance_wd",
            ("受理公示一般也不少于5个工作日", "A publicity before the meeting usually lasts 5 workdays too."),
            ("改为5个工作日，或0表示不设", "Say 5, or 0 for none."),
            "Order 40 Art. 26 by analogy",
        )
    if public.count_first_day.value:
        yield finding(
            "warning",
            "publicity.count_first_day",
            (
                "开始的当日不计入，自下一日开始计算",
                "The first day is not counted; the period begins on the next day.",
            ),
            ("改为不计首日", "Do not count the first day."),
            "Civil Code Art. 201",
        )
    if not public.places.value:
        yield finding(
            "error",
            "publicity.places",
            ("须写明公示地点", "The plan names no place for its notices."),
            ("写明公示地点", "Name at least one."),
            "Order 40 Art. 26",
        )


def _publicity_fits(plan: ReviewPlan, calendar: PeriodCalendar) -> Iterator[PlanFinding]:
    latest = last_useful_publicity_start(plan, calendar)
    gate = plan.dates.department.last_day.value
    if latest is None:
        yield finding(
            "error",
            "publicity.employer_wd",
            (
                f"自开始申报起，任何一天开始公示都不能在{gate}截止前期满",
                f"No publicity begun after the opening can end before the gate of {gate} closes.",
            ),
            ("提前开始申报或推迟主管部门截止日", "Open earlier or move the department's date."),
            "Order 40 Art. 16",
        )
        return
    yield finding(
        "info",
        "publicity.employer_wd",
        (
            f"单位公示最迟须于{latest}开始，才能在{gate}截止前期满并提交",
            f"The last useful start of an employer publicity is {latest}, for the gate of {gate}.",
        ),
        ("提前一周提醒用人单位", "Remind employers a week before."),
        "work plan 七(一)",
    )


def _results_fit(plan: ReviewPlan, calendar: PeriodCalendar) -> Iterator[PlanFinding]:
    window, limit = plan.dates.meeting, plan.dates.results_by
    cases: tuple[tuple[PlanSeverity, str, str], ...] = (
        ("error", "最早", "first"),
        ("warning", "最后", "last"),
    )
    days = (window.first_day.value, window.last_day.value)
    if limit is not None:
        for (severity, zh, en), day in zip(cases, days, strict=True):
            ends = results_chain(plan, calendar, day).publicity_ends
            if ends > limit.last_day.value:
                yield finding(
                    severity,
                    "publicity.result_wd",
                    (
                        f"{zh}一天（{day}）开会，结果公示至{ends}才期满，晚于{limit.last_day.value}",
                        f"After a meeting on the {en} day ({day}) the result publicity ends only on {ends}.",
                    ),
                    ("提前会议或推迟期限", "Meet earlier or move the limit."),
                    "Order 40 Art. 26",
                )
                return
    chain = results_chain(plan, calendar, days[1])
    yield finding(
        "info",
        "publicity.result_wd",
        (
            f"{days[1]}开会：名单{chain.list_by}前，公示至{chain.publicity_ends}，"
            f"报告{chain.report_by}前，证书{chain.certificates_by}前",
            f"A meeting on {days[1]}: list by {chain.list_by}, publicity to {chain.publicity_ends}, "
            f"report by {chain.report_by}, certificates by {chain.certificates_by}.",
        ),
        ("按此告知", "Announce these dates."),
        "work plan 七(五)-(六)",
    )


def _correction(plan: ReviewPlan) -> Iterator[PlanFinding]:
    fix = plan.correction
    if fix.rounds.value < 1:
        yield finding(
            "error",
            "correction.rounds",
            ("须给申报人补正的机会", "An applicant must have a chance to correct."),
            ("至少为1", "Say at least 1."),
            "Order 40 Art. 18",
        )
    if fix.cap.instant > plan.dates.office.instant:
        yield finding(
            "error",
            "correction.cap",
            (
                "补正最迟时限晚于在线审核结束",
                "The cap of corrections lies after the end of the office's review.",
            ),
            ("不晚于在线审核结束日", "Set it no later than the office's date."),
            "work plan 七(二)",
        )


def _correction_fits(plan: ReviewPlan, calendar: PeriodCalendar) -> Iterator[PlanFinding]:
    latest = last_full_return(plan, calendar)
    gate = plan.dates.department.last_day.value
    if latest is None or latest < gate:
        yield finding(
            "error",
            "correction.cap",
            (
                f"{gate}最后提交的申报被退回后，到{plan.correction.cap.last_day.value}已没有完整的补正时间",
                f"A file submitted on {gate} and returned has less than its full time before "
                f"{plan.correction.cap.last_day.value}.",
            ),
            ("推迟补正最迟时限或缩短补正时间", "Move the cap or shorten the time."),
            "Order 40 Art. 18",
        )
        return
    yield finding(
        "info",
        "correction.wd",
        (
            f"{latest}以后退回的，补正时间不足{plan.correction.wd.value}个工作日",
            f"A file returned after {latest} has less than {plan.correction.wd.value} workdays to correct.",
        ),
        (f"于{latest}前退回", f"Return files by {latest}."),
        "work plan 七(二)",
    )


def _choices(plan: ReviewPlan) -> Iterator[PlanFinding]:
    ids: dict[str, Iterable[str]] = {
        "specialties": [choice.id for choice in plan.specialties],
        "levels": [choice.id for choice in plan.levels],
        "routes": [option.id for option in plan.routes if option.offered == "on"],
        "criteria": [row.key for row in plan.criteria],
    }
    for field, names in ids.items():
        counts = Counter(names)
        doubled = sorted(name for name, count in counts.items() if count > 1)
        if not counts or doubled:
            yield finding(
                "error",
                field,
                (
                    f"重复：{', '.join(doubled)}" if doubled else "不能为空",
                    f"Listed twice: {', '.join(doubled)}." if doubled else "Must not be empty.",
                ),
                ("逐项各列一次", "List each once, and at least one."),
                "work plan 一",
            )
    for level in plan.levels:
        if not any(row.level == level.id for row in plan.criteria):
            yield finding(
                "error",
                "criteria",
                (f"{level.label.zh}没有评审条件", f"There are no criteria for {level.label.en}."),
                ("补充该级别的条件", "Add the rows of this level."),
                "work plan 三",
            )
    if "qualification" in plan.offered_routes() and not plan.qualification_map.rows:
        yield finding(
            "error",
            "qualification_map",
            ("设有职业资格途径但没有对应表", "The qualification route is on but its map is empty."),
            ("补充对应表或关闭该途径", "Fill in the map or turn the route off."),
            "work plan 二",
        )
    for option in plan.routes:
        if option.offered == "on" and option.id not in PLAIN_ROUTES:
            yield finding(
                "error",
                f"routes.{option.id}",
                (
                    f"系统尚不能办理“{option.label.zh}”途径",
                    f"Applications cannot declare the route {option.label.en!r}.",
                ),
                ("关闭该途径", "Turn it off, or use the normal route."),
                "work plan 二",
            )


def _amendments(plan: ReviewPlan) -> Iterator[PlanFinding]:
    versions = [amendment.version for amendment in plan.amendments]
    if versions != list(range(2, plan.version + 1)):
        yield finding(
            "error",
            "amendments",
            (
                f"第{plan.version}版须逐版列出修改文件",
                f"Version {plan.version} needs one amendment for each version from 2 on.",
            ),
            ("补充修改文件号、日期和内容", "List the document, its date and what changed."),
            "work plan 七",
        )


def _unverified(plan: ReviewPlan) -> Iterator[PlanFinding]:
    for leaf in plan.unverified():
        label: Label = MARK_LABELS[leaf.item.mark]
        yield finding(
            "info",
            leaf.path,
            (f"未经核实（{label.zh}）", f"Not verified ({label.en})."),
            ("核对原文", "Check the source."),
            leaf.item.source,
        )
