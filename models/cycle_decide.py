"""May this command of a cycle be carried out now, by this actor; and what it leaves in the state.

Pure. `judge` changes nothing and raises `Refused`; what an activity has to do for a command, and what comes
of its answer, is arranged by the workflow with `receipt_for` and `carried_out`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from models.answered import body_digest, receipt_again
from models.audit import digest
from models.commands import Command, DeadlineChange
from models.cycle_commands import (
    CYCLE_COMMANDS,
    AdmitLate,
    Close,
    ExtendDeadline,
    FileReport,
    IssueCalendar,
    IssuePlanVersion,
    PublishList,
    RecordStep,
)
from models.cycle_guards import CITATIONS, GUARDS
from models.cycle_life import record, refresh_phase, set_marks
from models.cycle_messages import Done
from models.cycle_state import MAX_REFUSED, CycleAnswered, CycleReceipt, CycleState
from models.cycle_steps import Phase, StepId
from models.deadlines import DeadlineName
from models.decide import kind_of
from models.reading import read_command
from models.refusal import Refusal, RefusalCode, Refused, legible, refuse
from models.roles import ROLE_LABELS, SYSTEM, Actor, Role
from models.selection import Selection
from models.state import RefusedSignal
from models.wire import Label, local_day

SENDERS: Mapping[str, tuple[Role, ...]] = MappingProxyType(
    {
        "issue_plan_version": (Role.OFFICE, Role.CITY_OFFICE),
        "publish_list": (Role.OFFICE,),
        "file_report": (Role.OFFICE,),
        "record_step": (Role.OFFICE,),
        "close": (Role.OFFICE,),
        "issue_calendar": (Role.CITY_OFFICE,),
        "extend_deadline": (Role.CITY_OFFICE,),
        "admit_late": (Role.CITY_OFFICE,),
        "spot_check": (Role.CITY_OFFICE,),
    }
)
"""Who sends what (process (a) roles). An extension, also of the office's own day, is the city office's."""

AFTER_CLOSE = (
    "publish_list",
    "file_report",
    "record_step",
    "issue_calendar",
    "extend_deadline",
    "spot_check",
)
"""What a closed cycle with open cases still takes, for their sake."""

_LEFT_OUT = {"kind", "actor", "command_id", "expected_revision", "expires_at"}
_LONG = ("plan_toml", "notice_toml")


def parse_cycle_command(kind: str, body: object) -> Command:
    """Reads a command of a cycle. Raises `Refused` that names the field, the rule and the remedy."""
    return read_command(CYCLE_COMMANDS, kind, body, Label(zh="评审年度", en="A cycle"))


# --- may it be carried out ---------------------------------------------------------------------------------


def answer_again(state: CycleState, command: Command) -> CycleReceipt | None:
    """The receipt of a command that was accepted before; raises `Refused` if the body differs."""
    try:
        return receipt_again(state.answered, command)
    except Refused as refused:
        raise in_context(state, command, refused) from None


def judge(state: CycleState, command: Command, now: datetime) -> None:
    """Raises `Refused` with the rule and the remedy when the command may not be carried out now."""
    try:
        _judge(state, command, now)
    except Refused as refused:
        raise in_context(state, command, refused) from None


def in_context(state: CycleState, command: Command, refused: Refused) -> Refused:
    """The refusal with the command it answers, and where the cycle stands."""
    given = refused.refusal
    outsider = given.code in (RefusalCode.WRONG_ORGANISATION, RefusalCode.WRONG_ROLE)
    update: dict[str, Any] = {"command": kind_of(command), "command_id": command.command_id}
    if not outsider:
        update |= {"stage": state.phase.value, "revision": state.revision}
    return Refused(given.model_copy(update=update))


def _judge(state: CycleState, command: Command, now: datetime) -> None:
    kind = kind_of(command)
    _check_sender(state, command, SENDERS[kind])
    if state.closed_at is not None and (state.ended or kind not in AFTER_CLOSE):
        raise refuse(
            RefusalCode.CLOSED,
            zh=f"本年度评审已于{local_day(state.closed_at)}结束。",
            en=f"The cycle was closed on {local_day(state.closed_at)}.",
            fix_zh=f"仅可为未结案件办理：{'、'.join(AFTER_CLOSE)}。",
            fix_en=f"For its open cases these are left: {', '.join(AFTER_CLOSE)}.",
            field="kind",
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
            zh=f"评审年度已更新至修订号{state.revision}，该决定针对修订号{command.expected_revision}。",
            en=f"It is at revision {state.revision}; the decision was made on {command.expected_revision}.",
            fix_zh="请查看最新状态后重新决定。",
            fix_en="Look at it again and decide on the current revision.",
            field="expected_revision",
        )
    _check_selection(getattr(command, "selection", None))
    guard = GUARDS.get(kind)
    if guard is not None:
        guard(state, command, now)


def _check_selection(selection: Selection | None) -> None:
    """An order is carried out later, perhaps for days: whom it is for must not depend on the day."""
    if selection is not None and selection.terms.counts_working_days:
        raise refuse(
            RefusalCode.GUARD,
            zh="本年度的指令不能按工作日数选取申报。",
            en="An order of the cycle cannot choose by a number of working days.",
            fix_zh="请改用日期，如 due<=2023-11-06。",
            fix_en="Use days instead, like due<=2023-11-06.",
            field="selection.search",
        )


def _check_sender(state: CycleState, command: Command, allowed: tuple[Role, ...]) -> None:
    actor = command.actor
    if actor.role not in allowed:
        raise refuse(
            RefusalCode.WRONG_ROLE,
            zh=f"{ROLE_LABELS[actor.role].zh}不能发送此指令。",
            en=f"The role '{actor.role.value}' may not send this command.",
            fix_zh=f"应由{'、'.join(ROLE_LABELS[r].zh for r in allowed)}发送。",
            fix_en=f"It is for: {', '.join(r.value for r in allowed)}.",
            field="actor.role",
            citation="process (a) roles",
        )
    check_organisation(state.plan.organisations, actor)


def check_organisation(organisations: Mapping[str, str], actor: Actor) -> None:
    """The actor speaks for the organisation that holds this role in the plan. Raises `Refused`."""
    holder = organisations.get(actor.role.value)
    if holder is None or actor.organisation != holder:
        raise refuse(
            RefusalCode.WRONG_ORGANISATION,
            zh="该机构无权办理本年度评审。",
            en="This organisation does not hold that role in this plan.",
            fix_zh="请由方案载明的机构办理。",
            fix_en="Send it for the organisation that the plan names.",
            field="actor.organisation",
            citation="process (a) roles",
        )


# --- what it leaves ----------------------------------------------------------------------------------------


def order_id_of(state: CycleState, command: Command) -> str:
    """The id of the order of a command: short, as the id of each command to an application begins with it."""
    return digest([state.input.plan_id, kind_of(command), command.command_id])[:16]


def order_body(command: Command) -> tuple[dict[str, Any] | None, Selection]:
    """The `revise_deadlines` that an extension or a late admission sends, and to whom; None for others."""
    actor = command.actor.model_dump(mode="json")
    match command:
        case ExtendDeadline():
            ground, changes, selection = "extension", command.changes, command.selection
        case AdmitLate():
            late = DeadlineChange(name=DeadlineName.DEPARTMENT_SUBMISSION, last_day=command.last_day)
            ground, changes = "late_admission", (late,)
            selection = Selection(refs=(command.application_ref,))
        case _:
            return None, Selection()
    return {
        "kind": "revise_deadlines",
        "actor": actor,
        "ground": ground,
        "document_no": command.document_no,
        "text": command.text,
        "changes": [change.model_dump(mode="json", exclude_defaults=True) for change in changes],
    }, selection


def carried_out(
    state: CycleState,
    command: Command,
    answer: Done,
    order_id: str | None,
    now: datetime,
) -> CycleReceipt:
    """Takes the activity's answer into the state and gives the receipt."""
    kind = kind_of(command)
    details = _details(command) | {"counts": answer.counts, "done": answer.facts}
    if order_id is not None:
        details["order_id"] = order_id
    record(state, kind, now, command.actor, CITATIONS[kind], details, command=command)
    match command:
        case RecordStep():
            _set_done(state, StepId(command.step), command.on, command.document_no)
        case PublishList():
            set_marks(state, list_posted=max(local_day(p.posted_at) for p in command.postings))
            set_marks(state, unlisted_meeting=None)
        case FileReport():
            state.report_ref = command.report_ref
            set_marks(state, report_filed=local_day(now))
            _set_done(state, StepId.REPORT, local_day(now), command.report_ref)
        case Close():
            state.closed_at = now
            stages = {k.removeprefix("stage."): n for k, n in answer.counts.items() if k.startswith("stage.")}
            state.open_cases = stages
            _set_done(state, StepId.CLOSE, local_day(now), None)
            state.ended = not stages
        case IssueCalendar() | IssuePlanVersion():
            state.stale_dates = state.stale_dates or command.apply
        case _:
            pass
    refresh_phase(state, now)
    receipt = CycleReceipt(
        command_id=command.command_id,
        event=kind,
        phase=state.phase,
        revision=state.revision,
        at=now,
        order_id=order_id,
        counts=answer.counts,
        facts=answer.facts,
    )
    state.answered[command.command_id] = CycleAnswered(digest=body_digest(command), receipt=receipt)
    return receipt


def _set_done(state: CycleState, step: StepId, on: date, document_no: str | None) -> None:
    """Sets or corrects the day on which a step was done."""
    state.steps[step] = state.step(step).model_copy(update={"done_on": on, "document_no": document_no})


def _details(command: Command) -> dict[str, Any]:
    """The command as its fact keeps it: long texts as their hash, long lists as number and hash."""
    details: dict[str, Any] = command.model_dump(mode="json", exclude=_LEFT_OUT, exclude_defaults=True)
    for name in _LONG:
        if name in details:
            details[f"{name}_sha256"] = digest(details.pop(name))
    refs = details.get("selection", {}).get("refs")
    if refs is not None and len(refs) > 20:
        details["selection"] |= {"refs": len(refs), "refs_sha256": digest(refs)}
    return details


def refused_by_activity(answer: Done) -> Refused:
    """The activity did not carry it out: its words, as a refusal."""
    return refuse(
        RefusalCode.GUARD,
        zh=answer.refused_zh or "未能办理。",
        en=answer.refused_en or "It was not carried out.",
        fix_zh="请更正后用新的 command_id 重发；未作任何更改。",
        fix_en="Correct it and send it with a new command_id; nothing was changed.",
        field=answer.field,
    )


def not_possible(kind: str, reason: str) -> Refused:
    """The activity failed for good: what it said, for whoever looks after the service."""
    return refuse(
        RefusalCode.GUARD,
        zh=f"{kind} 未能办理：{reason}。",
        en=f"'{kind}' could not be carried out: {reason}.",
        fix_zh="请联系系统维护人员；排除后用同一 command_id 重发。",
        fix_en="Tell whoever runs the service; once it is mended send the same command_id again.",
    )


def note_refused(state: CycleState, kind: str, body: Any, refusal: Refusal, now: datetime) -> None:
    """Keeps a refused signal visible: in the state (the last ones) and as an entry of the audit chain."""
    command_id = body.get("command_id") if isinstance(body, dict) else None
    known_id = legible(command_id[:100]) if isinstance(command_id, str) else None
    kind, body_hash = legible(kind[:60]), _digest_of(body)
    state.refused.append(
        RefusedSignal(at=now, command=kind, command_id=known_id, body_digest=body_hash, refusal=refusal)
    )
    state.refused_count += 1
    del state.refused[:-MAX_REFUSED]
    details = {
        "command": kind,
        "command_id": known_id,
        "code": refusal.code.value,
        "field": refusal.field,
        "body_sha256": body_hash,
    }
    record(state, "refused", now, SYSTEM, refusal.citation or f"refusal: {refusal.code.value}", details)


def _digest_of(body: Any) -> str:
    try:
        return digest(body)
    except (TypeError, ValueError, RecursionError):
        return digest(repr(type(body)))


def permitted(state: CycleState) -> tuple[str, ...]:
    """The commands that the cycle takes in its phase, whoever sends them."""
    if state.ended:
        return ()
    return AFTER_CLOSE if state.phase is Phase.CLOSED else tuple(CYCLE_COMMANDS)
