"""What an activity is told of a command whose application ends before it is looked at."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

from activities.database import Database
from activities.sending import Sent, send_or_silence
from tests.support import eventually, unique
from tests.workflows.cycle import Cycle, Life

PATIENCE = timedelta(seconds=5)


async def _sent(life: Life, body: dict[str, Any]) -> Sent | str:
    client = life.environment.client
    return await send_or_silence(client, life.cast.plan_id, life.cast.ref, body, PATIENCE)


async def _waits(life: Life) -> None:
    """The server has the command, and nobody looks at it."""

    async def asked() -> None:
        history = await life.handle.fetch_history()
        assert history.events

    await eventually(asked)
    await asyncio.sleep(0.5)


async def test_one_that_has_ended_meanwhile_is_closed_not_unknown(
    environment: WorkflowEnvironment, database: Database
) -> None:
    life = await Cycle(environment, unique("nobody"), database).start()
    body = life.cast.withdraw()
    waiting = asyncio.create_task(_sent(life, body))
    await _waits(life)
    await life.handle.terminate("ended while the command was on its way")
    for answer in (await waiting, await _sent(life, body)):
        assert isinstance(answer, Sent)
        assert answer.outcome == "closed"


async def test_one_that_was_never_begun_is_unknown(
    environment: WorkflowEnvironment, database: Database
) -> None:
    life = await Cycle(environment, unique("nobody"), database).start()
    body = life.cast.withdraw()
    life.cast.ref = unique("update")
    answer = await _sent(life, body)
    assert isinstance(answer, Sent)
    assert answer.outcome == "unknown"


@pytest.mark.parametrize(
    "words", ['update "withdraw-1" not found', "workflow update was aborted by closing workflow"]
)
async def test_an_update_that_the_server_has_lost_is_sent_again(
    environment: WorkflowEnvironment, database: Database, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    """It restarted, or the application goes on in another run: whoever says 'unknown' says what is not so."""
    life = await Cycle(environment, unique("nobody"), database).start()
    answers = [RPCError(words, RPCStatusCode.NOT_FOUND, b"")]
    send = type(life.handle).execute_update

    async def lost_at_first(*given: Any, **more: Any) -> Any:
        if answers:
            raise answers.pop()
        return await send(*given, **more)

    monkeypatch.setattr(type(life.handle), "execute_update", lost_at_first)
    answer = await _sent(life, life.cast.withdraw())
    assert isinstance(answer, str), "nobody answers, but it was asked again"
    assert not answers
