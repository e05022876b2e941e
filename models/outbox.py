"""What leaves a workflow for the database, and what comes back: one batch a hop, one transaction.

Everything is keyed, so that writing a batch again changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from models.application import ApplicationInput
from models.audit import Fact
from models.calendar import Lineage
from models.deadlines import DeadlineName, DeadlineRequest
from models.dossier import Dossier
from models.posts import PostAnswer
from models.standing import Standing
from models.terms import PlanTerms
from models.turn import Turn
from models.wire import Compact, Instant, Told, last_day_before


@dataclass(frozen=True)
class Left:
    """When a batch left: which workflow and run, the business time, and the workflow task."""

    workflow_id: str
    run_id: str
    at: datetime
    turn: Turn | None = None


class Snapshot(Standing, Told):
    """The read-model row of an application after the facts of a batch, as its workflow tells it.

    `at`: business time at which it left. `turn`: the workflow task that it left in.
    """

    plan_id: str
    application_ref: str
    workflow_id: str
    run_id: str
    applicant: str
    employer: str
    department: str
    specialty: str
    level: str
    due_at: Instant | None
    at: Instant
    turn: Turn | None = None

    @staticmethod
    def of(given: ApplicationInput, standing: Standing, left: Left, facts: Sequence[Fact] = ()) -> Snapshot:
        """The row for how it stands after these `facts`, which may be only the first of their cause."""
        last = {"seq": facts[-1].seq, "chain": facts[-1].hash} if facts else {}
        return Snapshot(
            plan_id=given.plan_id,
            application_ref=given.application_ref,
            workflow_id=left.workflow_id,
            run_id=left.run_id,
            applicant=given.applicant,
            employer=given.employer.id,
            department=given.department,
            specialty=given.specialty,
            level=given.level,
            due_at=min((due.due_at for due in standing.counting if due.due_at), default=None),
            at=left.at,
            turn=left.turn,
            **({name: getattr(standing, name) for name in Standing.model_fields} | last),
        )


class HopBatch(Told):
    """The input of every hop activity: facts to record and deadlines to compute.

    `dossier` travels only when it changed, or with what is proven. `moves_post`: a fact of it touches the
    register of posts. `more`: another batch was waiting behind it when it left. `proven`: it leaves by an
    activity that only a task which the server has can have asked for: it moves a post, or was called late.
    """

    hop: str
    snapshot: Snapshot
    facts: tuple[Fact, ...]
    requests: tuple[DeadlineRequest, ...] = ()
    dossier: Dossier | None = None
    moves_post: bool = False
    more: bool = False
    proven: bool = False


class DeadlineAnswer(Compact):
    """The computed end of one requested deadline.

    `missing_year` set and `due_at` None: the calendar of that year is not known; nothing is guessed.
    """

    name: DeadlineName
    due_at: Instant | None = None
    reminders: tuple[Instant, ...] = ()
    lineage: Lineage | None = None
    capped_from: date | None = None
    missing_year: int | None = None

    @property
    def last_day(self) -> date | None:
        """The last day that still belongs to the period."""
        return last_day_before(self.due_at) if self.due_at is not None else None


class HopResult(Compact):
    """What the activity answers: computed deadlines, the certificate number when one was made, and whether
    there is a post when one was asked for. `late`: nothing was written: a later turn has told otherwise,
    or what it follows is not on record (`models.turn.judge`)."""

    answers: tuple[DeadlineAnswer, ...] = ()
    certificate_no: str | None = None
    post: PostAnswer | None = None
    late: bool = False


class OpenRequest(Told):
    """The input of the opening: who applies where, under which workflow, and the clock it will run on."""

    application: ApplicationInput
    workflow_id: str
    run_id: str
    at: Instant
    fact: Fact
    turn: Turn | None = None


class OpenResult(Compact):
    """The answer to the opening of an application: the plan's terms, or why it may not begin."""

    terms: PlanTerms | None = None
    answers: tuple[DeadlineAnswer, ...] = ()
    refused_code: str | None = None
    refused_zh: str | None = None
    refused_en: str | None = None
