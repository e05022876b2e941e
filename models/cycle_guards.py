"""The conditions on the commands of a cycle that can be checked before anything is done.

Pure: each raises `Refused` with the field, the rule and the remedy, or returns. What only the database knows
(is there anybody to list, is the new plan lawful) is refused by the activity that carries a command out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from models.commands import Command, DeadlineChange
from models.cycle_commands import AdmitLate, Close, ExtendDeadline, FileReport, RecordStep, SpotCheck
from models.cycle_state import CycleState
from models.cycle_steps import STEPS, StepId
from models.refusal import RefusalCode, Refused, refuse
from models.wire import last_day_before, local_day

CITATIONS: Mapping[str, str] = MappingProxyType(
    {
        "issue_plan_version": "process (b): plan amended",
        "issue_calendar": "yearly notice of the General Office of the State Council",
        "extend_deadline": "process (a) roles: extensions",
        "admit_late": "process reading 5: late admission by a recorded decision",
        "spot_check": "process (b): CE spot check",
        "publish_list": "Order 40 Art. 26; work plan 七(五)",
        "file_report": "process (c): results filed with the work report",
        "record_step": "process (c)",
        "close": "process (c): statistics, close",
    }
)

FARTHEST = timedelta(days=366)
"""A deadline moves by a year at most; more is a slip of the pen."""


def _guard(
    zh: str,
    en: str,
    fix_zh: str,
    fix_en: str,
    field: str,
    citation: str,
    code: RefusalCode = RefusalCode.GUARD,
) -> Refused:
    return refuse(code, zh=zh, en=en, fix_zh=fix_zh, fix_en=fix_en, field=field, citation=citation)


def _extension(state: CycleState, command: Command, now: datetime) -> None:
    assert isinstance(command, ExtendDeadline)
    names = [change.name for change in command.changes]
    for place, change in enumerate(command.changes):
        path = f"changes.{place}"
        if names.index(change.name) != place:
            raise _guard(
                f"期限 {change.name.value} 重复出现。",
                f"The deadline '{change.name.value}' is named twice.",
                "每一期限只填写一次。",
                "Name each deadline once.",
                f"{path}.name",
                CITATIONS["extend_deadline"],
            )
        _moves_later(change, path, now)


def _moves_later(change: DeadlineChange, path: str, now: datetime) -> None:
    today = local_day(now)
    if change.last_day is None and change.add_working_days is None and not change.skip_days:
        raise _guard(
            "未说明如何更改该期限。",
            "The change says nothing.",
            "请填写 last_day、add_working_days 或 skip_days。",
            "Give `last_day`, `add_working_days` or `skip_days`.",
            path,
            CITATIONS["extend_deadline"],
        )
    if change.last_day is not None and not today <= change.last_day <= today + FARTHEST:
        raise _guard(
            f"新的截止日须在{today}至{today + FARTHEST}之间。",
            f"The new last day must lie between {today} and {today + FARTHEST}.",
            "请更正日期。",
            "Correct the date.",
            f"{path}.last_day",
            CITATIONS["extend_deadline"],
        )


def _late(state: CycleState, command: Command, now: datetime) -> None:
    assert isinstance(command, AdmitLate)
    today, last = local_day(now), last_day_before(state.plan.office_deadline)
    if now < state.plan.department_deadline:
        raise _guard(
            f"主管部门提交尚未截止（{last_day_before(state.plan.department_deadline)}）。",
            f"The departments' window is open until {last_day_before(state.plan.department_deadline)}.",
            "截止前请正常提交；需要延期的，用 extend_deadline。",
            "Submit in the ordinary way; where more time is needed, use extend_deadline.",
            "application_ref",
            CITATIONS["admit_late"],
            RefusalCode.TOO_EARLY,
        )
    if not today <= command.last_day <= last:
        raise _guard(
            f"补报截止日须在{today}至{last}之间。",
            f"The new last day must lie between {today} and {last}, the end of the online review.",
            "请更正 last_day。",
            "Correct `last_day`.",
            "last_day",
            CITATIONS["admit_late"],
        )


def _sample(state: CycleState, command: Command, now: datetime) -> None:
    assert isinstance(command, SpotCheck)
    if command.answer_by <= local_day(now):
        raise _guard(
            "答复期限须在今日之后。",
            "The time for an answer must end after today.",
            "请给出更晚的日期。",
            "Give a later day.",
            "answer_by",
            CITATIONS["spot_check"],
        )


def _publishing(state: CycleState, command: Command, now: datetime) -> None:
    first = state.plan.meeting_from
    if local_day(now) < first:
        raise _guard(
            f"评审会议自{first}起，此前不可能有评审结果。",
            f"The committee meets from {first} on: there is no result before that.",
            "请在会议后公布。",
            "Post the list after a meeting.",
            "postings",
            CITATIONS["publish_list"],
            RefusalCode.TOO_EARLY,
        )


def _reporting(state: CycleState, command: Command, now: datetime) -> None:
    assert isinstance(command, FileReport)
    nobody_passed = state.marks.list_posted is None and state.marks.unlisted_meeting is None
    if nobody_passed and state.step(StepId.MEETINGS).done_on is not None:
        return
    over = state.step(StepId.RESULT_PUBLICITY).due
    if state.marks.list_posted is None or over.due_at is None or over.expected or now < over.due_at:
        until = "" if over.last_day is None or over.expected else f"（至{over.last_day}）"
        raise _guard(
            f"结果公示尚未期满{until}，不能报送评审工作报告。",
            "The result publicity has not run in full"
            + (f" (until {over.last_day})." if until else ": no list is posted, or a meeting has none."),
            "公示期满后报送。",
            "File the report after it.",
            "report_ref",
            CITATIONS["file_report"],
            RefusalCode.TOO_EARLY,
        )


def _recording(state: CycleState, command: Command, now: datetime) -> None:
    assert isinstance(command, RecordStep)
    if command.on > local_day(now):
        raise _guard(
            f"{command.on}尚未到来，不能登记为已完成。",
            f"{command.on} lies ahead: what is not done yet cannot be recorded.",
            "请填写实际完成日期。",
            "Give the day on which it was done.",
            "on",
            CITATIONS["record_step"],
        )
    if command.step == "plan_filed" and command.document_no is None:
        raise _guard(
            "备案须有文号。",
            "A filing has a document number.",
            "请填写 document_no。",
            "Give `document_no`.",
            "document_no",
            STEPS[StepId.PLAN_FILED].citation,
        )


def _closing(state: CycleState, command: Command, now: datetime) -> None:
    assert isinstance(command, Close)
    if state.running_orders:
        raise _guard(
            f"尚有{len(state.running_orders)}项指令正在执行（{state.running_orders[0].order_id}）。",
            f"{len(state.running_orders)} order(s) are on their way ({state.running_orders[0].order_id}).",
            "请在其完成后再结束。",
            "Close the cycle when they are done.",
            "kind",
            CITATIONS["close"],
        )
    if now < state.plan.department_deadline:
        raise _guard(
            f"申报尚在进行（至{last_day_before(state.plan.department_deadline)}）。",
            f"Applications are open until {last_day_before(state.plan.department_deadline)}.",
            "请在申报截止后结束。",
            "Close the cycle after the window.",
            "kind",
            CITATIONS["close"],
            RefusalCode.TOO_EARLY,
        )


GUARDS: Mapping[str, Callable[[CycleState, Command, datetime], None]] = MappingProxyType(
    {
        "extend_deadline": _extension,
        "admit_late": _late,
        "spot_check": _sample,
        "publish_list": _publishing,
        "file_report": _reporting,
        "record_step": _recording,
        "close": _closing,
    }
)
