"""What the sender of an accepted command should know at once: nothing is refused, time is short."""

from __future__ import annotations

from datetime import datetime, timedelta

from models.commands import ChangeClass
from models.corrections import event_to
from models.deadlines import DeadlineName
from models.schedule import planned_day
from models.stages import Stage
from models.state import ApplicationState
from models.wire import Label, last_day_before, local_day

AHEAD = timedelta(days=7)
"""How long before the last useful day to post the warning begins (27 October 2023: from the 20th)."""

_NOT_POSTED = (Stage.EMPLOYER_REVIEW, Stage.EMPLOYER_RETURNED, Stage.QUOTA_BLOCKED, Stage.RECOMMENDED)


def warnings_of(state: ApplicationState, event: str, now: datetime) -> tuple[Label, ...]:
    """The warnings that go with the receipt of `event`.

    Source: process (e), a publicity begun after the last useful start cannot serve the department's window;
    reading 6, the office must return early enough for the full correction time.
    """
    found = [_publicity(state, now)]
    if event == "office_return":
        found += [_late_return(state, now), _substantive_return(state)]
    if event == event_to(Stage.DEPARTMENT_REVIEW):
        found.append(_window_closed(state, now))
    return tuple(label for label in found if label is not None)


def _window_closed(state: ApplicationState, now: datetime) -> Label | None:
    """Back at the department after its window: it lapses, and may be admitted late (process (b))."""
    window, last = (
        state.deadlines.get(DeadlineName.DEPARTMENT_SUBMISSION),
        planned_day(state, DeadlineName.OFFICE_REVIEW),
    )
    if state.correcting or window is None or not window.passed(now) or last is None:
        return None
    return Label(
        zh=f"主管部门提交期限已过，该申报随即逾期；市职称办可在{last}前决定准予补报。",
        en=f"The department's window has closed: it lapses now; until {last} the city title office may admit "
        "it late.",
    )


def _publicity(state: ApplicationState, now: datetime) -> Label | None:
    workday, posted = state.plan.last_publicity_start, state.running_publicity()
    if workday is None or state.correcting or _window_moved(state):
        return None
    today = local_day(now)
    last = max(workday, state.plan.last_publicity_day or workday)
    if state.stage is Stage.EMPLOYER_PUBLICITY and posted is not None and posted.start_day > last:
        return Label(
            zh=f"公示始于{posted.start_day}，期满时主管部门提交期限已过（最后可用起始日为{last}）。",
            en=f"Posted on {posted.start_day}, it ends after the department's window (the last useful day "
            f"to post was {last}).",
        )
    if state.stage not in _NOT_POSTED or today < workday - AHEAD:
        return None
    if today > last:
        return Label(
            zh=f"已过最后可用的公示起始日{last}，公示将无法在主管部门提交期限前期满。",
            en=f"The last useful day to post the publicity was {last}: it cannot end within the window.",
        )
    by = workday if today <= workday else last
    return Label(zh=f"最晚须于{by}开始公示。", en=f"The publicity must be posted by {by}.")


def _window_moved(state: ApplicationState) -> bool:
    """The window was extended for this application: the plan's last useful day no longer holds for it."""
    window = state.deadlines.get(DeadlineName.DEPARTMENT_SUBMISSION)
    own = last_day_before(state.plan.department_deadline)
    return window is not None and window.last_day is not None and window.last_day > own


def _late_return(state: ApplicationState, now: datetime) -> Label | None:
    last = state.plan.last_full_return
    if last is None or local_day(now) <= last:
        return None
    days = state.plan.correction_wd
    return Label(
        zh=f"{last}之后退回，申报人的补正时间不足{days}个工作日。",
        en=f"Returned after {last}: less than {days} working days remain for the correction.",
    )


def _substantive_return(state: ApplicationState) -> Label | None:
    last = state.last_return
    if last is None or last.change_class is not ChangeClass.SUBSTANTIVE:
        return None
    days = state.plan.employer_publicity_wd
    return Label(
        zh=f"实质修改须重新公示（不少于{days}个工作日），补正期限须足以容纳。",
        en=f"A substantive change needs a new publicity of {days} working days inside the correction time.",
    )
