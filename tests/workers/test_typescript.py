"""A whole life from another language: the real TypeScript client, with nothing but the published contract."""

from __future__ import annotations

import asyncio
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from models.audit import verify
from tests.typescript.node import beside_the_packages, node
from tests.workers.doors import OpenDoors
from workers.client import ReviewClient


async def test_a_stranger_takes_an_application_to_the_archive(open_doors: OpenDoors, tmp_path: Path) -> None:
    program = beside_the_packages(tmp_path) / "life.ts"
    process = await asyncio.create_subprocess_exec(
        node(),
        program,
        open_doors.contract,
        open_doors.address,
        open_doors.settings.task_queue,
        datetime.now(UTC).isoformat(),
        env=os.environ | open_doors.codec_environment(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    said: list[dict[str, Any]] = []
    async with asyncio.timeout(60):
        async for line in process.stdout:
            said.append(json.loads(line))
            if "pass" in said[-1]:
                await open_doors.put_forward(said[-1]["workflow_id"], timedelta(days=said[-1]["pass"]))
                process.stdin.write(b"\n")
        assert await process.wait() == 0, (await process.stderr.read()).decode()
    end = said[-1]
    assert end["stage"] == "archived"
    signals = [line["kind"] for line in said if line.get("signal")]
    assert signals == ["review", "start_publicity", "confirm", "review", "record_vote"]
    refused = [line["refused"] for line in said if "refused" in line]
    assert refused == [
        "malformed",
        "not_in_this_stage",
        "reused_command_id",
        "stale_revision",
        "wrong_role",
    ]
    door = ReviewClient(await open_doors.client(), open_doors.settings.task_queue)
    facts = await door.history(end["reference"])
    assert [fact.event for fact in facts] == end["events"]
    assert verify(facts) == []
