"""`python -m workers.bench.reading`: how long the questions over a large cycle take, each asked many times.

Fills a new SQLite file, or the empty databases that are named, with applications and prints the medians.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from activities.at_risk import at_risk
from activities.database import Database
from activities.finding import Place, Seer, View, count_by, find, seen_by
from activities.plans import plan_in_force
from activities.publicity_watch import publicities
from activities.tally import tally
from models.calendar import WorkCalendar
from models.plan import ReviewPlan
from models.roles import Role
from models.selection import read_search
from models.slack import Today
from models.visibility import Grant
from workers.bench.rows import ON, PLAN, fill
from workers.database import upgrade
from workers.exit import finish
from workers.rehearsal.cast import OFFICE

Question = Callable[[View, ReviewPlan], Awaitable[object]]
_FIELDS = ("stage", "action_by")

OFFICE_CLERK = Seer("clerk", (Grant(role=Role.OFFICE, organisation=OFFICE),))
EMPLOYER_CLERK = Seer("clerk", (Grant(role=Role.EMPLOYER, organisation="tj-unit-7"),))

QUESTIONS: tuple[tuple[str, Seer, str, Question], ...] = (
    ("first page by reference", OFFICE_CLERK, "", lambda v, _: _page(v, None)),
    ("a page from the middle", OFFICE_CLERK, "", lambda v, _: _page(v, Place("a-010000"))),
    (
        "stage:office_review due<=2023-11-20 returned>=2, soonest first",
        OFFICE_CLERK,
        "stage:office_review due<=2023-11-20 returned>=2",
        lambda v, _: find(v.session, v.selection, v.today, v.seen, order="due"),
    ),
    (
        "unit:tj-department-3 days_at_stage>5",
        OFFICE_CLERK,
        "unit:tj-department-3 days_at_stage>5",
        lambda v, _: _page(v, None),
    ),
    (
        "deadline:department_submission slack<2",
        OFFICE_CLERK,
        "deadline:department_submission slack<2",
        lambda v, _: _page(v, None),
    ),
    ("counts by stage and role", OFFICE_CLERK, "", lambda v, _: _counts(v)),
    ("in whose court", OFFICE_CLERK, "", lambda v, _: tally(v)),
    ("at risk", OFFICE_CLERK, "", lambda v, plan: at_risk(v, plan)),
    ("at risk, for one unit", EMPLOYER_CLERK, "", lambda v, plan: at_risk(v, plan)),
    ("publicities", OFFICE_CLERK, "", lambda v, plan: publicities(v, plan)),
    (
        "publicities that need a look",
        OFFICE_CLERK,
        "",
        lambda v, plan: publicities(v, plan, faulty_only=True),
    ),
    ("in whose court, for one unit", EMPLOYER_CLERK, "", lambda v, _: tally(v)),
)


async def _page(view: View, after: Place | None) -> object:
    return await find(view.session, view.selection, view.today, view.seen, after=after)


async def _counts(view: View) -> object:
    return await count_by(view.session, view.selection, view.today, _FIELDS, view.seen)


async def _asked(database: Database, times: int) -> dict[str, tuple[float, float]]:
    """Milliseconds, median and slowest, by question."""
    today, plan = Today(ON, WorkCalendar.load()), ReviewPlan.load(PLAN)
    found: dict[str, tuple[float, float]] = {}
    for name, seer, search, question in QUESTIONS:
        took = []
        for _ in range(times):
            begun = time.perf_counter()
            async with database.reading() as session:
                await plan_in_force(session, PLAN)
                seen = await seen_by(session, PLAN, seer)
                await question(View(session, read_search(search), today, seen), plan)
            took.append((time.perf_counter() - begun) * 1000)
        found[name] = statistics.median(took), max(took)
    return found


async def _analyse(session: AsyncSession) -> None:
    await session.execute(text("ANALYZE"))


async def asked_of(url: str, applications: int, times: int) -> tuple[float, dict[str, tuple[float, float]]]:
    """Fills the empty database and asks: seconds of the writing, and milliseconds by question."""
    await asyncio.to_thread(upgrade, url)
    database = Database(url)
    try:
        begun = time.perf_counter()
        await fill(database, applications)
        async with database.transaction() as session:
            await _analyse(session)
        seconds = time.perf_counter() - begun
        return seconds, await _asked(database, times)
    finally:
        await database.close()


async def _bench(url: str, applications: int, times: int) -> None:
    kind = "SQLite" if url.startswith("sqlite") else "PostgreSQL"
    seconds, found = await asked_of(url, applications, times)
    print(f"\n{kind}, {applications} applications (written in {seconds:.0f} s), each asked {times} times")
    print("| question | median ms | slowest ms |")
    print("|---|---|---|")
    for name, (median, slowest) in found.items():
        print(f"| {name} | {median:.0f} | {slowest:.0f} |")


def main() -> None:
    """Reads the size of the run and ends the process with its status."""
    parser = argparse.ArgumentParser(prog="python -m workers.bench.reading")
    parser.add_argument("--applications", type=int, default=20_000)
    parser.add_argument("--times", type=int, default=15)
    parser.add_argument("--database", action="append", help="An empty database; default: a new SQLite file.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for url in given.database or [f"sqlite:///{Path(folder) / 'bench.db'}"]:
            asyncio.run(_bench(url, given.applications, given.times))
    finish(0)


if __name__ == "__main__":
    main()
