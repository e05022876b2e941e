"""Plays one story against its running application, whatever happens to server and worker meanwhile.

Every command is sent again with the same `command_id` until it is answered; every step waits for its
stage and its business date; a refusal that only says "not yet" is tried again with a command of its day.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, time
from typing import Literal, TypeVar

from temporalio.service import RPCError

from activities.database import Database
from models.clock import BusinessClock
from models.refusal import Refusal, RefusalCode
from models.stages import Stage
from models.views import StateView
from models.wire import SHANGHAI
from workers.client import ReviewClient
from workers.client_errors import ClientError, CommandRefused, ReviewClosed, StartRefused
from workers.rehearsal.cast import Json
from workers.rehearsal.sight import Seen, Sight, event_of
from workers.rehearsal.story import Step, Story, Told

WORKING_HOURS_BEGIN = time(8)
NOT_YET = (
    RefusalCode.NOT_OPEN_YET,
    RefusalCode.PLAN_PENDING,
    RefusalCode.TOO_EARLY,
    RefusalCode.NOT_IN_THIS_STAGE,
    RefusalCode.ON_HOLD,
)
TRIES = 6
"""How often a command that breaks a rule is written anew before the story has failed."""

NEAR, FAR = 0.2, 1.0
"""Real seconds between two looks at an application: when it is about to move, and otherwise."""

Playing = Literal["waiting", "playing", "ended", "failed"]
T = TypeVar("T")


class StoryFailed(Exception):  # noqa: N818 - the story has failed, the player works
    """The story cannot go on; the text says where and why."""


class Player:
    """One story on the stage. `seen` is what was last seen of its application, `view` how it ended."""

    def __init__(
        self,
        story: Story,
        door: ReviewClient,
        clock: BusinessClock,
        database: Database,
        sight: Sight | None = None,
    ) -> None:
        self.story, self.cast = story, story.people()
        self.playing: Playing = "waiting"
        self.seen: Seen | None = None
        self.view: StateView | None = None
        self.told = Told((), ())
        self.refusals: list[tuple[datetime, Refusal]] = []
        self.problem = ""
        self._door, self._clock, self._database = door, clock, database
        self._sight = sight or Sight(database)

    def now(self) -> datetime:
        """Business time."""
        return self._clock.now(datetime.now(UTC))

    async def play(self) -> None:
        """From the start of the application to the end of the story; raises nothing."""
        try:
            self.playing = "playing"
            await insist(lambda: self._door.start(self._input()))
            for step in self.story.steps:
                await self._perform(step)
            await self._until_the_end()
            self.playing = "ended"
        except StoryFailed as failed:
            self._fail(str(failed))
        except (ClientError, ValueError) as error:
            self._fail(f"{type(error).__name__}: {error}")
        except asyncio.CancelledError:
            self._fail(f"not told to the end: it stands in {self._where()}")
            raise

    async def listen(self) -> None:
        """Fetches what the application itself tells of its life."""
        facts = await insist(lambda: self._door.history(self.cast.ref))
        deadlines = await insist(lambda: self._door.deadlines(self.cast.ref))
        self.view = await insist(lambda: self._door.state(self.cast.ref))
        self.told = Told(facts, deadlines)

    async def look(self, *, anew: bool = False) -> Seen | None:
        """Where the application stands now, as the database knows it; `anew`: not as others just saw it."""
        self.seen = await self._sight.look_at(self.cast.plan_id, self.cast.ref, anew=anew) or self.seen
        return self.seen

    def _input(self) -> Json:
        return self.cast.start(clock=self._clock.model_dump(mode="json"))

    def _fail(self, problem: str) -> None:
        self.playing, self.problem = "failed", problem

    def _where(self) -> str:
        return self.seen.stage if self.seen else "(not begun)"

    # --- steps -----------------------------------------------------------------------------------------

    async def _perform(self, step: Step) -> None:
        if step.not_before is not None:
            await self._until_day(step.not_before)
        for attempt in range(1_000_000):
            await self._until_stage(step.stage)
            refusal = await self._send(step)
            if refusal is None and step.refusal is None:
                return
            if refusal is None:
                raise StoryFailed(f"{step.stage.value}: accepted, though {step.refusal} was to be the answer")
            if refusal.code is step.refusal:
                self.refusals.append((self.now(), refusal))
                return
            if refusal.code not in NOT_YET and attempt >= TRIES:
                raise StoryFailed(f"{step.stage.value}: {refusal.command}: {refusal.sentence()}")
            await asyncio.sleep(NEAR)

    async def _send(self, step: Step) -> Refusal | None:
        """The refusal, or None when the command was accepted (or, if it is early, kept)."""
        body = step.build(self.cast, self.now())
        if step.way != "update":
            await self._signal(body, may_be_kept=step.way == "early")
            return None
        try:
            await insist(lambda: self._door.send(self.cast.ref, body))
        except CommandRefused as refused:
            return refused.refusal
        except ReviewClosed:
            raise StoryFailed(f"{body['kind']}: the application ended before, in {self._where()}") from None
        await self.look(anew=True)
        return None

    async def _signal(self, body: Json, *, may_be_kept: bool) -> None:
        """Nobody answers a signal: what became of it is read from the audit chain; an early one is kept.

        It is read once the server has it: what a worker wrote that dies before it has told the server is
        decided again, later, and what was sent upon it would be too early.
        """
        await insist(lambda: self._door.signal(self.cast.ref, body))
        ids = self.cast.plan_id, self.cast.ref, str(body["command_id"])
        while not may_be_kept:
            await asyncio.sleep(NEAR)
            if not await insist(self._is_at_rest):
                continue
            event = await event_of(self._database, *ids)
            if event == "refused":
                raise StoryFailed(f"the signal {body['kind']} was refused, in {self._where()}")
            if event is not None:
                break
        await self.look(anew=True)

    async def _is_at_rest(self) -> bool:
        """The server waits for no worker: everything that was sent to the application is decided."""
        told = self._door.temporal.get_workflow_handle(self._door.workflow_id(self.cast.ref))
        return not (await told.describe()).raw_description.HasField("pending_workflow_task")

    # --- waiting ---------------------------------------------------------------------------------------

    async def _until_day(self, not_before: date) -> None:
        begin = datetime.combine(not_before, WORKING_HOURS_BEGIN, SHANGHAI)
        while (left := self._clock.real_delay(self.now(), begin).total_seconds()) > 0:
            await asyncio.sleep(min(left, FAR))
            if left > FAR:
                await self.look()

    async def _until_stage(self, stage: Stage) -> None:
        while (seen := await self.look()) is None or seen.stage != stage.value:
            if seen is not None and seen.status == "ended":
                raise StoryFailed(f"it ended in {seen.stage}, before {stage.value}")
            await asyncio.sleep(NEAR)

    async def _until_the_end(self) -> None:
        ends, status = self.story.ends.value, "ended" if self.story.closed else "open"
        while (seen := await self.look()) is None or (seen.stage, seen.status) != (ends, status):
            if seen is not None and seen.status == "ended":
                raise StoryFailed(f"it ended in {seen.stage}, not in {ends}")
            await asyncio.sleep(NEAR)


async def insist(call: Callable[[], Awaitable[T]]) -> T:
    """Ask until there is an answer: a server or a worker that is away comes back.

    Raises the answers that are answers: `CommandRefused`, `ReviewClosed`, `StartRefused`.
    """
    while True:
        try:
            return await call()
        except (CommandRefused, ReviewClosed, StartRefused):
            raise
        except (ClientError, RPCError, TimeoutError, ConnectionError):
            await asyncio.sleep(NEAR)
