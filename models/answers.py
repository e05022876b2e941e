"""Takes what a hop's activity answered into the state: deadlines, the certificate, the post."""

from __future__ import annotations

from datetime import datetime

from models.decide import certificate_made, post_answered
from models.outbox import HopBatch, HopResult
from models.posts import asks
from models.settle import settle
from models.signals import retry_early
from models.state import ApplicationState


def take_answers(state: ApplicationState, batch: HopBatch, result: HopResult, now: datetime) -> None:
    """The answer to one batch, as a cause of its own; what was sent early for its stage is tried again."""
    settle(state, batch.requests, result.answers, now)
    before = state.stage
    if result.certificate_no is not None:
        certificate_made(state, result.certificate_no, now)
    if batch.moves_post:
        for fact in batch.facts:
            if asks(fact):
                post_answered(state, fact.seq, result.post, now)
    if state.stage is not before:
        retry_early(state, now)
    state.close_cause()
