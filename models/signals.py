"""Commands that come as signals: nobody waits for the answer, so nothing may be dropped.

Accepted ones are carried out; early ones are kept until they expire; all others are recorded as refused,
with the reason. Nothing in here raises.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from models.answered import body_digest
from models.audit import Fact, canonical, digest
from models.commands import Command, parse
from models.decide import apply, expire, kind_of, may_come_later, record
from models.refusal import Refusal, RefusalCode, Refused, legible, refuse
from models.roles import SYSTEM
from models.schedule import next_end
from models.stages import STAGES, Stage
from models.state import ApplicationState, EarlySignal, RefusedSignal
from models.wire import start_of

MAX_REFUSED = 40
"""Refused signals that the workflow keeps, with their entries of the chain; the database keeps all.

Without a bound, whoever sends rubbish makes the state too large to be carried into a new run.
"""

MAX_EARLY = 20
MAX_EARLY_BYTES = 256 * 1024
"""Early signals kept at one time, and the bytes of all their bodies."""

KEEP_EARLY = timedelta(days=30)
"""How long an early signal without its own `expires_at` is kept, in business time."""

_EARLY_CODES = (RefusalCode.TOO_EARLY, RefusalCode.NOT_OPEN_YET, RefusalCode.PLAN_PENDING)
_ORDER = {stage: place for place, stage in enumerate(STAGES)}


def receive(state: ApplicationState, kind: str, body: Any, now: datetime) -> None:
    """Carries a signal out, keeps it, or records it as refused. Never raises."""
    try:
        command = parse(kind, body)
    except Refused as refused:
        note_refused(state, kind, body, refused.refusal, now)
        return
    _attempt(state, kind, command, body, now)


def _attempt(
    state: ApplicationState,
    kind: str,
    command: Command,
    body: Any,
    now: datetime,
    kept: EarlySignal | None = None,
) -> None:
    """Deals with the signal (accepted or refused), or keeps it, longer where it is `kept` already.

    A hold ends no waiting: what was kept for its stage is carried out when the application is released.
    """
    try:
        apply(state, command, now)
    except Refused as refused:
        until = kept.expires_at if kept is not None else command.expires_at or now + KEEP_EARLY
        early = refused.refusal.code in _EARLY_CODES or (
            refused.refusal.code is RefusalCode.NOT_IN_THIS_STAGE and may_come_later(state, command)
        )
        early = early or (kept is not None and refused.refusal.code is RefusalCode.ON_HOLD)
        if not early or state.ended:
            note_refused(state, kind, body, refused.refusal, now)
        elif now >= until:
            note_refused(state, kind, body, _expired(until, command.command_id, kind), now)
        elif kept is not None:
            _put_by(state, kept)
        else:
            _keep(state, command, body, until, now)


def _keep(state: ApplicationState, command: Command, body: Any, until: datetime, now: datetime) -> None:
    kind = kind_of(command)
    twin = next((e for e in state.early if e.body.get("command_id") == command.command_id), None)
    if twin is not None:
        if body_digest(parse(twin.command, twin.body)) != body_digest(command):
            note_refused(state, kind, body, _reused(), now)
        return
    waiting = sum(_size(early.body) for early in state.early)
    if len(state.early) >= MAX_EARLY or waiting + _size(body) > MAX_EARLY_BYTES:
        too_many = refuse(
            RefusalCode.TOO_EARLY,
            zh=f"提前送达的指令已达上限（{MAX_EARLY}条、共{MAX_EARLY_BYTES // 1024}kB）。",
            en=f"The early commands that wait are as many as are kept ({MAX_EARLY}, of"
            f" {MAX_EARLY_BYTES // 1024} kB in all).",
            fix_zh="请在到达相应阶段后发送。",
            fix_en="Send it once its stage is reached.",
        )
        note_refused(state, kind, body, too_many.refusal, now)
        return
    dossier = state.dossier.digest if state.dossier else None
    _put_by(
        state,
        EarlySignal(
            received_at=now,
            expires_at=until,
            dossier_digest=dossier,
            command=kind,
            body=body,
            seq=state.seq,
        ),
    )


def _put_by(state: ApplicationState, signal: EarlySignal) -> None:
    state.early.append(signal)
    state.early.sort(key=lambda e: e.received_at)


def early_wake(state: ApplicationState, now: datetime) -> datetime | None:
    """The next business instant at which a kept signal may become possible although no deadline ends then.

    That is the opening of the window, and the day of the meeting.
    """
    if not state.early or state.terms is None:
        return None
    moments = [state.plan.opens_at]
    if state.meeting is not None:
        moments.append(start_of(state.meeting.meeting_on))
    return min((moment for moment in moments if moment > now), default=None)


def retry_early(state: ApplicationState, now: datetime) -> None:
    """Tries the kept signals again, oldest first, until none of them moves anything.

    One whose dossier has changed since it came was decided on other materials and is refused as stale; so is
    one that came before a step back (a notice taken down, a new vote): it was about what has been undone.
    """
    progress = True
    while progress and state.early:
        progress = False
        for signal in list(state.early):
            state.early.remove(signal)
            current = state.dossier.digest if state.dossier else None
            if signal.dossier_digest not in (None, current):
                note_refused(state, signal.command, signal.body, _overtaken(), now)
                continue
            before = state.revision
            try:
                command = parse(signal.command, signal.body)
            except Refused as refused:
                note_refused(state, signal.command, signal.body, refused.refusal, now)
                continue
            if _went_back(state, signal) and may_come_later(state, command):
                note_refused(state, signal.command, signal.body, _undone(), now)
                continue
            _attempt(state, signal.command, command, signal.body, now, signal)
            if state.revision != before:
                progress = True
                break


def let_pass(state: ApplicationState, now: datetime) -> bool:
    """What is due by `now` happens; what waited for it is carried out at its moment. True if anything did.

    After a pause of the service several ends may have passed: between a publicity that was over on Friday
    and a window that closed on Monday, the evidence that was sent early is filed, as it would have been.
    """
    happened = False
    while state.early and (end := next_end(state, now)) is not None and expire(state, end):
        retry_early(state, max(end, state.history[-1].at))
        happened = True
    if expire(state, now):
        retry_early(state, now)
        happened = True
    return happened


def _went_back(state: ApplicationState, signal: EarlySignal) -> bool:
    """True when the application has gone back to an earlier stage since the signal was kept."""
    if signal.seq is None:
        return False
    return any(fact.seq > signal.seq and _is_step_back(fact) for fact in state.history)


def _is_step_back(fact: Fact) -> bool:
    """A check that the system repeats by itself is none (`may_come_later` says the same)."""
    before, after = Stage(fact.from_stage), Stage(fact.to_stage)
    return _ORDER[after] < _ORDER[before] and not STAGES[after].automatic


def note_refused(state: ApplicationState, kind: str, body: Any, refusal: Refusal, now: datetime) -> None:
    """Keeps a refused signal visible: in the state (the last ones) and as an entry of the audit chain."""
    command_id = body.get("command_id") if isinstance(body, dict) else None
    known_id = legible(command_id[:100]) if isinstance(command_id, str) else None
    kind = legible(kind[:60])
    body_hash = _digest_of(body)
    state.refused.append(
        RefusedSignal(at=now, command=kind, command_id=known_id, body_digest=body_hash, refusal=refusal)
    )
    state.refused_count += 1
    del state.refused[:-MAX_REFUSED]
    record(
        state,
        "refused",
        state.stage,
        now,
        SYSTEM,
        None,
        refusal.citation or f"refusal: {refusal.code.value}",
        {
            "command": kind,
            "command_id": known_id,
            "code": refusal.code.value,
            "field": refusal.field,
            "body_sha256": body_hash,
        },
    )
    _forget_old_refusals(state)


def _forget_old_refusals(state: ApplicationState) -> None:
    """What is forgotten here is in the database, or in the outbox on its way there."""
    noted = [place for place, fact in enumerate(state.history) if fact.event == "refused"]
    for place in reversed(noted[:-MAX_REFUSED]):
        del state.history[place]


def _size(body: Any) -> int:
    return len(canonical(body).encode())


def _digest_of(body: Any) -> str:
    try:
        return digest(body)
    except (TypeError, ValueError, RecursionError):
        return digest(repr(type(body)))


def _reused() -> Refusal:
    return refuse(
        RefusalCode.REUSED_COMMAND_ID,
        zh="该 command_id 已用于另一条等待中的指令。",
        en="This command_id belongs to another command that is waiting.",
        fix_zh="请使用新的 command_id。",
        fix_en="Use a new command_id.",
        field="command_id",
    ).refusal


def _expired(until: datetime, command_id: str, kind: str) -> Refusal:
    return refuse(
        RefusalCode.EXPIRED,
        zh=f"提前送达的指令已于{until.isoformat()}失效。",
        en=f"The early command expired at {until.isoformat()}.",
        fix_zh="请重新作出决定。",
        fix_en="Decide again and send a new command.",
        field="expires_at",
    ).refusal.model_copy(update={"command": kind, "command_id": command_id})


def _overtaken() -> Refusal:
    return refuse(
        RefusalCode.STALE_REVISION,
        zh="提前送达后材料已变更，该决定针对旧材料。",
        en="The dossier changed after this early command was sent.",
        fix_zh="请查看最新材料后重新决定。",
        fix_en="Look at it again and decide on the present dossier.",
    ).refusal


def _undone() -> Refusal:
    return refuse(
        RefusalCode.STALE_REVISION,
        zh="提前送达后申报已退回此前环节，该决定针对退回前的情况。",
        en="The application has gone back a step since this early command was sent.",
        fix_zh="请查看当前情况后重新决定。",
        fix_en="Look at it again and decide on how it stands now.",
    ).refusal
