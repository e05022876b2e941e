"""The whole state of one application: one serialisable model, owned by its workflow.

Plain data with small read-outs; what may change it is `models.decide`, what may happen is
`models.lifecycle`. No personal data: persons and organisations are opaque references.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from models.application import ApplicationInput
from models.audit import GENESIS, Fact, abridge
from models.commands import ChangeClass, Item, Posting, Reason
from models.deadlines import Deadline, DeadlineName, DeadlineRequest, DeadlineRevision
from models.dossier import Dossier
from models.refusal import Refusal
from models.roles import Actor
from models.stages import STAGES, Stage, StageDeadline
from models.standing import Standing, standing_of
from models.terms import PlanTerms
from models.wire import Compact, Instant, Label, Wire


class Receipt(Compact):
    """The answer "accepted": the state after the command, and what may come next (command names).

    `due_at` is None while the deadline of the new stage is being computed (within a second). On the wire,
    fields at their default are left out.
    """

    command_id: str
    event: str
    stage: str
    revision: int
    at: Instant
    next: tuple[str, ...]
    due_at: Instant | None = None
    warnings: tuple[Label, ...] = ()
    duplicate: bool = False


class RefusedSignal(Wire):
    """A signal that was refused: kept visible, never dropped. Of an unreadable body only the digest."""

    at: Instant
    command: str
    command_id: str | None
    body_digest: str
    refusal: Refusal


class EarlySignal(Wire):
    """A signal that came before its stage: tried again at every move until it expires.

    `seq` is the number of the last fact when it came; what an older release has kept has none.
    """

    received_at: Instant
    expires_at: Instant
    dossier_digest: str | None
    command: str
    body: dict[str, Any]
    seq: int | None = None


class Answered(Wire):
    """An accepted command: the digest of its body, and the receipt given."""

    digest: str
    receipt: Receipt


class ReturnRound(Wire):
    """One return: by which hop, why, what to repair, and how it went on."""

    hop: Literal["employer", "department", "office"]
    round: int
    at: Instant
    by: Actor
    reasons: tuple[Reason, ...]
    items: tuple[Item, ...]
    change_class: ChangeClass
    dossier_digest: str | None = None
    confirmed_by: tuple[str, ...] = ()
    answered_at: Instant | None = None
    closed: bool = False
    corrected: bool = False

    def in_short(self) -> ReturnRound:
        """The round without its words: what later lists are compared with are the ids of its items."""
        items = tuple(item.model_copy(update={"text": "…", "part": None}) for item in self.items)
        return self.model_copy(update={"items": items, "reasons": ()})


class Objection(Wire):
    """One objection (or complaint): grounds are kept as a digest here, the words in the database."""

    id: str
    at: Instant
    publicity: Literal["employer", "result", "none"]
    real_name: bool
    grounds_digest: str
    by: str | None = None
    finding: str | None = None
    ruled_by: str | None = None

    @property
    def open(self) -> bool:
        """True until a finding is recorded."""
        return self.finding is None


class Publicity(Wire):
    """One publicity period, from its posting; `ended_at` is set when it has run in full."""

    of: Literal["employer", "result"]
    started_at: Instant
    start_day: date
    working_days: int
    notice_sha256: str | None
    list_sha256: str
    places: tuple[str, ...]
    postings: tuple[Posting, ...] = ()
    last_day: date | None = None
    ended_at: Instant | None = None
    cancelled: bool = False
    dossier_digest: str | None = None


class Meeting(Wire):
    """The meeting an application is on the agenda of."""

    meeting_ref: str
    committee_ref: str
    committee_size: int
    committee_valid_until: date
    drawn_on: date
    meeting_on: date


class Vote(Wire):
    """A counted ballot: numbers only."""

    meeting_ref: str
    committee_size: int
    attending: int
    recused: int
    opinions: int
    yes: int
    no: int
    abstain: int
    passed: bool
    at: Instant


class Opening(Wire):
    """Who was there when the ballot opened: the numbers that the counts must fit."""

    attending: int
    recused: int


class HoldMark(Wire):
    """A hold in force."""

    ground: str
    by: Actor
    at: Instant
    text: str


class Undo(Wire):
    """The latest decision of a person and what it changed, kept until another decision follows it.

    `seq` is its number in the audit chain, `return_to` the stage that a correction leads to.
    """

    seq: int
    event: str
    by: Actor
    return_to: Stage
    returns: tuple[ReturnRound, ...] = ()
    publicities: tuple[Publicity, ...] = ()
    objections: tuple[Objection, ...] = ()
    correcting: bool = False
    correction_due: date | None = None
    recommended_by: str | None = None
    post_available: int | None = None


class Proposal(Wire):
    """A correction that one person has proposed and another one has still to approve."""

    fact: int
    by: Actor
    at: Instant
    document_no: str


class Cause(BaseModel):
    """The facts and the deadline requests that one command or one alarm caused, and how it stood after it.

    Without a `standing`, as before the plan is known or in a state that an older release carried, it leaves
    with that of its leaving.
    """

    model_config = ConfigDict(extra="forbid")

    facts: list[Fact]
    requests: list[DeadlineRequest]
    standing: Standing | None = None
    dossier: Dossier | None = None


def _in_short(returns: Iterable[ReturnRound]) -> list[ReturnRound]:
    return [one.in_short() if one.closed else one for one in returns]


class ApplicationState(BaseModel):
    """Everything the workflow of one application knows; carried whole over continue-as-new."""

    model_config = ConfigDict(extra="forbid", validate_assignment=False)

    input: ApplicationInput
    terms: PlanTerms | None = None
    stage: Stage = Stage.DRAFT
    revision: int = 0
    entered_at: Instant
    dossier: Dossier | None = None

    deadlines: dict[DeadlineName, Deadline] = Field(default_factory=dict)
    revisions: list[DeadlineRevision] = Field(default_factory=list)
    publicities: list[Publicity] = Field(default_factory=list)
    objections: list[Objection] = Field(default_factory=list)
    returns: list[ReturnRound] = Field(default_factory=list)
    correcting: bool = False
    correction_due: date | None = None
    recommended_by: str | None = None
    post_available: int | None = None
    post_held: bool | None = None
    post_asked: int | None = None
    meeting: Meeting | None = None
    ballot_open: bool = False
    opening: Opening | None = None
    votes: list[Vote] = Field(default_factory=list)
    rechecked: bool = False
    hold: HoldMark | None = None
    status_flag: str | None = None
    lapsed_from: Stage | None = None
    certificate_no: str | None = None
    acted: dict[str, str] = Field(default_factory=dict)
    undo: Undo | None = None
    correction: Proposal | None = None

    answered: dict[str, Answered] = Field(default_factory=dict)
    refused: list[RefusedSignal] = Field(default_factory=list)
    refused_count: int = 0
    early: list[EarlySignal] = Field(default_factory=list)

    history: list[Fact] = Field(default_factory=list)
    chain: str = GENESIS
    seq: int = 0
    outbox: list[Fact] = Field(default_factory=list)
    causes: list[Cause] = Field(default_factory=list)
    requests: list[DeadlineRequest] = Field(default_factory=list)
    ended: bool = False

    def close_cause(self) -> None:
        """What one command or one alarm caused is complete: it leaves by itself, with nothing of the next.

        Whether the next one comes while this one's activity runs or after it differs between a run and its
        replay; the activities must not.
        """
        if self.outbox or self.requests:
            standing = standing_of(self) if self.terms is not None else None
            cause = Cause.model_construct(
                facts=self.outbox, requests=self.requests, standing=standing, dossier=self.dossier
            )
            self.causes.append(cause)
            self.outbox, self.requests = [], []

    def take_cause(self) -> Cause | None:
        """The oldest cause that has not left yet, if any."""
        self.close_cause()
        if not self.causes:
            return None
        cause = self.causes.pop(0)
        if cause.standing is None and self.terms is not None:
            cause.standing, cause.dossier = standing_of(self), self.dossier
        return cause

    def deadline_known(self, deadline: Deadline) -> None:
        """Stores a computed deadline, also for what waits to leave: it was asked for before that happened."""
        self.deadlines[deadline.name] = deadline
        for cause in self.causes:
            if cause.standing is not None:
                cause.standing = cause.standing.with_deadline(deadline)

    def asked(self) -> list[DeadlineRequest]:
        """Every deadline request that has not left yet."""
        return [*(r for cause in self.causes for r in cause.requests), *self.requests]

    @property
    def facts_wait(self) -> bool:
        """True when further facts have to leave."""
        return bool(self.outbox) or any(cause.facts for cause in self.causes)

    @property
    def pending(self) -> bool:
        """True when something has to leave for the database."""
        return bool(self.causes or self.outbox or self.requests)

    def carried(self) -> dict[str, Any]:
        """The state as JSON for the next run, small enough for it: long words are in the database."""
        undo = self.undo and self.undo.model_copy(update={"returns": tuple(_in_short(self.undo.returns))})
        short = {"history": abridge(self.history), "returns": _in_short(self.returns), "undo": undo}
        return self.model_copy(update=short).model_dump(mode="json")

    @property
    def plan(self) -> PlanTerms:
        """The terms of the plan; only called once they are loaded."""
        assert self.terms is not None
        return self.terms

    @property
    def bound(self) -> bool:
        """True when the unit is under full post management: the recommendation needs a post."""
        return self.input.employer.full_post_management

    @property
    def last_return(self) -> ReturnRound | None:
        """The return that is being answered, if any."""
        open_rounds = [r for r in self.returns if not r.closed]
        return open_rounds[-1] if open_rounds else None

    @property
    def times_returned(self) -> int:
        """How many returns there were; one recorded on the wrong application was none."""
        return sum(1 for r in self.returns if not r.corrected)

    def returns_by(self, hop: str) -> int:
        """How many times the hop has returned this application."""
        return sum(1 for r in self.returns if r.hop == hop and not r.corrected)

    def running_publicity(self) -> Publicity | None:
        """The publicity that is posted and has not run in full."""
        for publicity in reversed(self.publicities):
            if publicity.ended_at is None and not publicity.cancelled:
                return publicity
        return None

    def completed_publicity(self, of: str) -> Publicity | None:
        """The last publicity of that kind which has run in full."""
        for publicity in reversed(self.publicities):
            if publicity.of == of and publicity.ended_at is not None and not publicity.cancelled:
                return publicity
        return None

    def open_objections(self, publicity: str) -> list[Objection]:
        """Objections to that publicity that await a finding."""
        return [o for o in self.objections if o.publicity == publicity and o.open]

    def deadline_specs(self) -> list[StageDeadline]:
        """The deadline entries of the present stage that apply to this application now."""
        return [spec for spec in STAGES[self.stage].deadlines if self._applies(spec.name)]

    def _applies(self, name: DeadlineName) -> bool:
        if self.stage is Stage.OFFICE_RETURNED:
            return True
        match name:
            case DeadlineName.CORRECTION:
                return self.correcting
            case DeadlineName.DEPARTMENT_SUBMISSION:
                return not self.correcting
            case DeadlineName.EMPLOYER_CORRECTION:
                return self.correction_due is not None
            case DeadlineName.DEFENCE_EXCUSE:
                return name in self.deadlines
            case DeadlineName.LATE_ADMISSION:
                return self.lapsed_from is Stage.DEPARTMENT_REVIEW
            case _:
                return True

    def current_deadlines(self) -> list[Deadline]:
        """The deadlines that count in the present stage, soonest first."""
        found = [self.deadlines[s.name] for s in self.deadline_specs() if s.name in self.deadlines]
        return sorted(found, key=lambda d: (d.due_at is None, d.due_at or self.entered_at))

    def due_at(self) -> datetime | None:
        """The soonest end of the present stage."""
        return next((d.due_at for d in self.current_deadlines() if d.due_at), None)

    @property
    def action_by(self) -> str | None:
        """In whose court it is: a role, or None in a state without a next actor."""
        if self.stage in (Stage.DEPARTMENT_RETURNED, Stage.OFFICE_RETURNED) and self.last_return:
            done = self.last_return.confirmed_by
            return "applicant" if not done else ("employer" if len(done) == 1 else "department")
        role = STAGES[self.stage].action_by
        return role.value if role else None

    @property
    def status(self) -> str:
        """open | on_hold | ended: the coarse status that operators filter on."""
        if self.ended:
            return "ended"
        return "on_hold" if self.hold else "open"
