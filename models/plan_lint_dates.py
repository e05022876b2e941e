"""The part of the plan lint about the order of dates: what must come before what, and which dates rest.

Order of the steps: work plan 七 and 津人社办函〔2023〕355号.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from models.plan import Deadline, ReviewPlan
from models.plan_finding import PlanFinding, finding
from models.plan_periods import PeriodCalendar
from models.wire import start_of

DRAW_LEAD_FLOOR = 7
"""Days between the draw of the experts and the meeting, at least (津人社办函〔2023〕355号)."""

CYCLE_ORDER = "work plan 七"


def date_findings(plan: ReviewPlan) -> Iterator[PlanFinding]:
    """Steps out of order, deadlines of the wrong kind, and a draw that cannot be held in time."""
    yield from _order(plan)
    yield from _kinds(plan)
    yield from _draw(plan)


class Step(NamedTuple):
    """A step of the cycle: where it stands in the plan, its names, its instant and how to show it."""

    field: str
    zh: str
    en: str
    instant: datetime
    shown: str


def _closing(field: str, zh: str, en: str, deadline: Deadline) -> Step:
    return Step(field, zh, en, deadline.instant, f"{deadline.last_day.value} {deadline.until.value}")


def _steps(plan: ReviewPlan) -> list[Step]:
    """The steps in the order in which they must come."""
    dates = plan.dates
    opens = dates.opens
    first, last = dates.meeting.first_day.value, dates.meeting.last_day.value
    steps = [
        _closing("dates.filed_by", "方案备案", "the filing of the plan", dates.filed_by),
        _closing("dates.published_by", "方案公布", "the publication of the plan", dates.published_by),
        Step(
            "dates.opens",
            "开始申报",
            "the opening",
            opens.instant,
            f"{opens.first_day.value} {opens.at.value}",
        ),
        _closing("dates.department", "主管部门提交截止", "the department's gate", dates.department),
        _closing("dates.office", "在线审核结束", "the end of the office's review", dates.office),
    ]
    if "exam" in plan.offered_routes():
        steps.append(_closing("dates.exam", "专业考试结束", "the end of the exam", dates.exam))
    return [
        *steps,
        Step("dates.meeting.first_day", "首个会议日", "the first meeting day", start_of(first), str(first)),
        Step("dates.meeting.last_day", "最后会议日", "the last meeting day", start_of(last), str(last)),
        _closing("dates.review", "评审结束", "the end of the review", dates.review),
    ]


MAY_COINCIDE = {"dates.published_by", "dates.opens", "dates.meeting.first_day", "dates.meeting.last_day"}
"""Fields that may fall on the very instant of the step before them."""


def _order(plan: ReviewPlan) -> Iterator[PlanFinding]:
    for before, after in pairwise(_steps(plan)):
        coincide = before.instant == after.instant
        if before.instant > after.instant or (coincide and after.field not in MAY_COINCIDE):
            yield finding(
                "error",
                after.field,
                (
                    f"{after.zh}（{after.shown}）须在{before.zh}（{before.shown}）之后",
                    f"Out of order: {after.en} ({after.shown}) before {before.en} ({before.shown}).",
                ),
                ("调整日期", "Move one of the dates."),
                CYCLE_ORDER,
            )


def _kinds(plan: ReviewPlan) -> Iterator[PlanFinding]:
    dates = plan.dates
    for field, deadline in (("office", dates.office), ("exam", dates.exam), ("review", dates.review)):
        if deadline.kind.value == "BAR":
            yield finding(
                "error",
                f"dates.{field}.kind",
                (
                    "工作人员逾期不得使申报人丧失权利",
                    "An officer's delay must not end an applicant's case.",
                ),
                ("改为DUTY", "Make it a DUTY."),
                CYCLE_ORDER,
            )
    gate = dates.department
    if gate.kind.value == "BAR" and gate.late_admission is None:
        yield finding(
            "warning",
            "dates.department.late_admission",
            (
                "主管部门的延误会使申报人逾期，且无人可以准予补报",
                "A department's delay bars the applicant and nobody can admit the file late.",
            ),
            ("指定可准予补报的单位", "Name who may admit it."),
            CYCLE_ORDER,
        )


def _draw(plan: ReviewPlan) -> Iterator[PlanFinding]:
    lead, window = plan.vote.draw_lead_days.value, plan.dates.meeting
    citation = "津人社办函〔2023〕355号"
    if lead < DRAW_LEAD_FLOOR:
        yield finding(
            "error",
            "vote.draw_lead_days",
            (
                f"评审专家须在会议召开{DRAW_LEAD_FLOOR}日前抽取",
                f"Experts are drawn at least {DRAW_LEAD_FLOOR} days before the meeting.",
            ),
            (f"改为{DRAW_LEAD_FLOOR}日以上", f"Say {DRAW_LEAD_FLOOR} or more."),
            citation,
        )
        return
    earliest, latest = (day.value - timedelta(days=lead) for day in (window.first_day, window.last_day))
    if latest <= plan.dates.opens.first_day.value:
        yield finding(
            "error",
            "vote.draw_lead_days",
            (
                f"提前{lead}日抽取，即使最后一天开会也须在开始申报前（{latest}）抽取",
                f"With {lead} days' lead even the last meeting needs a draw on {latest}, before the opening.",
            ),
            ("缩短提前日数", "Shorten the lead."),
            citation,
        )
    elif earliest <= plan.dates.office.last_day.value:
        yield finding(
            "warning",
            "vote.draw_lead_days",
            (
                f"首日会议须于{earliest}前抽取专家，其时在线审核尚未结束，无法核对回避",
                f"The first meeting needs its draw by {earliest}, before the office's review ends: "
                "conflicts cannot be checked yet.",
            ),
            ("推迟首次会议", "Meet later."),
            "Order 40 Art. 25",
        )


def rest_day_findings(plan: ReviewPlan, calendar: PeriodCalendar) -> Iterator[PlanFinding]:
    """Deadlines that fall on a rest day. They are not moved: they are dates, not periods."""
    dates = plan.dates
    days: tuple[tuple[str, date], ...] = (
        ("dates.department", dates.department.last_day.value),
        ("dates.office", dates.office.last_day.value),
        ("dates.exam", dates.exam.last_day.value),
        ("dates.meeting.last_day", dates.meeting.last_day.value),
        ("correction.cap", plan.correction.cap.last_day.value),
    )
    for field, day in days:
        if not calendar.is_workday(day):
            yield finding(
                "warning",
                field,
                (f"{day}是休息日，期限不顺延", f"{day} is a rest day and the date does not move."),
                ("在前一个工作日前提醒", "Remind people before the workday before it."),
                "Civil Code Art. 203",
            )
