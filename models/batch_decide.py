"""May this command of a batch be carried out now, by this actor; and what it leaves in the state. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from models.answered import body_digest, receipt_again
from models.batch import same_house
from models.batch_commands import Approve, Retry
from models.batch_messages import BatchStatus as S
from models.batch_state import (
    STATUS_FOR,
    STATUS_LABELS,
    BatchAnswered,
    BatchReceipt,
    BatchState,
    note,
    permitted,
)
from models.commands import Command
from models.decide import kind_of
from models.refusal import RefusalCode, Refused, refuse

MOST_ANSWERED = 500
"""Commands whose receipts are kept."""

_BUSY = (S.PREPARING, S.PREPARED)


def answer_again(state: BatchState, command: Command) -> BatchReceipt | None:
    """The receipt of a command that was accepted before; raises `Refused` if the body differs."""
    return receipt_again(state.answered, command)


def judge(state: BatchState, command: Command, now: datetime) -> None:
    """The command may be carried out now, by this person. Raises `Refused`; changes nothing."""
    try:
        _judge(state, command, now)
    except Refused as refused:
        update: dict[str, Any] = {"command": kind_of(command), "command_id": command.command_id}
        if refused.refusal.code is not RefusalCode.WRONG_ORGANISATION:
            update |= {"stage": state.status.value, "revision": state.revision}
        raise Refused(refused.refusal.model_copy(update=update)) from None


def _judge(state: BatchState, command: Command, now: datetime) -> None:
    kind, maker, actor = kind_of(command), state.input.maker, command.actor
    if not same_house(actor, maker):
        raise refuse(
            RefusalCode.WRONG_ORGANISATION,
            zh="只有建立该批次的机构可以办理。",
            en="Only the organisation that made the batch may act on it, in the same role.",
            fix_zh="请由该机构的人员办理。",
            fix_en="Send it as somebody of that organisation.",
            field="actor.organisation",
            citation="separation of duties, by design",
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
            zh=f"批次已更新至修订号{state.revision}，该决定针对修订号{command.expected_revision}。",
            en=f"It is at revision {state.revision}; the decision was made on {command.expected_revision}.",
            fix_zh="请查看最新情况后重新决定。",
            fix_en="Look at it again and decide on the current revision.",
            field="expected_revision",
        )
    if state.closed or state.status not in STATUS_FOR[kind]:
        raise _not_now(state, kind)
    if kind == "approve" and actor.id == maker.id:
        raise _second_person(
            "actor.id", "建立人不得自行复核。", "Whoever made the batch does not approve it."
        )
    if kind == "apply" and state.needs_approval and state.approver is None:
        raise _second_person(
            "approver",
            "该批次须经第二人复核后方可执行。",
            "It is sent only after a second person approved it.",
        )
    responsible = {maker.id, state.approver.id if state.approver else maker.id}
    if kind in ("apply", "retry") and actor.id not in responsible:
        raise refuse(
            RefusalCode.WRONG_PERSON,
            zh="只有建立人或复核人可以执行。",
            en="It is sent by whoever made it or approved it.",
            fix_zh="请由其中一人执行。",
            fix_en="Let one of the two send it.",
            field="actor.id",
            citation="separation of duties, by design",
        )


def _not_now(state: BatchState, kind: str) -> Refused:
    label = STATUS_LABELS[state.status]
    if state.status in _BUSY and not state.closed:
        return refuse(
            RefusalCode.PLAN_PENDING,
            zh=f"批次{label.zh}。",
            en=f"The batch is {label.en}.",
            fix_zh="请稍后用同一 command_id 重发。",
            fix_en="Send it again in a moment with the same command_id.",
        )
    possible = permitted(state)
    return refuse(
        RefusalCode.CLOSED if state.closed else RefusalCode.NOT_IN_THIS_STAGE,
        zh=f"批次处于“{label.zh}”，不能执行 {kind}。",
        en=f"The batch is {label.en}: '{kind}' is not possible now.",
        fix_zh=f"当前可执行：{'、'.join(possible) or '无'}。",
        fix_en=f"Possible now: {', '.join(possible) or 'nothing'}.",
        field="kind",
    )


def _second_person(field: str, zh: str, en: str) -> Refused:
    return refuse(
        RefusalCode.SEPARATION_OF_DUTIES,
        zh=zh,
        en=en,
        fix_zh="请由同一机构、同一身份的另一人复核（approve）。",
        fix_en="Let another person of the same organisation and role send `approve`.",
        field=field,
        citation="separation of duties, by design",
    )


def accept(state: BatchState, command: Command, now: datetime) -> BatchReceipt:
    """Carries it out in the state and gives the receipt; what follows is a leg.

    To send by force what was refused is another decision than the one that was approved: where a second
    person is needed, everything is asked and approved again.
    """
    kind = kind_of(command)
    match command:
        case Approve():
            state.approver, state.approved_at, state.status = command.actor, now, S.APPROVED
        case Retry():
            state.round, state.force, state.status = state.round + 1, command.force, S.APPLYING
            if command.force and state.needs_approval:
                state.status, state.approver, state.approved_at = S.PREPARED, None, None
        case _:
            state.status = {
                "dry_run": S.PREPARED,
                "apply": S.APPLYING,
                "pause": S.PAUSED,
                "resume": S.APPLYING,
                "stop": S.STOPPING,
            }[kind]
    state.close_at = None
    note(state, kind, now, command.actor, command.command_id)
    receipt = BatchReceipt(
        command_id=command.command_id,
        kind=kind,
        status=state.status,
        revision=state.revision,
        at=now,
        counts=state.counts,
    )
    state.answered[command.command_id] = BatchAnswered(digest=body_digest(command), receipt=receipt)
    for old in list(state.answered)[:-MOST_ANSWERED]:
        del state.answered[old]
    return receipt
