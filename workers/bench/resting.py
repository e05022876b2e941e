"""What an application costs while nothing happens: memory of a worker that remembers it, and work: none.

And how long one decision takes when nothing else is going on.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle

from workers.bench.lives import Sender, crowd, eleven, quantile
from workers.bench.part import Figures
from workers.bench.stand import Stand, spent
from workers.rehearsal.cast import Cast

AT_ONCE = 20
OPEN = 11
"""Bodies of `eleven` that do not end the application: all but the last are sent to one."""


async def measure(full: bool) -> Figures:
    """Memory and idleness of many open applications, latency of one decision alone."""
    count, stretch, decisions = (2000, 120, 500) if full else (400, 30, 200)
    async with Stand(durable=True, settings={"max_cached_workflows": str(count * 2)}) as stand:
        sender = Sender(stand.client, stand.queue)
        await crowd(sender.application, [f"warm-{n}" for n in range(20)], AT_ONCE)
        await asyncio.sleep(2)
        empty = stand.worker_bytes()
        handles: list[WorkflowHandle[Any, Any]] = []

        async def begin(ref: str) -> None:
            cast = Cast(ref=ref)
            handle = await sender.open(cast)
            await sender.send(handle, cast.submit())
            handles.append(handle)

        await crowd(begin, [f"rest-{n}" for n in range(count)], AT_ONCE)
        await asyncio.sleep(2)
        held = stand.worker_bytes()
        idle = await _idle(stand, handles, stretch)
        return {
            "applications": count,
            "worker_mib_without": round(empty / 2**20, 1),
            "worker_mib_with": round(held / 2**20, 1),
            "kib_an_application": round((held - empty) / count / 1024, 1),
            "idle": idle,
            "alone": await _alone(stand, decisions),
        }


async def _idle(stand: Stand, handles: list[WorkflowHandle[Any, Any]], stretch: int) -> dict[str, Any]:
    """The same stretch of time twice: with the open applications, and of the processes without them."""
    events = await _events(handles)
    before = stand.clocks()
    await asyncio.sleep(stretch)
    with_them = spent(before, stand.clocks())
    after = await _events(handles)
    pending = Counter([tuple(await _pending(handle)) for handle in handles[:50]])
    async with Stand(durable=True) as other:
        await asyncio.sleep(5)
        before = other.clocks()
        await asyncio.sleep(stretch)
        without = spent(before, other.clocks())
    return {
        "seconds": stretch,
        "events_before": events,
        "events_after": after,
        "cpu_seconds_with": {k: round(v, 2) for k, v in with_them.items()},
        "cpu_seconds_without": {k: round(v, 2) for k, v in without.items()},
        "pending": {", ".join(kinds): n for kinds, n in pending.items()},
    }


async def _events(handles: list[WorkflowHandle[Any, Any]]) -> int:
    """The events of all of them together, by the server's own count."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(handle: WorkflowHandle[Any, Any]) -> int:
        async with gate:
            return (await handle.describe()).history_length

    return sum(await asyncio.gather(*(one(handle) for handle in handles)))


async def _pending(handle: WorkflowHandle[Any, Any]) -> list[str]:
    """What is under way of one application: timers that run, activities and tasks that wait."""
    found = await handle.describe()
    raw = found.raw_description
    waiting = ["activity"] * len(raw.pending_activities)
    if raw.HasField("pending_workflow_task"):
        waiting.append("workflow task")
    kinds = Counter(event.event_type for event in (await handle.fetch_history()).events)
    running = kinds[EventType.EVENT_TYPE_TIMER_STARTED] - kinds[EventType.EVENT_TYPE_TIMER_FIRED]
    return [*(["timer"] * running), *waiting]


async def _alone(stand: Stand, decisions: int) -> dict[str, Any]:
    """One application after the other, one decision after the other."""
    found = {}
    for name in ("floor", "application"):
        sender = Sender(stand.client, stand.queue)
        life = sender.floor if name == "floor" else sender.application
        for number in range(max(1, decisions // len(eleven(Cast(ref="x"))))):
            await life(f"alone-{name}-{number}")
        found[name] = {
            "decisions": len(sender.seen),
            "p50_ms": round(quantile(sender.seen, 0.5) * 1e3, 1),
            "p99_ms": round(quantile(sender.seen, 0.99) * 1e3, 1),
        }
    return found


def tell(figures: Figures) -> str:
    """The answer to an update alone, the memory, and the proof of idleness."""
    idle, alone = figures["idle"], figures["alone"]
    more = {k: idle["cpu_seconds_with"][k] - idle["cpu_seconds_without"][k] for k in ("server", "worker")}
    pending = "; ".join(f"{kinds} ({n} of them)" for kinds, n in idle["pending"].items())
    return "\n".join(
        [
            "A decision alone, from sending the update to its receipt (the receipt of an application comes "
            "when its row is committed):",
            "",
            "| what | decisions | p50 ms | p99 ms |",
            "|---|---|---|---|",
            *(
                f"| {name} | {one['decisions']} | {one['p50_ms']:.1f} | {one['p99_ms']:.1f} |"
                for name, one in sorted(alone.items(), reverse=True)
            ),
            "",
            f"Memory: a worker holds {figures['worker_mib_without']:.0f} MiB, and "
            f"{figures['worker_mib_with']:.0f} MiB with {figures['applications']} open applications in its "
            f"cache: **{figures['kib_an_application']:.0f} KiB a cached application**. One that is not "
            "cached holds nothing; it is replayed when somebody decides on it (see the paths).",
            "",
            f"Idle: {figures['applications']} open applications rested for {idle['seconds']} s. Events "
            f"before and after: {idle['events_before']} and {idle['events_after']}. What is under way of "
            f"each (50 looked at): {pending}. Processor time in the stretch, compared with the same "
            f"processes without any application: server {more['server']:+.2f} s, worker "
            f"{more['worker']:+.2f} s.",
        ]
    )
