"""What is remembered of the latest decision so that it can be corrected, and what a correction writes.

Nothing is deleted: a return that was wrong stays and is marked, a notice that was wrong stays and is
cancelled, an objection that was ruled on by mistake is open again.
"""

from __future__ import annotations

from datetime import datetime
from typing import cast

from models import commands as c
from models.corrections import CORRECTABLE, CORRECTED, CORRECTION, return_to
from models.effects import Effect
from models.publicity_effects import drop_publicities
from models.roles import Actor, Role
from models.stages import Stage
from models.state import ApplicationState, Objection, Proposal, Publicity, ReturnRound, Undo
from models.wire import local_day

_NO_DECISIONS = ("employer_object", "result_object")
"""An objection is somebody's word, and changes nothing about the decision it may follow."""


def remembers(event: str, actor: Actor) -> bool:
    """True for a decision that may be corrected later: an applicant's own act is none."""
    return event in CORRECTABLE and actor.role is not Role.APPLICANT


def remember(state: ApplicationState, event: str, actor: Actor) -> Undo | None:
    """What the decision is about to change; called before its effects. None if it cannot be corrected."""
    if not remembers(event, actor):
        return None
    return Undo(
        seq=state.seq + 1,
        event=event,
        by=actor,
        return_to=return_to(event, state.stage),
        returns=tuple(state.returns),
        publicities=tuple(state.publicities),
        objections=tuple(state.objections),
        correcting=state.correcting,
        correction_due=state.correction_due,
        recommended_by=state.recommended_by,
        post_available=state.post_available,
    )


def overtakes(event: str, *, every_stage: bool) -> bool:
    """True when the event is a decision (or an answer to one): what was decided before it stays as it is."""
    return not every_stage and event not in _NO_DECISIONS


def corrected_event(state: ApplicationState, event: str) -> dict[str, object] | None:
    """What the facts of a correction say beside the command: the event that it is about."""
    if event not in CORRECTION_EFFECTS or state.undo is None:
        return None
    return {"corrected_event": state.undo.event}


def reachable(state: ApplicationState) -> bool:
    """True while the latest decision can be corrected from the present stage."""
    return state.undo is not None and state.stage in CORRECTION[state.undo.return_to]


def _propose(state: ApplicationState, command: c.Command, now: datetime) -> None:
    said = cast(c.Correct, command)
    state.correction = Proposal(fact=said.fact, by=said.actor, at=now, document_no=said.document_no)


def _dismiss(state: ApplicationState, command: c.Command, now: datetime) -> None:
    state.correction = None


def _undo(state: ApplicationState, command: c.Command, now: datetime) -> None:
    """Puts back what the corrected decision changed; what came after it is kept and marked."""
    was = state.undo
    assert was is not None
    state.returns = _returns(state.returns, was.returns)
    state.publicities = _publicities(state.publicities, was.publicities)
    state.objections = _objections(state.objections, was.objections)
    state.correcting = was.correcting
    state.correction_due = was.correction_due
    if state.correction_due is not None and state.correction_due <= local_day(now):
        state.correction_due = None
    state.recommended_by = was.recommended_by
    state.post_available = was.post_available
    state.undo = state.correction = None
    if was.return_to is Stage.RECOMMENDED:
        drop_publicities(state, "employer")


def _returns(now: list[ReturnRound], was: tuple[ReturnRound, ...]) -> list[ReturnRound]:
    wrong = [one.model_copy(update={"closed": True, "corrected": True}) for one in now[len(was) :]]
    return [*was, *wrong]


def _publicities(now: list[Publicity], was: tuple[Publicity, ...]) -> list[Publicity]:
    """A period that was running was cut off; one that the wrong decision began does not count."""
    kept = [one if one.ended_at is not None or one.cancelled else _cancelled(one) for one in was]
    return [*kept, *(_cancelled(one) for one in now[len(was) :])]


def _cancelled(publicity: Publicity) -> Publicity:
    return publicity.model_copy(update={"cancelled": True})


def _objections(now: list[Objection], was: tuple[Objection, ...]) -> list[Objection]:
    """What was open before the decision is open again; what came since stays as it is."""
    return [*was, *now[len(was) :]]


CORRECTION_EFFECTS: dict[str, tuple[Effect, ...]] = {
    "correction_proposed": (_propose,),
    "correction_dismissed": (_dismiss,),
    **dict.fromkeys(CORRECTED, (_undo,)),
}
"""The effects of the events of `models.events.corrections`."""
