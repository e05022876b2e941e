"""A life without a server: the pure engine driven as the workflow drives it, with the real calendar.

Times are written as people write them, `2023-09-25 09:00`, and lie in Asia/Shanghai.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Any

import pytest

from models.answers import take_answers
from models.application import ApplicationInput
from models.audit import Fact, verify
from models.calendar import CalendarYearMissing, WorkCalendar
from models.commands import parse
from models.deadlines import Deadline, DeadlineName, DeadlineRequest
from models.decide import apply, record
from models.lifecycle import BY_EVENT
from models.outbox import DeadlineAnswer, HopBatch, HopResult
from models.plan import ReviewPlan
from models.plan_periods import terms_on
from models.posts import moves_post
from models.refusal import Refusal, Refused
from models.roles import SYSTEM
from models.schedule import next_wake, requests_on_entry
from models.settle import open_state, waiting_for_calendar
from models.signals import let_pass, receive, retry_early
from models.stages import Stage
from models.state import ApplicationState, Cause, Receipt
from models.terms import PlanTerms
from models.wire import SHANGHAI, end_of, local_day
from tests.models.post_book import PostBook
from workers.rehearsal.cast import Cast, Json

__all__ = ["Cast", "Json", "Life", "moment", "plan_terms"]


def moment(text: str) -> datetime:
    """`2023-09-25 09:00`, or a day alone (its first minute), in Asia/Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@lru_cache(maxsize=1)
def plan_terms() -> PlanTerms:
    """The terms of the 2023 plan."""
    return terms_on(ReviewPlan.load("tianjin-quality-2023"), calendar())


@lru_cache(maxsize=64)
def calendar(known_on: date | None = None) -> WorkCalendar:
    """The calendar, whole or as it was known on a day."""
    return WorkCalendar.load(known_on=known_on)


def hop_of(fact: Fact) -> str:
    """The activity that records a fact."""
    known = BY_EVENT.get(fact.event)
    return known.hop if known else "records"


class Life:
    """One application from its draft on. Every step lets passed deadlines take effect first."""

    def __init__(
        self,
        cast: Cast | None = None,
        start: str = "2023-09-18 09:00",
        *,
        known_on: date | None = None,
        start_input: Json | None = None,
        posts: PostBook | None = None,
        **terms: Any,
    ) -> None:
        self.cast = cast or Cast("life")
        self.posts = posts or PostBook()
        self.calendar = calendar(known_on)
        self.now = moment(start)
        given = ApplicationInput.model_validate(start_input or self.cast.start())
        self.state = ApplicationState(input=given, entered_at=self.now)
        record(self.state, "opened", self.state.stage, self.now, SYSTEM, None, "process (b): create")
        asked = plan_terms().model_copy(update=terms)
        probe = self.state.model_copy(update={"terms": asked})
        open_state(self.state, asked, self.answers(requests_on_entry(probe, self.now)), self.now)
        self.tick()

    # --- time ----------------------------------------------------------------------------------------

    def at(self, when: str) -> Life:
        """Lets time pass until then: every timer rings at its moment, as it would on a server."""
        return self.pass_time(moment(when))

    def pass_time(self, until: datetime) -> Life:
        """Lets time pass until `until`, stopping at every wake on the way."""
        assert until >= self.now, f"time runs forward: {self.now} -> {until}"
        for _ in range(2000):
            wake = next_wake(self.state, self.now)
            if wake is None or wake > until or self.state.ended:
                break
            self.now = max(self.now, wake)
            self.state.requests.extend(waiting_for_calendar(self.state))
            self.tick()
        else:
            raise AssertionError("the timers never rest")
        self.now = until
        self.tick()
        return self

    def tick(self) -> None:
        """What the workflow does when it wakes."""
        self.drain()
        while let_pass(self.state, self.now):
            self.drain()

    def drain(self) -> None:
        """Hands the outbox over, hop by hop, and takes back what the activities answer."""
        while (cause := self.state.take_cause()) is not None:
            groups = [(hop, list(group)) for hop, group in groupby(cause.facts, key=hop_of)]
            groups = groups or [("records", [])]
            for place, (hop, group) in enumerate(groups):
                last = place == len(groups) - 1
                self.hand_over(cause, hop, group, cause.requests if last else [])

    def hand_over(
        self, cause: Cause, hop: str, facts: list[Fact], requests: list[DeadlineRequest]
    ) -> HopBatch:
        """One batch, and the answer to it: computed deadlines, a certificate, a post."""
        batch = self.batch_of(cause, hop, facts, requests)
        answered = [self.posts.take(self.cast.ref, fact) for fact in facts] if batch.moves_post else []
        result = HopResult(
            answers=tuple(self.answers(requests)),
            certificate_no=self.number if any(fact.event == "confirm" for fact in facts) else None,
            post=next((answer for answer in reversed(answered) if answer is not None), None),
        )
        take_answers(self.state, batch, result, self.now)
        return batch

    def batch_of(
        self, _cause: Cause, hop: str, facts: list[Fact], requests: list[DeadlineRequest]
    ) -> HopBatch:
        """What leaves; nobody reads the snapshot of a life that is not written down, so it has none."""
        moves = moves_post(self.state.bound, facts)
        return HopBatch.model_construct(
            hop=hop, facts=tuple(facts), requests=tuple(requests), moves_post=moves
        )

    @property
    def number(self) -> str:
        """The number of the certificate."""
        return f"TJ2023-{self.cast.ref}"

    def answers(self, requests: Iterable[DeadlineRequest]) -> list[DeadlineAnswer]:
        """What the calendar answers."""
        return [self._answer(request) for request in requests]

    def _answer(self, request: DeadlineRequest) -> DeadlineAnswer:
        lineage = capped_from = missing_year = None
        if request.due_at is not None:
            last_day, due_at = local_day(request.due_at - timedelta(seconds=1)), request.due_at
        else:
            last = request.last_day
            if last is None:
                assert request.working_days is not None
                try:
                    due = self.calendar.end_of_period(
                        request.start, request.working_days, request.count_first_day, skip=request.skip
                    )
                except CalendarYearMissing as missing:
                    return DeadlineAnswer(name=request.name, missing_year=missing.year)
                last, lineage = due.last_day, due.lineage
            if request.cap is not None and last > request.cap:
                last, capped_from = request.cap, last
            last_day = max(last, request.not_before) if request.not_before else last
            due_at = end_of(last_day)
        try:
            days = {self.calendar.working_day_before(last_day, n) for n in request.reminders_wd}
        except CalendarYearMissing as missing:
            days, missing_year = set(), missing.year
        return DeadlineAnswer(
            name=request.name,
            due_at=due_at,
            reminders=tuple(
                datetime.combine(day, time(9), SHANGHAI) for day in sorted(days) if day > request.start
            ),
            lineage=lineage,
            capped_from=capped_from,
            missing_year=missing_year,
        )

    # --- what is sent --------------------------------------------------------------------------------

    def do(self, body: Json, when: str | None = None) -> Receipt:
        """Sends a command as an update; raises `Refused`."""
        if when is not None:
            self.at(when)
        let_pass(self.state, self.now)
        receipt = apply(self.state, parse(body["kind"], body), self.now)
        retry_early(self.state, self.now)
        self.drain()
        self.tick()
        return receipt

    def signal(self, body: Json, when: str | None = None) -> None:
        """Sends a command as a signal: nothing comes back."""
        if when is not None:
            self.at(when)
        let_pass(self.state, self.now)
        receive(self.state, body["kind"], body, self.now)
        retry_early(self.state, self.now)
        self.drain()
        self.tick()

    def refused(self, body: Json, when: str | None = None) -> Refusal:
        """Sends a command that must be refused and must change nothing; gives the refusal."""
        if when is not None:
            self.at(when)
        let_pass(self.state, self.now)
        before = self.state.model_dump_json()
        with pytest.raises(Refused) as refused:
            apply(self.state, parse(body["kind"], body), self.now)
        assert self.state.model_dump_json() == before, "a refused command changed the state"
        refusal = refused.value.refusal
        assert refusal.sentence("zh")
        assert refusal.sentence("en")
        return refusal

    def assert_transition(
        self, before: Stage, body: Json, after: Stage, event: str, when: str | None = None
    ) -> Receipt:
        """From `before` the command leads to `after` by `event`."""
        if when is not None:
            self.at(when)
        self.assert_stage(before)
        receipt = self.do(body)
        assert (receipt.event, receipt.stage) == (event, after.value)
        return receipt

    # --- what is read --------------------------------------------------------------------------------

    def assert_stage(self, stage: Stage) -> None:
        """The application is in that stage, and its audit chain is whole."""
        assert self.state.stage is stage, f"{self.state.stage} at {self.now}, events: {self.events()}"
        assert verify(self.state.history) == []

    def deadline(self, name: DeadlineName) -> Deadline:
        """A deadline by name."""
        return self.state.deadlines[name]

    def last_day(self, name: DeadlineName) -> str:
        """The last day of a deadline, as text."""
        return str(self.state.deadlines[name].last_day)

    def events(self) -> list[str]:
        """The events of the audit chain, in order."""
        return [fact.event for fact in self.state.history]

    def told(self, event: str, deadline: DeadlineName) -> list[str]:
        """The days on which that deadline was reminded of or escalated."""
        return [
            f"{fact.at:%m-%d}"
            for fact in self.state.history
            if fact.event == event and fact.details.get("deadline") == deadline.value
        ]


# --- ways through a life -----------------------------------------------------------------------------


def submitted(life: Life, when: str = "2023-09-20 09:00") -> Life:
    """The dossier is with the employer."""
    life.do(life.cast.submit(), when)
    return life


def recommended(life: Life, when: str = "2023-09-22 09:00") -> Life:
    """The employer recommends; the notice is not posted yet."""
    submitted(life)
    life.do(life.cast.recommend(), when)
    return life


def posted(life: Life, when: str = "2023-09-25 09:00") -> Life:
    """The employer's publicity runs."""
    recommended(life)
    life.do(life.cast.start_publicity(), when)
    return life


def with_department(life: Life, when: str = "2023-10-09 09:00") -> Life:
    """The publicity has run, the evidence is filed."""
    posted(life)
    life.do(life.cast.file_evidence(), when)
    return life


def with_office(life: Life, when: str = "2023-10-10 09:00") -> Life:
    """The department has submitted."""
    with_department(life)
    life.do(life.cast.department_submit(), when)
    return life


def accepted(life: Life, when: str = "2023-11-08 09:00") -> Life:
    """The office has accepted: waiting for the examination or for review."""
    with_office(life)
    life.do(life.cast.accept(), when)
    return life


def scheduled(life: Life, when: str = "2023-12-01 09:00") -> Life:
    """On the agenda of 15 December; drawn on 30 November."""
    accepted(life)
    life.do(life.cast.schedule(date(2023, 12, 15), date(2023, 11, 30)), when)
    return life


def voted(life: Life, yes: int = 6, when: str = "2023-12-15 16:00") -> Life:
    """The ballot of nine is counted; six yes are exactly two thirds."""
    scheduled(life)
    life.do(life.cast.vote(yes), when)
    return life


def published(life: Life, when: str = "2023-12-18 10:00") -> Life:
    """The list is posted in both places; its period ends on 25 December."""
    voted(life)
    life.do(life.cast.publish("2023-12-18T09:00:00+08:00"), when)
    return life


def to_confirm(life: Life, when: str = "2023-12-26 10:00") -> Life:
    """The second publicity has run in full."""
    published(life)
    return life.at(when)


def certified(life: Life, when: str = "2023-12-27 10:00") -> Life:
    """Confirmed; the certificate is made by itself."""
    to_confirm(life)
    life.do(life.cast.confirm(), when)
    return life


def archived(life: Life, when: str = "2023-12-28 10:00") -> Life:
    """The whole main line."""
    certified(life)
    life.do(life.cast.archive(), when)
    return life
