"""BatchWorkflow: one command for a frozen selection of applications, from the dry run to the last answer.

It keeps the order of things and numbers; the items are rows (`models.tables.batches`), sent by activities.
Everything that comes (commands, outcomes of legs, the end of its time) stands in one queue and is worked off
one by one, beginning with a local activity; the outcome of a leg comes as a signal (decision 10). Nothing
here grows with the number of items.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue, RetryPolicy
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from models.batch import BatchInput, check_start
    from models.batch_commands import parse_batch_command
    from models.batch_decide import accept, answer_again, judge
    from models.batch_messages import Leg, LegOver
    from models.batch_state import (
        BatchReceipt,
        BatchState,
        BatchView,
        batch_view,
        begin_leg,
        leg_over,
        next_leg,
        record_of,
    )
    from models.commands import Command
    from models.reading import read_as
    from models.refusal import Refusal, RefusalCode, Refused, refuse
    from workflows.arrival import fix_the_moment
    from workflows.messages import body_of, history_is_long, refusal_error, start_error
    from workflows.recording import ask_database

LEG_OVER = "leg_over"
"""The signal with the outcome of a leg."""

LONGEST = timedelta(hours=24)
"""One try at a leg; 20,000 items at one a second take six hours."""

HEARTBEAT = timedelta(seconds=6)
"""How soon a leg whose worker has died is taken up by another one."""


@dataclass
class _Work:
    """Something that came: a command with somebody who waits, a leg's outcome, or the end of the time."""

    at: datetime
    command: Command | None = None
    outcome: LegOver | None = None
    done: bool = False
    receipt: BatchReceipt | None = None
    refusal: Refusal | None = None


@workflow.defn(name="BatchWorkflow")
class BatchWorkflow:
    """One batch. Start it with a `BatchInput`; talk to it with `models.batch_commands`."""

    @workflow.init
    def __init__(self, start: Any, carried: Any = None) -> None:
        self._refused_start: Refusal | None = None
        self._queue: list[_Work] = []
        self._busy = True
        self._legs: set[asyncio.Task[None]] = set()
        self._alarm: datetime | None = None
        try:
            self._state = _first_state(start, carried)
            self._moment = self._state.input.clock.now(workflow.info().workflow_start_time)
        except Refused as refused:
            self._refused_start = refused.refusal

    @workflow.run
    async def run(self, start: Any, carried: Any = None) -> dict[str, Any]:  # noqa: ARG002 - read by __init__
        """Lives until its time for retries is over; the result is its numbers."""
        if self._refused_start is None:
            await self._record_and_go_on()
        while self._refused_start is None:
            await self._work_off()
            if self._refused_start is not None or self._state.closed:
                break
            self._set_alarm()
            if history_is_long():
                await workflow.wait_condition(lambda: bool(self._queue) or self._may_leave())
                if not self._queue:
                    workflow.continue_as_new(args=[start, self._state.model_dump(mode="json")])
            await workflow.wait_condition(lambda: bool(self._queue))
        if self._refused_start is not None:
            self._turn_away(self._refused_start)
            await workflow.wait_condition(workflow.all_handlers_finished)
            raise start_error(self._refused_start)
        await workflow.wait_condition(self._may_leave)
        return self.state().model_dump(
            mode="json", include={"batch_ref", "status", "items", "counts", "reasons"}
        )

    # --- messages ------------------------------------------------------------------------------------

    @workflow.update(dynamic=True)
    async def command(self, name: str, args: Sequence[RawValue]) -> BatchReceipt:
        """Every command as an update: carried out with a receipt, or refused with the reason."""
        try:
            command = parse_batch_command(name, body_of(name, args))
            if self._refused_start is not None:
                raise Refused(self._refused_start)
            work = _Work(self._arrival(), command=command)
            if self._state.closed:
                self._do_command(work, command)
            else:
                self._put(work)
                await workflow.wait_condition(lambda: work.done)
            if work.refusal is not None:
                raise Refused(work.refusal)
            assert work.receipt is not None
            return work.receipt
        except Refused as refused:
            raise refusal_error(refused.refusal) from None

    @command.validator
    def _validate_command(self, name: str, args: Sequence[RawValue]) -> None:
        """Pure: what cannot be read, or may not be done, leaves no event in the history."""
        try:
            command = parse_batch_command(name, body_of(name, args))
            if self._refused_start is not None:
                raise Refused(self._refused_start)
            if not self._busy and answer_again(self._state, command) is None:
                judge(self._state, command, self._now())
        except Refused as refused:
            raise refusal_error(refused.refusal) from None

    @workflow.signal(dynamic=True)
    def outcome(self, name: str, args: Sequence[RawValue]) -> None:
        """The outcome of a leg, from its activity. A batch takes its commands as updates only."""
        if name != LEG_OVER or self._refused_start is not None:
            return
        at = self._arrival()
        fix_the_moment()
        with suppress(Refused):  # nobody waits for an answer; the leg goes on until it is told well
            self._put(_Work(at, outcome=read_as(LegOver, body_of(name, args), LEG_OVER)))

    @workflow.query
    def state(self) -> BatchView:
        """Where the batch stands, in numbers; who made and approved it; what may be sent."""
        return batch_view(self._state, self._now())

    # --- the order of things ---------------------------------------------------------------------------

    def _now(self) -> datetime:
        return self._state.input.clock.now(workflow.now())

    def _arrival(self) -> datetime:
        """The time of what came. When the batch's time is over, that stands in the queue before it."""
        self._moment = max(self._moment, self._now())
        if self._state.close_at is not None and self._moment >= self._state.close_at:
            self._put(_Work(self._moment))
        return self._moment

    def _put(self, work: _Work) -> _Work:
        self._queue.append(work)
        return work

    async def _work_off(self) -> None:
        self._busy = True
        while self._queue and self._refused_start is None:
            work = self._queue.pop(0)
            if work.command is not None:
                self._do_command(work, work.command)
            elif work.outcome is not None:
                self._take(work.outcome, work.at)
            elif self._state.close_at is not None and work.at >= self._state.close_at:
                self._state.closed = True
            await self._record_and_go_on()
            work.done = True
        self._busy = False

    def _do_command(self, work: _Work, command: Command) -> None:
        try:
            work.receipt = answer_again(self._state, command)
            if work.receipt is None:
                judge(self._state, command, work.at)
                work.receipt = accept(self._state, command, work.at)
        except Refused as refused:
            work.refusal = refused.refusal

    def _take(self, outcome: LegOver, at: datetime) -> None:
        if outcome.refusal is not None and outcome.leg == self._state.leg:
            self._refused_start = outcome.refusal
            return
        leg_over(self._state, outcome, at)

    async def _record_and_go_on(self) -> None:
        """The row first, by a local activity; then the next leg, if one is due."""
        if self._refused_start is not None:
            return
        await ask_database("record_batch", record_of(self._state, self._moment))
        kind = next_leg(self._state)
        if kind is None:
            return
        begin_leg(self._state, kind)
        state = self._state
        leg = Leg(
            batch=state.input,
            leg=state.leg,
            kind=kind,
            at=self._moment,
            round=state.round,
            force=state.force,
            made_at=state.made_at,
        )
        task = asyncio.create_task(self._walk(leg))
        self._legs.add(task)
        task.add_done_callback(self._legs.discard)

    async def _walk(self, leg: Leg) -> None:
        """What comes of it is told by a signal; here it is only seen to end."""
        with suppress(ActivityError):
            await workflow.execute_activity(
                "batch_leg",
                leg,
                start_to_close_timeout=LONGEST,
                heartbeat_timeout=HEARTBEAT,
                retry_policy=RetryPolicy(
                    initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)
                ),
                summary=f"{leg.kind.value} {leg.leg}",
            )

    def _set_alarm(self) -> None:
        """One timer for the end of the time for retries; one that is no longer needed finds nothing due."""
        wake = self._state.close_at
        if wake is None or wake == self._alarm:
            return
        self._alarm = wake
        delay = self._state.input.clock.real_delay(max(self._moment, self._now()), wake)
        self._ringing = asyncio.create_task(self._ring_after(delay + timedelta(milliseconds=1), wake))

    async def _ring_after(self, delay: timedelta, wake: datetime) -> None:
        await workflow.sleep(delay, summary=f"closes {wake:%m-%d %H:%M}")
        self._moment = max(self._moment, wake)
        self._put(_Work(self._moment))

    def _turn_away(self, refusal: Refusal) -> None:
        """Whoever waits while the start is refused hears why."""
        for work in self._queue:
            work.refusal, work.done = refusal, True

    def _may_leave(self) -> bool:
        return workflow.all_handlers_finished() and not self._legs


def _first_state(start: Any, carried: Any) -> BatchState:
    info = workflow.info()
    if carried is not None and info.continued_run_id is not None:
        return BatchState.model_validate(carried)
    given = read_as(BatchInput, start, "BatchInput")
    if carried is not None or info.workflow_id != given.workflow_id:
        raise refuse(
            RefusalCode.MALFORMED,
            zh="工作流编号与批次编号不一致，或自带了状态。",
            en=f"The workflow id must be '{given.workflow_id}', and a batch brings no state of its own.",
            fix_zh="请用规定的工作流编号启动，仅发送 BatchInput。",
            fix_en="Start it under that id with the BatchInput alone.",
            field="workflow_id",
        )
    check_start(given)
    return BatchState(input=given, made_at=given.clock.now(info.workflow_start_time))
