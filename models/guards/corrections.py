"""Conditions on correcting a decision that was recorded on the wrong application.

Source: process (a), separation (nobody acts alone on what takes something back) and supervision of the hops;
process (b), BAR deadlines and the late admission; by design, nothing recorded is deleted.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from models import commands as c
from models.corrections import CORRECTION, SUPERVISOR
from models.deadlines import DeadlineName
from models.guards.base import narrowed, unmet
from models.refusal import RefusalCode, refuse
from models.roles import ROLE_LABELS
from models.schedule import correction_last_day, planned_day
from models.stage_groups import FIRST_LEG
from models.stages import Stage
from models.state import ApplicationState, Undo
from models.wire import local_day

_CITATION = "correction of a record, by design; process (a) separation"
_WINDOW = "process (b): BAR, late admission by a recorded decision"


def correction_possible(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """The fact named is the latest decision of a person, and nothing irreversible has followed it."""
    said = narrowed(command, c.Correct)
    undo = state.undo
    if undo is None or state.stage not in CORRECTION[undo.return_to]:
        raise unmet(
            "最近的决定不能更正：它不是可更正的决定，或其后已有不可撤回的步骤。",
            "The latest decision cannot be corrected: it is none that can be, or something that is not taken "
            "back has followed it.",
            "请按流程办理（退回、重新受理、复查、撤销），或由市职称办处理。",
            "Use the process itself (return, reopen, re-check, revoke), or turn to the city title office.",
            "fact",
            _CITATION,
        )
    if said.fact != undo.seq:
        raise unmet(
            f"只能更正最近的决定（第{undo.seq}项，{undo.event}），不能更正第{said.fact}项。",
            f"Only the latest decision ({undo.seq}, {undo.event}) can be corrected, not fact {said.fact}.",
            f"fact 填 {undo.seq}；更早的决定须由其后的环节按流程退回。",
            f"Give fact {undo.seq}; an earlier decision is for the hops after it to return.",
            "fact",
            _CITATION,
        )


def none_proposed(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """No other correction waits for its second person."""
    waiting = state.correction
    if waiting is not None:
        raise unmet(
            f"第{waiting.fact}项的更正已提出，待他人批准。",
            f"A correction of fact {waiting.fact} is proposed already and waits for a second person.",
            "请批准（step=approve）或驳回（step=dismiss）后再提出。",
            "Approve it (step 'approve') or dismiss it (step 'dismiss') first.",
            "step",
            _CITATION,
        )


def correction_for_role(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """A decision is corrected by the role that made it, or by the one that supervises it."""
    undo = _latest(state)
    made = undo.by.role
    allowed = (made, SUPERVISOR[made])
    if narrowed(command, c.Correct).actor.role not in allowed:
        raise refuse(
            RefusalCode.WRONG_ROLE,
            zh=f"该决定由{ROLE_LABELS[made].zh}作出，不能由{ROLE_LABELS[command.actor.role].zh}更正。",
            en=f"The decision was the {made.value}'s: '{command.actor.role.value}' cannot correct it.",
            fix_zh=f"应由{'或'.join(ROLE_LABELS[r].zh for r in allowed)}办理。",
            fix_en=f"It is for: {' or '.join(r.value for r in allowed)}.",
            field="actor.role",
            citation="process (a) roles: who supervises whom",
        )


def proposal_named(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """The correction has been proposed, for this fact and with this document."""
    said, waiting = narrowed(command, c.Correct), state.correction
    if waiting is None:
        raise unmet(
            "没有待批准的更正。",
            "No correction is proposed on this application (a later decision makes a proposal void).",
            "请先提出（step=propose）。",
            "Propose it first (step 'propose').",
            "step",
            _CITATION,
        )
    if said.fact != waiting.fact or said.document_no != waiting.document_no:
        field = "fact" if said.fact != waiting.fact else "document_no"
        raise unmet(
            f"待批准的是第{waiting.fact}项的更正，文号{waiting.document_no}。",
            f"What waits is the correction of fact {waiting.fact}, document {waiting.document_no}.",
            "请核对后填写相同的 fact 和 document_no。",
            "Look at it again and give the same `fact` and `document_no`.",
            field,
            _CITATION,
        )


def second_person(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """Whoever approves has neither proposed the correction nor made the decision."""
    person, waiting = narrowed(command, c.Correct).actor.id, state.correction
    if waiting is not None and person in (waiting.by.id, _latest(state).by.id):
        raise refuse(
            RefusalCode.SEPARATION_OF_DUTIES,
            zh="更正须由另一人批准：提出人和原决定人均不得批准。",
            en="A correction needs a second person: neither who proposed it nor who made the decision.",
            fix_zh="请由本机构同岗位其他人员，或由监督机构批准。",
            fix_en="Let another person of the organisation approve it, or the supervising one.",
            field="actor.id",
            citation=_CITATION,
        )


def no_bar_passed(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """Going back does not end the application for good by a window that has closed in the meantime."""
    to = _latest(state).return_to
    if to is Stage.OFFICE_RETURNED:
        last = correction_last_day(state)
        if local_day(now) >= last:
            raise unmet(
                f"补正期限最晚为{last}，退回后申报人已无补正时间。",
                f"Corrections end on {last}: going back, the applicant would have no time left.",
                "请由市职称办先延后 office_review（revise_deadlines），再批准更正。",
                "Have the city title office move `office_review` later first (`revise_deadlines`).",
                "step",
                _WINDOW,
            )
        return
    if to not in FIRST_LEG or not bar_passed(state, now):
        return
    if to is Stage.DEPARTMENT_REVIEW and not _correcting_then(state) and late_admission_open(state, now):
        return
    raise unmet(
        "申报截止期已过，更正后申报将当即逾期且不能补报，申报人不应因他人差错受损。",
        "The window has closed: corrected, the application would lapse at once, with no late admission; "
        "nobody loses a right by another's slip.",
        "请驳回本更正（step=dismiss），由受理环节按流程办理；需要补报的，报市职称办。",
        "Dismiss it (step 'dismiss') and let the hop that has it now decide; a late admission is for the "
        "city title office.",
        "step",
        _WINDOW,
    )


def bar_passed(state: ApplicationState, now: datetime) -> bool:
    """The BAR of the first leg that will count again after the correction has passed."""
    name = DeadlineName.CORRECTION if _correcting_then(state) else DeadlineName.DEPARTMENT_SUBMISSION
    bar = state.deadlines.get(name)
    return bar is not None and bar.passed(now)


def late_admission_open(state: ApplicationState, now: datetime) -> bool:
    """The city title office may still admit a case late: until the office's own day."""
    last = planned_day(state, DeadlineName.OFFICE_REVIEW)
    return last is not None and local_day(now) <= last


def _correcting_then(state: ApplicationState) -> bool:
    return state.undo is not None and state.undo.correcting


def _latest(state: ApplicationState) -> Undo:
    undo = state.undo
    if undo is None:
        raise unmet(
            "没有可更正的决定。",
            "There is no decision that can be corrected.",
            "请查看 history。",
            "See `history`.",
            "fact",
            _CITATION,
        )
    return undo


def goes_back_to(stage: Stage) -> Callable[[ApplicationState, c.Command], bool]:
    """Chooses the event of an approval by the stage that was stored with the decision.

    Without one it is the first event asked, whose conditions then say what is lacking.
    """

    def chosen(state: ApplicationState, command: c.Command) -> bool:
        return state.undo is None or state.undo.return_to is stage

    return chosen
