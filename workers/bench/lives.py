"""The lives that are measured: the same eleven decisions of an application, of the floor, and of a rung."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from temporalio.client import Client, WorkflowHandle

from workers.bench.floor import COMMANDS
from workers.rehearsal.cast import Cast, Json

BUSINESS_START = "2023-09-20T09:00:00+08:00"


@dataclass
class Sender:
    """Sends lives to one task queue, and keeps how long every answer took, in seconds."""

    client: Client
    queue: str = "bench"
    seen: list[float] = field(default_factory=list)

    async def floor(self, ref: str) -> None:
        """Eleven decisions of the floor."""
        await self._eleven("FloorWorkflow", Cast(ref=ref), {})

    def rung(self, *rungs: str) -> Callable[[str], Awaitable[None]]:
        """Eleven decisions of the floor with these rungs."""

        async def life(ref: str) -> None:
            await self._eleven("RungWorkflow", Cast(ref=ref), {"rungs": list(rungs)})

        return life

    async def _eleven(self, workflow: str, cast: Cast, more: Json) -> None:
        handle: WorkflowHandle[Any, Any] = await self.client.start_workflow(
            workflow, cast.start() | more, id=f"{workflow}/{cast.ref}", task_queue=self.queue
        )
        for body in eleven(cast)[:COMMANDS]:
            await self.send(handle, body)
        await handle.result()

    async def application(self, ref: str) -> None:
        """Eleven decisions of an application, as fast as they are taken: no waiting for a publicity."""
        cast = Cast(ref=ref)
        handle = await self.open(cast)
        for body in eleven(cast):
            await self.send(handle, body)
        await handle.result()

    async def open(self, cast: Cast, clock: Json | None = None) -> WorkflowHandle[Any, Any]:
        """Starts an application in business time of the autumn of 2023, or by another clock."""
        handle: WorkflowHandle[Any, Any] = await self.client.start_workflow(
            "ApplicationWorkflow",
            cast.start(clock=clock or clock_of(BUSINESS_START)),
            id=f"application/{cast.plan_id}/{cast.ref}",
            task_queue=self.queue,
        )
        return handle

    async def send(self, handle: WorkflowHandle[Any, Any], body: Json) -> Any:
        """One decision, timed."""
        begun = time.perf_counter()
        answer = await handle.execute_update(body["kind"], body)
        self.seen.append(time.perf_counter() - begun)
        return answer


def clock_of(business_start: str) -> Json:
    """A rehearsal's clock at the speed of real time."""
    return {"real_start": datetime.now(UTC).isoformat(), "business_start": business_start, "speed": 1.0}


def eleven(cast: Cast) -> list[Json]:
    """Submission, four returns with their resubmissions, recommendation, withdrawal."""
    steps: list[Json] = [cast.submit()]
    for _ in range(4):
        steps += [cast.employer_return(), cast.resubmit("e1")]
    return [*steps, cast.recommend(), cast.withdraw()]


async def crowd(life: Callable[[str], Awaitable[Any]], refs: list[str], at_once: int) -> float:
    """Lives these lives, so many at a time; the seconds it took."""
    gate = asyncio.Semaphore(at_once)

    async def one(ref: str) -> None:
        async with gate:
            await life(ref)

    begun = time.perf_counter()
    await asyncio.gather(*(one(ref) for ref in refs))
    return time.perf_counter() - begun


def quantile(values: list[float], share: float) -> float:
    """The value that this share of the values does not exceed; of an empty list zero."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
