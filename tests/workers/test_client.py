"""The typed client: starting is idempotent, every answer has a type, silence is told apart from refusal."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from temporalio.client import Client, WorkflowHandle, WorkflowQueryFailedError

from models.application import ApplicationInput
from models.audit import verify
from models.commands import Submit
from models.refusal import RefusalCode
from tests.support import eventually, unique
from tests.workers.conftest import environment_of, rehearsal_clock
from workers.client import ReviewClient, full_id
from workers.client_errors import (
    CommandRefused,
    NotReached,
    NoWorker,
    ReviewClosed,
    ServerAway,
    StartRefused,
    UnknownApplication,
)
from workers.client_start import StartOutcome
from workers.connect import connect
from workers.embedded import DevServer
from workers.listing import query_for
from workers.rehearsal.cast import Cast, Json
from workers.settings import Settings


def start_of(cast: Cast, **change: object) -> Json:
    return cast.start(clock=rehearsal_clock("2023-09-19T09:00:00+08:00"), **change)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("abc", "application/tianjin-quality-2023/abc"),
        ("other-2024/abc", "application/other-2024/abc"),
        ("application/other-2024/abc", "application/other-2024/abc"),
    ],
)
def test_an_application_is_named_in_three_ways(given: str, meant: str) -> None:
    assert full_id(given) == meant


async def test_starting_twice_gives_the_same_run(door: ReviewClient, cast: Cast) -> None:
    body = start_of(cast)
    first = await door.start(body)
    again = await door.start(ApplicationInput.model_validate(body))
    assert (first.outcome, first.opened, first.stage, first.revision) == ("started", True, "draft", 0)
    assert (again.outcome, again.opened) == ("running", True)
    assert again.run_id == first.run_id


async def test_another_input_is_refused_with_the_difference(door: ReviewClient, cast: Cast) -> None:
    body = start_of(cast)
    await door.start(body)
    other = body | {"employer": {"id": "binhai-instruments"}, "level": "intermediate"}
    with pytest.raises(StartRefused, match=r"another employer\.id, level: start it with") as refused:
        await door.start(other)
    assert refused.value.differing == ("employer.id", "level")


async def test_an_application_started_without_a_memo_is_compared_by_its_history(
    door: ReviewClient, served: Settings, cast: Cast
) -> None:
    body, client = start_of(cast), await connect(served)
    id_ = f"application/{cast.plan_id}/{cast.ref}"
    await client.start_workflow("ApplicationWorkflow", body, id=id_, task_queue=served.task_queue)
    assert (await door.start(body)).outcome == "running"
    with pytest.raises(StartRefused) as refused:
        await door.start(body | {"specialty": "quality"})
    assert refused.value.differing == ("specialty",)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"plan_id": "nowhere-2023"}, "plan_id: "),
        ({"specialty": "astrology"}, "the plan does not offer 'astrology': choose from"),
        ({"level": "emperor"}, "level: the plan does not offer"),
        ({"application_ref": "a/b"}, "application_ref: String should match pattern"),
        ({"surname": "Wang"}, "surname: Extra inputs are not permitted"),
    ],
)
async def test_a_wrong_input_is_refused_before_anything_starts(
    door: ReviewClient, cast: Cast, change: Json, words: str
) -> None:
    with pytest.raises(StartRefused, match=words):
        await door.start(start_of(cast) | change)
    with pytest.raises(UnknownApplication):
        await door.state(cast.ref)


async def test_the_reason_of_a_refused_start_reaches_the_caller(door: ReviewClient, cast: Cast) -> None:
    await door.start(start_of(cast))
    second = start_of(cast) | {"application_ref": unique("second")}
    with pytest.raises(StartRefused, match="already has a live application in this cycle") as refused:
        await door.start(second)
    assert refused.value.refusal is not None
    with pytest.raises(StartRefused, match="already has a live application"):
        await door.state(second["application_ref"])


async def test_a_refused_start_may_be_corrected_under_the_same_id(door: ReviewClient, cast: Cast) -> None:
    body = start_of(cast)
    other = Cast(unique("b"))
    await door.start(body)
    with pytest.raises(StartRefused):
        await door.start(start_of(other) | {"applicant": body["applicant"]})
    assert (await door.start(start_of(other))).outcome == "started"


async def test_a_command_gives_a_receipt_and_twice_the_same_one(door: ReviewClient, cast: Cast) -> None:
    await door.start(start_of(cast))
    submit = cast.submit()
    receipt = await door.send(cast.ref, submit)
    assert (receipt.stage, receipt.revision, receipt.duplicate) == ("employer_review", 1, False)
    assert "review" in receipt.next
    again = await door.send(cast.ref, Submit.model_validate(submit))
    assert again.model_copy(update={"duplicate": False}) == receipt
    state = await door.state(cast.ref)
    assert (state.revision, state.action_by) == (1, "employer")


async def test_a_refusal_is_typed(door: ReviewClient, cast: Cast) -> None:
    await door.start(start_of(cast))
    with pytest.raises(CommandRefused, match="not possible in the stage 'draft'") as refused:
        await door.send(cast.ref, cast.recommend())
    refusal = refused.value.refusal
    assert refusal.code is RefusalCode.NOT_IN_THIS_STAGE
    assert (refusal.stage, refusal.revision) == ("draft", 0)
    assert "submit" in {option.command for option in refusal.next}
    with pytest.raises(CommandRefused, match="reason") as malformed:
        await door.send(cast.ref, cast.withdraw(reason=""))
    assert malformed.value.refusal.code is RefusalCode.MALFORMED


async def test_a_refused_signal_is_visible(door: ReviewClient, cast: Cast) -> None:
    await door.start(start_of(cast))
    vote = cast.withdraw(role="employer")
    await door.signal(cast.ref, vote)

    async def seen() -> str:
        found = await door.refused(cast.ref)
        assert found
        return found[0].command_id or ""

    assert await eventually(seen) == vote["command_id"]


async def test_history_and_deadlines_are_typed(door: ReviewClient, cast: Cast) -> None:
    await door.start(start_of(cast))
    await door.send(cast.ref, cast.submit())
    facts = await door.history(cast.ref)
    assert [fact.event for fact in facts] == ["opened", "submit"]
    assert verify(facts) == []
    bar = next(d for d in await door.deadlines(cast.ref) if d.name == "department_submission")
    assert (bar.kind, str(bar.last_day)) == ("bar", "2023-11-06")


async def test_a_finished_application_is_read_but_takes_no_command(
    door: ReviewClient, served: Settings, cast: Cast
) -> None:
    body = start_of(cast)
    await door.start(body)
    withdraw = cast.withdraw()
    receipt = await door.send(cast.ref, withdraw)

    async def closed() -> bool:
        return (
            await (await connect(served)).get_workflow_handle(door.workflow_id(cast.ref)).describe()
        ).close_time is not None

    await eventually(closed)
    with pytest.raises(ReviewClosed, match="takes no more commands"):
        await door.send(cast.ref, cast.submit())
    assert (await door.send(cast.ref, withdraw)).revision == receipt.revision
    with pytest.raises(ReviewClosed):
        await door.signal(cast.ref, cast.submit())
    assert (await door.state(cast.ref)).stage == "withdrawn"
    again = await door.start(body)
    assert (again.outcome, again.stage, again.plan_version) == ("finished", "withdrawn", 1)


async def test_an_unknown_application(door: ReviewClient, cast: Cast) -> None:
    with pytest.raises(UnknownApplication, match="check the reference"):
        await door.send(cast.ref, cast.submit())
    with pytest.raises(UnknownApplication):
        await door.signal(cast.ref, cast.submit())


async def test_without_a_worker_it_is_on_record_and_nobody_answers(
    client: Client, settings: Settings, cast: Cast
) -> None:
    door = ReviewClient(client, settings.task_queue, patience=1.0)
    outcome = await door.start(start_of(cast))
    assert (outcome.outcome, outcome.opened) == ("started", False)
    with pytest.raises(NoWorker, match="no worker is on line") as silence:
        await door.send(cast.ref, cast.submit())
    assert not silence.value.polled
    with pytest.raises(NoWorker):
        await door.state(cast.ref)


async def test_a_caller_who_gives_up_is_let_go_at_once(
    client: Client, settings: Settings, cast: Cast
) -> None:
    await ReviewClient(client, settings.task_queue, patience=0.5).start(start_of(cast))
    patient = ReviewClient(client, settings.task_queue, patience=30.0)
    sending = asyncio.create_task(patient.send(cast.ref, cast.submit()))
    await asyncio.wait([sending], timeout=0.3)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(5):
            await sending


async def test_a_command_that_was_on_its_way_when_the_application_ended_is_answered(
    client: Client, settings: Settings, cast: Cast
) -> None:
    await ReviewClient(client, settings.task_queue, patience=0.5).start(start_of(cast))
    patient = ReviewClient(client, settings.task_queue, patience=30.0)
    sending = asyncio.create_task(patient.send(cast.ref, cast.submit()))
    await asyncio.wait([sending], timeout=0.3)
    await client.get_workflow_handle(patient.workflow_id(cast.ref)).terminate("ended meanwhile")
    async with asyncio.timeout(10):
        with pytest.raises(ReviewClosed):
            await sending


async def test_a_server_that_went_away_is_told_from_a_worker_that_did(cast: Cast) -> None:
    async with DevServer(search_attributes={}) as server:
        client = await connect(Settings.load(temporal_address=server.address))
        await server.kill()
        door = ReviewClient(client, "nowhere", patience=1.0)
        with pytest.raises(ServerAway, match="does not answer"):
            await door.send(cast.ref, cast.submit())


async def test_a_server_without_the_search_attributes_is_told_how_to_get_them(cast: Cast) -> None:
    async with DevServer(search_attributes={}) as server:
        client = await connect(Settings.load(temporal_address=server.address))
        with pytest.raises(StartRefused, match="zhicheng search-attributes register"):
            await ReviewClient(client, "nowhere").start(start_of(cast))


async def test_the_list_finds_by_stage_and_unit(door: ReviewClient, cast: Cast) -> None:
    await door.start(start_of(cast, department="binhai-hrss"))
    await door.send(cast.ref, cast.submit())
    query = query_for(plan=cast.plan_id, stage="employer_review", unit="binhai-hrss")

    async def listed() -> bool:
        return cast.ref in {one.application_ref for one in await door.find(query)}

    await eventually(listed)


def test_a_query_cannot_be_smuggled_in() -> None:
    with pytest.raises(ValueError, match="is not a code"):
        query_for(unit="x' OR TitlePlan = 'y")


async def test_a_command_waits_for_the_opening(door: ReviewClient, cast: Cast) -> None:
    starting = asyncio.create_task(door.start(start_of(cast)))

    async def sent() -> bool:
        try:
            return (await door.send(cast.ref, cast.submit())).revision == 1
        except UnknownApplication:
            return False

    assert await eventually(sent)
    assert (await starting).opened


async def test_many_are_started_and_each_has_its_own_answer(door: ReviewClient) -> None:
    casts = [Cast(unique("m")) for _ in range(3)]
    bodies = [start_of(cast) for cast in casts]
    given = [*bodies, bodies[0] | {"level": "intermediate"}, {"plan_id": "x"}]
    first = await door.start_many(given[:3])
    assert [one.outcome for one in first if isinstance(one, StartOutcome)] == ["started"] * 3
    again = await door.start_many(given)
    assert [one.outcome for one in again if isinstance(one, StartOutcome)] == ["running"] * 3
    differing, unreadable = again[3:]
    assert isinstance(differing, StartRefused)
    assert differing.differing == ("level",)
    assert isinstance(unreadable, StartRefused)
    assert str(unreadable).startswith("application_ref: ")


async def test_it_waits_for_a_stage(door: ReviewClient, cast: Cast) -> None:
    await door.start(start_of(cast))
    waiting = asyncio.create_task(door.watch(cast.ref, "employer_review", within=30))
    await door.send(cast.ref, cast.submit())
    assert (await waiting).revision == 1
    await door.send(cast.ref, cast.employer_return())
    assert (await door.watch(cast.ref, "employer_review", after=0, within=5)).stage == "employer_returned"
    with pytest.raises(NotReached, match="it is in 'employer_returned', which waits for applicant") as late:
        await door.watch(cast.ref, "employer_review", after=1, within=0.2)
    assert late.value.state.revision == 2
    with pytest.raises(ValueError, match="limbo"):
        await door.watch(cast.ref, "limbo")


async def test_it_connects_with_what_the_environment_says(
    served: Settings, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment_of(served).items():
        monkeypatch.setenv(name, value)
    door = await ReviewClient.connect()
    assert door.task_queue == served.task_queue
    assert (await door.start(start_of(cast))).opened
    other = await ReviewClient.connect(served.temporal_address, task_queue="elsewhere")
    assert other.task_queue == "elsewhere"


async def test_a_worker_without_a_processor_is_asked_again(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the SDK says when a workflow had no processor for two seconds tells nothing of the workflow."""
    answers: list[Exception | list[Any]] = [WorkflowQueryFailedError("[TMPRL1101] Potential deadlock"), []]

    async def busy_first(*_: Any, **__: Any) -> Any:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(WorkflowHandle, "query", busy_first)
    assert await ReviewClient(client, settings.task_queue, patience=5.0).history("a-1") == []
    assert answers == []
