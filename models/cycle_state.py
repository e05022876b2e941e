"""The whole state of a cycle: one serialisable model, owned by its workflow.

Its size does not depend on the number of applications: numbers, the steps of the year, the commands that
were answered, and the last facts of the audit chain. Everything older or longer is in the database.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator

from models.audit import GENESIS, Fact, abridge
from models.clock import REAL_TIME, BusinessClock
from models.cycle_dates import CycleTerms, Marks, StepDate
from models.cycle_steps import Phase, StepId
from models.roles import Reference
from models.state import RefusedSignal
from models.turn import Turn
from models.wire import Compact, Instant, Told, Wire

KEPT = 500
"""Answered commands and facts that the workflow keeps; the database keeps every fact."""

MAX_REFUSED = 40
"""Refused signals that the workflow keeps."""

MAX_ORDERS = 60
"""Finished orders whose outcome the workflow keeps."""


class CycleInput(Wire):
    """What starts a `ReviewCycleWorkflow`. `clock` other than real time is for rehearsals."""

    plan_id: Reference
    clock: BusinessClock = Field(default=REAL_TIME)

    @field_validator("plan_id")
    @classmethod
    def _no_slash(cls, value: str) -> str:
        if "/" in value:
            raise ValueError("must not contain '/'")
        return value

    @property
    def workflow_id(self) -> str:
        """`cycle/{plan_id}`."""
        return cycle_id(self.plan_id)


def cycle_id(plan_id: str) -> str:
    """The id of the workflow of one cycle."""
    return f"cycle/{plan_id}"


def order_workflow_id(plan_id: str, order_id: str) -> str:
    """The id of the workflow beside a cycle that carries out one order."""
    return f"{cycle_id(plan_id)}/order/{order_id}"


class CycleReceipt(Compact):
    """The answer "accepted". `counts` and `facts` are what the command did, in numbers and a few words.

    `order_id`: what it started for many applications goes on under this id; its outcome is a fact of the
    history. On the wire, fields at their default are left out.
    """

    command_id: str
    event: str
    phase: Phase
    revision: int
    at: Instant
    order_id: str | None = None
    counts: dict[str, int] = Field(default_factory=dict)
    facts: dict[str, str] = Field(default_factory=dict)
    duplicate: bool = False


class CycleAnswered(Wire):
    """An accepted command: the digest of its body, and the receipt given."""

    digest: str
    receipt: CycleReceipt


class StepState(Compact):
    """One step: its date, when it was done, and what was said about it.

    `reminded` counts the reminders that are behind it; `document_no` is of the record that says it is done.
    """

    due: StepDate = StepDate()
    done_on: date | None = None
    document_no: str | None = None
    reminded: int = 0
    escalated: bool = False

    def overdue(self, now: datetime) -> bool:
        """Not done, and its date has passed; an expected date passes too."""
        return self.done_on is None and self.due.due_at is not None and now >= self.due.due_at


class UndrawnMeeting(Wire):
    """A planned meeting whose experts are not drawn, and the last day on which they may be."""

    meeting_ref: str
    meeting_on: date
    draw_by: date


class Watched(Compact):
    """What the database says of a cycle, in numbers; as of the business instant `at`.

    `stages` counts applications by stage; `overdue` those past a DUTY, by deadline; `at_risk` those that may
    miss the departments' window, `at_risk_departments` the ten departments with most of them.
    """

    at: Instant
    stages: dict[str, int] = Field(default_factory=dict)
    overdue: dict[str, int] = Field(default_factory=dict)
    at_risk: int = 0
    at_risk_departments: dict[str, int] = Field(default_factory=dict)
    undrawn: tuple[UndrawnMeeting, ...] = ()
    next_meeting: date | None = None
    drawn_meetings: int = 0
    last_meeting: date | None = None
    unlisted_meeting: date | None = None
    certificates_missing: int = 0
    public_lists: int = 0
    last_certificate: date | None = None

    def count(self, stages: tuple[str, ...]) -> int:
        """How many applications are in these stages."""
        return sum(self.stages.get(stage, 0) for stage in stages)


OrderStatus = Literal["running", "done", "failed"]


class OrderState(Compact):
    """Something for many applications that runs beside the cycle, and what came of it."""

    order_id: str
    activity: Literal["carry_out", "make_papers"]
    command: str
    command_id: str | None = None
    started_at: Instant
    status: OrderStatus = "running"
    finished_at: Instant | None = None
    counts: dict[str, int] = Field(default_factory=dict)
    reason: str | None = None


class CycleState(BaseModel):
    """Everything the workflow of one cycle knows; carried whole over continue-as-new."""

    model_config = ConfigDict(extra="forbid", validate_assignment=False)

    input: CycleInput
    terms: CycleTerms | None = None
    calendar: str | None = None
    phase: Phase = Phase.PREPARING
    revision: int = 0
    opened_at: Instant
    looked_at: Instant
    next_tick: Instant

    marks: Marks = Marks()
    steps: dict[StepId, StepState] = Field(default_factory=dict)
    stale_dates: bool = False
    missing_year: int | None = None
    watched: Watched | None = None
    watch_failed: bool = False
    statistics: dict[str, int] = Field(default_factory=dict)
    statistics_at: Instant | None = None
    told: list[str] = Field(default_factory=list)
    orders: dict[str, OrderState] = Field(default_factory=dict)
    report_ref: str | None = None
    closed_at: Instant | None = None
    open_cases: dict[str, int] = Field(default_factory=dict)
    ended: bool = False

    answered: dict[str, CycleAnswered] = Field(default_factory=dict)
    refused: list[RefusedSignal] = Field(default_factory=list)
    refused_count: int = 0

    history: list[Fact] = Field(default_factory=list)
    chain: str = GENESIS
    seq: int = 0
    outbox: list[Fact] = Field(default_factory=list)

    @property
    def plan(self) -> CycleTerms:
        """The terms of the plan; only called once they are loaded."""
        assert self.terms is not None
        return self.terms

    def step(self, step: StepId) -> StepState:
        """The state of a step."""
        return self.steps.get(step) or StepState()

    @property
    def running_orders(self) -> list[OrderState]:
        """What is still being carried out."""
        return [order for order in self.orders.values() if order.status == "running"]

    @property
    def last_at(self) -> datetime:
        """The time of the last fact: nothing is recorded before it."""
        return self.history[-1].at if self.history else self.opened_at

    def trim(self) -> None:
        """Forgets what the database has and nobody asks for here: a state has to fit into a payload."""
        del self.history[:-KEPT]
        for command_id in list(self.answered)[:-KEPT]:
            del self.answered[command_id]
        finished = [o.order_id for o in self.orders.values() if o.status != "running"]
        for order_id in finished[:-MAX_ORDERS]:
            del self.orders[order_id]
        del self.refused[:-MAX_REFUSED]
        del self.told[: -2 * KEPT]

    def carried(self) -> dict[str, Any]:
        """The state as JSON for the next run."""
        self.trim()
        return self.model_copy(update={"history": abridge(self.history, 500_000)}).model_dump(mode="json")


class CycleSnapshot(Told):
    """The read-model row of a cycle, as the workflow sees it after its facts."""

    plan_id: str
    plan_version: int
    workflow_id: str
    run_id: str
    phase: Phase
    revision: int
    seq: int
    chain: str
    opened_at: Instant
    closed_at: Instant | None
    at: Instant
    steps: dict[StepId, StepState]
    organisations: dict[str, str]
    turn: Turn | None = None

    @classmethod
    def of(cls, state: CycleState, workflow_id: str, run_id: str, turn: Turn | None = None) -> Self:
        """How the cycle stands now."""
        return cls(
            plan_id=state.input.plan_id,
            plan_version=state.plan.version,
            workflow_id=workflow_id,
            run_id=run_id,
            phase=state.phase,
            revision=state.revision,
            seq=state.seq,
            chain=state.chain,
            opened_at=state.opened_at,
            closed_at=state.closed_at,
            at=state.last_at,
            steps=state.steps,
            organisations=state.plan.organisations,
            turn=turn,
        )


class CycleBatch(Told):
    """What leaves a cycle for the database: its row, the steps and new facts. Writing it again is safe.

    `proven`: it was called late, and leaves again by an activity that only a task which the server has can
    have asked for.
    """

    snapshot: CycleSnapshot
    facts: tuple[Fact, ...] = ()
    proven: bool = False


class CycleWritten(Compact):
    """What became of a batch. `late`: nothing was written (`models.outbox.HopResult`)."""

    late: bool = False


class CycleTask(Wire):
    """The input of the workflow beside a cycle that carries out one order; `argument` is the activity's."""

    plan_id: str
    order_id: str
    activity: Literal["carry_out", "make_papers"]
    argument: dict[str, Any]


class CycleTaskDone(Compact):
    """How it went: the signal `order_done` to the cycle. `reason`: why it could not be carried out."""

    order_id: str
    counts: dict[str, int] = Field(default_factory=dict)
    reason: str | None = None
