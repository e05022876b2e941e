"""How an application stands at a point of its chain: what the read model shows, and nothing of what follows.

It is taken when what one command or one alarm caused is complete, never when that leaves: by then the next
one may have moved the application on, and which of them a workflow task holds differs from task to task.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from models.deadlines import Deadline, DeadlineKind, DeadlineName
from models.visibility import archive_of
from models.wire import Instant, Wire

if TYPE_CHECKING:
    from models.state import ApplicationState


class DueNow(Wire):
    """A deadline that counts in the present stage, as the workflow holds it; not computed yet: no dates."""

    name: DeadlineName
    kind: DeadlineKind
    last_day: date | None = None
    due_at: Instant | None = None


class Standing(Wire):
    """Stage, holder and deadlines after the fact number `seq`, whose hash is `chain`."""

    plan_version: int
    route: str | None
    stage: str
    status: str
    action_by: str | None
    action_organisation: str | None
    revision: int
    seq: int
    chain: str
    returns: int
    certificate_no: str | None
    entered_at: Instant
    counting: tuple[DueNow, ...] = ()

    def with_deadline(self, deadline: Deadline) -> Standing:
        """With the dates of a deadline that was asked for before and answered since, if it counts here."""
        if all(due.name is not deadline.name for due in self.counting):
            return self
        known = {"last_day": deadline.last_day, "due_at": deadline.due_at}
        counting = (d.model_copy(update=known) if d.name is deadline.name else d for d in self.counting)
        return self.model_copy(update={"counting": tuple(counting)})


def standing_of(state: ApplicationState) -> Standing:
    """How it stands now."""
    return Standing(
        plan_version=state.plan.version,
        route=state.dossier.route if state.dossier else None,
        stage=state.stage.value,
        status=state.status,
        action_by=state.action_by,
        action_organisation=action_organisation(state),
        revision=state.revision,
        seq=state.seq,
        chain=state.chain,
        returns=state.times_returned,
        certificate_no=state.certificate_no,
        entered_at=state.entered_at,
        counting=tuple(_due_now(state)),
    )


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


def _due_now(state: ApplicationState) -> Iterable[DueNow]:
    """The deadlines of the present stage, also those that are still to be computed."""
    for spec in state.deadline_specs():
        known = state.deadlines.get(spec.name)
        yield DueNow(
            name=spec.name,
            kind=spec.kind,
            last_day=known.last_day if known else None,
            due_at=known.due_at if known else None,
        )
