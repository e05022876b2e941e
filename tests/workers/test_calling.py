"""The examples of docs/calling.md run as they stand, but for addresses and references."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import re
import sys
from pathlib import Path

import pytest
from temporalio.worker import Worker

from tests.support import eventually, unique
from tests.typescript.node import beside_the_packages, node
from tests.workers.conftest import environment_of, rehearsal_clock
from tests.workers.doors import OpenDoors, endpoint_of
from workers.client import ReviewClient
from workers.contract_index import index
from workers.embedded import find_binary
from workers.rehearsal.cast import Cast
from workers.worker import sandbox_runner

PAGE = (Path(__file__).parents[2] / "docs" / "calling.md").read_text("utf-8")
FIRST = ("Python, the typed client", "Python, the SDK alone", "TypeScript")


def example(heading: str) -> str:
    """The code under a heading."""
    section = PAGE.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    code = re.search(r"```\w+\n(.*?)```", section, re.DOTALL)
    assert code is not None
    return code[1]


class Desk:
    """A folder with the two bodies, for an application of its own, and the programs of the page."""

    def __init__(self, doors: OpenDoors, folder: Path) -> None:
        self.doors, self.folder, self.ref = doors, folder, unique("call")
        cast = Cast(self.ref)
        self.clock = rehearsal_clock("2023-09-20T09:00:00+08:00")
        (folder / "apply.json").write_text(json.dumps(cast.start(clock=self.clock)))
        (folder / "submit.json").write_text(json.dumps(cast.submit(), indent=2))

    def here(self, code: str) -> str:
        """The code for this server and this application."""
        code = code.replace("127.0.0.1:7233", self.doors.address)
        code = code.replace("http://127.0.0.1:8080", self.doors.gateway)
        code = code.replace("http://127.0.0.1:8082", self.doors.codec)
        code = code.replace("title-review", self.doors.settings.task_queue)
        code = re.sub(r"(?<=[/-])example\b", self.ref, code)
        return code.replace(
            '"level": "deputy_senior"', f'"level": "deputy_senior", "clock": {json.dumps(self.clock)}'
        )

    async def run(self, *words: str | Path) -> str:
        """What a program prints; it must end well."""
        path = os.pathsep.join(
            (str(Path(sys.executable).parent), str(find_binary().parent), os.environ["PATH"])
        )
        root = str(Path(__file__).parents[2])
        environment = os.environ | environment_of(self.doors.settings) | self.doors.codec_environment()
        environment |= {"PATH": path, "PYTHONPATH": root}
        process = await asyncio.create_subprocess_exec(
            *words,
            cwd=self.folder,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(60):
            out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        return out.decode()


@pytest.fixture
def desk(open_doors: OpenDoors, tmp_path: Path) -> Desk:
    return Desk(open_doors, tmp_path)


async def _first_three(desk: Desk, heading: str) -> str:
    if heading == "TypeScript":
        program = beside_the_packages(desk.folder) / "example.ts"
        program.write_text(desk.here(example(heading)))
        return await desk.run(node(), program)
    program = desk.folder / "example.py"
    program.write_text(desk.here(example(heading)))
    return await desk.run(sys.executable, program)


@pytest.mark.parametrize("heading", FIRST)
async def test_the_programs_do_what_the_page_says(desk: Desk, heading: str) -> None:
    said = await _first_three(desk, heading)
    assert "stage draft" in said
    assert "refused stale_revision" in said
    assert re.search(r"accepted submit employer_review again (True|true)", said)


async def test_the_temporal_command_line_does(desk: Desk) -> None:
    said = await desk.run("sh", "-eu", "-c", desk.here(example("The `temporal` command line")))
    assert '"stage": "draft"' in said
    assert "refused, as it must be" in said
    assert said.count('"stage": "employer_review"') == 2
    assert '"duplicate": true' in said
    assert '"command_id": "w-2"' in said


async def test_curl_does(desk: Desk) -> None:
    said = await desk.run("sh", "-eu", "-c", desk.here(example("curl")))
    assert '"outcome":"started"' in said
    assert '"stage":"draft"' in said
    assert '"code":"stale_revision"' in said
    assert said.count('"event":"submit","stage":"employer_review"') == 2


async def test_the_workflow_of_another_team_does(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[2] / "docs" / "nexus.md").read_text("utf-8")
    code = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert code is not None
    (desk.folder / "of_another_team.py").write_text(
        code[1].replace("title-review-institute", endpoint_of("employer"))
    )
    monkeypatch.syspath_prepend(desk.folder)
    recommend = importlib.import_module("of_another_team").Recommend
    cast, queue, client = Cast(desk.ref), unique("hr"), await desk.doors.callers()
    command = {name: value for name, value in cast.recommend().items() if name != "actor"}
    service = ReviewClient(await desk.doors.client(), desk.doors.settings.task_queue)
    async with Worker(client, task_queue=queue, workflows=[recommend], workflow_runner=sandbox_runner()):
        given = [cast.start(clock=desk.clock), command]  # refused: nothing was submitted
        handle = await client.start_workflow("Recommend", args=given, id=queue, task_queue=queue)

        async def was_refused() -> None:
            events = (await handle.fetch_history()).events
            assert any(event.HasField("nexus_operation_failed_event_attributes") for event in events)

        await eventually(was_refused, 20)
        await service.send(desk.ref, cast.withdraw())
        ended = await handle.result()
    assert ended["stage"] == "withdrawn"


@pytest.mark.parametrize("heading", ["Go", "Java"])
def test_what_is_not_run_names_what_there_is(heading: str) -> None:
    code, contract = example(heading), index()
    face = contract["workflows"]["ApplicationWorkflow"]
    assert '"ApplicationWorkflow"' in code
    assert f'"{contract["task_queue"]}"' in code
    assert f'"{contract["refusal"]["error_type"]}"' in code
    named = set(re.findall(r'(?:decide\(ctx, c, id, |update\()"(\w+)"', code))
    assert named
    assert named <= set(face["commands"])
    asked = set(re.findall(r'(?:id, "", |query\()"(\w+)"', code))
    assert asked
    assert asked <= set(face["queries"])
