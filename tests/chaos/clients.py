"""The clients: live every life to its end, and send twice, late, and before its time what they can.

They see where an application stands as an office would, from the read model, and act on it.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime, time

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from activities.database import Database
from models.stages import Stage
from models.tables import Application, AuditEntry
from models.wire import SHANGHAI
from tests.chaos.doors import Doors
from tests.chaos.ledger import Answer
from tests.chaos.lives import Life
from workers.rehearsal.cast import Json
from workers.rehearsal.story import Step

TWICE, LATE, EARLY = 0.3, 0.15, 0.2
"""How often a command goes through two doors at once, an old one goes again, and the next goes before it."""

NOT_YET = ("not_open_yet", "plan_pending", "too_early", "not_in_this_stage", "on_hold", "guard")
KEPT = ("review", "resubmit", "start_publicity", "file_publicity_evidence", "confirm", "archive")
"""Commands that may go before their time: in the stage before they are kept, and not carried out."""

LOOKS = 0.4
"""Seconds between two looks at the read model, at all applications at once."""


class LifeOver(Exception):  # noqa: N818 - it is no error of the service
    """The application ended before its steps did; the text says where."""


class Watch:
    """What the read model and the audit say of every application, looked at again and again."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._last = 0
        self._task: asyncio.Task[None] | None = None
        self._news = asyncio.Condition()
        self.awaited: Counter[str] = Counter()
        self.stages: dict[str, tuple[str, str]] = {}
        self.outcomes: dict[str, str] = {}
        """By command id, the event that it became; `refused` for a signal that was."""

    def start(self) -> None:
        """Begins to look."""
        self._task = asyncio.create_task(self._look())

    async def stop(self) -> None:
        """Looks no more."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def until(self, ref: str, stage: str) -> None:
        """Returns when the application is in that stage. Raises `LifeOver`."""

        def there() -> bool:
            seen, status = self.stages.get(ref, ("", ""))
            if seen != stage and status == "ended":
                raise LifeOver(seen)
            return seen == stage

        async with self._news:
            await self._news.wait_for(there)

    async def outcome(self, key: str) -> str:
        """What became of a command that was taken without an answer: its event, or `refused`."""
        self.awaited[key] += 1
        async with self._news:
            await self._news.wait_for(lambda: key in self.outcomes)
        del self.awaited[key]
        return self.outcomes[key]

    async def _look(self) -> None:
        while True:
            with contextlib.suppress(SQLAlchemyError, OSError):
                async with asyncio.timeout(20):
                    await self._once()
                async with self._news:
                    self._news.notify_all()
            await asyncio.sleep(LOOKS)

    async def _once(self) -> None:
        async with self._database.reading() as session:
            rows = await session.execute(
                select(Application.application_ref, Application.stage, Application.status)
            )
            self.stages = {ref: (stage, status) for ref, stage, status in rows}
            entries = await session.execute(
                select(AuditEntry.id, AuditEntry.command_id, AuditEntry.event, AuditEntry.details)
                .where(AuditEntry.id > self._last)
                .order_by(AuditEntry.id)
            )
            for number, key, event, details in entries:
                self._last = number
                for one in (key, details.get("command_id")):
                    if one is not None:
                        self.outcomes.setdefault(one, event)


class Clients:
    """All clients of a run. `said`: how often what was done; `over`: where lives ended."""

    def __init__(
        self, doors: Doors, watch: Watch, luck: random.Random, *, at_once: int, on_the_way: int
    ) -> None:
        self._doors, self._watch, self._luck = doors, watch, luck
        self._gate, self._way = asyncio.Semaphore(at_once), asyncio.Semaphore(on_the_way)
        self._sent: dict[str, list[Json]] = defaultdict(list)
        self.said: Counter[str] = Counter()
        self.over: Counter[str] = Counter()
        self.begun = asyncio.Event()

    async def live(self, write: Callable[[], Life]) -> None:
        """The whole life, which is written when there is room for it: so many at a time go to the office."""
        async with contextlib.AsyncExitStack() as on_the_way:
            await on_the_way.enter_async_context(self._way)
            life = write()
            await self._doors.begin(life)
            await self._live(life, on_the_way)

    async def _live(self, life: Life, on_the_way: contextlib.AsyncExitStack) -> None:
        before: Json | None = None
        try:
            for place, step in enumerate(life.steps):
                if step.stage is Stage.OFFICE_REVIEW:
                    await on_the_way.aclose()
                following = life.steps[place + 1] if place + 1 < len(life.steps) else None
                before = await self._perform(life, step, following, before)
            self.over["to its end"] += 1
        except LifeOver as over:
            self.over[f"ended in {over}"] += 1

    async def _perform(
        self, life: Life, step: Step, following: Step | None, before: Json | None
    ) -> Json | None:
        """Makes one step. `before`: its command, if that went before its time. Returns the next one's."""
        await self._until_day(life, step)
        if before is not None and await self._came_true(before):
            return None
        sent_ahead = None
        for attempt in range(1_000):
            await self._watch.until(life.ref, step.stage.value)
            command = step.build(life.cast, life.now())
            if attempt == 0 and following is not None and self._may_go_ahead(step, following):
                ahead = following.build(life.cast, life.now())
                if ahead["kind"] in KEPT:
                    sent_ahead = ahead
                    self.said["before their time"] += 1
                    await self._doors.signal(life, ahead)
            code = await self._deliver(life, command)
            if code is None:
                self.begun.set()
                return sent_ahead
            if code not in NOT_YET:
                raise AssertionError(f"{life.ref}: {command['command_id']} was refused: {code}")
            await asyncio.sleep(LOOKS)
        raise AssertionError(f"{life.ref}: {step.stage.value} never took its command")

    def _may_go_ahead(self, step: Step, following: Step) -> bool:
        return following.not_before is None and step.stage != following.stage and self._luck.random() < EARLY

    async def _came_true(self, before: Json) -> bool:
        """Whether what was sent before its time was done when its time came."""
        event = await self._watch.outcome(before["command_id"])
        self.said["before their time and refused"] += event == "refused"
        return event != "refused"

    async def _deliver(self, life: Life, command: Json) -> str | None:
        """Sends it, perhaps twice, perhaps with an old one; the code of the refusal, or None."""
        async with self._gate:
            sending = [self._doors.some(life, command)]
            if self._luck.random() < TWICE:
                self.said["twice at once"] += 1
                sending.append(self._doors.some(life, command))
            if self._sent[life.ref] and self._luck.random() < LATE:
                self.said["again later"] += 1
                sending.append(self._doors.some(life, self._luck.choice(self._sent[life.ref])))
            answers = await asyncio.gather(*sending)
        mine = [answer for answer in answers if answer.key == command["command_id"]]
        code = await self._verdict(mine)
        if code is None:
            self._sent[life.ref].append(command)
        return code

    async def _verdict(self, answers: list[Answer]) -> str | None:
        if any(answer.kind == "accepted" for answer in answers):
            return None
        if any(answer.kind == "taken" for answer in answers):
            event = await self._watch.outcome(answers[0].key)
            return None if event != "refused" else "not_in_this_stage"
        return str(answers[0].said.get("code", ""))

    async def _until_day(self, life: Life, step: Step) -> None:
        if step.not_before is None:
            return
        begin = datetime.combine(step.not_before, time(8), SHANGHAI)
        await asyncio.sleep(life.clock.real_delay(life.now(), begin).total_seconds() + 0.05)
