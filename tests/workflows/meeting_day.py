"""A meeting of a test, on the real server: its workflow, the room beside it, and applications for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from activities.ballot_box import Choice
from activities.experts import ExpertRegister, NewExpert
from activities.meeting_room import MeetingRoom
from models.committee import CommitteeRule
from models.conflicts import KnownTie
from models.meeting_messages import meeting_workflow_id
from models.meeting_state import MeetingFact, MeetingReceipt, MeetingView
from models.refusal import Refusal
from tests.support import eventually
from tests.workflows.cycle import Cycle, Life, RefusedUpdateError, moment
from workers.rehearsal.cast import Json
from workers.rehearsal.meeting_cast import MeetingCast, committee, in_person, pool

DAY = date(2023, 12, 8)
AT_ONCE = 12
"""Applications that are moved through time side by side."""


@dataclass
class MeetingDay:
    """One meeting under test."""

    environment: WorkflowEnvironment
    handle: WorkflowHandle[Any, Any]
    cast: MeetingCast
    room: MeetingRoom
    business_start: datetime
    skipped: timedelta = timedelta(0)
    started: float = field(default_factory=time.monotonic)

    @property
    def key(self) -> tuple[str, str]:
        """Plan and meeting."""
        return self.cast.plan_id, self.cast.meeting_ref

    @property
    def now(self) -> datetime:
        """Business time, about."""
        return self.business_start + self.skipped + timedelta(seconds=time.monotonic() - self.started)

    async def at(self, text: str) -> None:
        """Lets the meeting's time pass until then."""
        ahead = moment(text) - self.now
        assert ahead > timedelta(0), f"{text} is past: it is {self.now:%Y-%m-%d %H:%M}"
        await self.environment.fast_forward(self.handle, ahead)
        self.skipped += ahead

    async def send(self, body: Json) -> MeetingReceipt:
        """The command as an update; the receipt, or `RefusedUpdateError`."""
        answer = await self.try_send(body)
        if isinstance(answer, Refusal):
            raise RefusedUpdateError(answer.sentence())
        return answer

    async def try_send(self, body: Json) -> MeetingReceipt | Refusal:
        """The command as an update: the receipt or the refusal."""
        try:
            return await self.handle.execute_update(body["kind"], body, result_type=MeetingReceipt)
        except WorkflowUpdateFailedError as error:
            cause = error.cause
            assert isinstance(cause, ApplicationError), cause
            assert cause.type == "Refused", cause
            return Refusal.model_validate(cause.details[0])

    async def state(self) -> MeetingView:
        """What the workflow says of itself."""
        return await self.handle.query("state", result_type=MeetingView)

    async def history(self) -> list[MeetingFact]:
        """What was done, in numbers."""
        return await self.handle.query("history", result_type=list[MeetingFact])

    async def panel(self) -> list[str]:
        """The experts, by seat."""
        return [member.expert_ref for member in await self.room.panel_of(*self.key)]

    async def draw(self) -> list[str]:
        """Both commit, both show their numbers; the experts, by seat."""
        await self.send(self.cast.commit("drawer"))
        await self.send(self.cast.commit("witness"))
        await self.send(self.cast.draw())
        return await self.panel()

    async def come(self, experts: Iterable[str]) -> None:
        """Experts sign in."""
        for expert in experts:
            await self.room.sign_in(*self.key, in_person(expert), expert, self.now)

    async def leave(self, experts: Iterable[str]) -> None:
        """Experts sign out."""
        for expert in experts:
            await self.room.sign_out(*self.key, in_person(expert), expert, self.now)

    async def open(self, chair: str, deputy: str) -> None:
        """The meeting begins; the chair learns the reference of the duty."""
        panel = await self.panel()
        await self.send(self.cast.open_meeting(panel.index(chair) + 1, panel.index(deputy) + 1))
        self.cast.chair = await self.room.duty_of(*self.key, in_person(chair), chair)

    async def write(self, expert: str, ref: str) -> None:
        """A written opinion."""
        words = f"{ref}：业绩突出，符合条件"
        await self.room.file_opinion(*self.key, in_person(expert), expert, ref, words, self.now)

    async def slip(self, expert: str, ref: str) -> str:
        """The expert takes a slip."""
        return await self.room.take_slip(*self.key, in_person(expert), expert, ref)

    async def put(self, ref: str, slip: str, choice: Choice) -> None:
        """A slip is cast."""
        await self.room.cast(*self.key, ref, slip, choice)


async def convene(
    cycle: Cycle,
    meeting_ref: str,
    *,
    opening: str = "2023-11-20 09:00",
    prefix: str = "expert",
    ties: dict[str, tuple[KnownTie, ...]] | None = None,
    **change: Any,
) -> MeetingDay:
    """A pool, a committee on file, and a meeting on 8 December that waits for its draw."""
    cast = MeetingCast(meeting_ref, DAY)
    at = moment("2023-09-01 09:00")
    register = ExpertRegister(cycle.database)
    until = date(2024, 12, 31)
    known = ties or {}
    await register.add(
        [
            NewExpert(**entry.model_dump(), term_until=until, ties=known.get(entry.expert_ref, ()))
            for entry in pool(prefix)
        ],
        at,
    )
    await register.file_committee(committee(), CommitteeRule(), at)
    start = moment(opening)
    clock = {"real_start": datetime.now(UTC).isoformat(), "business_start": start.isoformat()}
    handle: WorkflowHandle[Any, Any] = await cycle.environment.client.start_workflow(
        "ReviewMeetingWorkflow",
        cast.start(clock=clock, **change),
        id=meeting_workflow_id(cast.plan_id, meeting_ref),
        task_queue=cycle.queue,
    )
    return MeetingDay(cycle.environment, handle, cast, MeetingRoom(cycle.database), start)


async def ready_applications(cycle: Cycle, number: int, employers: tuple[str, ...]) -> list[Life]:
    """So many applications, accepted by the office and carried to the day of the meeting."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(n: int) -> Life:
        async with turn:
            life = await cycle.start("2023-10-09 09:00", employer=employers[n % len(employers)])
            await life.send(life.cast.submit())
            await life.send(life.cast.recommend())
            await life.send(life.cast.start_publicity())
            await life.at("2023-10-17 09:00")
            await life.send(life.cast.file_evidence())
            await life.send(life.cast.department_submit())
            await life.send(life.cast.accept())
            await life.at(f"{DAY} 09:00")
            return life

    return list(await asyncio.gather(*(one(n) for n in range(number))))


async def stage_of(life: Life, *wanted: str) -> str:
    """The stage of an application, once it is one of these."""

    async def there() -> str:
        stage = (await life.state()).stage
        assert stage in wanted, stage
        return str(stage)

    return await eventually(there)
