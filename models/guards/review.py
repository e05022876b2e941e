"""Conditions on the decisions of employer, department and office."""

from __future__ import annotations

from datetime import datetime

from models import commands as c
from models.deadlines import DeadlineName
from models.guards.base import narrowed, unmet
from models.schedule import correction_last_day
from models.state import ApplicationState
from models.wire import local_day

EMPLOYER_CHECKS = (
    "identity",
    "education",
    "years_of_service",
    "achievements",
    "awards",
    "continuing_education",
    "discipline",
    "seals",
)
"""What the employer attests when it recommends (work plan 九(二), 九(三))."""

DEPARTMENT_CHECKS = ("continuing_education", "materials")
"""What the department attests when it hands the case on (work plan 九(四))."""

OFFICE_CHECKS = ("check_list",)
"""What the office attests when it accepts (work plan 七(二))."""

CHECKS = {
    c.Hop.EMPLOYER: EMPLOYER_CHECKS,
    c.Hop.DEPARTMENT: DEPARTMENT_CHECKS,
    c.Hop.OFFICE: OFFICE_CHECKS,
}


def reasons_given(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """A refusal says why."""
    if not narrowed(command, c.Review).reasons:
        raise unmet(
            "不予通过必须说明理由。",
            "A rejection needs at least one reason.",
            "请填写 reasons（代码和文字）。",
            "Give `reasons` (code and text).",
            "reasons",
            "work plan 七(二): 注明原因",
        )


def items_listed(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """A return lists every point to repair, each with its own id."""
    items = narrowed(command, c.Review).items
    if not items:
        raise unmet(
            "退回须一次性列明需要补正的全部内容。",
            "A return needs the complete list of items to repair.",
            "请填写 items。",
            "Give `items`, one per point.",
            "items",
            "Order 40 Art. 18; work plan 七(二)",
        )
    ids = [item.id for item in items]
    if len(set(ids)) != len(ids):
        raise unmet(
            "退回清单中的编号重复。",
            "Two items of the list have the same id.",
            "请为每一项使用不同编号。",
            "Give every item its own id.",
            "items",
            "Order 40 Art. 18",
        )


def class_given(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """A return by department or office says whether the repair is formal or substantive."""
    if narrowed(command, c.Review).change_class is None:
        raise unmet(
            "须注明是形式补正还是实质修改。",
            "The return must say whether the repair is formal or substantive.",
            "请填写 change_class：formal 或 substantive。",
            "Set `change_class` to 'formal' or 'substantive'.",
            "change_class",
            "process reading 9: publicity is repeated after substantive changes only",
        )


def told_at_once(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """A second list of the office holds only items not repaired or newly arisen (一次性告知).

    The plan's `correction_rounds` is the number of complete lists (2023: one). Later lists are not
    limited in number, but each item repeats an earlier one by its id, or has newly arisen: that is only
    possible if the dossier has changed or a publicity has begun since the last list (invariant 6).
    """
    before = [r for r in state.returns if r.hop == "office" and not r.corrected]
    if len(before) < state.plan.correction_rounds:
        return
    known = {item.id for r in before for item in r.items}
    last = before[-1]
    changed = (state.dossier.digest if state.dossier else None) != last.dossier_digest or any(
        p.started_at > last.at for p in state.publicities
    )
    for index, item in enumerate(narrowed(command, c.Review).items):
        if (item.newly_arisen and changed) or (item.unrepaired is not None and item.unrepaired in known):
            continue
        if item.newly_arisen:
            raise unmet(
                "自上次退回以来材料未变更，不可能有新产生的问题。",
                "Nothing has changed since the last list, so nothing can have newly arisen.",
                "仅列未补正的项目（unrepaired=原编号），或予以接收。",
                "List only items not repaired (`unrepaired`: the earlier id), or accept.",
                f"items.{index}.newly_arisen",
                "Order 40 Art. 18 (一次性告知)",
            )
        raise unmet(
            "首次退回时本可列出的问题不得再次作为退回理由。",
            "A defect that could have been listed the first time cannot be a second list.",
            "仅列未补正（unrepaired=原编号）或新产生（newly_arisen=true）的项目，或予以接收。",
            "List only items not repaired (`unrepaired`: the earlier id) or newly arisen, or accept.",
            f"items.{index}",
            "Order 40 Art. 18 (一次性告知)",
        )


def correction_time_left(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """A due date of the office's own lies after today and not past the plan's cap."""
    due = narrowed(command, c.Review).correction_due
    last = correction_last_day(state)
    today = local_day(now)
    if today >= last:
        raise unmet(
            f"退回补正的最后期限为{last}，现在退回申报人已无补正时间。",
            f"Corrections end on {last}: returned now, the applicant would have no time.",
            "请接收、拒绝，或由市职称办先延后 office_review。",
            "Accept or refuse it, or have the city title office move `office_review` later first.",
            "correction_due",
            "work plan 七(二); process reading 6",
        )
    if due is not None and not today < due <= last:
        raise unmet(
            f"补正期限须在{today}之后且不晚于{last}。",
            f"The due date must lie after {today} and not past {last}.",
            "请更正 correction_due 或省略以采用方案默认值。",
            "Correct `correction_due`, or leave it out for the plan's default.",
            "correction_due",
            "work plan 七(二); process reading 6",
        )


def checks_attested(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """An approval names every check of the hop."""
    review = narrowed(command, c.Review)
    lacking = [check for check in CHECKS[review.hop] if check not in review.attested]
    if lacking:
        raise unmet(
            f"尚有未核验的项目：{'、'.join(lacking)}。",
            f"Checks not attested: {', '.join(lacking)}.",
            "请核验后在 attested 中列出。",
            "Carry them out and name them in `attested`.",
            "attested",
            "work plan 九(二), 九(三), 九(四)",
        )


def own_date_ahead(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """A date that the employer asks for lies after today and within the time that bars the applicant."""
    due = narrowed(command, c.Review).correction_due
    bar = DeadlineName.CORRECTION if state.correcting else DeadlineName.DEPARTMENT_SUBMISSION
    window = state.deadlines.get(bar)
    last = window.last_day if window is not None else None
    today = local_day(now)
    if due is None or (today < due and (last is None or due <= last)):
        return
    raise unmet(
        f"要求的补正日期须在{today}之后{f'且不晚于{last}' if last else ''}。",
        f"The date asked for must lie after {today}{f' and not past {last}' if last else ''}.",
        "请更正 correction_due 或省略；该日期仅作提醒。",
        "Correct `correction_due`, or leave it out; it only reminds.",
        "correction_due",
        "process (b): the employer's own date is a reminder only",
    )
