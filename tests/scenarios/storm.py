"""Many clients, the same commands, some twice, some late, while gateway and worker are killed.

    python -m tests.scenarios.storm [COMMANDS] [CLIENTS] [SEED]

Everything is real: a Temporal server, a worker and a gateway as processes of their own, SIGKILL. Each command
must be accepted exactly once, or refused with a reason; nothing that was acknowledged may be missing.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from sqlalchemy import select

from activities.database import Database
from models.roles import Role
from models.tables import AuditEntry
from models.visibility import Grant
from tests.scenarios.household import Household, household
from workers.client import ReviewClient
from workers.connect import connect
from workers.gateway.serve import local_issuer
from workers.rehearsal.cast import OFFICE, Cast, Json
from workers.settings import Settings

TWICE, LATE, OUTDATED = 0.3, 0.15, 0.1
"""How often the other client sends the same at once, an old command again, and one that is out of date."""

RETRIED = (429, 503)
A_LIFE = 10
"""Commands of one application."""


@dataclass
class Storm:
    """What was sent and what came back. `answers`: by command id, every answer it got."""

    seed: int
    commands: int
    clients: int
    sends: int = 0
    retries: int = 0
    twice: int = 0
    late: int = 0
    outdated: int = 0
    kills: list[str] = field(default_factory=list)
    accepted: dict[str, list[Json]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)
    seconds: float = 0.0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def answered(self) -> int:
        """How many different commands have an answer, whatever it is."""
        return len(self.accepted) + len(self.refused) + len(self.unexplained)

    def words(self) -> str:
        """The counts, one line each."""
        codes = ", ".join(f"{code} {n}" for code, n in sorted(Counter(self.refused.values()).items()))
        return "\n".join(
            (
                f"seed {self.seed}: {self.clients} clients, {self.commands} commands and {self.outdated} out "
                f"of date, {self.seconds:.0f} s",
                f"sent {self.sends} times: {self.twice} twice at once, {self.late} again later, "
                f"{self.retries} because nobody answered",
                f"killed: {', '.join(self.kills)}",
                f"acknowledged {len(self.accepted)}, refused with a reason {len(self.refused)} ({codes})",
                f"lost {len(self.lost)}, doubled {len(self.doubled)}, unexplained {len(self.unexplained)}",
            )
        )


class Life:
    """One application and the commands that are sent to it, in their order."""

    def __init__(self, ref: str, plan_path: str) -> None:
        self.cast = Cast(ref)
        self.path = f"{plan_path}/applications/{ref}"
        cast = self.cast
        self.script = [cast.submit()]
        for _ in range(3):
            self.script += [cast.employer_return(), cast.resubmit("e1")]
        self.script += [cast.hold(), cast.release(), cast.withdraw()]
        assert len(self.script) == A_LIFE


class Players:
    """The clients. Each application has two (or more): one sends a command, the other may send it too."""

    def __init__(
        self, storm: Storm, http: httpx.AsyncClient, tokens: dict[str, str], luck: random.Random
    ) -> None:
        self._storm, self._http, self._tokens, self._luck = storm, http, tokens, luck

    def _headers(self, command: Json) -> dict[str, str]:
        actor = command["actor"]
        return {
            "Authorization": f"Bearer {self._tokens[actor['role'] + '/' + actor['id']]}",
            "Idempotency-Key": command["command_id"],
        }

    async def _until_answered(
        self, method: str, path: str, body: Json, headers: dict[str, str]
    ) -> httpx.Response:
        """Sends it until somebody answers, always with the same key."""
        while True:
            self._storm.sends += 1
            with contextlib.suppress(httpx.TransportError):
                answer = await self._http.request(method, path, json=body, headers=headers)
                if answer.status_code not in RETRIED:
                    return answer
            self._storm.retries += 1
            await asyncio.sleep(0.2)

    async def begin(self, life: Life, clock: Json) -> None:
        """Starts the application."""
        body = {
            k: v for k, v in life.cast.start(clock=clock).items() if k not in ("plan_id", "application_ref")
        }
        token = {"Authorization": f"Bearer {self._tokens[f'applicant/p-{life.cast.ref}']}"}
        answer = await self._until_answered("PUT", life.path, body, token)
        assert answer.status_code in (200, 201), answer.text

    async def send(self, life: Life, command: Json) -> None:
        """One client sends one command, and takes down the answer."""
        body = {k: v for k, v in command.items() if k not in ("actor", "kind", "command_id")}
        path, key = f"{life.path}/commands/{command['kind']}", command["command_id"]
        answer = await self._until_answered("POST", path, body, self._headers(command))
        if answer.status_code == 200:
            self._storm.accepted.setdefault(key, []).append(answer.json())
        elif answer.status_code in (403, 404, 409, 422) and answer.json().get("rule"):
            self._storm.refused[key] = answer.json()["code"]
        else:
            self._storm.unexplained.append(f"{key}: {answer.status_code} {answer.text[:200]}")
        self._storm.news.set()

    async def live(self, life: Life, clock: Json) -> None:
        """The whole script, with what is sent twice, late, and out of date."""
        await self.begin(life, clock)
        for place, command in enumerate(life.script):
            sending = [self.send(life, command)]
            if self._luck.random() < TWICE:
                self._storm.twice += 1
                sending.append(self.send(life, command))
            if place and self._luck.random() < LATE:
                self._storm.late += 1
                sending.append(self.send(life, self._luck.choice(life.script[:place])))
            await asyncio.gather(*sending)
            if self._luck.random() < OUTDATED:
                self._storm.outdated += 1
                await self.send(life, life.cast.submit())


async def _killer(storm: Storm, home: Household, luck: random.Random, kills: int) -> None:
    """Kills in equal parts of the storm, counted in answers, so that each kill hits work under way."""
    step = storm.commands / (kills + 1)
    names = [("gateway", "worker")[n % 2] for n in range(kills)]
    luck.shuffle(names)
    for n, name in enumerate(names, start=1):
        while storm.answered < n * step:
            storm.news.clear()
            await storm.news.wait()
        storm.kills.append(name)
        await home.kill(name)


def _tokens(settings: Settings, lives: Iterable[Life]) -> dict[str, str]:
    issuer = local_issuer(settings)
    held: dict[str, Grant] = {"office/office-clerk": Grant(role=Role.OFFICE, organisation=OFFICE)}
    for life in lives:
        held[f"applicant/p-{life.cast.ref}"] = Grant(role=Role.APPLICANT)
        held["employer/employer-clerk"] = Grant(role=Role.EMPLOYER, organisation=life.cast.employer)
    return {
        who: issuer.mint(who.partition("/")[2], [grant], life=timedelta(hours=1))
        for who, grant in held.items()
    }


async def _examine(storm: Storm, settings: Settings, lives: Iterable[Life]) -> None:
    """What the applications themselves, and the audit rows, say was done."""
    client = ReviewClient(await connect(settings), settings.task_queue)
    done: Counter[str] = Counter()
    for life in lives:
        facts = await client.history(f"application/{life.cast.plan_id}/{life.cast.ref}")
        done.update({fact.command_id: 1 for fact in facts if fact.command_id})
        counted = Counter(fact.command_id for fact in facts if fact.command_id)
        storm.doubled += [key for key, n in counted.items() if n > 1]
    storm.lost += [key for key in storm.accepted if done[key] == 0]
    storm.unexplained += [f"{key} was refused and done" for key in storm.refused if done[key]]
    storm.unexplained += [f"{key} was done and never answered" for key in done if key not in storm.accepted]
    for key, answers in storm.accepted.items():
        if any(answer != answers[0] for answer in answers):
            storm.unexplained.append(f"{key} got different receipts")
    database = Database(settings.database_url.get_secret_value())
    try:
        await _until_written(storm, database)
    finally:
        await database.close()


async def _until_written(storm: Storm, database: Database) -> None:
    """The audit rows follow within a moment; what is still missing after a minute is lost."""
    deadline, missing = time.monotonic() + 60, set(storm.accepted)
    while missing and time.monotonic() < deadline:
        async with database.reading() as session:
            rows = Counter(await session.scalars(select(AuditEntry.command_id)))
        missing = {key for key in storm.accepted if rows[key] == 0}
        storm.doubled = [*dict.fromkeys([*storm.doubled, *(k for k in storm.accepted if rows[k] > 1)])]
        await asyncio.sleep(0.2)
    storm.lost += [f"{key} has no audit row" for key in missing]


async def storm(commands: int, clients: int, seed: int, kills: int, folder: Path) -> Storm:
    """The whole of it. `clients`: how many requests may be under way, two for each application."""
    luck = random.Random(seed)
    told = Storm(seed, commands, clients)
    lives = [
        Life(f"storm-{seed}-{n:04d}", "/v1/plans/tianjin-quality-2023") for n in range(commands // A_LIFE)
    ]
    clock = {
        "real_start": datetime.now(UTC).isoformat(),
        "business_start": "2023-09-20T09:00:00+08:00",
        "speed": 1.0,
    }
    began = time.monotonic()
    async with household(folder, {}, "worker", "gateway") as home:
        settings = home.settings
        limits = httpx.Limits(max_connections=clients, max_keepalive_connections=clients)
        base = f"http://{settings.gateway_address}"
        async with httpx.AsyncClient(
            base_url=base, limits=limits, timeout=httpx.Timeout(30, pool=None)
        ) as http:
            players = Players(told, http, _tokens(settings, lives), luck)
            killing = asyncio.create_task(_killer(told, home, luck, kills))
            gate = asyncio.Semaphore(clients // 2)

            async def one(life: Life) -> None:
                async with gate:
                    await players.live(life, clock)

            await asyncio.gather(*(one(life) for life in lives))
            await killing
            await _examine(told, settings, lives)
    told.seconds = time.monotonic() - began
    return told


def main() -> int:
    """Prints the counts; status 1 when anything is lost, doubled or unexplained."""
    numbers = [int(word) for word in sys.argv[1:4]]
    commands, clients, seed = [*numbers, *(1000, 200, 1)[len(numbers) :]]
    with tempfile.TemporaryDirectory(prefix="zhicheng-storm-") as folder:
        told = asyncio.run(storm(commands, clients, seed, 8, Path(folder)))
    print(told.words(), *told.unexplained[:10], sep="\n")
    return int(bool(told.lost or told.doubled or told.unexplained))


if __name__ == "__main__":
    sys.exit(main())
