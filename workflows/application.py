"""ApplicationWorkflow: one durable workflow per application, from the draft to the archived certificate.

It waits, wakes and keeps the order of things; what may happen and what it means is `models.decide`.
Commands come as updates and signals of the same name, through one synchronous path: the state moves
before anything is awaited, the facts go to the outbox, the receipt is the answer. `run` drains the
outbox, one activity a hop, and sleeps until the next command or deadline.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from models import views
    from models.answers import take_answers
    from models.application import ApplicationInput
    from models.audit import Fact, abridge
    from models.clock import BusinessClock
    from models.commands import Command, parse
    from models.deadlines import DeadlineRequest
    from models.decide import answer_again, apply, judge, record
    from models.dossier import Dossier
    from models.field_errors import first_field_error
    from models.lifecycle import BY_EVENT
    from models.outbox import HopBatch, HopResult, Left, OpenRequest, OpenResult, Snapshot
    from models.posts import moves_post
    from models.refusal import Refusal, RefusalCode, Refused, refuse
    from models.roles import SYSTEM
    from models.schedule import next_wake
    from models.settle import open_state, waiting_for_calendar
    from models.signals import early_wake, let_pass, note_refused, receive, retry_early
    from models.state import ApplicationState, Cause, Receipt
    from workflows.arrival import fix_the_moment
    from workflows.attributes import changed_attributes
    from workflows.messages import body_of, history_is_long, refusal_error, start_error
    from workflows.recording import ask_database, tell
    from workflows.timeline import summary_of, timeline
    from workflows.turns import Turns


KEPT_UNTIL_POSSIBLE = "kept-until-possible"
"""A patch: an alarm rings at the opening and on the day of the meeting, for signals kept until then."""


@workflow.defn(name="ApplicationWorkflow")
class ApplicationWorkflow:
    """One application. Start it with an `ApplicationInput`; talk to it with the commands of the contract."""

    @workflow.init
    def __init__(self, start: Any, carried: Any = None) -> None:
        self._refused_start: Refusal | None = None
        self._rang = False
        self._opening = False
        self._alarms: dict[datetime, asyncio.Task[None]] = {}
        self._turns = Turns()
        self._sent_dossier: str | None = None
        try:
            self._state = self._first_state(start, carried)
            self._moment = _started_at(self._state.input.clock)
            self._opening = self._state.terms is None
            self._opened = self._state.take_cause() if self._opening else None
        except Refused as refused:
            self._refused_start = refused.refusal

    def _first_state(self, start: Any, carried: Any) -> ApplicationState:
        if carried is not None:
            if workflow.info().continued_run_id is None:
                raise refuse(
                    RefusalCode.MALFORMED,
                    zh="不得自带状态启动申报。",
                    en="An application cannot be started with a state of its own.",
                    fix_zh="仅发送 ApplicationInput。",
                    fix_en="Send the ApplicationInput alone.",
                    field="carried",
                )
            state = ApplicationState.model_validate(carried)
            self._sent_dossier = state.dossier.digest if state.dossier else None
            return state
        application = _read_input(start)
        if workflow.info().workflow_id != application.workflow_id:
            raise refuse(
                RefusalCode.MALFORMED,
                zh="工作流编号与申报编号不一致。",
                en=f"The workflow id must be '{application.workflow_id}'.",
                fix_zh="请用规定的工作流编号启动。",
                fix_en="Start it under that id.",
                field="workflow_id",
            )
        now = _started_at(application.clock)
        state = ApplicationState(input=application, entered_at=now)
        record(state, "opened", state.stage, now, SYSTEM, None, "process (b): create")
        return state

    @workflow.run
    async def run(self, start: Any, carried: Any = None) -> dict[str, Any]:  # noqa: ARG002 - read by __init__
        """Lives until the application has ended; the result is its last state view."""
        if self._opening:
            await self._open()
            self._opening = False
        if self._refused_start is not None:
            await workflow.wait_condition(workflow.all_handlers_finished)
            raise start_error(self._refused_start)
        while True:
            await self._settle_everything()
            if self._state.ended:
                break
            self._set_alarm()
            if history_is_long():
                workflow.continue_as_new(args=[start, self._state.carried()])
            await workflow.wait_condition(lambda: self._state.pending or self._rang)
            self._wake()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return views.state_view(self._state, self._now()).model_dump(
            mode="json", include={"application_ref", "stage", "revision", "certificate_no", "chain", "seq"}
        )

    # --- commands ------------------------------------------------------------------------------------

    @workflow.update(dynamic=True)
    async def command(self, name: str, args: Sequence[RawValue]) -> Receipt:
        """Every command of the contract as an update: accepted with a receipt, or refused with the reason.

        It waits for nothing but the opening, for a sender that starts and submits in one breath; from
        there on it is synchronous.
        """
        if self._opening:
            await workflow.wait_condition(lambda: not self._opening)
        try:
            command = self._read(name, args)
            if self._refused_start is not None:
                raise Refused(self._refused_start)
            now = self._arrival()
            self._let_pass(now)
            receipt = apply(self._state, command, now)
            retry_early(self._state, now)
            self._state.close_cause()
            return receipt
        except Refused as refused:
            raise refusal_error(refused.refusal) from None

    @command.validator
    def _validate_command(self, name: str, args: Sequence[RawValue]) -> None:
        """Pure: a refused update leaves no event in the history."""
        try:
            self._check(self._read(name, args))
        except Refused as refused:
            raise refusal_error(refused.refusal) from None

    @workflow.signal(dynamic=True)
    def command_without_answer(self, name: str, args: Sequence[RawValue]) -> None:
        """The signal twin: never raises; what is refused is recorded and visible."""
        if self._refused_start is not None:
            return
        now = self._arrival()
        fix_the_moment()
        self._let_pass(now)
        try:
            body = body_of(name, args)
        except Refused as refused:
            note_refused(self._state, name, None, refused.refusal, now)
            self._state.close_cause()
            return
        receive(self._state, name, body, now)
        retry_early(self._state, now)
        self._state.close_cause()
        self._set_alarm_for_what_is_kept()

    def _check(self, command: Command) -> None:
        if self._opening:
            return
        if self._refused_start is not None:
            raise Refused(self._refused_start)
        now = self._now()
        state = self._state
        if any(d.passed(now) for d in state.current_deadlines()):
            state = state.model_copy(deep=True)
            let_pass(state, now)
        if answer_again(state, command) is None:
            judge(state, command, now)

    def _read(self, name: str, args: Sequence[RawValue]) -> Command:
        return parse(name, body_of(name, args))

    # --- queries -------------------------------------------------------------------------------------

    @workflow.query
    def state(self) -> views.StateView:
        """Stage, statuses, revision, whose court; permitted commands, and why the rest are not."""
        return views.state_view(self._state, self._now())

    @workflow.query
    def history(self) -> list[Fact]:
        """Who decided what, when, under which rule and plan version: the audit chain.

        Of refused signals only the last forty are kept here, and beyond a megabyte the oldest details are
        abridged: the database has the whole chain, and `models.audit.verify(..., kept=True)` proves that
        nothing else is missing.
        """
        return abridge(self._state.history)

    @workflow.query
    def deadlines(self) -> list[views.DeadlineView]:
        """Every deadline with its lineage."""
        return views.deadline_views(self._state)

    @workflow.query
    def refused(self) -> list[Any]:
        """Signals refused, with the reason."""
        return list(views.refused_views(self._state))

    @workflow.query
    def would(self, body: Any) -> views.Preview:
        """What this command (its JSON object, with `kind`) would be answered now; nothing is changed."""
        try:
            self._check(parse(str(body.get("kind", "")) if isinstance(body, dict) else "", body))
        except Refused as refused:
            return views.Preview(refusal=refused.refusal)
        return views.Preview()

    # --- the order of things ---------------------------------------------------------------------------

    def _now(self) -> datetime:
        return self._state.input.clock.now(workflow.now())

    def _arrival(self) -> datetime:
        """The time of a command, from which on the state is looked at."""
        self._turns.now()
        self._moment = max(self._moment, self._now())
        return self._moment

    async def _open(self) -> None:
        info, now = workflow.info(), self._moment
        assert self._opened is not None
        (fact,) = self._opened.facts
        request = OpenRequest(
            application=self._state.input,
            workflow_id=info.workflow_id,
            run_id=info.first_execution_run_id,
            at=now,
            fact=fact,
            turn=self._turns.now(),
        )
        answer: OpenResult = await ask_database("open_application", request, OpenResult)
        if answer.terms is None:
            refused = refuse(
                RefusalCode.MALFORMED,
                zh=answer.refused_zh or "申报不能建立。",
                en=answer.refused_en or "The application cannot be opened.",
                fix_zh="请更正后另行启动。",
                fix_en="Correct it and start again.",
                field=answer.refused_code,
            )
            self._refused_start = refused.refusal
            return
        open_state(self._state, answer.terms, answer.answers, now)
        retry_early(self._state, self._moment)

    async def _settle_everything(self) -> None:
        """Drains the outbox, lets due deadlines take effect, until nothing is left to do at this moment.

        The moment is that of the last command or alarm, never the clock: a question that has waited for
        a worker makes the SDK run what came after it on an old clock, and a replay would decide otherwise.
        What has become due since then has an alarm that rings at once.
        """
        while True:
            await self._drain()
            if not self._let_pass(self._moment):
                break
        self._upsert()
        workflow.set_current_details(timeline(self._state))

    async def _drain(self) -> None:
        while (cause := self._state.take_cause()) is not None:
            groups = [(hop, list(group)) for hop, group in groupby(cause.facts, key=_hop_of)]
            groups = groups or [("records", [])]
            for place, (hop, group) in enumerate(groups):
                last = place == len(groups) - 1
                requests = cause.requests if last else []
                batch = self._batch(cause, hop, group, requests, more=not last or self._state.facts_wait)
                result = await self._record(batch, cause.dossier, summary_of(group))
                take_answers(self._state, batch, result, self._moment)

    async def _record(self, batch: HopBatch, dossier: Dossier | None, summary: str | None) -> HopResult:
        """Writes the batch. What is proven may bring back the decision that handed the dossier in, or asked
        for a post, so it has the dossier with it, and moves posts."""
        more = {"proven": True, "moves_post": self._state.bound, "dossier": dossier}
        proven, quickly = batch.model_copy(update=more), not batch.moves_post
        done: HopResult = await tell(batch.hop, batch, proven, HopResult, quickly=quickly, summary=summary)
        return done

    def _batch(
        self, cause: Cause, hop: str, facts: list[Fact], requests: list[DeadlineRequest], *, more: bool
    ) -> HopBatch:
        dossier = None
        if cause.dossier is not None and cause.dossier.digest != self._sent_dossier:
            dossier, self._sent_dossier = cause.dossier, cause.dossier.digest
        assert cause.standing is not None
        return HopBatch(
            hop=hop,
            snapshot=Snapshot.of(
                self._state.input,
                cause.standing,
                Left(workflow.info().workflow_id, workflow.info().run_id, self._now(), self._turns.now()),
                facts,
            ),
            facts=tuple(facts),
            requests=tuple(requests),
            dossier=dossier,
            moves_post=moves_post(self._state.bound, facts),
            more=more,
        )

    def _set_alarm(self) -> None:
        """Makes sure that some timer rings no later than the next thing that is due.

        A timer is never cancelled: one that is no longer needed wakes the workflow to find nothing due,
        which costs less than starting another one when its moment is needed again.
        """
        wake = next_wake(self._state, self._moment)
        if wake is not None:
            self._alarm_at(wake)
        self._set_alarm_for_what_is_kept()

    def _set_alarm_for_what_is_kept(self) -> None:
        early = early_wake(self._state, self._moment)
        if early is not None and workflow.patched(KEPT_UNTIL_POSSIBLE):
            self._alarm_at(early)

    def _alarm_at(self, wake: datetime) -> None:
        if any(alarm <= wake for alarm in self._alarms):
            return
        now = max(self._moment, self._now())
        delay = self._state.input.clock.real_delay(now, wake) + timedelta(milliseconds=1)
        self._alarms[wake] = asyncio.create_task(self._ring_after(delay, wake))

    async def _ring_after(self, delay: timedelta, wake: datetime) -> None:
        await workflow.sleep(delay, summary=f"{self._state.stage.value} {wake:%m-%d %H:%M}")
        self._rang = True
        self._moment = max(self._moment, wake)
        del self._alarms[wake]

    def _wake(self) -> None:
        if not self._rang:
            return
        self._rang = False
        self._state.requests.extend(waiting_for_calendar(self._state))
        passed = self._let_pass(self._moment)
        if not passed and self._state.early and workflow.patched(KEPT_UNTIL_POSSIBLE):
            retry_early(self._state, self._moment)
            self._state.close_cause()

    def _let_pass(self, now: datetime) -> bool:
        """What is due by `now` happens, as a cause of its own. True if anything did."""
        happened = let_pass(self._state, now)
        self._state.close_cause()
        return happened

    def _upsert(self) -> None:
        updates = changed_attributes(self._state, workflow.info().typed_search_attributes)
        if updates:
            workflow.upsert_search_attributes(updates)


def _started_at(clock: BusinessClock) -> datetime:
    """Business time of the start, not of the first task: that one's time changes with a replay when it was
    asked a question before its activity had ended."""
    return clock.now(workflow.info().workflow_start_time)


def _hop_of(fact: Fact) -> str:
    known = BY_EVENT.get(fact.event)
    return known.hop if known else "records"


def _read_input(start: Any) -> ApplicationInput:
    try:
        return ApplicationInput.model_validate(start)
    except ValidationError as error:
        field, rule = first_field_error(error)
        path = field or "(input)"
        raise refuse(
            RefusalCode.MALFORMED,
            zh=f"字段 {path} 不符合要求：{rule.zh}。",
            en=f"The field {path} breaks a rule: {rule.en}.",
            fix_zh="请按 ApplicationInput 的 JSON Schema 更正后另行启动。",
            fix_en="Correct it by the JSON Schema of ApplicationInput and start again.",
            field=path,
        ) from None
