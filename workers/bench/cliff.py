"""The deadline cliff: everybody submits in the last hour, then every date moves; how both grow.

For each size a new stand: so many drafts, all submitted through a gate that is as near as an hour, then a new
version of the plan is issued to all of them by their cycle, and each of their running timers is planned anew.
Afterwards Temporal lists and counts them by their search attributes.
"""

from __future__ import annotations

import asyncio
import time
import tomllib
from datetime import date
from importlib.resources import files
from typing import Any

from temporalio.client import Client, WorkflowHandle

from models.cycle_state import cycle_id
from workers.bench.curve import Curve
from workers.bench.lives import Sender, clock_of, crowd, quantile
from workers.bench.part import Figures
from workers.bench.stand import Stand, spent
from workers.rehearsal.cast import OFFICE, Cast

AT_ONCE = 40
SIZES, FULL_SIZES, TIMERS = (250, 1000, 5000), (1000, 3000, 5000), 10_000
PLAN = "tianjin-quality-2023"
LAST_HOUR = "2023-11-06T23:00:00+08:00"
HOUR = 3600
WANTED = 5000
"""Submissions in the last hour that the service must take."""


async def measure(full: bool, sizes: tuple[int, ...] | None = None, cached: int | None = None) -> Figures:
    """Every size, the smallest first. `cached`: how many applications the worker keeps in its memory."""
    rows = []
    for size in sizes or (FULL_SIZES if full else SIZES):
        rows.append(await _one(size, cached))
        print(f"  cliff {size}: {rows[-1]}", flush=True)
    return {"at_once": AT_ONCE, "sized": sizes is not None, "cached": cached, "rows": rows}


async def measure_timers(full: bool) -> Figures:  # noqa: ARG001 - there is one size
    """The same with ten thousand applications, and a worker that keeps them all: as many timers set anew."""
    return await measure(full=True, sizes=(TIMERS,), cached=TIMERS + 1_000) | {"sized": False}


async def _one(size: int, cached: int | None) -> dict[str, Any]:
    settings = {"max_cached_workflows": str(cached)} if cached else {}
    async with Stand(durable=True, kind="postgresql", settings=settings) as stand:
        sender = Sender(stand.client, stand.queue)
        await crowd(sender.application, [f"warm-{n}" for n in range(10)], AT_ONCE)
        casts = [Cast(ref=f"cliff-{n:06d}", employer=f"tj-unit-{n % 300}") for n in range(size)]
        opened = await _drafts(stand, sender, casts)
        submitted = await _submissions(stand, sender, casts)
        replanned = await _replanned(stand, size)
        return {
            "size": size,
            "opened": opened,
            "submitted": submitted,
            "replanned": replanned,
            "listed": await _listed(stand.client, size),
        }


async def _drafts(stand: Stand, sender: Sender, casts: list[Cast]) -> dict[str, Any]:
    before = stand.clocks()
    by_ref = {cast.ref: cast for cast in casts}

    async def begin(ref: str) -> None:
        handle = await sender.open(by_ref[ref], clock_of(LAST_HOUR))
        await handle.query("state")  # answered when the opening is recorded

    seconds = await crowd(begin, list(by_ref), AT_ONCE)
    return _pace(len(casts), seconds, spent(before, stand.clocks()))


async def _submissions(stand: Stand, sender: Sender, casts: list[Cast]) -> dict[str, Any]:
    """Everybody who has a draft submits it; the gate stays open for those who came in time."""
    before, sender.seen = stand.clocks(), []
    by_ref = {cast.ref: cast for cast in casts}
    stages: list[str] = []

    async def submit(ref: str) -> None:
        cast = by_ref[ref]
        handle: WorkflowHandle[Any, Any] = stand.client.get_workflow_handle(
            f"application/{cast.plan_id}/{cast.ref}"
        )
        receipt = await sender.send(handle, cast.submit())
        stages.append(receipt["stage"])

    seconds = await crowd(submit, list(by_ref), AT_ONCE)
    return {
        **_pace(len(casts), seconds, spent(before, stand.clocks())),
        "accepted": stages.count("employer_review"),
        "p50_ms": round(quantile(sender.seen, 0.5) * 1e3),
        "p99_ms": round(quantile(sender.seen, 0.99) * 1e3),
    }


async def _replanned(stand: Stand, size: int) -> dict[str, Any]:
    """A new plan version is issued by the cycle; until its order has reached every application."""
    clock = clock_of("2023-11-06T23:30:00+08:00")
    cycle: WorkflowHandle[Any, Any] = await stand.client.start_workflow(
        "ReviewCycleWorkflow",
        {"plan_id": PLAN, "clock": clock},
        id=cycle_id(PLAN),
        task_queue=stand.queue,
    )
    before, begun = stand.clocks(), time.perf_counter()
    receipt = await cycle.execute_update(
        "issue_plan_version",
        {
            "kind": "issue_plan_version",
            "actor": {"id": "office-chief", "role": "office", "organisation": OFFICE},
            "command_id": "bench-plan-2",
            "plan_toml": next_version(date(2023, 11, 10)),
            "document_no": "津人社办函〔2023〕400号",
            "text": "申报期限延长",
        },
    )
    told = time.perf_counter() - begun
    counts: dict[str, int] = {}
    while not counts:
        await asyncio.sleep(0.5)
        orders = {order["order_id"]: order for order in (await cycle.query("state"))["orders"]}
        order = orders[receipt["order_id"]]
        counts = order.get("counts", {}) if order.get("status") == "done" else {}
    seconds = time.perf_counter() - begun
    return {
        **_pace(size, seconds, spent(before, stand.clocks())),
        "told_seconds": round(told, 2),
        "counts": counts,
    }


async def _listed(client: Client, size: int) -> dict[str, Any]:
    """What Temporal's visibility answers once it has caught up."""
    waiting = f"TitlePlan = '{PLAN}' AND TitleStage = 'employer_review'"
    async with asyncio.timeout(120):
        while (await client.count_workflows(waiting)).count < size:  # noqa: ASYNC110 - a server is asked
            await asyncio.sleep(0.2)
    begun = time.perf_counter()
    count = (await client.count_workflows(waiting)).count
    counted = time.perf_counter() - begun
    begun = time.perf_counter()
    first = [run.id async for run in client.list_workflows(waiting, limit=100, page_size=100)]
    listed = time.perf_counter() - begun
    return {
        "count": count,
        "count_ms": round(counted * 1e3, 1),
        "page": len(first),
        "page_ms": round(listed * 1e3, 1),
    }


def next_version(last_day: date) -> str:
    """The plan of 2023 as TOML, its second version: departments submit until `last_day`."""
    text = files("models.plans").joinpath(f"{PLAN}.toml").read_text(encoding="utf-8")
    head = "[dates.department]\nlast_day = { value = "
    place = text.index(head) + len(head)
    version = tomllib.loads(text)["version"]
    moved = text[:place] + last_day.isoformat() + text[place + 10 :]
    return moved.replace(f"version = {version}", f"version = {version + 1}", 1) + (
        f'\n[[amendments]]\nversion = {version + 1}\ndocument = "津人社办函〔2023〕400号"\n'
        'dated = 2023-11-06\nwhat = { zh = "延长期限", en = "moved later" }\n'
    )


def _pace(size: int, seconds: float, cpu: dict[str, float]) -> dict[str, Any]:
    return {
        "seconds": round(seconds, 1),
        "per_second": round(size / seconds, 1),
        "cpu_ms_each": {kind: round(one / size * 1e3, 1) for kind, one in cpu.items()},
    }


def tell(figures: Figures) -> str:
    """The table, and what it means for the last hour."""
    rows = figures["rows"]
    slowest = min(row["submitted"]["per_second"] for row in rows)
    lost = sum(row["size"] - row["submitted"]["accepted"] for row in rows)
    undone = sum(row["size"] - row["replanned"]["counts"].get("accepted", 0) for row in rows)
    kept = figures.get("cached")
    keeps = f" that keeps {kept:,} applications in its memory" if kept else ""
    lines = [
        f"One worker{keeps}, PostgreSQL, {figures['at_once']} senders; each size on a new stand. "
        "Submissions come as fast as they are taken, one business hour before the gate; then the cycle "
        "issues a plan version that moves the gate, and its order reaches every application (paced at 50 a "
        "second at most). Then Temporal's visibility counts and lists them.",
        "",
        "| applications | drafts opened /s | submissions/s | p50 ms | p99 ms | replanned /s | seconds "
        "until the last | count ms | page of 100 ms |",
        "|---|---|---|---|---|---|---|---|---|",
        *(
            f"| {row['size']:,} | {row['opened']['per_second']} | {row['submitted']['per_second']} | "
            f"{row['submitted']['p50_ms']} | {row['submitted']['p99_ms']} | "
            f"{row['replanned']['per_second']} | {row['replanned']['seconds']:.0f} | "
            f"{row['listed']['count_ms']} | {row['listed']['page_ms']} |"
            for row in rows
        ),
        "",
        f"Submitted and not accepted: {lost}. Open and not planned anew: {undone}.",
        f"{WANTED:,} submissions in one hour are {WANTED / HOUR:.1f} a second; the slowest size took "
        f"{slowest:.1f} a second, **{slowest * HOUR / WANTED:.0f} times that**: {WANTED:,} submissions are "
        f"taken in {WANTED / slowest / 60:.1f} minutes.",
    ]
    return "\n".join(lines)


def curves(figures: Figures) -> list[Curve]:
    """What grows with the number of applications."""
    rows = figures["rows"]
    return [
        Curve("submissions, s", [(row["size"], row["submitted"]["seconds"]) for row in rows]),
        Curve("planned anew, s", [(row["size"], row["replanned"]["seconds"]) for row in rows]),
        Curve("visibility: count, ms", [(row["size"], row["listed"]["count_ms"]) for row in rows]),
        Curve("visibility: page of 100, ms", [(row["size"], row["listed"]["page_ms"]) for row in rows]),
    ]
