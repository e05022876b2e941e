"""ReviewCycleWorkflow: the committee's year of one plan, from the filed plan to the closed cycle.

It keeps the order of things; what may happen and what time means is `models.cycle_decide` and
`models.cycle_life`. Everything that comes (commands, alarms, outcomes of orders) stands in one queue, in the
order in which it came, and is worked off one by one; what was due goes before what came (decision 6). A task
that was split by a question is replayed in one go, with the updates first: so what follows from anything but
a message begins with a local activity, and the same commands come out in the same order (decision 10). Orders
to many applications run beside it (`workflows.cycle_orders`). Nothing grows with the number of applications.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import RawValue, RetryPolicy
from temporalio.exceptions import ActivityError, WorkflowAlreadyStartedError
from temporalio.workflow import ActivityConfig, ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from pydantic import BaseModel

    from models import cycle_decide as decide
    from models import cycle_life as life
    from models.audit import Fact, abridge
    from models.commands import Command
    from models.cycle_commands import IssueCalendar, IssuePlanVersion
    from models.cycle_dates import DatesAnswer
    from models.cycle_messages import Asked, Done, Order, OrdersEnded
    from models.cycle_state import (
        CycleBatch,
        CycleReceipt,
        CycleSnapshot,
        CycleTask,
        CycleTaskDone,
        CycleWritten,
        OrderState,
        Watched,
        order_workflow_id,
    )
    from models.cycle_views import CycleView, StatisticsView, cycle_view, statistics_view
    from models.decide import kind_of
    from models.plan_amend import order_after
    from models.refusal import Refusal, RefusalCode, Refused, refuse
    from models.roles import SYSTEM
    from models.selection import Selection
    from models.state import RefusedSignal
    from workflows.arrival import fix_the_moment
    from workflows.cycle_orders import FOR_GOOD, ORDER_DONE, TASK_TIMEOUT, CycleOrderWorkflow, reason_of
    from workflows.cycle_start import first_state, outcome_of
    from workflows.messages import body_of, history_is_long, refusal_error, start_error
    from workflows.recording import ask_database, tell
    from workflows.turns import Turns

BY_ACTIVITY: dict[str, str] = {
    "issue_plan_version": "issue_plan_version",
    "issue_calendar": "issue_calendar",
    "publish_list": "publish_list",
    "spot_check": "spot_check",
    "file_report": "file_report",
}
"""Commands that an activity carries out, by its name; it may take minutes."""

AT_LENGTH: ActivityConfig = {
    "start_to_close_timeout": timedelta(hours=6),
    "heartbeat_timeout": timedelta(minutes=2),
    "retry_policy": RetryPolicy(
        maximum_interval=timedelta(minutes=1), non_retryable_error_types=list(FOR_GOOD)
    ),
}
"""What a command does: tried for ever, unless the fault is in what was asked."""

BRIEFLY: ActivityConfig = {
    "start_to_close_timeout": timedelta(minutes=5),
    "retry_policy": RetryPolicy(maximum_attempts=3, maximum_interval=timedelta(seconds=10)),
}
"""What only looks: given up until the next day, so that a fault in a count stops nothing else."""

T = TypeVar("T", bound=BaseModel)


@dataclass
class _Work:
    """Something that came: a command (with or without somebody who waits), an alarm, an order's outcome."""

    at: datetime
    command: Command | None = None
    outcome: CycleTaskDone | None = None
    refused: tuple[str, Any, Refusal] | None = None
    waited_for: bool = False
    done: bool = False
    receipt: CycleReceipt | None = None
    refusal: Refusal | None = None


@workflow.defn(name="ReviewCycleWorkflow")
class ReviewCycleWorkflow:
    """One cycle. Start it with a `CycleInput`; talk to it with `models.cycle_commands`."""

    @workflow.init
    def __init__(self, start: Any, carried: Any = None) -> None:
        self._refused_start: Refusal | None = None
        self._turns = Turns()
        self._queue: list[_Work] = []
        self._busy = True
        self._alarms: dict[datetime, asyncio.Task[None]] = {}
        self._starting: dict[str, asyncio.Task[None]] = {}
        try:
            self._state = first_state(start, carried)
            self._moment = self._state.input.clock.now(workflow.info().workflow_start_time)
        except Refused as refused:
            self._refused_start = refused.refusal

    @workflow.run
    async def run(self, start: Any, carried: Any = None) -> dict[str, Any]:  # noqa: ARG002 - read by __init__
        """Lives until the cycle is closed and its last open case has ended; the result is its head."""
        if self._refused_start is None and self._state.terms is None:
            await self._open()
        if self._refused_start is not None:
            self._turn_away(self._refused_start)
            await workflow.wait_condition(workflow.all_handlers_finished)
            raise start_error(self._refused_start)
        while True:
            await self._work_off()
            if self._state.ended and not self._state.running_orders:
                break
            self._set_alarm()
            if history_is_long():
                await workflow.wait_condition(lambda: bool(self._queue) or self._may_leave())
                if not self._queue:
                    workflow.continue_as_new(args=[start, self._state.carried()])
            await workflow.wait_condition(lambda: bool(self._queue))
        await workflow.wait_condition(self._may_leave)
        head = {"plan_id", "plan_version", "phase", "revision", "seq", "chain", "closed_at", "open_cases"}
        return self.state().model_dump(mode="json", include=head)

    # --- messages ------------------------------------------------------------------------------------

    @workflow.update(dynamic=True)
    async def command(self, name: str, args: Sequence[RawValue]) -> CycleReceipt:
        """Every command as an update: carried out with a receipt, or refused with the reason."""
        try:
            command = decide.parse_cycle_command(name, body_of(name, args))
            if self._refused_start is not None:
                raise Refused(self._refused_start)
            work = self._put(_Work(self._arrival(), command=command, waited_for=True))
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
            command = decide.parse_cycle_command(name, body_of(name, args))
            if self._refused_start is not None:
                raise Refused(self._refused_start)
            if not self._busy and decide.answer_again(self._state, command) is None:
                decide.judge(self._state, command, self._now())
        except Refused as refused:
            raise refusal_error(refused.refusal) from None

    @workflow.signal(dynamic=True)
    def command_without_answer(self, name: str, args: Sequence[RawValue]) -> None:
        """The signal twin: never raises; what is refused is recorded and visible."""
        if self._refused_start is not None:
            return
        at = self._arrival()
        fix_the_moment()
        body: Any = None
        try:
            body = body_of(name, args)
            if name == ORDER_DONE:
                self._put(_Work(at, outcome=outcome_of(body)))
            else:
                self._put(_Work(at, command=decide.parse_cycle_command(name, body)))
        except Refused as refused:
            self._put(_Work(at, refused=(name, body, refused.refusal)))

    @workflow.query
    def state(self) -> CycleView:
        """Where the year stands: phase, plan version, every step with its date, what is overdue, orders."""
        return cycle_view(self._state, self._now())

    @workflow.query
    def statistics(self) -> StatisticsView:
        """The numbers, with the moment of the look that they come from."""
        return statistics_view(self._state, self._now())

    @workflow.query
    def history(self) -> list[Fact]:
        """The last entries of the audit chain; the database has all of them."""
        return abridge(self._state.history)

    @workflow.query
    def refused(self) -> list[RefusedSignal]:
        """The last signals that were refused, with the reason."""
        return list(self._state.refused)

    # --- the order of things ---------------------------------------------------------------------------

    def _now(self) -> datetime:
        return self._state.input.clock.now(workflow.now())

    def _arrival(self) -> datetime:
        """The time of what came. What has become due until then stands in the queue before it."""
        self._turns.now()
        self._moment = max(self._moment, self._now())
        if life.is_due(self._state, self._moment):
            self._put(_Work(self._moment))
        return self._moment

    def _put(self, work: _Work) -> _Work:
        self._queue.append(work)
        return work

    async def _work_off(self) -> None:
        self._busy = True
        while self._queue:
            work = self._queue.pop(0)
            if work.command is not None:
                await self._do_command(work, work.command)
            elif work.outcome is not None:
                given = work.outcome
                life.order_finished(self._state, given.order_id, given.counts, given.reason, work.at)
            elif work.refused is not None:
                decide.note_refused(self._state, *work.refused, work.at)
            else:
                await self._look(work.at)
            await self._flush()
            work.done = True
        self._busy = False

    async def _do_command(self, work: _Work, command: Command) -> None:
        order: CycleTask | None = None
        try:
            work.receipt = decide.answer_again(self._state, command)
            if work.receipt is None:
                decide.judge(self._state, command, work.at)
                work.receipt, order = await self._carry_out(command, work.at)
        except Refused as refused:
            work.refusal = refused.refusal
            if not work.waited_for:
                body = command.model_dump(mode="json")
                decide.note_refused(self._state, kind_of(command), body, refused.refusal, work.at)
        if order is not None:
            self._start_order(order)

    async def _carry_out(self, command: Command, at: datetime) -> tuple[CycleReceipt, CycleTask | None]:
        kind, state = kind_of(command), self._state
        answer = Done()
        if kind == "close":
            answer = await self._ask_database("list_open_cases", self._asked(command, at), Done)
        elif kind in BY_ACTIVITY:
            answer = await self._ask(kind, self._asked(command, at))
        if answer.refused_en is not None:
            raise decide.in_context(state, command, decide.refused_by_activity(answer))
        if isinstance(command, IssuePlanVersion | IssueCalendar) and command.apply:
            await self._compute_dates(at)
        task = self._order_of(command, answer, at)
        receipt = decide.carried_out(state, command, answer, task.order_id if task else None, at)
        if state.stale_dates:
            await self._compute_dates(at)
            life.refresh_phase(state, at)
        return receipt, task

    def _order_of(self, command: Command, answer: Done, at: datetime) -> CycleTask | None:
        """What the command means for many applications, to be carried out beside the cycle."""
        selection = Selection()
        if isinstance(command, IssuePlanVersion | IssueCalendar):
            body = order_after(command, answer)
        else:
            body, selection = decide.order_body(command)
        if body is None:
            return None
        order = Order(
            order_id=decide.order_id_of(self._state, command),
            plan_id=self._state.input.plan_id,
            at=at,
            body=body,
            selection=selection,
        )
        life.order_started(
            self._state,
            OrderState(
                order_id=order.order_id,
                activity="carry_out",
                command=kind_of(command),
                command_id=command.command_id,
                started_at=at,
            ),
        )
        return CycleTask(
            plan_id=order.plan_id,
            order_id=order.order_id,
            activity="carry_out",
            argument=order.model_dump(mode="json"),
        )

    def _start_order(self, task: CycleTask) -> None:
        """Beside the cycle, and not ended with it. Nothing waits for the start but the end of this run."""
        self._starting[task.order_id] = asyncio.create_task(self._started(task))

    async def _started(self, task: CycleTask) -> None:
        with suppress(WorkflowAlreadyStartedError):
            await workflow.start_child_workflow(
                CycleOrderWorkflow.run,
                task,
                id=order_workflow_id(task.plan_id, task.order_id),
                parent_close_policy=ParentClosePolicy.ABANDON,
                task_timeout=TASK_TIMEOUT,
                static_summary=task.activity,
            )
        del self._starting[task.order_id]

    # --- looking at the database -------------------------------------------------------------------------

    async def _look(self, upto: datetime) -> None:
        """Everything that has become due by then, each at its own moment."""
        state = self._state
        while not state.ended and (now := life.next_look(state, upto)) is not None:
            life.pass_boundaries(state, now)
            if life.take_tick(state, now):
                papers = await self._watch(now)
                if state.stale_dates or state.missing_year is not None:
                    await self._compute_dates(now)
                life.remind(state, now)
                life.refresh_phase(state, now)
                if papers is not None:
                    self._start_order(papers)
            await self._flush()

    async def _watch(self, now: datetime) -> CycleTask | None:
        """Takes the numbers of the day; the order to make papers where some are missing."""
        state = self._state
        if running := life.orders_asked(state):
            life.take_ended(state, await self._look_up("orders_ended", running, OrdersEnded), now)
        asked = self._asked(None, now)
        watched = await self._look_up("watch_cycle", asked, Watched)
        if watched is None:
            if not state.watch_failed:
                life.record(state, "watch_failed", now, SYSTEM, life.CLOCK_CITATION)
            state.watch_failed = True
            return None
        life.take_watched(state, watched)
        counted = await self._look_up("cycle_statistics", asked, Done)
        if counted is not None:
            state.statistics, state.statistics_at = counted.counts, now
        if watched.public_lists:
            await self._look_up("take_down_lists", asked, Done)
        if state.closed_at is not None:
            life.settle_open_cases(state, watched)
        making = any(order.activity == "make_papers" for order in state.running_orders)
        if not watched.certificates_missing or making:
            return None
        return self._papers(asked, watched, now)

    def _papers(self, asked: Asked, watched: Watched, now: datetime) -> CycleTask:
        order_id = f"papers-{now:%Y%m%d}"
        started = OrderState(order_id=order_id, activity="make_papers", command="make_papers", started_at=now)
        life.order_started(self._state, started)
        details = {"order_id": order_id, "missing": watched.certificates_missing}
        life.record(self._state, "papers_asked", now, SYSTEM, life.CLOCK_CITATION, details)
        command = {"kind": "make_papers", "actor": SYSTEM.model_dump(mode="json"), "command_id": order_id}
        argument = asked.model_copy(update={"command": command}).model_dump(mode="json")
        return CycleTask(plan_id=asked.plan_id, order_id=order_id, activity="make_papers", argument=argument)

    # --- activities --------------------------------------------------------------------------------------

    def _asked(self, command: Command | None, at: datetime) -> Asked:
        return Asked(
            plan_id=self._state.input.plan_id,
            plan_version=self._state.plan.version,
            at=at,
            command=command.model_dump(mode="json") if command is not None else {},
        )

    async def _open(self) -> None:
        self._turns.now()
        state, now = self._state, self._moment
        answer = await self._ask_for_dates(now)
        if answer.terms is None:
            refused = refuse(
                RefusalCode.MALFORMED,
                zh=answer.refused_zh or "评审年度不能建立。",
                en=answer.refused_en or "The cycle cannot be opened.",
                fix_zh="请更正后另行启动。",
                fix_en="Correct it and start again.",
                field=answer.field,
            )
            self._refused_start = refused.refusal
            return
        life.take_dates(state, answer, now, opening=True)
        state.phase = life.phase_at(state, now)
        life.record(state, "opened", now, SYSTEM, life.CLOCK_CITATION, {"calendar": state.calendar})
        await self._flush()

    async def _compute_dates(self, at: datetime) -> None:
        answer = await self._ask_for_dates(at)
        if answer.terms is not None:
            life.take_dates(self._state, answer, at)

    async def _ask_for_dates(self, at: datetime) -> DatesAnswer:
        asked = life.dates_asked(self._state, at)
        answer: DatesAnswer = await self._ask_database("cycle_dates", asked, DatesAnswer)
        return answer

    async def _flush(self, *, always: bool = False) -> None:
        """Hands new facts to the database, with the row and the steps as they are now."""
        state = self._state
        if not state.outbox and not always:
            return
        facts, state.outbox = tuple(state.outbox), []
        info = workflow.info()
        snapshot = CycleSnapshot.of(state, info.workflow_id, info.run_id, self._turns.now())
        batch = CycleBatch(snapshot=snapshot, facts=facts)
        proven = batch.model_copy(update={"proven": True})
        try:
            await tell("cycle_records", batch, proven, CycleWritten)
        finally:
            self._turns.now()
        state.trim()

    async def _ask_database(
        self, activity: str, argument: BaseModel, answer: type | None = None, **how: Any
    ) -> Any:
        """What was not done quickly is answered in a later task: its beginning is noted first of all."""
        try:
            return await ask_database(activity, argument, answer, **how)
        finally:
            self._turns.now()

    async def _look_up(self, activity: str, argument: BaseModel, answer: type[T]) -> T | None:
        """What only looks; None when it cannot be had today."""
        try:
            found: T = await self._ask_database(activity, argument, answer, otherwise=BRIEFLY)
        except ActivityError:
            return None
        return found

    async def _ask(self, kind: str, asked: Asked) -> Done:
        """What a command does, which may take minutes. Raises `Refused` when it failed for good."""
        try:
            done: Done = await workflow.execute_activity(
                BY_ACTIVITY[kind], asked, result_type=Done, **AT_LENGTH
            )
            self._turns.now()
        except ActivityError as error:
            self._turns.now()
            await self._flush(always=True)
            raise decide.not_possible(kind, reason_of(error)) from None
        await self._flush(always=True)
        return done

    # --- alarms ------------------------------------------------------------------------------------------

    def _set_alarm(self) -> None:
        """Makes sure that some timer rings no later than the next thing that is due; none is cancelled."""
        if self._state.ended:
            return
        wake = life.next_wake(self._state)
        if any(self._moment < alarm <= wake for alarm in self._alarms) or wake in self._alarms:
            return
        now = max(self._moment, self._now())
        delay = self._state.input.clock.real_delay(now, wake) + timedelta(milliseconds=1)
        self._alarms[wake] = asyncio.create_task(self._ring_after(delay, wake))

    async def _ring_after(self, delay: timedelta, wake: datetime) -> None:
        await workflow.sleep(delay, summary=f"{wake:%m-%d %H:%M}")
        self._turns.now()
        self._moment = max(self._moment, wake)
        del self._alarms[wake]
        self._put(_Work(wake))

    def _turn_away(self, refusal: Refusal) -> None:
        """Whoever waits while the start is refused hears why."""
        for work in self._queue:
            work.refusal, work.done = refusal, True

    def _may_leave(self) -> bool:
        return workflow.all_handlers_finished() and not self._starting
