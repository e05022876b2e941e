"""The stages an application can be in: label, whose court, kind of deadline, source, place in the drawing."""

from __future__ import annotations

from models.deadlines import DeadlineKind, DeadlineName
from models.roles import Role
from models.stage_types import Stage, StageDeadline, StageSpec
from models.wire import Label

__all__ = ["STAGES", "Stage", "StageDeadline", "StageSpec", "label_of"]

_BAR = StageDeadline(
    name=DeadlineName.DEPARTMENT_SUBMISSION,
    kind=DeadlineKind.BAR,
    expiry="lapse",
    label=Label(zh="主管部门提交截止", en="the department's window closes"),
)
_CORRECTION = StageDeadline(
    name=DeadlineName.CORRECTION,
    kind=DeadlineKind.BAR,
    expiry="abandon",
    label=Label(zh="限时更改期限", en="time limit of the correction"),
)
_FIRST_LEG = (_BAR, _CORRECTION)
"""Before the office: the department's window bars; inside an office correction its limit bars instead."""


def _duty(name: DeadlineName, zh: str, en: str) -> StageDeadline:
    return StageDeadline(name=name, kind=DeadlineKind.DUTY, expiry=None, label=Label(zh=zh, en=en))


def _end(name: DeadlineName, kind: DeadlineKind, expiry: str, zh: str, en: str) -> StageDeadline:
    return StageDeadline(name=name, kind=kind, expiry=expiry, label=Label(zh=zh, en=en))


_MEETING = _duty(DeadlineName.MEETING, "评审会议期限", "the time for meetings ends")


def _spec(
    stage: Stage,
    zh: str,
    en: str,
    action_by: Role | None,
    lane: Role,
    place: tuple[int, int],
    citation: str,
    deadlines: tuple[StageDeadline, ...] = (),
    *,
    terminal: bool = False,
    final: bool = False,
    automatic: bool = False,
) -> StageSpec:
    return StageSpec(
        stage=stage,
        label=Label(zh=zh, en=en),
        action_by=action_by,
        lane=lane,
        place=place,
        citation=citation,
        deadlines=deadlines,
        terminal=terminal or final,
        final=final,
        automatic=automatic,
    )


A, E, D, O = Role.APPLICANT, Role.EMPLOYER, Role.DEPARTMENT, Role.OFFICE  # noqa: E741
U, P, C, M, R, T = (
    Role.CONVENING_UNIT,
    Role.EXPERT,
    Role.CHAIR,
    Role.CITY_OFFICE,
    Role.ARCHIVE,
    Role.SYSTEM,
)

_ALL = (
    _spec(Stage.DRAFT, "填报中", "draft", A, A, (0, 0), "work plan 七(一)", (_BAR,)),
    _spec(
        Stage.EMPLOYER_REVIEW,
        "单位审核",
        "employer review",
        E,
        E,
        (1, 0),
        "work plan 七(一), 九(二)",
        _FIRST_LEG,
    ),
    _spec(
        Stage.EMPLOYER_RETURNED,
        "单位退回",
        "returned by the employer",
        A,
        A,
        (1, 0),
        "work plan 七(一)",
        (
            _duty(
                DeadlineName.EMPLOYER_CORRECTION,
                "单位要求的补正日期（仅提醒）",
                "the date the employer asked for",
            ),
            *_FIRST_LEG,
        ),
    ),
    _spec(
        Stage.QUOTA_CHECK,
        "岗位数额核验",
        "post check",
        T,
        E,
        (2, 0),
        "work plan 五",
        _FIRST_LEG,
        automatic=True,
    ),
    _spec(Stage.QUOTA_BLOCKED, "无空岗", "no free post", E, E, (2, 1), "work plan 五", _FIRST_LEG),
    _spec(Stage.RECOMMENDED, "拟推荐", "recommended", E, E, (3, 0), "work plan 七(一)", _FIRST_LEG),
    _spec(
        Stage.EMPLOYER_PUBLICITY,
        "单位公示",
        "employer publicity",
        T,
        E,
        (4, 0),
        "work plan 七(一); Order 40 Art. 16",
        (
            _end(
                DeadlineName.EMPLOYER_PUBLICITY,
                DeadlineKind.PERIOD,
                "publicity_over",
                "单位公示期",
                "the employer's publicity period",
            ),
            *_FIRST_LEG,
        ),
    ),
    _spec(
        Stage.EMPLOYER_OBJECTION,
        "单位异议核查",
        "objection looked into by the employer",
        E,
        E,
        (4, 1),
        "Order 40 Art. 16; 10 working days by design",
        (
            _duty(DeadlineName.EMPLOYER_OBJECTION, "异议核查期限", "time to look into the objection"),
            *_FIRST_LEG,
        ),
    ),
    _spec(Stage.PUBLICITY_ENDED, "公示期满", "publicity over", E, E, (5, 0), "work plan 七(一)", _FIRST_LEG),
    _spec(
        Stage.DEPARTMENT_REVIEW,
        "主管部门审核",
        "department review",
        D,
        D,
        (5, 0),
        "work plan 七(一)",
        _FIRST_LEG,
    ),
    _spec(
        Stage.DEPARTMENT_RETURNED,
        "主管部门退回",
        "returned by the department",
        A,
        D,
        (4, 0),
        "work plan 七(一)",
        _FIRST_LEG,
    ),
    _spec(
        Stage.OFFICE_REVIEW,
        "在线审核",
        "office review",
        O,
        O,
        (0, 0),
        "work plan 七(二)",
        (_duty(DeadlineName.OFFICE_REVIEW, "在线审核期限", "the time for online review ends"),),
    ),
    _spec(
        Stage.OFFICE_RETURNED,
        "退回补正",
        "returned for correction",
        A,
        O,
        (0, 1),
        "work plan 七(二); Order 40 Art. 18",
        (_CORRECTION,),
    ),
    _spec(Stage.ACCEPTED, "已接收", "accepted", T, O, (1, 0), "work plan 七(二)", automatic=True),
    _spec(
        Stage.EXAM_PENDING,
        "待专业考试",
        "waiting for the examination",
        O,
        O,
        (2, 1),
        "work plan 七(三)",
        (_duty(DeadlineName.EXAM, "专业考试期限", "the time for the examination ends"),),
    ),
    _spec(Stage.REVIEW_READY, "待评审", "ready for review", O, O, (2, 0), "work plan 七(四)", (_MEETING,)),
    _spec(
        Stage.DEFENCE_PENDING,
        "答辩",
        "defence",
        O,
        P,
        (2, 0),
        "plans with 答辩; not used in 2023",
        (
            _end(
                DeadlineName.DEFENCE_EXCUSE,
                DeadlineKind.BAR,
                "abandon",
                "缺席说明期限",
                "time to explain the absence",
            ),
            _MEETING,
        ),
    ),
    _spec(Stage.EXPERT_REVIEW, "专家评议", "expert review", C, P, (3, 0), "Order 40 Art. 21", (_MEETING,)),
    _spec(Stage.VOTING, "投票", "voting", C, C, (4, 0), "Order 40 Art. 19-20", (_MEETING,)),
    _spec(
        Stage.NOT_PASSED,
        "评审未通过",
        "not passed",
        A,
        C,
        (5, 0),
        "Order 40 Art. 20, 27",
        (
            _end(
                DeadlineName.RECHECK_WINDOW,
                DeadlineKind.WINDOW,
                "recheck_window_over",
                "复查申请期限",
                "time to ask for a re-check",
            ),
        ),
    ),
    _spec(
        Stage.RECHECK,
        "复查",
        "re-check",
        U,
        U,
        (5, 0),
        "Order 40 Art. 27",
        (_duty(DeadlineName.RECHECK_RULING, "复查办理期限", "time to rule on the re-check"),),
    ),
    _spec(
        Stage.PASSED,
        "评审通过",
        "passed",
        O,
        O,
        (5, 0),
        "Order 40 Art. 20, 22",
        (_duty(DeadlineName.RESULT_LIST, "公示名单发布期限", "time to publish the list"),),
    ),
    _spec(
        Stage.RESULT_PUBLICITY,
        "结果公示",
        "result publicity",
        T,
        O,
        (6, 0),
        "work plan 七(五); Order 40 Art. 26",
        (
            _end(
                DeadlineName.RESULT_PUBLICITY,
                DeadlineKind.PERIOD,
                "result_publicity_over",
                "结果公示期",
                "the publicity period of the result",
            ),
        ),
    ),
    _spec(
        Stage.RESULT_OBJECTION,
        "结果异议核查",
        "objection looked into by the convening unit",
        U,
        U,
        (6, 0),
        "Order 40 Art. 26",
        (_duty(DeadlineName.RESULT_OBJECTION, "异议核查期限", "time to look into the objection"),),
    ),
    _spec(
        Stage.CONFIRM_PENDING,
        "待确认备案",
        "waiting for confirmation",
        M,
        M,
        (7, 0),
        "Order 40 Art. 26",
        (_duty(DeadlineName.CONFIRMATION, "确认备案期限", "time to confirm"),),
    ),
    _spec(
        Stage.CONFIRMED,
        "公布结果",
        "confirmed",
        T,
        M,
        (8, 0),
        "work plan 七(六)",
        (_duty(DeadlineName.CERTIFICATE, "制证期限", "time to make the certificate"),),
    ),
    _spec(
        Stage.CERTIFIED,
        "已发证",
        "certified",
        R,
        M,
        (9, 0),
        "work plan 七(六); Order 40 Art. 30-33",
        (_duty(DeadlineName.ARCHIVING, "归档提醒", "reminder to archive the form"),),
    ),
    _spec(
        Stage.ARCHIVED,
        "已归档",
        "archived",
        None,
        R,
        (9, 0),
        "work plan 七(六)",
        (
            _end(
                DeadlineName.RECORD_KEEPING,
                DeadlineKind.WINDOW,
                "record_closed",
                "档案保存期",
                "the file is kept, the title may be revoked",
            ),
        ),
        terminal=True,
    ),
    _spec(
        Stage.WITHDRAWN,
        "已撤回",
        "withdrawn",
        None,
        A,
        (0, 1),
        "withdrawal before the ballot, by design",
        final=True,
    ),
    _spec(
        Stage.LAPSED,
        "逾期",
        "lapsed",
        None,
        A,
        (4, 0),
        "work plan 七(一)",
        (
            _end(
                DeadlineName.LATE_ADMISSION,
                DeadlineKind.WINDOW,
                "late_admission_over",
                "准予补报期限",
                "until then the city title office may admit a case late",
            ),
        ),
        terminal=True,
    ),
    _spec(
        Stage.EMPLOYER_DECLINED,
        "不予推荐",
        "declined by the employer",
        None,
        E,
        (3, 1),
        "work plan 七(一)",
        (
            _end(
                DeadlineName.DEPARTMENT_SUBMISSION,
                DeadlineKind.WINDOW,
                "declined_for_good",
                "可重新受理期限",
                "until then the employer may reopen it",
            ),
        ),
        terminal=True,
    ),
    _spec(
        Stage.DEPARTMENT_REJECTED,
        "主管部门不予通过",
        "rejected by the department",
        None,
        D,
        (6, 0),
        "work plan 七(一)",
        final=True,
    ),
    _spec(
        Stage.OFFICE_REJECTED,
        "不符合条件",
        "refused by the office",
        None,
        O,
        (1, 1),
        "work plan 七(二)",
        final=True,
    ),
    _spec(
        Stage.DEEMED_ABANDONED,
        "视为放弃",
        "deemed abandoned",
        None,
        O,
        (4, 1),
        "Order 40 Art. 18",
        final=True,
    ),
    _spec(
        Stage.EXAM_FAILED, "考试未通过", "examination failed", None, O, (3, 1), "work plan 七(三)", final=True
    ),
    _spec(Stage.CLOSED, "未通过结案", "closed, not passed", None, U, (4, 0), "Order 40 Art. 27", final=True),
    _spec(
        Stage.RESULT_CANCELLED,
        "取消评审结果",
        "result cancelled",
        None,
        U,
        (7, 0),
        "Order 40 Art. 26, 39",
        final=True,
    ),
    _spec(
        Stage.ELIGIBILITY_CANCELLED,
        "取消当年申报资格",
        "eligibility of the year cancelled",
        None,
        M,
        (2, 0),
        "work plan 九(四)",
        final=True,
    ),
    _spec(
        Stage.REVOKED,
        "已撤销",
        "title revoked",
        None,
        M,
        (10, 0),
        "work plan 九(二), 九(四); Order 40 Art. 39",
        final=True,
    ),
)

STAGES: dict[Stage, StageSpec] = {spec.stage: spec for spec in _ALL}
"""Every stage by its name, in the order of a life."""


def label_of(stage: str) -> Label:
    """The label of a stage by its value."""
    return STAGES[Stage(stage)].label
