"""The steps of a committee's year, as data: what, by whom, of which kind, and where the date comes from.

Source: docs/process.md, section (c); work plan 七 to 九. The dates themselves are `models.cycle_dates`,
what passing one means is `models.cycle_life`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from models.roles import Role
from models.wire import Label, Wire


class StepId(StrEnum):
    """The steps of a cycle; stable names for integrations."""

    PLAN_FILED = "plan_filed"
    PLAN_PUBLISHED = "plan_published"
    COMMITTEE_CHECKED = "committee_checked"
    OPENS = "opens"
    DEPARTMENT_CLOSES = "department_closes"
    OFFICE_REVIEW = "office_review"
    EXAM = "exam"
    EXPERTS_DRAWN = "experts_drawn"
    MEETINGS = "meetings"
    RESULT_LIST = "result_list"
    RESULT_PUBLICITY = "result_publicity"
    REPORT = "report"
    CERTIFICATES = "certificates"
    ARCHIVED = "archived"
    CLOSE = "close"


class StepKind(StrEnum):
    """What the date of a step means.

    A DUTY that passes is escalated and decides nothing. A BAR ends a window for the applicants: their own
    workflows act on it, the cycle watches. A GUARD must hold before something else may happen. A WINDOW is
    time in which something may happen, a PERIOD is a publicity, an INSTANT opens.
    """

    DUTY = "duty"
    BAR = "bar"
    GUARD = "guard"
    WINDOW = "window"
    PERIOD = "period"
    INSTANT = "instant"


STEP_KIND_LABELS: Mapping[StepKind, Label] = MappingProxyType(
    {
        StepKind.DUTY: Label(zh="办理时限", en="duty"),
        StepKind.BAR: Label(zh="截止", en="bar"),
        StepKind.GUARD: Label(zh="前置条件", en="guard"),
        StepKind.WINDOW: Label(zh="期间", en="window"),
        StepKind.PERIOD: Label(zh="公示期", en="period"),
        StepKind.INSTANT: Label(zh="开始", en="opens"),
    }
)


class DoneBy(StrEnum):
    """How it is known that a step is done: somebody says so, a command does it, or the numbers show it."""

    RECORD = "record_step"
    COMMAND = "command"
    NUMBERS = "numbers"
    CLOCK = "clock"


class StepSpec(Wire):
    """One step. `date_from` says in words how its date follows from the plan."""

    id: StepId
    label: Label
    kind: StepKind
    who: Role
    done_by: DoneBy
    date_from: str
    citation: str


def _step(
    step: StepId,
    zh: str,
    en: str,
    kind: StepKind,
    who: Role,
    done_by: DoneBy,
    date_from: str,
    citation: str,
) -> StepSpec:
    return StepSpec(
        id=step,
        label=Label(zh=zh, en=en),
        kind=kind,
        who=who,
        done_by=done_by,
        date_from=date_from,
        citation=citation,
    )


S, K, O, M = StepId, StepKind, Role.OFFICE, Role.CITY_OFFICE  # noqa: E741

_ALL = (
    _step(
        S.PLAN_FILED,
        "工作方案备案",
        "work plan filed",
        K.DUTY,
        O,
        DoneBy.RECORD,
        "dates.filed_by",
        "津人社办函〔2023〕355号",
    ),
    _step(
        S.PLAN_PUBLISHED,
        "工作方案与标准公布（两处）",
        "work plan and criteria published, in both places",
        K.DUTY,
        O,
        DoneBy.RECORD,
        "dates.published_by",
        "津人社办函〔2023〕355号",
    ),
    _step(
        S.OPENS,
        "申报开始",
        "applications open",
        K.INSTANT,
        Role.SYSTEM,
        DoneBy.CLOCK,
        "dates.opens",
        "work plan 七(一)",
    ),
    _step(
        S.DEPARTMENT_CLOSES,
        "主管部门提交截止",
        "the departments' window closes",
        K.BAR,
        Role.SYSTEM,
        DoneBy.CLOCK,
        "dates.department",
        "work plan 七(一)",
    ),
    _step(
        S.OFFICE_REVIEW,
        "在线审核完成",
        "online review done",
        K.DUTY,
        O,
        DoneBy.NUMBERS,
        "dates.office",
        "work plan 七(二)",
    ),
    _step(
        S.COMMITTEE_CHECKED,
        "评委会备案在有效期内",
        "the committee's filing is valid",
        K.GUARD,
        O,
        DoneBy.RECORD,
        "dates.meeting.first_day - vote.draw_lead_days",
        "Order 40 Art. 8 (three years at most)",
    ),
    _step(
        S.EXPERTS_DRAWN,
        "录入会议计划并抽取专家",
        "meeting entered and experts drawn",
        K.GUARD,
        O,
        DoneBy.NUMBERS,
        "vote.draw_lead_days before the next meeting, or before dates.meeting.first_day",
        "津人社办函〔2023〕355号",
    ),
    _step(
        S.EXAM,
        "专业考试完成",
        "professional examination done",
        K.DUTY,
        O,
        DoneBy.NUMBERS,
        "dates.exam",
        "work plan 七(三)",
    ),
    _step(
        S.MEETINGS,
        "评审会议",
        "meetings of the committee",
        K.WINDOW,
        O,
        DoneBy.NUMBERS,
        "dates.meeting",
        "work plan 七(四); reading 4",
    ),
    _step(
        S.RESULT_LIST,
        "公布评审通过名单",
        "list of the passed posted",
        K.DUTY,
        O,
        DoneBy.NUMBERS,
        "after.list_wd working days after the oldest meeting without a list",
        "Tianjin 2022 plan",
    ),
    _step(
        S.RESULT_PUBLICITY,
        "评审结果公示",
        "result publicity",
        K.PERIOD,
        Role.SYSTEM,
        DoneBy.CLOCK,
        "publicity.result_wd working days after the later posting",
        "work plan 七(五); Order 40 Art. 26",
    ),
    _step(
        S.REPORT,
        "报送评审工作报告",
        "work report filed",
        K.DUTY,
        O,
        DoneBy.COMMAND,
        "after.report_wd working days after the publicity",
        "Tianjin 2022 plan",
    ),
    _step(
        S.CERTIFICATES,
        "公布结果并制发证书",
        "results confirmed, certificates made",
        K.DUTY,
        M,
        DoneBy.NUMBERS,
        "after.certificate_wd working days after the report",
        "Tianjin 2022 plan",
    ),
    _step(
        S.ARCHIVED,
        "评审表等材料归档",
        "review forms, minutes and tallies archived",
        K.DUTY,
        O,
        DoneBy.RECORD,
        "after.archive_reminder_days days after the certificates",
        "Order 40 Art. 24; design",
    ),
    _step(
        S.CLOSE,
        "年度评审结束",
        "the cycle is closed",
        K.WINDOW,
        O,
        DoneBy.COMMAND,
        "no date: after the last open case, or with the open cases listed",
        "process (c)",
    ),
)

STEPS: Mapping[StepId, StepSpec] = MappingProxyType({step.id: step for step in _ALL})
"""Every step, in the order of the year."""


class Phase(StrEnum):
    """Where the year stands; stable names for integrations."""

    PREPARING = "preparing"
    OPEN = "open"
    REVIEWING = "reviewing"
    EXAMINING = "examining"
    MEETING = "meeting"
    PUBLICITY = "publicity"
    CONFIRMING = "confirming"
    CLOSED = "closed"


PHASE_LABELS: Mapping[Phase, Label] = MappingProxyType(
    {
        Phase.PREPARING: Label(zh="筹备", en="preparing"),
        Phase.OPEN: Label(zh="申报", en="open to applications"),
        Phase.REVIEWING: Label(zh="在线审核", en="online review"),
        Phase.EXAMINING: Label(zh="专业考试", en="examination"),
        Phase.MEETING: Label(zh="评审会议", en="meetings"),
        Phase.PUBLICITY: Label(zh="结果公示", en="result publicity"),
        Phase.CONFIRMING: Label(zh="备案发证", en="confirmation and certificates"),
        Phase.CLOSED: Label(zh="已结束", en="closed"),
    }
)
