"""Conditions on revocation, cancellation and hold, and on moving deadlines."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from models import commands as c
from models.deadlines import Deadline, DeadlineKind, DeadlineName
from models.guards.base import narrowed, unmet
from models.roles import ROLE_LABELS, Role
from models.schedule import AHEAD, planned_day
from models.state import ApplicationState
from models.terms import earlier_date
from models.wire import local_day

FARTHEST = timedelta(days=366)
"""A deadline moves by a year at most; more is a slip of the pen."""

_AMENDED = "process: plan amended"


def notice_and_hearing(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """Before a revocation the holder is told and may be heard."""
    revoke = narrowed(command, c.Revoke)
    if not (revoke.notice_given and revoke.hearing_offered):
        field = "notice_given" if not revoke.notice_given else "hearing_offered"
        raise unmet(
            "撤销前须告知本人并听取陈述申辩。",
            "Before a revocation the holder must be told and may be heard.",
            f"请完成后设置 {field}=true。",
            f"Do so, then set `{field}`.",
            field,
            "Order 40 Art. 39; work plan 九(二)",
        )


def revisions_named(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """Each change names a running deadline and moves it later only; an extension is the city office's."""
    revise = narrowed(command, c.ReviseDeadlines)
    if revise.ground == "extension" and revise.actor.role is not Role.CITY_OFFICE:
        raise unmet(
            "个案延期由市职称办决定。",
            "An extension in a single case is for the city title office to grant.",
            "请由市职称办办理；方案修订、公示中断或日历通知可由办事机构登记。",
            "Let the city title office send it; the office records amendments, interruptions and notices.",
            "ground",
            "process (a) roles: extensions",
        )
    if revise.plan_version is not None:
        _check_version(state, revise)
        return
    if not revise.changes and revise.ground != "calendar_notice":
        raise unmet(
            "未说明要更改哪一期限。",
            "No deadline is named.",
            "请填写 changes。",
            "Give `changes`.",
            "changes",
            _AMENDED,
        )
    names = [change.name for change in revise.changes]
    for index, change in enumerate(revise.changes):
        if names.index(change.name) != index:
            raise unmet(
                f"期限 {change.name.value} 重复出现。",
                f"The deadline '{change.name.value}' is named twice.",
                "每一期限只填写一次。",
                "Name each deadline once.",
                f"changes.{index}.name",
                _AMENDED,
            )
        _check_change(state, change, f"changes.{index}", now)


def _check_version(state: ApplicationState, revise: c.ReviseDeadlines) -> None:
    """A later version of the plan, by an amendment, with dates that are no earlier than those in force."""
    assert revise.plan_version is not None
    assert revise.plan_dates is not None
    if revise.ground != "plan_amendment" or revise.changes:
        raise unmet(
            "新版方案只能以方案修订为由下达，且不得同时更改单项期限。",
            "A version of the plan comes with ground 'plan_amendment' and with no single changes beside it.",
            "ground=plan_amendment，changes 留空；单项期限另行下达。",
            "Use ground 'plan_amendment' and leave `changes` empty; send single changes by themselves.",
            "ground" if revise.ground != "plan_amendment" else "changes",
            _AMENDED,
        )
    if revise.plan_version <= state.plan.version:
        raise unmet(
            f"该申报已适用方案第{state.plan.version}版。",
            f"The application follows version {state.plan.version} of the plan already.",
            "无需再次下达。",
            "Nothing is to be done.",
            "plan_version",
            _AMENDED,
        )
    earlier = earlier_date(state.plan, revise.plan_dates)
    if earlier is not None:
        raise unmet(
            f"方案日期只能延后：{earlier}。",
            f"Dates of a plan move later only; '{earlier}' would move earlier.",
            "请给出更晚的日期。",
            "Give a later date.",
            f"plan_dates.{earlier}",
            _AMENDED,
        )


def _check_change(state: ApplicationState, change: c.DeadlineChange, path: str, now: datetime) -> None:
    running = {d.name: d for d in state.current_deadlines()}
    movable = [*running, *(n for n in AHEAD if n not in running)]
    if change.name not in movable:
        raise unmet(
            f"没有运行中的期限 {change.name.value}。",
            f"There is no running deadline '{change.name.value}' on this application.",
            f"可更改：{'、'.join(n.value for n in movable)}。",
            f"Use one of: {', '.join(n.value for n in movable)}.",
            f"{path}.name",
            _AMENDED,
        )
    known = state.deadlines.get(change.name)
    last_day = known.last_day if known is not None else planned_day(state, change.name)
    if change.last_day is not None:
        _check_last_day(known, change.last_day, last_day, f"{path}.last_day", now)
    elif change.skip_days:
        _check_skipped(known, change.skip_days, f"{path}.skip_days")
    elif change.add_working_days is None:
        raise unmet(
            "未说明如何更改该期限。",
            "The change says nothing.",
            "请填写 last_day、add_working_days 或 skip_days。",
            "Give `last_day`, `add_working_days` or `skip_days`.",
            path,
            _AMENDED,
        )


def _check_last_day(
    known: Deadline | None, wanted: date, last_day: date | None, field: str, now: datetime
) -> None:
    if last_day is None and known is not None and known.kind is DeadlineKind.PERIOD:
        raise unmet(
            "公示期的截止日尚不可知（缺少该年度工作日安排），不能直接指定。",
            "The end of the publicity is not known yet (a calendar year is missing): nobody sets it by hand.",
            "请先录入该年度工作日安排，或填写 add_working_days。",
            "Record the year's calendar first, or give `add_working_days`.",
            field,
            "an announced period is never shortened (process: plan amended)",
        )
    if last_day is not None and wanted < last_day:
        raise unmet(
            f"期限只能延后：现为{last_day}。",
            f"A deadline moves later only; it ends on {last_day} now.",
            "请给出更晚的日期。",
            "Give a later date.",
            field,
            "an announced period is never shortened (process: plan amended)",
        )
    farthest = max(last_day or local_day(now), local_day(now)) + FARTHEST
    if not local_day(now) <= wanted <= farthest:
        raise unmet(
            f"新的截止日须在{local_day(now)}至{farthest}之间。",
            f"The new last day must lie between {local_day(now)} and {farthest}.",
            "请更正日期。",
            "Correct the date.",
            field,
            _AMENDED,
        )


def _check_skipped(known: Deadline | None, days: tuple[date, ...], field: str) -> None:
    if known is None or known.request.working_days is None:
        raise unmet(
            "该期限不是按工作日计算的，无法扣除中断日。",
            "This deadline is not counted in working days: no day of it can be left out.",
            "请改填 last_day。",
            "Give `last_day` instead.",
            field,
            "process reading 33",
        )
    last_day = known.last_day
    if any(day < known.start or (last_day is not None and day > last_day) for day in days):
        raise unmet(
            f"中断日须在该期限之内（{known.start}至{last_day or '未定'}）。",
            f"The days left out must lie within the period ({known.start} to {last_day or 'open'}).",
            "请更正 skip_days。",
            "Correct `skip_days`.",
            field,
            "process reading 33",
        )


def late_day_given(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """A late admission names the new day, in the future and not past the office's own deadline."""
    revise = narrowed(command, c.ReviseDeadlines)
    office = state.deadlines.get(DeadlineName.LATE_ADMISSION)
    last = office.last_day if office is not None else None
    last = last or planned_day(state, DeadlineName.OFFICE_REVIEW)
    assert last is not None
    only = revise.changes[0] if len(revise.changes) == 1 else None
    day = only.last_day if only is not None and only.name is DeadlineName.DEPARTMENT_SUBMISSION else None
    if day is None or not local_day(now) <= day <= last:
        raise unmet(
            f"准予补报须给出新的主管部门提交截止日（今日至{last}）。",
            f"A late admission needs a new last day for department_submission, from today to {last}.",
            "ground=late_admission，changes 中仅填写 department_submission 的 last_day。",
            "Use ground 'late_admission' and give department_submission, and nothing else, a `last_day`.",
            "changes",
            "process reading 5: late admission by a recorded decision",
        )


def hold_ground_fits(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """An employer stops an application only to report a change of status."""
    hold = narrowed(command, c.Hold)
    if hold.actor.role is Role.EMPLOYER and not hold.ground.startswith("status_"):
        raise unmet(
            "用人单位只能因申报人身份变化（退休、转为公务员、离职、受处分）报告暂停。",
            "An employer reports a change of status (retired, civil servant, left, discipline) only.",
            "请填写 status_ 开头的 ground；需要调查的，请报主管部门或评委会组建单位。",
            "Use a `ground` that begins with status_; investigations are for office or convening unit.",
            "ground",
            "process: status change",
        )


def status_reported(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """A change of status was reported; nothing else is refused in this way."""
    if state.status_flag is None:
        raise unmet(
            "未报告身份变化，不得以此拒绝。",
            "No change of status was reported: this hold cannot end in a refusal.",
            "请以 resume 恢复；查实弄虚作假的，由市职称办 cancel。",
            "Release it with 'resume'; a proven fraud is for the city title office to `cancel`.",
            "outcome",
            "work plan 二; process: status change",
        )


def cancel_ground_fits(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """Eligibility is cancelled for what the person did, never for an error of the notice."""
    if narrowed(command, c.Cancel).ground == "error":
        raise unmet(
            "公示差错不能作为取消资格的理由。",
            "An error of a notice is no ground to cancel somebody's eligibility.",
            "请填写 ce_commitment_false、exam_cheating、fraud 或 other。",
            "Use ce_commitment_false, exam_cheating, fraud or other.",
            "ground",
            "work plan 九(二), 九(四)",
        )


_RANK = {Role.EMPLOYER: 0, Role.OFFICE: 1, Role.CONVENING_UNIT: 2, Role.CITY_OFFICE: 3}
"""Whose hold outranks whose: an office does not end what the city title office stopped."""


def may_release(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """A hold is ended by whoever set it or by a higher authority; a reported status by the office."""
    hold = state.hold
    if hold is None:
        return
    role = command.actor.role
    if hold.ground.startswith("status_") or _RANK.get(role, -1) >= _RANK.get(hold.by.role, 0):
        return
    raise unmet(
        f"该暂停由{ROLE_LABELS[hold.by.role].zh}作出。",
        f"The hold was set by the {ROLE_LABELS[hold.by.role].en}.",
        "请由其或上级机构恢复。",
        "Let them, or a higher authority, release it.",
        "actor.role",
        "process (a) roles: the convening unit and the city title office stand above the office",
    )
