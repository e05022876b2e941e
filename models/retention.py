"""How long what is kept is kept (PIPL Art. 19, 47; regulations Part 7): classes as data, with sources.

Pure: what class a record is of, from which day its time counts, and the first day on which it may and must
go. What is removed is `models.retention_payload`; who removes it `activities.retention`.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Literal

from models.cited import Mark
from models.plan import ReviewPlan
from models.stages import Stage
from models.wire import Label

GRACE = timedelta(days=30)
"""What is due and not removed after so long is overdue: the doctor says so (design)."""


class Kept(StrEnum):
    """A class of records, by how long they are kept."""

    NOT_PURSUED = "not_pursued"
    NOT_PASSED = "not_passed"
    PASSED = "passed"
    MEETING = "meeting"
    CERTIFICATE = "certificate"
    CREDIT = "credit"
    PUBLIC_LIST = "public_list"
    ACCESS_LOG = "access_log"
    MESSAGES = "messages"
    PERSON = "person"


@dataclass(frozen=True)
class Period:
    """So many days, months or years; None: for ever."""

    number: int
    unit: Literal["days", "months", "years"]

    def words(self) -> Label:
        """For people."""
        zh = {"days": "日", "months": "个月", "years": "年"}[self.unit]
        return Label(zh=f"{self.number}{zh}", en=f"{self.number} {self.unit}")


@dataclass(frozen=True)
class Rule:
    """One class: what it holds, how long, from when, and who says so. `plan`: the value that overrides."""

    kept: Kept
    label: Label
    period: Period | None
    counts_from: Label
    citation: str
    mark: Mark
    plan: str | None = None


_CLOSE = Label(zh="年度评审办结之日", en="the day the cycle was closed, or the application ended if later")
_SUGGESTED = "PIPL Art. 19, 47; regulations Part 7"

RULES: dict[Kept, Rule] = {
    rule.kept: rule
    for rule in (
        Rule(
            Kept.NOT_PURSUED,
            Label(zh="未提交、撤回、逾期的申报", en="drafts, withdrawn and lapsed applications"),
            Period(6, "months"),
            _CLOSE,
            _SUGGESTED,
            "I",
            "retention.not_pursued_months",
        ),
        Rule(
            Kept.NOT_PASSED,
            Label(zh="未通过、不予推荐、退件、取消的申报", en="declined, rejected, failed, cancelled ones"),
            Period(3, "years"),
            _CLOSE,
            _SUGGESTED,
            "I",
            "retention.not_passed_years",
        ),
        Rule(
            Kept.PASSED,
            Label(zh="评审通过的申报材料", en="dossiers of those who passed"),
            Period(10, "years"),
            _CLOSE,
            f"{_SUGGESTED}; Order 40 Art. 23",
            "I",
            "after.record_years",
        ),
        Rule(
            Kept.MEETING,
            Label(zh="评审会议记录、评议意见", en="minutes and opinions of meetings"),
            Period(10, "years"),
            Label(zh="会议结束之日", en="the day the meeting ended"),
            f"{_SUGGESTED}; Order 40 Art. 23",
            "I",
            "after.record_years",
        ),
        Rule(
            Kept.CERTIFICATE,
            Label(zh="证书及撤销记录", en="certificates and their revocation"),
            None,
            Label(zh="永久保存", en="for ever"),
            "PIPL Art. 19; Order 40 Art. 30-33",
            "I",
        ),
        Rule(
            Kept.CREDIT,
            Label(zh="诚信档案记录", en="entries of the credit register"),
            Period(0, "days"),
            Label(zh="记录期限届满之日", en="the last day of the entry, or of its ban if later"),
            "Order 40 Art. 39; 人社部发〔2024〕56号",
            "P",
        ),
        Rule(
            Kept.PUBLIC_LIST,
            Label(zh="公示名单中的姓名", en="names in lists on public view"),
            Period(30, "days"),
            Label(zh="结果公布之日", en="the day the last result of the list was published"),
            _SUGGESTED,
            "I",
            "publicity.taken_down_after_days",
        ),
        Rule(
            Kept.ACCESS_LOG,
            Label(zh="查阅与导出日志", en="the logs of looks and of exports"),
            Period(3, "years"),
            Label(zh="记录之日", en="the day of the entry"),
            "PIPL Art. 51, 56; regulations Part 7",
            "I",
        ),
        Rule(
            Kept.MESSAGES,
            Label(zh="会议、周期与运行通知", en="notices of cycles, meetings and the service"),
            Period(3, "years"),
            Label(zh="通知之日", en="the day of the notice"),
            "PIPL Art. 19; design",
            "I",
        ),
        Rule(
            Kept.PERSON,
            Label(zh="证件号码、联系方式、姓名", en="identity number, contact, name"),
            Period(6, "months"),
            Label(
                zh="登记之日；有申报的，与其最后一项申报同时到期",
                en="the day of the entry; with an application, together with the last of them",
            ),
            _SUGGESTED,
            "I",
            "retention.not_pursued_months",
        ),
    )
}

_NOT_PURSUED = frozenset({Stage.DRAFT, Stage.WITHDRAWN, Stage.LAPSED})
_PASSED = frozenset({Stage.CERTIFIED, Stage.ARCHIVED, Stage.REVOKED})


def kept_as(stage: Stage) -> Kept:
    """The class of an application that ended in this stage."""
    if stage in _NOT_PURSUED:
        return Kept.NOT_PURSUED
    return Kept.PASSED if stage in _PASSED else Kept.NOT_PASSED


def period_of(kept: Kept, plan: ReviewPlan | None = None) -> Period | None:
    """How long, by the plan if it says so; None: for ever."""
    rule = RULES[kept]
    if rule.period is None or rule.plan is None or plan is None:
        return rule.period
    number: int | None
    match rule.plan:
        case "after.record_years":
            number = plan.after.record_years.value
        case "publicity.taken_down_after_days":
            number = plan.publicity.taken_down_after_days.value
        case path:
            named = getattr(plan.retention, path.removeprefix("retention."), None) if plan.retention else None
            number = named.value if named is not None else None
    return rule.period if number is None else Period(number, rule.period.unit)


def last_day(start: date, period: Period) -> date:
    """The last day of a period that counts from `start`, which is not counted itself.

    The corresponding day of the last month; the end of that month where there is none (Civil Code Art. 201,
    202).
    """
    if period.unit == "days":
        return start + timedelta(days=period.number)
    months = period.number * (12 if period.unit == "years" else 1)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))


def due_on(start: date | None, period: Period | None) -> date | None:
    """The first day on which it may and must go; None: not yet known, or never."""
    if start is None or period is None:
        return None
    return last_day(start, period) + timedelta(days=1)


def latest_start(today: date, period: Period) -> date:
    """The latest day from which a time counts that is over on `today`."""
    start = today - timedelta(days=period.number * {"days": 1, "months": 28, "years": 365}[period.unit])
    while last_day(start, period) >= today:
        start -= timedelta(days=1)
    return start


def is_overdue(due: date, today: date) -> bool:
    """Whether it should have gone long ago."""
    return today >= due + GRACE
