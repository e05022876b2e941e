"""Five doors, one history: whichever way people come, the application tells the same of what they decided.

TypeScript and Python clients, the command line, HTTP and Nexus each drive the same life, with a return at two
hops, a decision that is refused, a publicity and a refusal at the end.
"""

from __future__ import annotations

import asyncio
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from temporalio.client import WorkflowHandle
from temporalio.worker import Worker

from models.audit import Fact, verify
from tests.cli import CliRunner
from tests.support import unique
from tests.typescript.node import beside_the_packages, node
from tests.workers.conftest import environment_of, rehearsal_clock
from tests.workers.doors import APPLICANT, OpenDoors, endpoint_of
from tests.workers.nexus_caller import Caller
from workers.cli import app
from workers.client import ReviewClient
from workers.client_errors import CommandRefused
from workers.rehearsal.cast import Cast, Json
from workers.worker import sandbox_runner

PASS = "pass"
"""Nine days go by, in which the publicity ends."""


def life() -> list[Json | str]:
    """What everybody sends, in order; the same for every door, but for who the applicant is."""
    cast = Cast("five-doors")
    return [
        cast.submit(),
        cast.employer_return(),
        cast.accept(),  # refused: the office is not asked yet
        cast.resubmit("e1"),
        cast.recommend(),
        cast.start_publicity(),
        PASS,
        cast.file_evidence(),
        cast.department_return(),
        cast.resubmit("d1"),
        cast.resubmit(role="employer"),
        cast.department_submit(),
        cast.office_refuse(),
    ]


class OneDoor(ABC):
    """One way in. `decide` gives the stage, or the code of the refusal."""

    def __init__(self, doors: OpenDoors, applicant: str | None = None) -> None:
        self.doors, self.ref = doors, unique("five")
        self.applicant = applicant or f"p-{self.ref}"
        self.plan_id = Cast("x").plan_id

    @property
    def workflow_id(self) -> str:
        """Of its application."""
        return f"application/{self.plan_id}/{self.ref}"

    def input(self) -> Json:
        """Of its application."""
        return Cast(self.ref).start(
            clock=rehearsal_clock("2023-09-20T09:00:00+08:00"), applicant=self.applicant
        )

    def own(self, command: Json) -> Json:
        """The command for this door's application."""
        actor = dict(command["actor"])
        if actor["role"] == "applicant":
            actor["id"] = self.applicant
        return command | {"actor": actor}

    async def live(self) -> list[str]:
        """The whole life; what was answered, step by step."""
        await self.start(self.input())
        answers = []
        for step in life():
            if isinstance(step, str):
                await self.doors.put_forward(self.workflow_id, timedelta(days=9))
                await self._is_over()
                answers.append(step)
            else:
                answers.append(await self.decide(self.own(step)))
        return answers

    async def _is_over(self) -> None:
        door = ReviewClient(await self.doors.client(), self.doors.settings.task_queue)
        await door.watch(self.workflow_id, "publicity_ended", within=20)

    @abstractmethod
    async def start(self, given: Json) -> None: ...

    @abstractmethod
    async def decide(self, command: Json) -> str: ...


class PythonDoor(OneDoor):
    """The typed client."""

    async def start(self, given: Json) -> None:
        self.door = ReviewClient(await self.doors.client(), self.doors.settings.task_queue)
        await self.door.start(given)

    async def decide(self, command: Json) -> str:
        try:
            return (await self.door.send(self.workflow_id, command)).stage
        except CommandRefused as refused:
            return refused.refusal.code.value


class TypeScriptDoor(OneDoor):
    """The client of another language, in a process of its own."""

    def __init__(self, doors: OpenDoors, folder: Path) -> None:
        super().__init__(doors)
        self.folder = folder

    async def start(self, given: Json) -> None:
        self.process = await asyncio.create_subprocess_exec(
            node(),
            beside_the_packages(self.folder) / "serve.ts",
            self.doors.contract,
            self.doors.address,
            self.doors.settings.task_queue,
            env=os.environ | self.doors.codec_environment(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert await self._say({"op": "start", "input": given}) == {"id": self.workflow_id}

    async def decide(self, command: Json) -> str:
        answer = await self._say({"op": "decide", "body": command})
        return str(answer["refused"]["code"] if "refused" in answer else answer["stage"])

    async def live(self) -> list[str]:
        try:
            return await super().live()
        finally:
            self.process.stdin.close()
            await self.process.wait()

    async def _say(self, asked: Json) -> Json:
        self.process.stdin.write(json.dumps(asked).encode() + b"\n")
        async with asyncio.timeout(20):
            answer: Json = json.loads(await self.process.stdout.readline())
        assert "error" not in answer, answer
        return answer


class CommandLineDoor(OneDoor):
    """`zhicheng`, as somebody types it."""

    async def start(self, given: Json) -> None:
        assert (await self._type("apply", given))["opened"]

    async def decide(self, command: Json) -> str:
        answer = await self._type(command["kind"].replace("_", "-"), command, self.workflow_id)
        return str(answer["refused"]["code"] if "refused" in answer else answer["stage"])

    async def _type(self, command: str, given: Json, *words: str) -> Json:
        return await asyncio.to_thread(
            self._run, [command, *words, "--file", "-", "--json"], json.dumps(given)
        )

    def _run(self, words: Sequence[str], given: str) -> Json:
        result = CliRunner().invoke(app, list(words), input=given, env=environment_of(self.doors.settings))
        assert result.exit_code in (0, 1), result.stderr
        answer: Json = json.loads(result.stdout)
        return answer


class HttpDoor(OneDoor):
    """The gateway; everybody has a token of the own."""

    async def start(self, given: Json) -> None:
        self.path = f"/v1/plans/{self.plan_id}/applications/{self.ref}"
        body = {name: value for name, value in given.items() if name not in ("plan_id", "application_ref")}
        applicant = {"id": self.applicant, "role": "applicant", "organisation": None}
        async with httpx.AsyncClient(base_url=self.doors.gateway) as http:
            answer = await http.put(self.path, json=body, headers=self._bearer(applicant))
        assert answer.status_code == 201, answer.text

    async def decide(self, command: Json) -> str:
        body = {name: value for name, value in command.items() if name not in ("actor", "kind", "command_id")}
        headers = self._bearer(command["actor"]) | {"Idempotency-Key": command["command_id"]}
        async with httpx.AsyncClient(base_url=self.doors.gateway) as http:
            answer = await http.post(f"{self.path}/commands/{command['kind']}", json=body, headers=headers)
        told = answer.json()
        return str(told["stage"] if answer.is_success else told["code"])

    def _bearer(self, actor: Json) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.doors.token(actor)}"}


class NexusDoor(OneDoor):
    """A workflow in another namespace; everybody has an endpoint of the own."""

    def __init__(self, doors: OpenDoors) -> None:
        super().__init__(doors, APPLICANT)

    async def live(self) -> list[str]:
        client, queue = await self.doors.callers(), unique("five")
        async with Worker(client, task_queue=queue, workflows=[Caller], workflow_runner=sandbox_runner()):
            self.caller: WorkflowHandle[Any, Any] = await client.start_workflow(
                Caller.run, id=queue, task_queue=queue
            )
            answers = await super().live()
            await self.caller.signal(Caller.enough)
            ended = await self.caller.result()
            assert ended["stage"] == answers[-1], "the operation `start` ends as the application does"
        return answers

    async def start(self, given: Json) -> None:
        assert (await self._ask("applicant", "start", given))["answer"]["token"]

    async def decide(self, command: Json) -> str:
        body = {name: value for name, value in command.items() if name != "actor"}
        given = {"plan_id": self.plan_id, "application_ref": self.ref, "command": body}
        told = await self._ask(command["actor"]["role"], "decide", given)
        return str(told["answer"]["stage"] if "answer" in told else told["refusal"]["code"])

    async def _ask(self, role: str, operation: str, given: Any) -> dict[str, Any]:
        answer: dict[str, Any] = await self.caller.execute_update(
            Caller.ask, args=[endpoint_of(role), operation, given]
        )
        return answer


def told(door: OneDoor, facts: Sequence[Fact]) -> list[Json]:
    """What the history says, without what is different for every application: times, hashes, the person."""
    kept = {
        "event",
        "actor",
        "from_stage",
        "to_stage",
        "revision",
        "seq",
        "rule",
        "plan",
        "details",
        "command_id",
    }
    written = [fact.model_dump(mode="json", include=kept) for fact in facts]
    for fact in written:
        if fact["actor"]["id"] == door.applicant:
            fact["actor"]["id"] = "(the applicant)"
    return written


async def test_the_same_life_through_five_doors_leaves_the_same_history(
    open_doors: OpenDoors, tmp_path: Path
) -> None:
    doors: list[OneDoor] = [
        PythonDoor(open_doors),
        TypeScriptDoor(open_doors, tmp_path),
        HttpDoor(open_doors),
        NexusDoor(open_doors),
        CommandLineDoor(open_doors),
    ]
    async with asyncio.timeout(90):
        *others, typed = doors
        answers = await asyncio.gather(*(door.live() for door in others))
        answers.append(await typed.live())  # by itself: what it prints is read
    reader = ReviewClient(await open_doors.client(), open_doors.settings.task_queue)
    histories = [await reader.history(door.workflow_id) for door in doors]
    first, stages = told(doors[0], histories[0]), answers[0]
    assert stages[2] == "not_in_this_stage"
    assert stages[-1] == "office_rejected"
    assert {fact["actor"]["role"] for fact in first} >= {"applicant", "employer", "department", "office"}
    for door, history, answered in zip(doors, histories, answers, strict=True):
        name = type(door).__name__
        assert verify(history) == [], name
        assert answered == stages, name
        assert told(door, history) == first, name
