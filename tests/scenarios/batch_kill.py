"""A batch over many applications while everything that runs is killed in the middle.

    python -m tests.scenarios.batch_kill [ITEMS] [SEED] [KILLS]

Everything is real: a Temporal server with its database in a file, workers and a gateway as processes of
their own, SIGKILL to all of them at once. The batch is made, approved, sent and read over HTTP. One
application in fifty has ended, one in fifty has moved on by the time it is sent. In the end the report must
add up, and the histories and the audit rows must show exactly one effect for each accepted one.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import func, select
from temporalio.client import Client

from activities.database import Database
from models.application import ApplicationInput
from models.audit import Fact
from models.batch import item_command_id
from models.batch_messages import BatchStatus
from models.batch_state import BatchView
from models.roles import Role
from models.tables import Application, AuditEntry, BatchItem
from models.visibility import Grant
from tests.scenarios.household import Household, household
from workers.client import ReviewClient
from workers.client_errors import NotReached, NoWorker, ServerAway
from workers.client_start import start_or_find
from workers.connect import connect
from workers.database import upgrade
from workers.gateway.serve import local_issuer
from workers.rehearsal.cast import OFFICE, Cast, Json
from workers.settings import Settings

PLAN, BATCH = "tianjin-quality-2023", "kill-1"
AT_ONCE = 24
"""Applications that are opened, or asked for their history, side by side."""

ONE_IN = 50
"""Of so many one has ended, and one has moved on, before the batch is sent."""

PER_SECOND = 200
BATCH_PATH = f"/v1/plans/{PLAN}/batches/{BATCH}"
MAKER, APPROVER = "wang", "li"


@dataclass
class Report:
    """What was sent, what came of it, and what the applications say themselves."""

    items: int
    seed: int
    workers: int
    killed_at: list[int] = field(default_factory=list)
    preview: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    effects: Counter[int] = field(default_factory=Counter)
    rows: Counter[int] = field(default_factory=Counter)
    lines: int = 0
    wrong: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    def words(self) -> str:
        """The counts, a line each."""
        killed = ", ".join(map(str, self.killed_at))
        took = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in self.seconds.items())
        return "\n".join(
            (
                f"{self.items} items, seed {self.seed}: {took}",
                f"server, gateway and {self.workers} workers killed after {killed}",
                f"dry run: {self.preview}",
                f"report: {self.counts}, sum {sum(self.counts.values())}, {self.lines} lines",
                f"by code: {self.reasons}",
                f"effects by history: {dict(sorted(self.effects.items()))} (how often: how many)",
                f"effects by audit row: {dict(sorted(self.rows.items()))}",
                f"wrong: {len(self.wrong)}",
            )
        )


async def _open_all(client: Client, task_queue: str, casts: list[Cast], clock: Json) -> None:
    """Real starts, without waiting for each to open: the read model tells when all have."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(cast: Cast) -> None:
        async with gate:
            given = ApplicationInput.model_validate(cast.start(clock=clock))
            await start_or_find(client, task_queue, given, timedelta(seconds=60))

    await asyncio.gather(*(one(cast) for cast in casts))


async def _known(database: Database, number: int) -> None:
    while True:
        async with database.reading() as session:
            if await session.scalar(select(func.count()).select_from(Application)) == number:
                return
        await asyncio.sleep(0.2)


async def _answers(database: Database) -> int:
    done = BatchItem.status.in_(("accepted", "refused"))
    async with database.reading() as session:
        return await session.scalar(select(func.count()).select_from(BatchItem).where(done)) or 0


async def _kill_in_the_middle(report: Report, database: Database, household: Household, kills: int) -> None:
    luck = random.Random(report.seed)
    step = report.items / (kills + 1)
    for kill in range(1, kills + 1):
        wanted = int(kill * step + luck.uniform(-0.1, 0.1) * step)
        while True:
            if await _answers(database) >= wanted:
                break
            await asyncio.sleep(0.02)
        await household.kill_everything()
        report.killed_at.append(await _answers(database))


async def _examine(report: Report, door: ReviewClient, database: Database, casts: list[Cast]) -> None:
    """What the applications themselves, and the audit rows, say was done."""
    async with database.reading() as session:
        items = {i.application_ref: i for i in await session.scalars(select(BatchItem))}
        of_batch = AuditEntry.command_id.startswith(f"{BATCH}:")
        rows = Counter(await session.scalars(select(AuditEntry.application_ref).where(of_batch)))
    gate = asyncio.Semaphore(AT_ONCE)

    async def told(cast: Cast) -> list[Fact]:
        while True:  # workers that were killed replay what they are asked for: that may take its time
            with contextlib.suppress(NoWorker, ServerAway, NotReached):
                return await door.history(f"{PLAN}/{cast.ref}")

    async def one(cast: Cast) -> None:
        async with gate:
            facts = await told(cast)
        mine = [f for f in facts if f.command_id == item_command_id(BATCH, cast.ref)]
        item = items[cast.ref]
        report.effects[len(mine)] += 1
        report.rows[rows[cast.ref]] += 1
        expected = 1 if item.status == "accepted" else 0
        if not len(mine) == rows[cast.ref] == expected or (mine and mine[0].revision != item.became):
            report.wrong.append(f"{cast.ref}: {item.status}, {len(mine)} facts, {rows[cast.ref]} rows")

    await asyncio.gather(*(one(cast) for cast in casts))
    if not sum(report.counts.values()) == report.lines == report.items or set(report.counts) - {
        "accepted",
        "refused",
    }:
        report.wrong.append(f"the report does not add up: {report.counts}")


class Office:
    """Two people of one office at the HTTP door; everything is sent until somebody answers."""

    def __init__(self, http: httpx.AsyncClient, settings: Settings) -> None:
        self._http = http
        grant = Grant(role=Role.OFFICE, organisation=OFFICE)
        self._tokens = {
            who: local_issuer(settings).mint(who, [grant], life=timedelta(hours=20))
            for who in (MAKER, APPROVER)
        }

    async def ask(self, method: str, path: str = "", who: str = MAKER, **more: Any) -> httpx.Response:
        """The answer, which must be a good one."""
        headers = {"Authorization": f"Bearer {self._tokens[who]}", **more.pop("headers", {})}
        while True:
            with contextlib.suppress(httpx.TransportError):
                answer = await self._http.request(method, f"{BATCH_PATH}{path}", headers=headers, **more)
                if answer.status_code not in (429, 503):
                    assert answer.status_code == 200, answer.text
                    return answer
            await asyncio.sleep(0.2)

    async def order(self, kind: str, who: str) -> None:
        """A command of the batch."""
        headers = {"Idempotency-Key": f"{kind}-1"}
        await self.ask("POST", f"/commands/{kind}", who, json={}, headers=headers)

    async def until(self, status: BatchStatus) -> BatchView:
        """The batch, once it is there."""
        while True:
            view = BatchView.model_validate(await self._read())
            if view.status == status:
                return view
            await asyncio.sleep(0.5)

    async def _read(self) -> Json:
        answer: Json = (await self.ask("GET")).json()
        return answer


async def batch_kill(number: int, seed: int, kills: int, folder: Path, workers: int = 2) -> Report:
    """The whole of it, in an empty folder."""
    report = Report(number, seed, workers)
    casts = [Cast(f"k{seed}-{n:05d}") for n in range(number)]
    clock: Json = {
        "real_start": datetime.now(UTC).isoformat(),
        "business_start": "2023-09-20T09:00:00+08:00",
        "speed": 1.0,
    }
    names = ("gateway", *(f"worker-{n + 1}" for n in range(workers)))
    async with household(folder, {"ZHICHENG_MAX_CACHED_WORKFLOWS": "20000"}, *names) as home:
        settings = home.settings
        url = settings.database_url.get_secret_value()
        await asyncio.to_thread(upgrade, url)
        database = Database(url)
        base = f"http://{settings.gateway_address}"
        async with httpx.AsyncClient(base_url=base, timeout=httpx.Timeout(60)) as http:
            client = await connect(settings)
            door = ReviewClient(client, settings.task_queue, patience=120)
            office = Office(http, settings)
            began = time.monotonic()

            def took(name: str) -> None:
                nonlocal began
                report.seconds[name], began = time.monotonic() - began, time.monotonic()

            await _open_all(client, settings.task_queue, casts, clock)
            await _known(database, number)
            took("opened in")
            batch = {
                "command": {"kind": "hold", "ground": "investigation", "text": "核查中"},
                "selection": {"stages": ["draft"]},
                "per_second": PER_SECOND,
            }
            await office.ask("PUT", json=batch)
            report.preview = (await office.until(BatchStatus.PREVIEWED)).preview
            took("asked in")
            for cast in casts[::ONE_IN]:
                await door.send(f"{PLAN}/{cast.ref}", cast.withdraw())
            for cast in casts[1::ONE_IN]:
                await door.send(f"{PLAN}/{cast.ref}", cast.submit())
            await office.order("approve", APPROVER)
            await office.order("apply", MAKER)
            took("changed in")
            killing = asyncio.create_task(_kill_in_the_middle(report, database, home, kills))
            view = await office.until(BatchStatus.DONE)
            await killing
            took("sent in")
            report.counts, report.reasons = view.counts, view.reasons
            report.lines = (await office.ask("GET", "/results")).text.count("\n") - 1
            await _examine(report, door, database, casts)
            took("examined in")
        await database.close()
    return report


def main() -> int:
    """Prints the counts; status 1 when anything is lost, doubled, or does not add up."""
    numbers = [int(word) for word in sys.argv[1:4]]
    number, seed, kills = [*numbers, *(10_000, 1, 2)[len(numbers) :]]
    with tempfile.TemporaryDirectory(prefix="zhicheng-batch-") as folder:
        report = asyncio.run(batch_kill(number, seed, kills, Path(folder)))
    print(report.words(), *report.wrong[:10], sep="\n")
    return int(bool(report.wrong))


if __name__ == "__main__":
    sys.exit(main())
