"""What leaves a workflow for the database, and what comes back: one batch a hop, one transaction.

Everything is keyed, so that writing a batch again changes nothing.
"""

from __future__ import annotations

from datetime import date, datetime

from models.application import ApplicationInput
from models.audit import Fact
from models.calendar import Lineage
from models.deadlines import DeadlineKind, DeadlineName, DeadlineRequest
from models.dossier import Dossier
from models.posts import PostAnswer
from models.state import ApplicationState
from models.terms import PlanTerms
from models.turn import Turn
from models.visibility import archive_of
from models.wire import Compact, Instant, Wire, last_day_before


class DueNow(Wire):
    """A deadline that counts in the present stage, as the workflow holds it; not computed yet: no dates."""

    name: DeadlineName
    kind: DeadlineKind
    last_day: date | None = None
    due_at: Instant | None = None


class Snapshot(Wire):
    """The read-model row of an application, as the workflow sees it after the batch."""

    plan_id: str
    plan_version: int
    application_ref: str
    workflow_id: str
    run_id: str
    applicant: str
    employer: str
    department: str
    specialty: str
    level: str
    route: str | None
    stage: str
    status: str
    action_by: str | None
    action_organisation: str | None
    due_at: Instant | None
    revision: int
    seq: int
    chain: str
    returns: int
    certificate_no: str | None
    entered_at: Instant
    at: Instant
    counting: tuple[DueNow, ...] = ()
    turn: Turn | None = None

    @staticmethod
    def of(
        state: ApplicationState, workflow_id: str, run_id: str, at: datetime, turn: Turn | None = None
    ) -> Snapshot:
        """The row for the present state."""
        given = state.input
        return Snapshot(
            plan_id=given.plan_id,
            plan_version=state.plan.version,
            application_ref=given.application_ref,
            workflow_id=workflow_id,
            run_id=run_id,
            applicant=given.applicant,
            employer=given.employer.id,
            department=given.department,
            specialty=given.specialty,
            level=given.level,
            route=state.dossier.route if state.dossier else None,
            stage=state.stage.value,
            status=state.status,
            action_by=state.action_by,
            action_organisation=action_organisation(state),
            due_at=state.due_at(),
            revision=state.revision,
            seq=state.seq,
            chain=state.chain,
            returns=state.times_returned,
            certificate_no=state.certificate_no,
            entered_at=state.entered_at,
            at=at,
            counting=tuple(due_now(state)),
            turn=turn,
        )


class HopBatch(Wire):
    """The input of every hop activity: facts to record and deadlines to compute.

    `dossier` travels only when it changed. `moves_post`: a fact of it touches the register of posts.
    `more`: another batch was waiting behind it when it left.
    """

    hop: str
    snapshot: Snapshot
    facts: tuple[Fact, ...]
    requests: tuple[DeadlineRequest, ...] = ()
    dossier: Dossier | None = None
    moves_post: bool = False
    more: bool = False


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
    there is a post when one was asked for."""

    answers: tuple[DeadlineAnswer, ...] = ()
    certificate_no: str | None = None
    post: PostAnswer | None = None


class OpenRequest(Wire):
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


def due_now(state: ApplicationState) -> list[DueNow]:
    """The deadlines of the present stage, also those that are still to be computed."""
    found = []
    for spec in state.deadline_specs():
        known = state.deadlines.get(spec.name)
        found.append(
            DueNow(
                name=spec.name,
                kind=spec.kind,
                last_day=known.last_day if known else None,
                due_at=known.due_at if known else None,
            )
        )
    return found


def action_organisation(state: ApplicationState) -> str | None:
    """The organisation (or the applicant's reference) in whose court it is."""
    role = state.action_by
    given = state.input
    holders = {"applicant": given.applicant, "employer": given.employer.id, "department": given.department}
    if role in holders:
        return holders[role]
    if role == "archive":
        return archive_of(given.archive_keeper, state.plan.organisations)
    if role in ("chair", "expert"):
        return state.meeting.committee_ref if state.meeting else None
    return state.plan.organisations.get(role) if role else None
