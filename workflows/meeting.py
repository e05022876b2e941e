"""ReviewMeetingWorkflow: one meeting of a committee, from the draw of its experts to its minutes.

It keeps the order of things and the answers given; what experts do (come and go, opinions, ballots) is done
in the database and never comes here. Everything it holds and says is counts and references of applications.
A command is an update: under one lock its transaction runs, as a local activity; what applications must be
told is sent by an ordinary activity; a second transaction takes up their answers. A refusal changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue, RetryPolicy
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from models.commands import Command
    from models.decide import kind_of
    from models.field_errors import first_field_error
    from models.meeting_commands import parse_meeting_command
    from models.meeting_messages import (
        MeetingAct,
        MeetingActDone,
        MeetingInput,
        Sending,
        SendingDone,
        ToSend,
    )
    from models.meeting_state import (
        MeetingFact,
        MeetingReceipt,
        MeetingState,
        MeetingView,
        accept,
        adopt,
        alarms,
        answer_again,
        due,
        dump,
        judge,
        meeting_view,
        note,
        rang,
    )
    from models.refusal import Refusal, RefusalCode, Refused, refuse
    from models.roles import SYSTEM
    from workflows.application import HISTORY_LIMIT, NOT_QUICKLY, PATIENTLY, QUICKLY, _body, refusal_error

SENDING_LIMIT = timedelta(minutes=30)
"""How long one try at telling the applications of an agenda may take."""

HEARTBEAT = timedelta(seconds=60)


@workflow.defn(name="ReviewMeetingWorkflow")
class ReviewMeetingWorkflow:
    """One meeting. Start it with a `MeetingInput`; talk to it with `models.meeting_commands`."""

    @workflow.init
    def __init__(self, start: Any, carried: Any = None) -> None:
        self._refused_start: Refusal | None = None
        self._lock = asyncio.Lock()
        self._planning = False
        try:
            self._state = _first_state(start, carried)
            self._planning = self._state.terms is None
        except Refused as refused:
            self._refused_start = refused.refusal

    @workflow.run
    async def run(self, start: Any, carried: Any = None) -> dict[str, Any]:  # noqa: ARG002 - read by __init__
        """Lives until the meeting is closed; the result is its head: status, counts, the minutes' hash."""
        if self._planning:
            await self._plan()
            self._planning = False
        if self._refused_start is not None:
            await workflow.wait_condition(workflow.all_handlers_finished)
            raise ApplicationError(
                self._refused_start.sentence(),
                self._refused_start.model_dump(mode="json"),
                type="RefusedStart",
                non_retryable=True,
            )
        while not self._state.closed:
            await self._until_something_is_due()
            if self._should_continue_as_new():
                await workflow.wait_condition(workflow.all_handlers_finished)
                workflow.continue_as_new(args=[start, dump(self._state)])
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._state.head.model_dump(mode="json")

    # --- messages ------------------------------------------------------------------------------------

    @workflow.update(dynamic=True)
    async def command(self, name: str, args: Sequence[RawValue]) -> MeetingReceipt:
        """Every command as an update: carried out with a receipt, or refused with the reason."""
        if self._planning:
            await workflow.wait_condition(lambda: not self._planning)
        try:
            if self._refused_start is not None:
                raise Refused(self._refused_start)
            command = parse_meeting_command(name, _body(name, args))
            async with self._lock:
                await self._let_ring(self._now())
                known = answer_again(self._state, command)
                if known is not None:
                    return known
                judge(self._state, command)
                return await self._carry_out(command)
        except Refused as refused:
            raise refusal_error(refused.refusal) from None

    @command.validator
    def _validate_command(self, name: str, args: Sequence[RawValue]) -> None:
        """Pure: what cannot be read, or is not for this person or this state, leaves no event."""
        try:
            command = parse_meeting_command(name, _body(name, args))
            if self._planning or self._refused_start is not None:
                return
            if answer_again(self._state, command) is None and not self._lock.locked():
                judge(self._state, command)
        except Refused as refused:
            raise refusal_error(refused.refusal) from None

    @workflow.signal(dynamic=True)
    def unknown_signal(self, name: str, args: Sequence[RawValue]) -> None:
        """A meeting takes updates only: a signal has no answer, and is let go."""

    @workflow.query
    def state(self) -> MeetingView:
        """Where the meeting stands; every item of the agenda in numbers; what may be sent."""
        return meeting_view(self._state)

    @workflow.query
    def history(self) -> list[MeetingFact]:
        """What the office, the chair and the clock did, in numbers. Experts do not appear in it."""
        return list(self._state.history)

    # --- the order of things ---------------------------------------------------------------------------

    async def _carry_out(self, command: Command) -> MeetingReceipt:
        """The transaction; what applications are told; the transaction that takes up their answers."""
        now = self._now()
        done = await self._act(command, "", now)
        if done.sends:
            outcomes = await self._send(done.sends)
            second = await self._act(command, "sent", now, outcomes)
            items = {item.application_ref: item for item in (*done.items, *second.items)}
            done = second.model_copy(
                update={"counts": done.counts | second.counts, "items": tuple(items.values())}
            )
        return accept(self._state, command, done, now)

    async def _act(
        self, command: Command, step: str, now: datetime, outcomes: SendingDone | None = None
    ) -> MeetingActDone:
        act = MeetingAct(
            meeting=self._state.input,
            kind=kind_of(command),
            step=step,
            at=now,
            command=command.model_dump(mode="json"),
            outcomes=outcomes.outcomes if outcomes else (),
            terms=self._state.terms,
        )
        done = await self._record("meeting_act", act)
        adopt(self._state, done)
        if done.refusal is not None:
            raise Refused(done.refusal)
        return done

    async def _send(self, sends: tuple[ToSend, ...]) -> SendingDone:
        answer: SendingDone = await workflow.execute_activity(
            "send_from_meeting",
            Sending(plan_id=self._state.input.plan_id, sends=sends),
            result_type=SendingDone,
            start_to_close_timeout=SENDING_LIMIT,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=RetryPolicy(maximum_interval=timedelta(minutes=1)),
        )
        return answer

    async def _record(self, activity: str, act: MeetingAct) -> MeetingActDone:
        """One database transaction: quickly inside the workflow task, else as an ordinary activity."""
        answer: MeetingActDone
        try:
            answer = await workflow.execute_local_activity(
                activity, act, result_type=MeetingActDone, **QUICKLY
            )
        except NOT_QUICKLY:
            answer = await workflow.execute_activity(activity, act, result_type=MeetingActDone, **PATIENTLY)
        return answer

    async def _plan(self) -> None:
        now = self._state.input.clock.now(workflow.info().workflow_start_time)
        done = await self._record("plan_meeting", MeetingAct(meeting=self._state.input, kind="plan", at=now))
        if done.refusal is not None:
            self._refused_start = done.refusal
            return
        adopt(self._state, done)
        assert self._state.terms is not None
        counts = {"committee_size": self._state.terms.committee_size}
        note(self._state, "planned", SYSTEM, now, done.model_copy(update={"counts": counts}))

    async def _until_something_is_due(self) -> None:
        """Sleeps until the meeting is closed, its history is long, or an alarm rings."""
        ahead = alarms(self._state)
        if not ahead:
            await workflow.wait_condition(self._something_changed(ahead))
            return
        wake = min(at for at, _ in ahead)
        delay = self._state.input.clock.real_delay(self._now(), wake) + timedelta(milliseconds=1)
        try:
            await workflow.wait_condition(
                self._something_changed(ahead), timeout=delay, timeout_summary=f"{wake:%m-%d %H:%M}"
            )
        except TimeoutError:
            async with self._lock:
                await self._let_ring(max(wake, self._now()))

    def _something_changed(self, ahead: list[tuple[datetime, str]]) -> Any:
        return lambda: self._state.closed or self._should_continue_as_new() or alarms(self._state) != ahead

    async def _let_ring(self, now: datetime) -> None:
        """What is due rings before anything else happens, whoever notices it."""
        for at, name in due(self._state, now):
            act = MeetingAct(meeting=self._state.input, kind=name, at=at, terms=self._state.terms)
            done = await self._record("meeting_alarm", act)
            adopt(self._state, done)
            rang(self._state, name, at, done)

    def _now(self) -> datetime:
        return self._state.input.clock.now(workflow.now())

    def _should_continue_as_new(self) -> bool:
        info = workflow.info()
        return info.is_continue_as_new_suggested() or info.get_current_history_length() > HISTORY_LIMIT


def _first_state(start: Any, carried: Any) -> MeetingState:
    if carried is not None and workflow.info().continued_run_id is not None:
        return MeetingState.model_validate(carried)
    try:
        given = MeetingInput.model_validate(start)
    except ValidationError as error:
        field, rule = first_field_error(error)
        path = field or "(input)"
        raise refuse(
            RefusalCode.MALFORMED,
            zh=f"字段 {path} 不符合要求：{rule.zh}。",
            en=f"The field {path} breaks a rule: {rule.en}.",
            fix_zh="请按 MeetingInput 的 JSON Schema 更正后另行启动。",
            fix_en="Correct it by the JSON Schema of MeetingInput and start again.",
            field=path,
        ) from None
    if carried is not None or workflow.info().workflow_id != given.workflow_id:
        raise refuse(
            RefusalCode.MALFORMED,
            zh="工作流编号与会议编号不一致，或自带了状态。",
            en=f"The workflow id must be '{given.workflow_id}', and a meeting brings no state of its own.",
            fix_zh="请用规定的工作流编号启动，仅发送 MeetingInput。",
            fix_en="Start it under that id with the MeetingInput alone.",
            field="workflow_id",
        )
    return MeetingState(input=given)
