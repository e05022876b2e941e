"""What each event writes into the state, beside the stage itself.

One small function an event; called with the stage the event starts from, before the machine moves.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import cast

from models import commands as c
from models.choices import correction_chain, vote_passes
from models.deadlines import DeadlineKind, DeadlineName, DeadlineRequest, DeadlineRevision
from models.publicity_effects import (
    drop_publicities,
    post,
    publish,
    publish_anew,
    question,
    raise_objection,
    rule_on,
)
from models.roles import Actor
from models.schedule import (
    amended_requests,
    excuse_request,
    moved,
    planned,
    planned_day,
    suspended_end,
    unanswered,
)
from models.stages import Stage
from models.state import (
    ApplicationState,
    HoldMark,
    Meeting,
    Opening,
    ReturnRound,
    Vote,
)
from models.wire import last_day_before

Effect = Callable[[ApplicationState, c.Command, datetime], None]


def _submit(state: ApplicationState, command: c.Command, now: datetime) -> None:
    state.dossier = cast(c.Submit, command).dossier


def _return(state: ApplicationState, command: c.Command, now: datetime) -> None:
    review = cast(c.Review, command)
    state.returns.append(
        ReturnRound(
            hop=review.hop.value,
            round=state.returns_by(review.hop) + 1,
            at=now,
            by=review.actor,
            reasons=review.reasons,
            items=review.items,
            change_class=review.change_class or c.ChangeClass.SUBSTANTIVE,
            dossier_digest=state.dossier.digest if state.dossier else None,
        )
    )
    state.correction_due = review.correction_due


def _recommend(state: ApplicationState, command: c.Command, now: datetime) -> None:
    review = cast(c.Review, command)
    state.recommended_by = review.actor.id
    state.post_available = review.post.available if review.post else None


def _attest(state: ApplicationState, command: c.Command, now: datetime) -> None:
    post = cast(c.Review, command).post
    state.post_available = post.available if post else None


def _answer(state: ApplicationState, command: c.Command, now: datetime) -> None:
    resubmit = cast(c.Resubmit, command)
    if resubmit.dossier is not None:
        state.dossier = resubmit.dossier
    last = state.last_return
    if last is None:
        return
    confirmed = (*last.confirmed_by, resubmit.actor.role.value)
    whole = len(confirmed) >= len(correction_chain(state))
    _replace_return(state, last, confirmed_by=confirmed, answered_at=now, closed=whole)


def _answer_and_start_over(state: ApplicationState, command: c.Command, now: datetime) -> None:
    resubmit = cast(c.Resubmit, command)
    if resubmit.dossier is not None:
        state.dossier = resubmit.dossier
    last = state.last_return
    if last is not None:
        _replace_return(state, last, confirmed_by=("applicant",), answered_at=now, closed=True)
    if state.stage is Stage.OFFICE_RETURNED:
        state.correcting = True


def _replace_return(state: ApplicationState, old: ReturnRound, **changes: object) -> None:
    state.returns[state.returns.index(old)] = old.model_copy(update=changes)


def _curable(state: ApplicationState, command: c.Command, now: datetime) -> None:
    rule_on(state, command, now)
    state.correction_due = None  # a ruling names no day; that of an earlier return is over
    rule = cast(c.RuleOnObjection, command)
    state.returns.append(
        ReturnRound(
            hop="employer",
            round=state.returns_by("employer") + 1,
            at=now,
            by=rule.actor,
            reasons=(),
            items=rule.items,
            change_class=c.ChangeClass.SUBSTANTIVE,
        )
    )


def _schedule(state: ApplicationState, command: c.Command, now: datetime) -> None:
    s = cast(c.Schedule, command)
    state.meeting = Meeting(
        meeting_ref=s.meeting_ref,
        committee_ref=s.committee_ref,
        committee_size=s.committee_size,
        committee_valid_until=s.committee_valid_until,
        drawn_on=s.drawn_on,
        meeting_on=s.meeting_on,
    )


def _open_ballot(state: ApplicationState, command: c.Command, now: datetime) -> None:
    vote = cast(c.RecordVote, command)
    state.ballot_open = True
    state.opening = Opening(attending=vote.attending, recused=vote.recused)


def _count(state: ApplicationState, command: c.Command, now: datetime) -> None:
    vote = cast(c.RecordVote, command)
    state.ballot_open = False
    state.opening = None
    state.votes.append(
        Vote(
            meeting_ref=state.meeting.meeting_ref if state.meeting else "",
            committee_size=vote.committee_size,
            attending=vote.attending,
            recused=vote.recused,
            opinions=vote.opinions,
            yes=vote.yes,
            no=vote.no,
            abstain=vote.abstain,
            passed=vote_passes(state, command),
            at=now,
        )
    )


def _absent(state: ApplicationState, command: c.Command, now: datetime) -> None:
    state.requests.append(excuse_request(state, now))


def _ready_again(state: ApplicationState, command: c.Command, now: datetime) -> None:
    state.ballot_open = False
    state.opening = None
    state.meeting = None
    drop_publicities(state, "result")


def _recheck_again(state: ApplicationState, command: c.Command, now: datetime) -> None:
    state.rechecked = True
    _ready_again(state, command, now)


def _procedure_again(state: ApplicationState, command: c.Command, now: datetime) -> None:
    rule_on(state, command, now)
    _recheck_again(state, command, now)


def _hold(state: ApplicationState, command: c.Command, now: datetime) -> None:
    hold = cast(c.Hold, command)
    state.hold = HoldMark(ground=hold.ground, by=hold.actor, at=now, text=hold.text)
    if hold.ground.startswith("status_"):
        state.status_flag = hold.ground


def _end_hold(state: ApplicationState, command: c.Command, now: datetime) -> None:
    state.status_flag = None
    state.hold = None


def _release(state: ApplicationState, command: c.Command, now: datetime) -> None:
    hold = state.hold
    _end_hold(state, command, now)
    if hold is None:
        return
    for deadline in state.current_deadlines():
        if deadline.kind not in (DeadlineKind.BAR, DeadlineKind.WINDOW):
            continue
        last_day = suspended_end(deadline, hold.at, now)
        if last_day is None or deadline.last_day is None or last_day <= deadline.last_day:
            continue
        later = moved(deadline, last_day)
        state.deadlines[deadline.name] = later
        state.requests.append(later.request)
        log_move(state, deadline.name, deadline.last_day, last_day, "hold", "(hold)", now)


def log_move(
    state: ApplicationState,
    name: DeadlineName,
    old: date | None,
    new: date | None,
    ground: str,
    document_no: str,
    now: datetime,
) -> None:
    """Logs that a deadline moved: old -> new, why, by which document."""
    state.revisions.append(
        DeadlineRevision(
            name=name, old_last_day=old, new_last_day=new, ground=ground, document_no=document_no, at=now
        )
    )


def _revise(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """Puts every changed deadline back to the calendar, with the old end as a floor: later only.

    A revision whose answer has not come yet is built upon: what two documents give in one moment adds up.
    """
    revise = cast(c.ReviseDeadlines, command)
    if revise.plan_version is not None and revise.plan_dates is not None:
        _follow_plan(state, revise, now)
        return
    changes: dict[DeadlineName, c.DeadlineChange | None] = {ch.name: ch for ch in revise.changes}
    under_way = {r.name: r for r in unanswered(state)} if not changes else {}
    everything = [*(d.name for d in state.current_deadlines()), *under_way]
    waiting = _revisions_under_way(state)
    for name, change in (changes or dict.fromkeys(everything)).items():
        deadline = state.deadlines.get(name)
        if name in waiting:
            request, last_day = waiting[name], _asked_for(waiting[name])
        elif deadline is not None:
            request, last_day = deadline.request, deadline.last_day
        else:
            request = under_way[name] if name in under_way else planned(state, name, now)
            last_day = planned_day(state, name)
        update: dict[str, object] = {
            "not_before": last_day or request.not_before,
            "ground": revise.ground,
            "document_no": revise.document_no,
        }
        if change is not None:
            update |= _changed(request, change, last_day)
        state.requests.append(request.model_copy(update=update))


def _revisions_under_way(state: ApplicationState) -> dict[DeadlineName, DeadlineRequest]:
    """The last revision of each deadline that has not left yet, unless its stage was entered again since."""
    latest = {request.name: request for request in state.asked()}
    return {name: r for name, r in latest.items() if r.ground is not None and r.cap is None}


def _asked_for(request: DeadlineRequest) -> date | None:
    """The last day that a request names by itself; None where it has to be counted."""
    return request.last_day or (last_day_before(request.due_at) if request.due_at is not None else None)


def _follow_plan(state: ApplicationState, revise: c.ReviseDeadlines, now: datetime) -> None:
    """The application is under a later version of the plan: its own dates of the plan move with it.

    A deadline that was moved further in a single case stays; what is counted in working days is not
    touched; what lies ahead is asked for when its stage comes.
    """
    assert revise.plan_version is not None
    assert revise.plan_dates is not None
    state.terms = state.plan.amended(revise.plan_version, revise.plan_dates)
    for request in amended_requests(state, now):
        marks = {"ground": revise.ground, "document_no": revise.document_no}
        state.requests.append(request.model_copy(update=marks))


def _changed(request: DeadlineRequest, change: c.DeadlineChange, last_day: date | None) -> dict[str, object]:
    if change.last_day is not None:
        return {
            "last_day": change.last_day,
            "due_at": None,
            "cap": None,
            "working_days": None,
            "formula": f"moved to {change.last_day}",
        }
    counted = request.kind is DeadlineKind.PERIOD or last_day is None
    if change.add_working_days is not None and counted and request.working_days is not None:
        days = request.working_days + change.add_working_days
        return {"working_days": days, "formula": f"{days} working days after {request.start}"}
    if change.add_working_days is not None:
        return {
            "start": last_day or request.start,
            "working_days": change.add_working_days,
            "count_first_day": False,
            "last_day": None,
            "due_at": None,
            "cap": None,
            "formula": f"{change.add_working_days} working days after {last_day}",
        }
    skip = tuple(sorted({*request.skip, *change.skip_days}))
    return {
        "skip": skip,
        "formula": f"{request.formula}, not counting {', '.join(map(str, change.skip_days))}",
    }


def _admit_late(state: ApplicationState, command: c.Command, now: datetime) -> None:
    revise = cast(c.ReviseDeadlines, command)
    day = next(ch.last_day for ch in revise.changes if ch.name is DeadlineName.DEPARTMENT_SUBMISSION)
    assert day is not None
    name = DeadlineName.DEPARTMENT_SUBMISSION
    old = state.deadlines[name]
    state.deadlines[name] = moved(old, day)
    state.requests.append(state.deadlines[name].request)
    log_move(state, name, old.last_day, day, revise.ground, revise.document_no, now)
    state.lapsed_from = None
    state.deadlines.pop(DeadlineName.LATE_ADMISSION, None)


EFFECTS: dict[str, tuple[Effect, ...]] = {
    "submit": (_submit,),
    "employer_return": (_return,),
    "department_return": (_return,),
    "office_return": (_return,),
    "recommend": (_recommend,),
    "quota_freed": (_recommend,),
    "attest_post": (_attest,),
    "employer_resubmit": (_answer,),
    "correction_confirmed": (_answer,),
    "department_resubmit": (_answer,),
    "office_resubmit": (_answer,),
    "substantive_resubmit": (_answer_and_start_over,),
    "start_publicity": (post,),
    "publish_result": (publish,),
    "republish_result": (publish,),
    "republish_ended": (publish_anew,),
    "employer_object": (raise_objection,),
    "result_object": (raise_objection,),
    "complaint": (raise_objection,),
    "objection_unfounded_stays": (rule_on,),
    "objection_unfounded_more": (rule_on,),
    "objection_unfounded": (rule_on,),
    "objection_curable": (_curable,),
    "objection_founded": (rule_on,),
    "objection_fraud": (rule_on,),
    "result_unfounded_stays": (rule_on,),
    "result_unfounded_more": (rule_on,),
    "result_unfounded": (rule_on,),
    "result_procedure_broken": (_procedure_again,),
    "result_refuted": (rule_on,),
    "confirm_question": (question,),
    "schedule": (_schedule,),
    "schedule_defence": (_schedule,),
    "reschedule": (_schedule,),
    "defence_absent": (_absent,),
    "defence_excused": (_ready_again,),
    "open_ballot": (_open_ballot,),
    "open_and_count": (_open_ballot,),
    "vote_passed": (_count,),
    "vote_failed": (_count,),
    "quorum_lost": (_ready_again,),
    "recheck_founded": (_recheck_again,),
    "hold": (_hold,),
    "release": (_release,),
    "refuse_on_status": (_end_hold,),
    "revise_deadlines": (_revise,),
    "admit_late": (_admit_late,),
}
"""The effects of each event that has any."""


def on_entry(state: ApplicationState) -> None:
    """What entering a stage means for what was collected before, whichever event led there.

    An objection stays open until somebody has ruled on it, also when its notice is taken down: at the end of
    the next one it is looked into (process (b): some open; Order 40 Art. 16).
    """
    match state.stage:
        case Stage.EMPLOYER_REVIEW | Stage.EMPLOYER_RETURNED | Stage.EMPLOYER_DECLINED:
            drop_publicities(state, "employer")
            if state.stage is Stage.EMPLOYER_DECLINED:
                _close_returns(state)
        case Stage.DEFENCE_PENDING:
            state.deadlines.pop(DeadlineName.DEFENCE_EXCUSE, None)
        case Stage.OFFICE_REVIEW:
            state.correcting = False
        case _:
            pass


def _close_returns(state: ApplicationState) -> None:
    """A return nobody answers any more: reopened later, the application starts with a clean sheet."""
    for index, round_ in enumerate(state.returns):
        if not round_.closed:
            state.returns[index] = round_.model_copy(update={"closed": True})


def remember_actor(state: ApplicationState, actor: Actor) -> None:
    """Keeps at which hop a person has acted, for the separation of duties."""
    state.acted.setdefault(actor.id, actor.role.value)
