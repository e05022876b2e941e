"""`python -m tests.privacy`: every story of a rehearsal with planted words, on processes of their own.

The short form takes one application through all doors; this one goes through every event of the lifecycle.
Exit status 1 when anything planted is found where it may not stand.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import shutil
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from temporalio.client import Client

from activities.database import Database
from activities.people import record_name
from models.clock import BusinessClock
from models.tables import Person
from tests.privacy.house import House
from tests.privacy.life import planted
from tests.privacy.needles import APPLICANT, OBJECTOR, told_by
from tests.privacy.places import NEEDLES, allowed, everything, of_this_machine
from tests.privacy.search import search
from tests.support import eventually
from workers.client import ReviewClient
from workers.connect import connect
from workers.embedded import NAMESPACE
from workers.rehearsal.demo import BEGINS, ENDS
from workers.rehearsal.player import Player
from workers.rehearsal.processes import Processes
from workers.rehearsal.sight import Sight
from workers.rehearsal.stories import STORIES


class PlantingDoor(ReviewClient):
    """Sends what it is given with the planted words in every text, and grounds that tell everything."""

    async def send(self, application: str, command: Any, *, wait: bool = True) -> Any:
        return await super().send(application, _with_needles(command), wait=wait)

    async def signal(self, application: str, command: Any) -> None:
        await super().signal(application, _with_needles(command))


def _with_needles(command: Mapping[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = planted(dict(command))
    return body | {"grounds": told_by(OBJECTOR)} if "grounds" in body else body


async def live(processes: Processes, seconds: float) -> int:
    """Plays every story; how many did not end as they must."""
    await eventually(processes.ready_file.exists, 60.0)
    door = PlantingDoor(await connect(processes.settings()), "title-review", patience=10.0)
    speed = (ENDS - BEGINS).total_seconds() / seconds
    clock = BusinessClock(real_start=datetime.now(UTC), business_start=BEGINS, speed=speed)
    database = Database(processes.database_url)
    sight = Sight(database)
    players = [Player(story, door, clock, database, sight) for story in STORIES]
    async with database.transaction() as session:
        for player in players:
            ref = f"p-{player.cast.ref}"
            await record_name(session, Person, ref, APPLICANT.name, datetime.now(UTC))
    try:
        async with asyncio.timeout(timedelta(seconds=seconds * 2 + 120).total_seconds()):
            await asyncio.gather(*(player.play() for player in players))
    finally:
        await database.close()
    failed = [player for player in players if player.playing != "ended"]
    for player in failed:
        sys.stdout.write(f"{player.story.name}: {player.problem}\n")
    return len(failed)


async def run(folder: Path, seconds: float) -> int:
    """The exit status: 0 when every story was told and nothing was found."""
    processes = Processes(folder / "data", ui=False, say=lambda _: None, log_level="debug")
    try:
        await processes.start()
        failed = await live(processes, seconds)
        house = House(
            processes.settings(), "", folder / "data" / "temporal", io.StringIO(), InMemorySpanExporter()
        )
        bare = await Client.connect(processes.server.address, namespace=NAMESPACE)
        found = await everything(house, bare)
        there = {
            one.needle
            for place, content in of_this_machine(house)
            for one in search(place, content, NEEDLES)
            if allowed(one)
        }
        histories = await bare.count_workflows()
    finally:
        await processes.stop()
    log = processes.data_dir / "worker.log"
    for one in sorted({f"{one.needle} ({one.form}) in {one.place}" for one in found}):
        sys.stdout.write(f"FOUND {one}\n")
    sys.stdout.write(
        f"{len(STORIES) - failed} stories told, {histories.count} histories, {log.stat().st_size} bytes of "
        f"debug log; {len(there)} needles planted, {len(found)} found where they may not stand\n"
    )
    return 1 if failed or found else 0


def main() -> int:
    """Arguments, a folder, the run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=240.0, help="real seconds for the whole cycle")
    parser.add_argument("--keep", action="store_true", help="leave the data directory for a look")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="planted-"))
    try:
        return asyncio.run(run(folder, given.seconds))
    finally:
        if given.keep:
            sys.stdout.write(f"data: {folder}\n")
        else:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
