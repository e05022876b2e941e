"""Conditions on revocation and on moving deadlines."""

from __future__ import annotations

from datetime import datetime, timedelta

from models import commands as c
from models.deadlines import DeadlineName
from models.guards.base import narrowed, unmet
from models.state import ApplicationState
from models.wire import local_day


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
    """Each change names a running deadline, and moves it later only."""
    revise = narrowed(command, c.ReviseDeadlines)
    if not revise.changes and revise.ground not in ("calendar_notice", "late_admission"):
        raise unmet(
            "未说明要更改哪一期限。",
            "No deadline is named.",
            "请填写 changes。",
            "Give `changes`.",
            "changes",
            "process: plan amended",
        )
    for index, change in enumerate(revise.changes):
        current = state.deadlines.get(change.name)
        if current is None:
            raise unmet(
                f"没有名为 {change.name} 的期限。",
                f"There is no deadline '{change.name}' on this application.",
                f"可更改：{'、'.join(n.value for n in state.deadlines)}。",
                f"Use one of: {', '.join(n.value for n in state.deadlines)}.",
                f"changes.{index}.name",
                "process: plan amended",
            )
        earlier = (
            change.last_day is not None
            and current.last_day is not None
            and change.last_day < current.last_day
        )
        if earlier:
            raise unmet(
                f"期限只能延后：现为{current.last_day}。",
                f"A deadline moves later only; it ends on {current.last_day} now.",
                "请给出更晚的日期。",
                "Give a later date.",
                f"changes.{index}.last_day",
                "an announced period is never shortened (process: plan amended)",
            )
        if change.last_day is None and change.add_working_days is None and not change.skip_days:
            raise unmet(
                "未说明如何更改该期限。",
                "The change says nothing.",
                "请填写 last_day、add_working_days 或 skip_days。",
                "Give `last_day`, `add_working_days` or `skip_days`.",
                f"changes.{index}",
                "process: plan amended",
            )


def late_day_given(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """A late admission names the new day, in the future and not past the office's own deadline."""
    revise = narrowed(command, c.ReviseDeadlines)
    last = local_day(state.plan.office_deadline - timedelta(seconds=1))
    days = [
        ch.last_day for ch in revise.changes if ch.name == DeadlineName.DEPARTMENT_SUBMISSION and ch.last_day
    ]
    if revise.ground != "late_admission" or not days or not local_day(now) <= days[0] <= last:
        raise unmet(
            f"准予补报须给出新的主管部门提交截止日（今日至{last}）。",
            f"A late admission needs a new last day for department_submission, from today to {last}.",
            "ground=late_admission，changes 中填写 department_submission 的 last_day。",
            "Use ground 'late_admission' and give department_submission a `last_day`.",
            "changes",
            "process reading 5: late admission by a recorded decision",
        )
