"""Runs a simulated year: starts the ground, lives through it, reads what it left, and checks it.

What it tells depends on plan, distribution, seed and number of applicants only: never on how fast it ran.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from activities.plans import must_be_lawful, store_version
from models.calendar import WorkCalendar
from models.plan import ReviewPlan
from models.plan_periods import terms_on
from models.wire import local_day
from workers.simulate import telling
from workers.simulate.distribution import Distribution
from workers.simulate.ground import ground
from workers.simulate.invariants import Examiner
from workers.simulate.mind import World
from workers.simulate.player import Player
from workers.simulate.population import Population
from workers.simulate.record import Record, read_record
from workers.simulate.result import FailedCase, SimulationResult
from workers.simulate.year import Progress, Year

ASKED_AT_ONCE = 12
SPARE = 200
"""Workflows kept in memory beside the applications."""


@dataclass(frozen=True)
class Simulated:
    """A year that was lived: what came of it, and what it left behind."""

    result: SimulationResult
    record: Record


def quiet(day: date, resting: int, total: int) -> None:
    """Shows no progress."""


async def simulate(
    plan: ReviewPlan,
    applicants: int,
    seed: int,
    *,
    plan_toml: str | None = None,
    distribution: Distribution | None = None,
    progress: Progress = quiet,
    all_year: bool = False,
) -> Simulated:
    """One year of `plan` with so many synthetic applicants.

    `all_year`: the cycle's own workflow runs from the filing of the plan on, not only from the first list.
    `plan_toml`: the text of a plan that does not come with the service; it is filed before anything begins.
    Raises `workers.embedded.DevServerError`, and `models.refusal.Refused` for a plan that breaks a rule.
    """
    given = distribution or Distribution.load()
    calendar = WorkCalendar.load()
    world = World(terms_on(plan, calendar), calendar, given)
    population = Population(given, seed)
    async with ground(cached=applicants + SPARE) as stand:
        if plan_toml is not None:
            async with stand.database.transaction() as session:
                await _file(session, plan, plan_toml, calendar)
        year = Year(plan, world, population, applicants, stand, all_year=all_year)
        await stand.while_it_stands(year.run(progress))
        heads = await _heads(year)
        record = await read_record(stand.database, plan.id)
    return Simulated(_result(plan, world, population, year, record, heads), record)


async def _file(session: AsyncSession, plan: ReviewPlan, toml: str, calendar: WorkCalendar) -> None:
    """Puts the plan on file in the simulation's own database, in whichever version it says it is."""
    must_be_lawful(plan, calendar)
    store_version(session, plan, toml, "模拟备案", plan.dates.opens.instant - timedelta(days=3))


async def _heads(year: Year) -> dict[str, str]:
    """The last hash of every chain, as the workflows tell it."""
    gate = asyncio.Semaphore(ASKED_AT_ONCE)

    async def one(player: Player) -> tuple[str, str]:
        async with gate:
            return player.who.ref, await player.head()

    asked = [p for p in year.players.values() if p.failure is None and p.sight is not None]
    return dict(await asyncio.gather(*(one(player) for player in asked)))


def _result(
    plan: ReviewPlan,
    world: World,
    population: Population,
    year: Year,
    record: Record,
    heads: dict[str, str],
) -> SimulationResult:
    players = list(year.players.values())
    people = [player.who for player in players]
    pools = {who.ref: who.pool for who in people if who.pool is not None}
    posts = {who.pool: who.unit.posts[who.level] for who in people if who.pool is not None}
    examiner = Examiner(record, world.terms, world.calendar, posts, pools)
    return SimulationResult(
        plan_id=plan.id,
        plan_version=plan.version,
        applicants=len(players),
        seed=population.seed,
        distribution=telling.drawn(world.distribution),
        first_day=local_day(world.terms.opens_at),
        last_day=year.today,
        funnel=telling.funnel(plan, people, record),
        ends=telling.ends(players),
        arrivals=telling.arrivals(record),
        missed=telling.missed(record),
        breaches=telling.breaches(plan, players, record),
        hops=telling.hops(world.calendar, record),
        returns=telling.returns(record),
        refusals=telling.refusals(players),
        posts=telling.posts(people, record),
        meetings=telling.meetings(year.season, record),
        cycle=year.office.told,
        open=telling.open_cases(players, year.reason),
        failed=tuple(
            FailedCase(application_ref=p.who.ref, stage=p.stage.value, reason=p.failure)
            for p in players
            if p.failure is not None
        ),
        invariants=examiner.examine(heads),
        lives=telling.lives(players),
    )
