"""Another team, in its own Temporal namespace, starts, decides and reads; it is whoever its endpoint says."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from temporalio.client import WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError
from temporalio.worker import Worker

from tests.cli import CliRunner
from tests.support import unique
from tests.workers.conftest import environment_of, rehearsal_clock
from tests.workers.doors import APPLICANT, OpenDoors, endpoint_of
from tests.workers.nexus_caller import Caller
from workers.cli import app
from workers.client import ReviewClient
from workers.nexus_endpoints import EndpointTakenError, create_endpoints, find_endpoint
from workers.rehearsal.cast import Cast, Json
from workers.settings import Settings, SettingsError
from workers.worker import sandbox_runner


class Team:
    """What the other team asks, and the application that it asks about."""

    def __init__(self, handle: WorkflowHandle[Any, Any], door: ReviewClient) -> None:
        self.handle, self.door, self.cast = handle, door, Cast(unique("nx"))
        self.about = {"plan_id": self.cast.plan_id, "application_ref": self.cast.ref}

    async def ask(self, role: str, operation: str, given: Any) -> dict[str, Any]:
        """Through the endpoint of this role."""
        answer: dict[str, Any] = await self.handle.execute_update(
            Caller.ask, args=[endpoint_of(role), operation, given]
        )
        return answer

    async def decide(self, endpoint: str, command: Json, **more: Any) -> dict[str, Any]:
        """A command of the cast, without its actor."""
        body = {name: value for name, value in command.items() if name != "actor"}
        return await self.ask(endpoint, "decide", self.about | {"command": body} | more)

    async def begun(self, **change: Any) -> Json:
        """Begins the application as its employer."""
        body = self.cast.start(clock=rehearsal_clock("2023-09-20T09:00:00+08:00"), **change)
        assert (await self.ask("employer", "start", body))["answer"]["token"]
        return body


@pytest.fixture
async def team(open_doors: OpenDoors) -> AsyncIterator[Team]:
    """A worker of the other team, and its workflow, which waits for questions."""
    client, queue = await open_doors.callers(), unique("hr")
    service = await open_doors.client()
    async with Worker(client, task_queue=queue, workflows=[Caller], workflow_runner=sandbox_runner()):
        handle = await client.start_workflow(Caller.run, id=queue, task_queue=queue)
        yield Team(handle, ReviewClient(service, open_doors.settings.task_queue))
        with suppress(RPCError):  # a test may have ended it
            await handle.terminate()


async def test_it_starts_decides_and_reads(team: Team) -> None:
    body = await team.begun()
    await team.door.send(team.cast.ref, team.cast.submit())
    recommend = team.cast.recommend()
    receipt = (await team.decide("employer", recommend))["answer"]
    assert (receipt["stage"], receipt["revision"]) == ("recommended", 3)
    assert (await team.decide("employer", recommend))["answer"] == receipt
    state = (await team.ask("department", "state", team.about))["answer"]
    assert (state["stage"], state["action_by"]) == ("recommended", "employer")
    again = await team.ask("employer", "start", body)
    assert again["answer"]["token"], "the same input finds the same application"
    facts = await team.door.history(team.cast.ref)
    (decided,) = (fact for fact in facts if fact.command_id == recommend["command_id"])
    assert (decided.actor.id, decided.actor.organisation) == ("employer-clerk", team.cast.employer)


async def test_a_refusal_comes_whole(team: Team) -> None:
    await team.begun()
    told = await team.decide("employer", team.cast.recommend())
    refusal = told["refusal"]
    assert (told["error"], refusal["code"]) == ("Refused", "not_in_this_stage")
    assert refusal["rule"]["zh"]
    assert "submit" in {option["command"] for option in refusal["next"]}
    unreadable = await team.ask("employer", "decide", team.about | {"command": {"kind": "withdraw"}})
    assert (unreadable["refusal"]["code"], unreadable["refusal"]["field"]) == ("malformed", "command_id")
    for given in (7, [], {"plan_id": "x"}, team.about | {"command": {}, "actor": {}}):
        assert (await team.ask("employer", "decide", given))["refusal"]["code"] == "malformed"
    other = await team.ask("employer", "start", team.cast.start(level="intermediate"))
    assert (other["refusal"]["code"], other["refusal"]["field"]) == ("reused_command_id", "level")


async def test_the_operation_ends_with_the_application_or_with_its_refusal(team: Team) -> None:
    nowhere = await team.ask("office", "start", team.cast.start(plan_id="nowhere-2023"))
    assert nowhere["answer"]["token"]
    await team.handle.signal(Caller.enough)
    with pytest.raises(WorkflowFailureError) as ended:
        await team.handle.result()
    error: BaseException | None = ended.value
    while error is not None and not (isinstance(error, ApplicationError) and error.type == "RefusedStart"):
        error = error.__cause__
    assert error is not None
    assert "nowhere-2023" in str(error)


async def test_nobody_becomes_somebody_else_by_saying_so(team: Team) -> None:
    await team.begun()
    submit = team.cast.submit()
    claimed = await team.ask("employer", "decide", team.about | {"command": submit})
    assert (claimed["refusal"]["code"], claimed["refusal"]["field"]) == ("wrong_person", "command.actor")
    named = await team.decide("employer", submit, role="applicant")
    assert (named["refusal"]["code"], named["refusal"]["field"]) == ("wrong_role", "role")
    as_itself = await team.decide("employer", submit)
    assert as_itself["refusal"]["code"] == "wrong_role"
    foreign = Cast(unique("nx"), employer="haihe-pharma").start()
    assert (await team.ask("employer", "start", foreign))["refusal"]["code"] == "wrong_person"


async def test_what_an_account_may_not_see_is_not_there(team: Team) -> None:
    await team.begun()
    for given in (team.about, team.about | {"application_ref": unique("no")}):
        told = await team.ask("applicant", "state", given)
        assert (told["error"], told["refusal"]) == ("NOT_FOUND", None)
    assert (await team.decide("applicant", team.cast.withdraw()))["error"] == "NOT_FOUND"
    taken = await team.ask("applicant", "start", team.cast.start(applicant=APPLICANT))
    assert "taken by another application" in taken["refusal"]["rule"]["en"]
    assert taken["refusal"]["field"] is None, "nothing tells in what it differs"


async def test_an_endpoint_without_an_account_may_do_nothing(team: Team, open_doors: OpenDoors) -> None:
    await team.begun()
    await create_endpoints(
        await open_doors.client(), open_doors.settings.task_queue, [endpoint_of("city_office")]
    )
    for operation, given in (
        ("state", team.about),
        ("decide", team.about | {"command": team.cast.withdraw()}),
        ("start", team.cast.start()),
    ):
        told = await team.ask("city_office", operation, given)
        assert (told["error"], told["refusal"]["field"]) == ("UNAUTHORIZED", "endpoint")


async def test_a_caller_that_goes_away_ends_nothing(team: Team) -> None:
    await team.begun()
    await team.handle.cancel()
    with pytest.raises(WorkflowFailureError):
        await team.handle.result()
    await team.door.send(team.cast.ref, team.cast.submit())
    assert (await team.door.state(team.cast.ref)).stage == "employer_review"


async def test_endpoints_are_made_once_and_never_bent(open_doors: OpenDoors) -> None:
    client, name = await open_doors.client(), unique("e")
    (made,) = await create_endpoints(client, "here", [name])
    (found,) = await create_endpoints(client, "here", [name])
    assert (made.outcome, found.outcome) == ("created", "present")
    with pytest.raises(EndpointTakenError, match="leads to namespace 'default', task queue 'here'"):
        await create_endpoints(client, "there", [name])
    assert await find_endpoint(client, unique("no")) is None


def test_the_command_line_makes_them(open_doors: OpenDoors) -> None:
    account = {"subject": "svc", "grants": [{"role": "employer", "organisation": "x"}]}
    callers = json.dumps({unique("e"): account})
    environment = environment_of(open_doors.settings) | {"ZHICHENG_NEXUS_CALLERS": callers}
    made = CliRunner().invoke(app, ["nexus", "endpoint"], env=environment)
    assert made.exit_code == 0
    assert "created" in made.stdout
    again = CliRunner().invoke(app, ["nexus", "endpoint", "--json"], env=environment)
    assert '"outcome": "present"' in again.stdout
    assert '"employer@x"' in again.stdout
    stranger = CliRunner().invoke(app, ["nexus", "endpoint", "stranger"], env=environment)
    assert stranger.exit_code == 2
    assert "ZHICHENG_NEXUS_CALLERS" in stranger.stderr
    assert CliRunner().invoke(app, ["nexus", "endpoint"], env={"ZHICHENG_NEXUS_CALLERS": ""}).exit_code == 2


@pytest.mark.parametrize(
    ("callers", "words"),
    [
        ("{", "must be one json object"),
        ('{"a b": {"subject": "s", "grants": [{"role": "applicant"}]}}', "'a b' must be the name"),
        ('{"e": {"subject": "s", "grants": []}}', "at least 1 item"),
        ('{"e": {"subject": "s", "grants": [{"role": "system"}]}}', "'system' cannot be granted"),
        ('{"e": {"subject": "s", "grants": [{"role": "public"}]}}', "'public' cannot be granted"),
        ('{"e": {"subject": "s", "grants": [{"role": "office"}]}}', "held for an organisation"),
    ],
)
def test_an_account_is_checked(callers: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHICHENG_NEXUS_CALLERS", callers)
    with pytest.raises(SettingsError, match=r"ZHICHENG_NEXUS_CALLERS: .*Remedy") as error:
        Settings.load()
    assert words in str(error.value)
