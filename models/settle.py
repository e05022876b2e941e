"""Takes what the calendar activity answered into the state: new ends, moved ends, missing years."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from models.deadlines import Deadline, DeadlineKind, DeadlineRequest
from models.decide import record
from models.effects import log_move
from models.outbox import DeadlineAnswer
from models.roles import SYSTEM
from models.schedule import requests_on_entry
from models.state import ApplicationState
from models.terms import PlanTerms


def settle(
    state: ApplicationState,
    requests: Iterable[DeadlineRequest],
    answers: Iterable[DeadlineAnswer],
    now: datetime,
) -> None:
    """Stores each answered deadline; a moved one is logged old -> new with its document number.

    The activity that answered has also written the notice, so the person counts as told of the date.
    """
    by_name = {answer.name: answer for answer in answers}
    for request in requests:
        answer = by_name.get(request.name)
        if answer is None or _asked_anew(state, request):
            continue
        old = state.deadlines.get(request.name)
        if _would_shrink(request, old, answer):
            continue
        new = Deadline(
            name=request.name,
            kind=request.kind,
            formula=request.formula,
            start=request.start,
            last_day=answer.last_day,
            due_at=answer.due_at,
            lineage=answer.lineage,
            capped_from=answer.capped_from,
            reminders=answer.reminders,
            reminded=sum(1 for at in answer.reminders if at <= now),
            escalated=old is not None and old.escalated and old.due_at == answer.due_at,
            told=answer.due_at is not None,
            missing_year=answer.missing_year,
            request=request,
        )
        state.deadline_known(new)
        if answer.due_at is None:
            if old is None or old.missing_year != answer.missing_year:
                _note(state, "calendar_missing", new, now, {"year": answer.missing_year})
        elif request.ground is not None and (old is None or old.last_day != new.last_day):
            before = old.last_day if old else None
            log_move(
                state,
                request.name,
                before,
                new.last_day,
                request.ground,
                request.document_no or "",
                now,
            )
            _note(
                state,
                "deadline_moved",
                new,
                now,
                {
                    "old_last_day": str(before),
                    "new_last_day": str(new.last_day),
                    "ground": request.ground,
                    "document_no": request.document_no,
                },
            )


def _asked_anew(state: ApplicationState, request: DeadlineRequest) -> bool:
    """The stage was entered again while this answer was under way: its round is over, the next one counts."""
    return any(r.name == request.name and r.ground is None and r != request for r in state.asked())


def _would_shrink(request: DeadlineRequest, old: Deadline | None, answer: DeadlineAnswer) -> bool:
    """A period that was announced while the new count was under way is never shortened by it."""
    announced = old.due_at if old is not None else None
    revised = request.ground is not None and request.kind is DeadlineKind.PERIOD
    return revised and announced is not None and answer.due_at is not None and answer.due_at < announced


def _note(
    state: ApplicationState, event: str, deadline: Deadline, now: datetime, details: dict[str, object]
) -> None:
    record(
        state,
        event,
        state.stage,
        now,
        SYSTEM,
        None,
        "process: plan amended; a missing calendar year holds and alerts",
        {"deadline": deadline.name.value, **details},
    )


def open_state(
    state: ApplicationState, terms: PlanTerms, answers: Iterable[DeadlineAnswer], now: datetime
) -> None:
    """The plan is known: its terms and the deadline of the draft are in force from here on."""
    state.terms = terms
    settle(state, requests_on_entry(state, now), answers, now)


def waiting_for_calendar(state: ApplicationState) -> list[DeadlineRequest]:
    """The requests of present deadlines whose calendar year was missing, to be asked again.

    For the end, or only for the reminders of a date that is fixed.
    """
    return [d.request for d in state.current_deadlines() if d.missing_year is not None]
