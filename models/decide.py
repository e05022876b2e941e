"""The heart: may this command be carried out now, and what does it do; what does the passing of time do.

Pure and synchronous. `judge` never changes the state; `apply` does, and gives the receipt; `expire`
lets passed deadlines take effect. `now` is business time everywhere.
"""

from __future__ import annotations

from datetime import datetime

from models import access
from models.answered import body_digest, receipt_again
from models.audit import UNMOVING, Fact
from models.choices import defence_in_plan, no_defence_in_plan
from models.commands import COMMANDS, Command, RecordVote
from models.deadlines import Deadline, DeadlineKind
from models.effects import EFFECTS, on_entry, remember_actor
from models.guards import lacks_post
from models.lifecycle import BY_EVENT, TRANSITIONS, advance, leaving
from models.posts import NO_POST, POST_NEEDED, UNANSWERED, PostAnswer, asks
from models.publicity_effects import finish_publicity
from models.refusal import Option, RefusalCode, Refused, refuse
from models.roles import SYSTEM, Actor, Role
from models.schedule import ask_for_deadlines, suspended
from models.stage_groups import RETURNED
from models.stages import STAGES, Stage
from models.state import Answered, ApplicationState, Receipt
from models.transitions import Transition
from models.undoing import CORRECTION_EFFECTS, corrected_event, overtakes, reachable, remember
from models.warnings import warnings_of
from models.wire import local_day

ROLES_OF: dict[str, tuple[Role, ...]] = {
    kind: tuple(dict.fromkeys(role for t in TRANSITIONS if t.command == kind for role in t.by))
    for kind in COMMANDS
}
"""Every role that may send a command at some stage."""

_EFFECTS = EFFECTS | CORRECTION_EFFECTS
_KEPT_OUT_OF_FACTS = {"kind", "actor", "command_id", "expected_revision", "expires_at", "dossier"}
_KEPT_OUT_OF_BALLOTS = _KEPT_OUT_OF_FACTS | {"meeting_ref"}
"""Of a ballot counts alone are recorded (invariant 3); its meeting stands in the fact that scheduled it."""


def kind_of(command: Command) -> str:
    """The name of the command."""
    return str(getattr(command, "kind"))  # noqa: B009 - every command model has it, the base does not


def options(state: ApplicationState) -> tuple[Option, ...]:
    """What may come next in this stage: commands, events, roles, and where each leads."""
    found = []
    for t in leaving(state.stage):
        if t.command is None or (state.hold is not None and not t.while_held):
            continue
        if t.command == "release" and state.hold is None:
            continue
        if not offered(state, t):
            continue
        to = t.target or state.stage
        found.append(Option(command=t.command, event=t.event, by=tuple(r.value for r in t.by), to=to.value))
    return tuple(found)


def offered(state: ApplicationState, t: Transition) -> bool:
    """False for an event that this plan does not have (a defence in 2023), or this application."""
    if t.command == "correct":
        return _correction_offered(state, t)
    if t.chosen is lacks_post:
        return state.bound and state.stage in POST_NEEDED and state.post_held is not True
    if t.chosen not in (defence_in_plan, no_defence_in_plan) or state.terms is None:
        return True
    return state.plan.defence == (t.chosen is defence_in_plan)


def _correction_offered(state: ApplicationState, t: Transition) -> bool:
    """A proposal while something can be corrected and none waits; an answer to it while one does."""
    undo = state.undo
    if undo is None or t.event == "correction_proposed":
        return undo is not None and state.correction is None and reachable(state)
    return state.correction is not None and t.target in (None, undo.return_to)


def next_commands(state: ApplicationState) -> tuple[str, ...]:
    """The names of the commands that may come next, without the ones possible at every stage."""
    if state.ended:
        return ()
    names = [t.command for t in leaving(state.stage) if t.command and not t.every_stage]
    return tuple(dict.fromkeys(n for n in names if n != "release" or state.hold is not None))


def judge(state: ApplicationState, command: Command, now: datetime) -> Transition:
    """The event this command means now, if it may be carried out.

    Raises `Refused` with the rule, the state, the remedy and what may come next. Changes nothing.
    """
    try:
        return _judge(state, command, now)
    except Refused as refused:
        raise _in_context(state, command, refused) from None


def _in_context(state: ApplicationState, command: Command, refused: Refused) -> Refused:
    code = refused.refusal.code
    outsider = code in (RefusalCode.WRONG_ORGANISATION, RefusalCode.WRONG_PERSON) or (
        code is RefusalCode.WRONG_ROLE and command.actor.role is Role.PUBLIC
    )
    return Refused(
        refused.refusal.model_copy(
            update={
                "command": kind_of(command),
                "command_id": command.command_id,
                "stage": None if outsider else state.stage.value,
                "revision": None if outsider else state.revision,
                "next": () if outsider else options(state),
            }
        )
    )


def _judge(state: ApplicationState, command: Command, now: datetime) -> Transition:
    kind = kind_of(command)
    if state.terms is None:
        raise refuse(
            RefusalCode.PLAN_PENDING,
            zh="申报正在建立，方案尚未载入。",
            en="The application is being opened; its plan is not loaded yet.",
            fix_zh="请稍后用同一 command_id 重发。",
            fix_en="Send it again in a moment with the same command_id.",
        )
    access.check_role(command, ROLES_OF[kind])
    access.check_organisation(state, command)
    if state.ended:
        raise refuse(
            RefusalCode.CLOSED,
            zh=f"该申报已终结（{STAGES[state.stage].label.zh}）。",
            en=f"The application has ended ({state.stage.value}).",
            fix_zh="终结后不再办理；如有异议请投诉或另行申报。",
            fix_en="Nothing more can be done on it; complain, or apply again where the plan allows.",
        )
    if command.expires_at is not None and now >= command.expires_at:
        raise refuse(
            RefusalCode.EXPIRED,
            zh=f"指令已于{command.expires_at.isoformat()}失效。",
            en=f"The command expired at {command.expires_at.isoformat()}.",
            fix_zh="请重新作出决定。",
            fix_en="Decide again and send a new command.",
            field="expires_at",
        )
    if command.expected_revision is not None and command.expected_revision != state.revision:
        raise refuse(
            RefusalCode.STALE_REVISION,
            zh=f"申报已更新至修订号{state.revision}，该决定针对修订号{command.expected_revision}。",
            en=f"It is at revision {state.revision}; the decision was made on {command.expected_revision}.",
            fix_zh="请查看最新材料后重新决定。",
            fix_en="Look at it again and decide on the current revision.",
            field="expected_revision",
        )
    transition = _resolve(state, command)
    access.check_separation(state, command)
    if state.hold is not None and not transition.while_held:
        raise refuse(
            RefusalCode.ON_HOLD,
            zh=f"该申报已暂停办理（{state.hold.ground}）。",
            en=f"The application is on hold ({state.hold.ground}).",
            fix_zh="请等待恢复（release）。",
            fix_en="Wait until it is released.",
        )
    if transition.event in ("release", "refuse_on_status") and state.hold is None:
        raise refuse(
            RefusalCode.NOT_IN_THIS_STAGE,
            zh="该申报未被暂停。",
            en="The application is not on hold.",
            fix_zh="无需恢复。",
            fix_en="There is nothing to release.",
        )
    for guard in transition.guards:
        guard.check(state, command, now)
    return transition


def _resolve(state: ApplicationState, command: Command) -> Transition:
    here = [t for t in leaving(state.stage) if t.matches(command)]
    mine = [t for t in here if command.actor.role in t.by]
    for t in mine:
        if t.chosen is None or t.chosen(state, command):
            return t
    if here and not mine:
        access.check_role(command, tuple(dict.fromkeys(role for t in here for role in t.by)))
    label = STAGES[state.stage].label
    raise refuse(
        RefusalCode.NOT_IN_THIS_STAGE,
        zh=f"在“{label.zh}”阶段不能执行该指令。",
        en=f"That is not possible in the stage '{state.stage.value}'.",
        fix_zh=f"当前可执行：{'、'.join(next_commands(state)) or '无'}。",
        fix_en=f"Possible now: {', '.join(next_commands(state)) or 'nothing'}.",
    )


def may_come_later(state: ApplicationState, command: Command) -> bool:
    """True when the command belongs to a stage that lies ahead (forward steps only): it is early, not wrong.

    Steps back (returns) and corrections do not count, so that a decision on older materials is never kept
    for newer ones, nor an answer for a list that is not written yet; a check that the system repeats by
    itself is no step back.
    """
    order = {stage: place for place, stage in enumerate(STAGES)}
    seen, todo = {state.stage}, [state.stage]
    while todo:
        stage = todo.pop()
        for t in leaving(stage):
            if (
                t.target is None
                or t.target in seen
                or t.target in RETURNED
                or STAGES[t.target].terminal
                or t.event in CORRECTION_EFFECTS
            ):
                continue
            if STAGES[t.target].automatic or order[t.target] > order[stage]:
                seen.add(t.target)
                todo.append(t.target)
    seen.discard(state.stage)
    return any(
        t.matches(command) and command.actor.role in t.by and not t.every_stage and set(t.sources) & seen
        for t in TRANSITIONS
    )


def apply(state: ApplicationState, command: Command, now: datetime) -> Receipt:
    """Carries the command out and gives the receipt; raises `Refused` and changes nothing otherwise.

    A known `command_id` with the same body gets the same receipt again (`duplicate`); with another body
    it is refused.
    """
    known = answer_again(state, command)
    if known is not None:
        return known
    transition = judge(state, command, now)
    while True:
        _take(state, transition, now, command.actor, command, corrected_event(state, transition.event))
        if not transition.continues:
            break
        transition = _resolve(state, command)
    _follow_up(state, now)
    remember_actor(state, command.actor)
    receipt = Receipt(
        command_id=command.command_id,
        event=transition.event,
        stage=state.stage.value,
        revision=state.revision,
        at=now,
        next=next_commands(state),
        due_at=None if state.requests else state.due_at(),
        warnings=warnings_of(state, transition.event, now),
    )
    state.answered[command.command_id] = Answered(digest=body_digest(command), receipt=receipt)
    return receipt


def answer_again(state: ApplicationState, command: Command) -> Receipt | None:
    """The receipt of a command that was accepted before; raises `Refused` if the body differs."""
    try:
        return receipt_again(state.answered, command)
    except Refused as refused:
        raise _in_context(state, command, refused) from None


def _take(
    state: ApplicationState,
    transition: Transition,
    now: datetime,
    actor: Actor,
    command: Command | None,
    details: dict[str, object] | None = None,
) -> None:
    """One step of the machine with its effects, its fact and the deadlines of the new stage."""
    before = state.stage
    after = advance(before, transition.event)
    if command is not None:
        latest = remember(state, transition.event, actor)
        for effect in _EFFECTS.get(transition.event, ()):
            effect(state, command, now)
        if overtakes(transition.event, every_stage=transition.every_stage):
            state.undo, state.correction = latest, None
    state.revision += 0 if transition.event in UNMOVING else 1
    if transition.target is not None:
        state.stage = after
        state.entered_at = now
        on_entry(state)
        if after in NO_POST:
            state.post_held = state.post_asked = None
        ask_for_deadlines(state, now)
    elif transition.event == "republish_result":
        ask_for_deadlines(state, now)
    state.ended = transition.ends or _rests(state, now)
    record(state, transition.event, before, now, actor, command, transition.citation, details)
    if state.bound and asks(state.history[-1]):
        state.post_asked = state.seq


def _rests(state: ApplicationState, now: datetime) -> bool:
    """True when the new stage ends the run at once: final ones, and those that nothing can revive."""
    spec = STAGES[state.stage]
    if spec.final:
        return True
    if state.stage is Stage.LAPSED:
        return state.lapsed_from is not Stage.DEPARTMENT_REVIEW
    if state.stage is Stage.EMPLOYER_DECLINED:
        bar = next(iter(state.current_deadlines()), None)
        return state.correcting or (bar is not None and bar.passed(now) and state.hold is None)
    return False


def record(
    state: ApplicationState,
    event: str,
    before: Stage,
    now: datetime,
    actor: Actor,
    command: Command | None,
    rule: str,
    details: dict[str, object] | None = None,
) -> None:
    """Appends a fact to the audit chain and to the outbox."""
    content: dict[str, object] = dict(details or {})
    if command is not None:
        kept_out = _KEPT_OUT_OF_BALLOTS if isinstance(command, RecordVote) else _KEPT_OUT_OF_FACTS
        content |= command.model_dump(mode="json", exclude=kept_out, exclude_defaults=True)
        if state.dossier is not None and getattr(command, "dossier", None) is not None:
            content["dossier_sha256"] = state.dossier.digest
    state.seq += 1
    fact = Fact(
        seq=state.seq,
        at=now,
        revision=state.revision,
        event=event,
        from_stage=before.value,
        to_stage=state.stage.value,
        actor=actor,
        command_id=command.command_id if command else None,
        rule=rule,
        plan=f"{state.input.plan_id}@{state.terms.version}" if state.terms else state.input.plan_id,
        details=content,
        prev_hash=state.chain,
    ).sealed()
    state.chain = fact.hash
    state.history.append(fact)
    state.outbox.append(fact)


def _system(
    state: ApplicationState, event: str, now: datetime, details: dict[str, object] | None = None
) -> None:
    _take(state, BY_EVENT[event], now, SYSTEM, None, details)


def _follow_up(state: ApplicationState, now: datetime) -> None:
    """The computed steps that follow from a stage without anybody's decision.

    A unit under full post management waits in QUOTA_CHECK for the register of posts (`post_answered`).
    """
    if state.stage is Stage.QUOTA_CHECK:
        if not state.bound:
            _system(state, "quota_pass", now)
    elif state.stage is Stage.ACCEPTED:
        needs_exam = state.dossier is not None and state.dossier.route == "exam"
        _system(state, "route_to_exam" if needs_exam else "route_to_review", now)


def certificate_made(state: ApplicationState, number: str, now: datetime) -> None:
    """The certificate exists: CONFIRMED becomes CERTIFIED. Does nothing in any other stage."""
    if state.stage is Stage.CONFIRMED:
        state.certificate_no = number
        _system(state, "certificate_made", now)


def post_answered(state: ApplicationState, asked: int, answer: PostAnswer | None, now: datetime) -> None:
    """The register of posts has answered the question that the fact number `asked` put.

    In QUOTA_CHECK it passes or blocks; later on (a founded re-check, a late admission, a post attested for
    it) the application goes on either way. Without an answer it counts as blocked: the employer asks again.
    One that came too late, because the application has left or asked anew, does nothing.
    """
    if state.post_asked != asked:
        return
    answer = answer or UNANSWERED
    if state.stage is Stage.QUOTA_CHECK:
        event = "quota_pass" if answer.held else "quota_none"
    elif state.stage in POST_NEEDED:
        event = "post_regained" if answer.held else "post_lacking"
    else:
        return
    state.post_asked, state.post_held = None, answer.held
    _system(state, event, now, answer.model_dump(mode="json", exclude={"held"}))


def expire(state: ApplicationState, now: datetime) -> bool:
    """Lets everything that is due at `now` happen: reminders, escalations, ends. True if anything did.

    Only BAR timers lapse anyone, and only after the person was told of the date (invariant 5); a DUTY
    that passes is escalated and decides nothing.
    """
    if state.terms is None:
        return False
    happened = False
    while not state.ended and _expire_one(state, now):
        happened = True
    return happened


def _expire_one(state: ApplicationState, now: datetime) -> bool:
    specs = {spec.name: spec for spec in state.deadline_specs()}
    for deadline in state.current_deadlines():
        expiry = specs[deadline.name].expiry
        kind = specs[deadline.name].kind
        if deadline.passed(now):
            if kind is DeadlineKind.DUTY:
                if not deadline.escalated:
                    _mark(state, deadline, escalated=True, reminded=len(deadline.reminders))
                    _tell(state, "escalated", deadline, _moment_of(state, deadline.due_at, now))
                    return True
                continue
            if suspended(state, deadline, kind):
                if deadline.reminded < len(deadline.reminders):
                    _mark(state, deadline, reminded=len(deadline.reminders))
                continue
            _end(state, deadline, expiry, _moment_of(state, deadline.due_at, now))
            return True
        given = sum(1 for at in deadline.reminders if at <= now)
        if given > deadline.reminded:
            _mark(state, deadline, reminded=given)
            _tell(state, "reminded", deadline, _moment_of(state, deadline.reminders[given - 1], now))
            return True
    return False


def _moment_of(state: ApplicationState, due: datetime | None, now: datetime) -> datetime:
    """When what was due happened: at its own moment, whoever notices it, but never before the last fact."""
    last = state.history[-1].at if state.history else state.entered_at
    return min(now, max(due or now, last))


def _end(state: ApplicationState, deadline: Deadline, expiry: str | None, now: datetime) -> None:
    assert expiry is not None
    assert deadline.due_at is not None
    if deadline.kind is DeadlineKind.PERIOD:
        finish_publicity(state, deadline.due_at)
        of = "employer" if expiry == "publicity_over" else "result"
        prefix = "publicity_over" if of == "employer" else "result_over"
        _system(state, f"{prefix}_{'contested' if state.open_objections(of) else 'clear'}", now)
        return
    if expiry == "lapse":
        state.lapsed_from = state.stage
    _system(state, expiry, now)


def _mark(state: ApplicationState, deadline: Deadline, **changes: object) -> None:
    state.deadlines[deadline.name] = deadline.model_copy(update=changes)


def _tell(state: ApplicationState, event: str, deadline: Deadline, now: datetime) -> None:
    """Records a reminder or an escalation; to whom is the stage's question, not the clock's."""
    left = (deadline.last_day - local_day(now)).days if deadline.last_day else None
    record(
        state,
        event,
        state.stage,
        now,
        SYSTEM,
        None,
        STAGES[state.stage].citation,
        {
            "deadline": deadline.name.value,
            "last_day": deadline.last_day.isoformat() if deadline.last_day else None,
            "days_left": left,
            "to": state.action_by,
        },
    )
