"""`python -m workers.bench.board`: how long each page of the board takes with a large cycle behind it.

Fills a new SQLite file, or the empty databases that are named, starts one application and one batch that run
on a real server, and asks each page many times through the whole gateway, as an office that sees everything.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import httpx
from sqlalchemy import text

from activities.database import Database, async_url
from models.roles import Role
from models.visibility import Grant
from workers.bench.rows import ON, PLAN, fill
from workers.codec.ring import make_key_file
from workers.connect import connect
from workers.database import upgrade
from workers.embedded import DevServer
from workers.exit import finish
from workers.gateway.app import create_app
from workers.gateway.context import Context
from workers.gateway.serve import context, local_issuer
from workers.registry import WORKFLOWS, make_activities
from workers.rehearsal.cast import OFFICE, Cast
from workers.search_attributes import server_types
from workers.settings import Settings
from workers.worker import build_worker

QUEUE = "bench-board"
CEILING_MS = 300
"""A page that takes longer at the median is too slow for whoever watches a cycle all day."""

LIVE, BATCH = "live", "bench-hold"
PAGES: dict[str, str] = {
    "cycle": "cycle",
    "cycle, of one department": "cycle?q=department:tj-department-3",
    "at risk": "risk",
    "at risk, by employer": "risk?by=employer&q=deadline:department_submission",
    "search": "search",
    "search, soonest first": "search?q=stage:office_review&order=due",
    "search, by slack": "search?q=deadline:department_submission slack<2",
    "one application": f"applications/{LIVE}",
    "inbox": "inbox",
    "batches": "batches",
    "one batch": f"batches/{BATCH}",
    "meetings": "meetings",
    "results": "results",
    "posts": "posts",
    "incidents": "incidents",
    "service": "service",
    "what people leave behind": "left-behind?subjects=office-clerk",
    "exports": "exports",
}
"""What is asked for, by the name in the table."""


class PageTime(NamedTuple):
    """How long a page took on one database, in milliseconds."""

    page: str
    database: str
    median_ms: float
    p95_ms: float


@asynccontextmanager
async def _stand(url: str, applications: int, folder: Path) -> AsyncIterator[tuple[Context, str]]:
    """A gateway before that many applications, one of which runs, and a token of the office."""
    await asyncio.to_thread(upgrade, url)
    database = Database(url)
    await fill(database, applications)
    async with DevServer(run_dir=folder, search_attributes=server_types()) as server:
        settings = Settings.load(
            temporal_address=server.address,
            task_queue=QUEUE,
            database_url=url,
            data_dir=folder,
            rehearsal=True,
            local_issuer=True,
            gateway_calls_a_minute=1_000_000,
        )
        make_key_file(settings, server.address)
        client = await connect(settings)
        worker = build_worker(client, settings, WORKFLOWS, make_activities(database, rehearsal=True))
        async with worker, context(settings, client) as made:
            await _one_life(made)
            async with database.transaction() as session:
                await session.execute(text("ANALYZE"))
            office = Grant(role=Role.OFFICE, organisation=OFFICE)
            yield made, local_issuer(settings).mint("bench-clerk", [office], life=timedelta(hours=1))
    await database.close()


async def _one_life(made: Context) -> None:
    """One application that has gone a few steps, so that its page has something to tell."""
    cast = Cast(LIVE)
    clock = {
        "real_start": datetime.now(UTC).isoformat(),
        "business_start": f"{ON}T09:00:00+08:00",
        "speed": 1.0,
    }
    await made.applications.start(cast.start(clock=clock))
    for body in (cast.submit(), cast.employer_return(), cast.resubmit("e1"), cast.recommend()):
        await made.applications.send(LIVE, body)


async def measure(url: str, applications: int = 20_000, times: int = 15) -> list[PageTime]:
    """Median and 95th percentile of each page. `url`: an empty database."""
    kind = "SQLite" if url.startswith("sqlite") else "PostgreSQL"
    url = async_url(url).render_as_string(hide_password=False)
    with tempfile.TemporaryDirectory() as folder:
        async with _stand(url, applications, Path(folder)) as (made, token):
            transport = httpx.ASGITransport(app=create_app(made))
            async with httpx.AsyncClient(transport=transport, base_url="http://board") as browser:
                await _sign_in(browser, token)
                await _a_batch(browser)
                return [
                    PageTime(name, kind, *await _asked(browser, path, times)) for name, path in PAGES.items()
                ]


async def _sign_in(browser: httpx.AsyncClient, token: str) -> None:
    answer = await browser.post("/board/sign-in", data={"token": token})
    if answer.status_code != 303:
        raise RuntimeError(f"the board lets nobody in: {answer.status_code}")


async def _a_batch(browser: httpx.AsyncClient) -> None:
    page = (await browser.get(_path("search?q=stage:office_review"))).text
    csrf = page.partition('name="csrf" value="')[2].partition('"')[0]
    form = {"csrf": csrf, "q": f"ref:{LIVE}", "batch_ref": BATCH, "kind": "hold", "text": "核实"}
    answer = await browser.post(_path("batches"), data=form)
    if answer.status_code != 303:
        raise RuntimeError(f"no batch is made: {answer.status_code}")


def _path(page: str) -> str:
    return f"/board/plans/{PLAN}/{page}"


async def _asked(browser: httpx.AsyncClient, path: str, times: int) -> tuple[float, float]:
    """Milliseconds, median and 95th percentile, after two that warm up."""
    took: list[float] = []
    for number in range(times + 2):
        begun = time.perf_counter()
        answer = await browser.get(_path(path))
        if number > 1:
            took.append((time.perf_counter() - begun) * 1000)
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.status_code}")
    return statistics.median(took), statistics.quantiles(took, n=20)[-1]


def show(rows: list[PageTime]) -> None:
    """The rows as a table, with the load of the machine."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"\n{os.cpu_count()} cores, load {load}")
    print("| page | database | median ms | p95 ms |")
    print("|---|---|---|---|")
    for one in rows:
        print(f"| {one.page} | {one.database} | {one.median_ms:.0f} | {one.p95_ms:.0f} |")


def main() -> None:
    """Reads the size of the run; ends with status 1 when a page is over the ceiling."""
    parser = argparse.ArgumentParser(prog="python -m workers.bench.board")
    parser.add_argument("--applications", type=int, default=20_000)
    parser.add_argument("--times", type=int, default=15)
    parser.add_argument("--database", action="append", help="An empty database; default: a new SQLite file.")
    given = parser.parse_args()
    rows: list[PageTime] = []
    with tempfile.TemporaryDirectory() as folder:
        for url in given.database or [f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}"]:
            rows += asyncio.run(measure(url, given.applications, given.times))
    show(rows)
    finish(int(any(one.median_ms > CEILING_MS for one in rows)))


if __name__ == "__main__":
    main()
