"""One run from beginning to end: start, live, suffer, heal, rest, reckon, ask the doctor."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select

from activities.database import Database
from activities.webhooks import Owner, Webhooks
from models.roles import Role
from models.tables import AuditEntry, FeedEvent, Notice, Webhook
from tests.chaos.clients import Clients, Watch
from tests.chaos.doors import Doors
from tests.chaos.faults import LONG, SHORT, Dose, Fault, plan
from tests.chaos.house import PROGRAM, House, inject, lucky
from tests.chaos.ledger import Ledger
from tests.chaos.lives import SECONDS_A_DAY, Life, brief_life, whole_life
from tests.chaos.receiver import Receiver
from tests.chaos.reckoning import Account, deliveries, histories_of, reckon, rows_of, side_effects
from workers.client import ReviewClient
from workers.connect import connect
from workers.key_files import seal_of
from workers.rehearsal.cast import OFFICE

WARMS_WITHIN = 300.0
"""Seconds in which the processes must serve for the first time; no clock of an application runs yet."""

PLAN = "tianjin-quality-2023"
SUBSCRIPTION = "chaos"
SECRET = "whsec_" + "Y2hhb3M" * 4 + "Y2g9"


@dataclass(frozen=True)
class Shape:
    """How a run is.

    `at_once` commands are under way and `on_the_way` applications are before the office at one time; nobody
    waits longer than `bound` seconds, and a business day lasts `day`.
    """

    dose: Dose
    life: Callable[[int, int, float], Life]
    workers: int
    gateways: int
    courier: bool
    at_once: int
    on_the_way: int
    bound: float
    day: float = SECONDS_A_DAY
    afresh: bool = True
    doctor_at: str | None = None


WHOLE = Shape(LONG, whole_life, workers=2, gateways=2, courier=True, at_once=40, on_the_way=40, bound=1200.0)
BRIEF = Shape(
    SHORT,
    brief_life,
    workers=1,
    gateways=1,
    courier=False,
    at_once=20,
    on_the_way=20,
    bound=100.0,
    afresh=False,
    doctor_at="2023-09-18T12:00+08:00",
)


@dataclass
class Report:
    """What came of a run."""

    seed: int
    applications: int
    faults: tuple[Fault, ...]
    done: Counter[str] = field(default_factory=Counter)
    account: Account = field(default_factory=Account)
    doctor: str = ""
    doctor_status: int = -1
    seconds: float = 0.0
    lines: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Nothing lost, doubled or unexplained, every fault happened, and the doctor finds nothing."""
        return self.account.whole and self.doctor_status == 0 and self.done.total() == len(self.faults)

    def words(self) -> str:
        """The report."""
        kinds = Counter(fault.kind for fault in self.faults)
        happened = Counter[str]()
        for what, times in self.done.items():
            happened[next(kind for kind in kinds if what.startswith(kind))] += times
        counted = ", ".join(f"{kind} {happened[kind]} of {n}" for kind, n in sorted(kinds.items()))
        wrong = [*self.account.lost, *self.account.doubled, *self.account.unexplained]
        return "\n".join(
            (
                f"seed {self.seed}, {self.applications} applications, {self.seconds:.0f} s",
                f"faults: {counted}",
                *(f"  {what}: {times}" for what, times in sorted(self.done.items())),
                *self.lines,
                *(f"WRONG: {one}" for one in wrong[:40]),
                self.account.line(),
                f"doctor: {self.doctor}",
            )
        )


async def chaos(
    seed: int, applications: int, shape: Shape, folder: Path, say: Callable[[str], None]
) -> Report:
    """The whole of it, under `folder`. Returns in any case within the bound and a few minutes more."""
    began = time.monotonic()
    report = Report(seed, applications, plan(seed, shape.dose))
    receiver = Receiver(lucky(seed, "receiver"))
    await receiver.open()
    house = House(
        folder, receiver.port, workers=shape.workers, gateways=shape.gateways, courier=shape.courier
    )
    ledger = Ledger(folder / "acknowledged.jsonl")
    try:
        await house.start()
        await house.warm(WARMS_WITHIN)
        database = Database(house.postgres.url)
        try:
            if shape.courier:
                await _subscribe(house, database, receiver.port)
            say(
                f"everything runs after {time.monotonic() - began:.0f} s; the database's disk is "
                f"{house.postgres.disk.kind}"
            )
            report.lines.append(f"the database's disk: {house.postgres.disk.kind}")
            lives = await _live(report, house, database, ledger, shape, say)
            await _rest(house, database, shape, report)
            say("at rest")
            async with _asked(house, afresh=shape.afresh) as client:
                await _reckon(report, house, database, ledger, receiver, shape, lives, client)
                say("reckoned")
                report.doctor_status, report.doctor = await _doctor(house, shape.doctor_at)
        finally:
            await database.close()
    finally:
        ledger.close()
        await house.close()
        await receiver.close()
    report.done = house.done
    report.seconds = time.monotonic() - began
    return report


async def _live(
    report: Report, house: House, database: Database, ledger: Ledger, shape: Shape, say: Callable[[str], None]
) -> list[Life]:
    watch = Watch(database)
    watch.start()
    settings = house.settings(temporal_address=house.links["client-temporal"].address)
    gateways = [link.address for name, link in house.links.items() if name.startswith("client-gateway")]
    client = ReviewClient(await connect(settings), settings.task_queue, patience=10.0)
    doors = Doors(settings, ledger, gateways, client, lucky(report.seed, "doors"))
    clients = Clients(
        doors, watch, lucky(report.seed, "clients"), at_once=shape.at_once, on_the_way=shape.on_the_way
    )
    lives: list[Life] = []

    async def one(number: int) -> None:
        def write() -> Life:
            lives.append(shape.life(report.seed, number, shape.day))
            return lives[-1]

        await clients.live(write)

    injecting = asyncio.create_task(inject(house, report.faults, clients.begun))
    telling = asyncio.create_task(_tell(watch, clients, house, say))
    living = [asyncio.create_task(one(number)) for number in range(report.applications)]
    try:
        _, left = await asyncio.wait(living, timeout=shape.bound)
        await asyncio.wait([injecting], timeout=60)
        for task in left:
            task.cancel()
        ended = await asyncio.gather(*living, return_exceptions=True)
        wrong = [one for one in ended if isinstance(one, BaseException)]
        stuck = sum(isinstance(one, asyncio.CancelledError) for one in wrong)
        if stuck:
            places = Counter(watch.stages.get(life.ref, ("not begun", ""))[0] for life in lives)
            report.account.unexplained += [
                f"{stuck} lives did not come to their end: {dict(places)}",
                *(f"nobody answered {name}: {heard}" for name, heard in list(doors.heard.items())[:10]),
                *(f"nobody heard what came of {key}" for key in sorted(watch.awaited)[:10]),
            ]
        report.account.unexplained += [
            f"{type(one).__name__}: {one}" for one in wrong if not isinstance(one, asyncio.CancelledError)
        ]
        if injecting.done():
            await injecting
    finally:
        for task in (telling, injecting, *living):
            task.cancel()
        await asyncio.gather(telling, injecting, *living, return_exceptions=True)
        await watch.stop()
        await doors.close()
    report.account.unexplained += doors.unexplained
    counts = doors.counts
    unanswered = ", ".join(
        f"{k.removeprefix('no answer: ')} {n}" for k, n in counts.most_common() if k != "sent"
    )
    report.lines += [
        f"lives: {', '.join(f'{n} {where}' for where, n in clients.over.most_common())}",
        f"sent {counts['sent']} times, {counts.total() - counts['sent']} without an answer ({unanswered})",
        f"commands: {', '.join(f'{n} {what}' for what, n in sorted(clients.said.items()))}",
    ]
    return lives


async def _tell(watch: Watch, clients: Clients, house: House, say: Callable[[str], None]) -> None:
    began = time.monotonic()
    while True:
        await asyncio.sleep(20)
        places = Counter(stage for stage, _ in watch.stages.values())
        say(
            f"{time.monotonic() - began:4.0f} s  faults {house.done.total()}, over {clients.over.total()}: "
            + ", ".join(f"{stage} {n}" for stage, n in places.most_common(6))
        )


async def _subscribe(house: House, database: Database, port: int) -> None:
    """The listener gets every event of the plan, from the first."""
    link = house.links["courier-receiver"]
    assert link.target == port
    seal = seal_of(house.settings())
    await Webhooks(database).add(
        Owner(PLAN, Role.OFFICE, OFFICE),
        webhook_id=SUBSCRIPTION,
        url=f"http://{link.address}/hook",
        secret=seal.seal(SUBSCRIPTION, SECRET),
        events=None,
        application_ref=None,
        after=0,
        created_by="chaos",
        at=datetime.now(UTC),
    )


async def _rest(house: House, database: Database, shape: Shape, report: Report) -> None:
    """Everything is healed; returns when nothing is on its way any more, or after five minutes."""
    for link in house.links.values():
        link.heal()
    deadline, before = time.monotonic() + 300, (-1, -1, -1)
    while time.monotonic() < deadline:
        async with database.reading() as session:
            audited = await session.scalar(select(func.count()).select_from(AuditEntry)) or 0
            fed = await session.scalar(select(func.max(FeedEvent.sequence))) or 0
            waiting = await session.scalar(select(func.count()).where(Notice.status == "pending")) or 0
            position = await session.scalar(select(Webhook.position).where(Webhook.id == SUBSCRIPTION)) or 0
        now = (audited, fed, position)
        quiet = now == before and (not shape.courier or (fed == position >= audited and not waiting))
        if quiet:
            return
        before = now
        await asyncio.sleep(2)
    report.account.unexplained.append(
        f"not at rest after five minutes: {waiting} notices wait, event {position} of {fed}, {audited} in all"
    )


async def _reckon(
    report: Report,
    house: House,
    database: Database,
    ledger: Ledger,
    receiver: Receiver,
    shape: Shape,
    lives: list[Life],
    client: ReviewClient,
) -> None:
    report.lines.append(
        "ended by itself and started again: "
        + (", ".join(f"{n} {what}" for what, n in sorted(house.ended_by_itself.items())) or "nobody")
        + f"; the database was started again {house.postgres.restarts} times"
    )
    if any(fault.kind == "disk full" for fault in report.faults):
        felt = house.postgres.felt_full()
        report.lines.append(f"the database found its disk full {felt} times")
        if not felt:
            report.account.unexplained.append("the full disk was never felt")
    histories = await histories_of(client, [life.ref for life in lives])
    told = report.account.unexplained
    report.account = reckon(ledger.read(), histories, await rows_of(database))
    report.account.unexplained += told
    if shape.courier:
        await side_effects(report.account, database, house.folder)
        events = report.account.effects["events of the feed"]
        deliveries(report.account, receiver.taken, receiver.order, receiver.times, events)
    report.lines.append(
        f"facts {report.account.facts}, "
        + ", ".join(f"{what} {n}" for what, n in report.account.effects.items())
    )


@contextlib.asynccontextmanager
async def _asked(house: House, *, afresh: bool) -> AsyncIterator[ReviewClient]:
    """Who is asked about the applications: `afresh` by a worker that knows them from their histories only."""
    settings = house.settings()
    if not afresh:
        yield ReviewClient(await connect(settings), settings.task_queue, patience=60.0)
        return
    await house.end_processes()
    with (house.folder / "last-worker.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            PROGRAM, "worker", env=house.environment(), stdout=log, stderr=log
        )
    try:
        yield ReviewClient(await connect(settings), settings.task_queue, patience=60.0)
    finally:
        process.terminate()
        await process.wait()


async def _doctor(house: House, at: str | None) -> tuple[int, str]:
    """`zhicheng doctor`, as an operator runs it."""
    words = [PROGRAM, "doctor", *(["--at", at] if at else [])]
    process = await asyncio.create_subprocess_exec(
        *words,
        env=house.environment() | {"COLUMNS": "200"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    status = process.returncode or 0
    return status, "clean" if status == 0 else f"status {status}\n{said.decode().strip()}"
