"""Whatever arrives is answered; nothing that arrives fails the workflow or wedges a task."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.client import (
    WithStartWorkflowOperation,
    WorkflowFailureError,
    WorkflowUpdateFailedError,
)
from temporalio.common import RawValue, WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError

from models.refusal import Refusal, RefusalCode
from models.state import Receipt
from models.views import StateView
from tests.models.bad_input import FORBIDDEN, MALFORMED
from tests.support import eventually, unique
from tests.workflows import lives
from tests.workflows.cycle import Cycle, Life

NOT_JSON = RawValue(Payload(metadata={"encoding": b"json/plain"}, data=b"{not json"))
BINARY = RawValue(Payload(metadata={"encoding": b"binary/plain"}, data=b"\x00\x01"))
STRANGE = RawValue(Payload(metadata={"encoding": b"morse"}, data=b"... --- ..."))
NO_ENCODING = RawValue(Payload(data=b"{}"))

ODD: dict[str, tuple[str, list[Any]]] = {
    "unknown command": ("promote", [{"kind": "promote"}]),
    "misspelt command": ("Submit", [{}]),
    "no argument": ("review", []),
    "two arguments": ("review", [{}, {}]),
    "null": ("review", [None]),
    "a text": ("review", ["approve"]),
    "a number": ("review", [7]),
    "a list": ("review", [[1, 2]]),
    "an empty object": ("review", [{}]),
    "not JSON": ("review", [NOT_JSON]),
    "binary": ("review", [BINARY]),
    "an unknown encoding": ("review", [STRANGE]),
    "no encoding": ("review", [NO_ENCODING]),
    "oversized": ("review", [{"reasons": ["x" * 300_000]}]),
    "another kind inside": ("review", [{"kind": "withdraw"}]),
    "kind is a number": ("review", [{"kind": 7}]),
    "deeply nested": ("review", [{"actor": {"id": {"id": {"id": {}}}}}]),
    "a very long name": ("r" * 900, [{}]),
}
"""Messages that no careful sender would send."""


async def _answer(life: Life, name: str, args: list[Any]) -> Refusal:
    with pytest.raises(WorkflowUpdateFailedError) as caught:
        await life.handle.execute_update(name, args=args)
    cause = caught.value.cause
    assert isinstance(cause, ApplicationError)
    assert cause.type == "Refused"
    return Refusal.model_validate(cause.details[0])


async def _healthy(life: Life) -> None:
    history = await life.handle.fetch_history()
    failed = [e for e in history.events if e.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED]
    assert not failed, failed[0]
    assert (await life.state()).stage == "employer_review"


async def test_every_odd_message_is_refused_with_words_in_both_languages(cycle: Cycle) -> None:
    life = await cycle.start()
    await lives.to_employer_review(life)
    for case, (name, args) in ODD.items():
        refusal = await _answer(life, name, args)
        for words in (refusal.rule, refusal.remedy):
            assert words.zh, case
            assert words.en, case
    await _healthy(life)
    assert (await life.state()).refused == 0, "a refused update leaves no trace in the state"


async def test_every_odd_signal_is_recorded_as_refused(cycle: Cycle) -> None:
    life = await cycle.start()
    await lives.to_employer_review(life)
    for name, args in ODD.values():
        await life.handle.signal(name, args=args)

    async def all_seen() -> bool:
        return (await life.state()).refused == len(ODD)

    await eventually(all_seen)
    seen = await life.refused()
    assert [s.command for s in seen] == [name[:60] for name, _ in ODD.values()]
    assert sum(1 for event in await life.events() if event == "refused") == len(ODD)
    await _healthy(life)


async def test_the_application_goes_on_after_all_that(cycle: Cycle) -> None:
    life = await cycle.start()
    await lives.to_employer_review(life)
    for name, args in ODD.values():
        await life.handle.signal(name, args=args)
    assert (await life.send(life.cast.recommend())).stage == "recommended"


STARTS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "not an object": lambda _: "start",
    "nothing": lambda _: None,
    "a field is missing": lambda body: {k: v for k, v in body.items() if k != "applicant"},
    "an unknown field": lambda body: body | {"name": "x"},
    "an unknown plan": lambda body: body | {"plan_id": "no-such-plan"},
    "another reference": lambda body: body | {"application_ref": "another"},
    "a specialty outside the plan": lambda body: body | {"specialty": "astrology"},
    "a level outside the plan": lambda body: body | {"level": "emperor"},
    "an identity number as applicant": lambda body: body | {"applicant": "11010119900307001X"},
    "half a clock": lambda body: body | {"clock": {"speed": 2.0}},
}
"""Inputs that may not begin an application, made from a good one."""


@pytest.mark.parametrize("case", STARTS)
async def test_a_bad_start_ends_at_once_with_the_reason(cycle: Cycle, case: str) -> None:
    cast = dataclasses.replace((await cycle.start()).cast, ref=unique("bad"))
    workflow_id = f"application/{cast.plan_id}/{cast.ref}"
    body = STARTS[case](cast.start())
    if case == "an unknown plan":
        workflow_id = f"application/no-such-plan/{cast.ref}"
    handle = await cycle.environment.client.start_workflow(
        "ApplicationWorkflow", body, id=workflow_id, task_queue=cycle.queue
    )
    with pytest.raises(WorkflowFailureError) as caught:
        await handle.result()
    cause = caught.value.cause
    assert isinstance(cause, ApplicationError)
    assert cause.type == "RefusedStart"
    refusal = Refusal.model_validate(cause.details[0])
    assert refusal.rule.zh
    assert refusal.remedy.en


async def test_a_forged_state_cannot_be_smuggled_in(cycle: Cycle) -> None:
    life = await cycle.start()
    cast = dataclasses.replace(life.cast, ref=unique("forged"))
    handle = await cycle.environment.client.start_workflow(
        "ApplicationWorkflow",
        args=[cast.start(), {"stage": "certified"}],
        id=f"application/{cast.plan_id}/{cast.ref}",
        task_queue=cycle.queue,
    )
    with pytest.raises(WorkflowFailureError) as caught:
        await handle.result()
    assert isinstance(caught.value.cause, ApplicationError)
    assert caught.value.cause.type == "RefusedStart"


async def test_an_update_sent_twice_is_carried_out_once(cycle: Cycle) -> None:
    life = await cycle.start()
    await lives.to_employer_review(life)
    body = life.cast.recommend()
    first, again = await life.send(body), await life.send(body)
    assert not first.duplicate
    assert again.duplicate
    assert again.model_copy(update={"duplicate": False}) == first
    assert (await life.events()).count("recommend") == 1


async def test_the_same_command_by_update_and_by_signal_counts_once(cycle: Cycle) -> None:
    life = await cycle.start()
    await lives.to_employer_review(life)
    body = life.cast.recommend()
    await life.signal(body)
    assert (await life.send(body)).duplicate
    assert (await life.state()).refused == 0


async def test_a_sender_may_start_and_submit_in_one_breath(cycle: Cycle) -> None:
    people = (await cycle.start()).cast
    cast = dataclasses.replace(people, ref=unique("breath"))
    clock = {"real_start": datetime.now(UTC).isoformat(), "business_start": "2023-09-20T09:00:00+08:00"}
    start = WithStartWorkflowOperation(
        "ApplicationWorkflow",
        cast.start(clock=clock),
        id=f"application/{cast.plan_id}/{cast.ref}",
        task_queue=cycle.queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )
    receipt = await cycle.environment.client.execute_update_with_start_workflow(
        "submit", cast.submit(), start_workflow_operation=start, result_type=Receipt
    )
    assert receipt.stage == "employer_review"


async def test_a_signal_that_comes_before_the_first_task_is_not_lost(cycle: Cycle) -> None:
    people = (await cycle.start()).cast
    cast = dataclasses.replace(people, ref=unique("signal"))
    clock = {"real_start": datetime.now(UTC).isoformat(), "business_start": "2023-09-20T09:00:00+08:00"}
    handle = await cycle.environment.client.start_workflow(
        "ApplicationWorkflow",
        cast.start(clock=clock),
        id=f"application/{cast.plan_id}/{cast.ref}",
        task_queue=cycle.queue,
        start_signal="review",
        start_signal_args=["rubbish"],
    )
    await handle.signal("submit", cast.submit())

    async def submitted() -> bool:
        state = await handle.query("state", result_type=StateView)
        return (state.stage, state.refused) == ("employer_review", 1)

    await eventually(submitted)


NAMED = [(kind, make) for _, kind, make, _ in MALFORMED if kind]
"""A message without a name never reaches a workflow: the server itself refuses it."""


def _wire(body: Any) -> RawValue:
    """The body as any sender's JSON library writes it: a lone surrogate is an escape there."""
    try:
        text = json.dumps(body)
    except RecursionError:  # Python cannot write what a sender can: nested beyond any reader's depth
        text = '{"actor":' * 20_000 + "1" + "}" * 20_000
    return RawValue(Payload(metadata={"encoding": b"json/plain"}, data=text.encode()))


async def _no_task_failed(life: Life) -> None:
    history = await life.handle.fetch_history()
    assert not [e for e in history.events if e.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED]


async def test_every_kind_of_bad_input_is_answered_by_the_real_server(cycle: Cycle) -> None:
    life = await cycle.start()
    await lives.to_employer_review(life)
    for kind, make in NAMED:
        answer = await life.try_send(_wire(make(life.cast)), name=kind)
        assert isinstance(answer, Refusal)
        assert answer.code in (RefusalCode.MALFORMED, RefusalCode.UNKNOWN_KIND)
    for _, _, make, _, _ in FORBIDDEN:
        body = make(life.cast)
        await life.try_send(_wire(body), name=body["kind"])
    assert len(NAMED) + len(FORBIDDEN) >= 40
    await _no_task_failed(life)
    assert (await life.state()).seq > 0


async def test_every_kind_of_bad_input_may_come_as_a_signal(cycle: Cycle) -> None:
    life = await cycle.start()
    await lives.to_employer_review(life)
    before = len(await life.history())
    for kind, make in NAMED:
        await life.signal(_wire(make(life.cast)), name=kind)
    for _, _, make, _, _ in FORBIDDEN:
        body = make(life.cast)
        await life.signal(_wire(body), name=body["kind"])

    async def all_answered() -> bool:
        state = await life.state()
        return state.refused >= len(NAMED) and state.seq > before + len(NAMED)

    await eventually(all_answered, timeout=30)
    await _no_task_failed(life)
