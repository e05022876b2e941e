"""The year: everybody goes on in parallel until the cycle itself acts, then the cycle acts for all of them.

Applications that draw on one pool of posts go one after another in the order of business time; all others do
not touch each other between two acts of the cycle (an agenda closes, a meeting is held, a list is published).
So the result does not depend on how fast anything runs.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection
from datetime import date, datetime, timedelta

from models.plan import ReviewPlan
from models.stages import Stage
from models.wire import local_day, start_of
from workers.simulate.behaviour import decide
from workers.simulate.chamber import Chamber, found_committee
from workers.simulate.clocked import STEP
from workers.simulate.ground import Ground
from workers.simulate.mind import Act, Await, Mind, Next, Rest, Wait, World, evening
from workers.simulate.office_year import OfficeYear
from workers.simulate.player import AFTER_AN_END, Player
from workers.simulate.population import Applicant, Population
from workers.simulate.season import AGENDA_AT, LIST_AT, Season, Sitting

AT_ONCE = 24
"""Applications dealt with at the same time; more only wait for each other (measured on two cores)."""

AHEAD = timedelta(minutes=30)
"""How long before a meeting acts an application's clock is there: what it is told lies in no future."""

UNDECIDED = (Stage.EXPERT_REVIEW, Stage.VOTING)
"""Stages that nobody is in any more after the meeting; the read model may be a moment behind."""

Event = tuple[datetime, int, str]
"""When, the applicant's number (so that equal moments have an order), and the application."""

Progress = Callable[[date, int, int], None]
"""Told now and then: the day, how many applications have come to rest, and how many there are."""

STARTS_AT = 9 * 60


class Year:
    """One simulated cycle. `run` once; afterwards the players know where they stand."""

    def __init__(
        self,
        plan: ReviewPlan,
        world: World,
        population: Population,
        count: int,
        ground: Ground,
        *,
        all_year: bool = False,
    ) -> None:
        self._plan, self._world, self._ground = plan, world, ground
        self._chambers: dict[int, Chamber] = {}
        self.season = Season(world, population.seed)
        people = population.applicants(count)
        committee = world.distribution.meeting.committee
        self.players = {
            who.ref: Player(who, plan, committee, ground, population.luck(who.number)) for who in people
        }
        self.today = local_day(world.terms.opens_at)
        self.office = OfficeYear(plan, world, ground, all_year=all_year)
        self._next: dict[str, Next] = {}
        self._queue: list[Event] = []
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._session: asyncio.Task[None] | None = None
        self._in_session: set[str] = set()
        for who in people:
            self._push(self._start_of(who), who.ref)

    def _start_of(self, who: Applicant) -> datetime:
        """The draft is begun in the morning, on the day of submission before anything else."""
        minute = self.players[who.ref].luck.between("start/minute", STARTS_AT - 60, STARTS_AT)
        return evening(self._world.started_on(who), minute)

    def _push(self, at: datetime, ref: str) -> None:
        self._queue.append((at, self.players[ref].who.number, ref))

    async def run(self, progress: Progress) -> None:
        """Lives through the year, to the horizon or until nothing is left to happen."""
        await found_committee(self._ground, self._world)
        await self.office.begin()
        end = self.season.last_day + timedelta(days=1)
        days = self.season.days
        while days and self._anything_ahead(days[0]):
            day = days.pop(0)
            await self._until(day, progress)
            for later in await self._cycle_acts(day):
                days = sorted({*days, later})
        await self._until(end, progress)
        await self.office.close(self.today)
        progress(self.today, self._resting(), len(self.players))

    # --- between two acts of the cycle -------------------------------------------------------------------

    async def _until(self, day: date, progress: Progress) -> None:
        """All that is due before this day; while a meeting is in session, first what it does not touch."""
        await self._due_before(day, progress)
        if self._session is not None:
            await self._session
            self._session, self._in_session = None, set()
            await self._due_before(day, progress)

    def _lane_of(self, ref: str) -> str:
        return self.players[ref].who.pool or ref

    async def _due_before(self, day: date, progress: Progress) -> None:
        lanes: dict[str, list[Event]] = defaultdict(list)
        later: list[Event] = []
        for event in self._queue:
            lane = self._lane_of(event[2])
            if local_day(event[0]) < day and lane not in self._in_session:
                lanes[lane].append(event)
            else:
                later.append(event)
        self._queue = later
        async with asyncio.TaskGroup() as group:
            if day <= self.season.last_day:
                group.create_task(self.office.go(start_of(day)))
            for events in sorted(lanes.values(), key=len, reverse=True):  # the longest is what all wait for
                group.create_task(self._lane(day, events, progress))

    async def _lane(self, day: date, events: list[Event], progress: Progress) -> None:
        """What shares a pool of posts, in the order of business time."""
        heapq.heapify(events)
        async with self._gate:
            while events:
                at, number, ref = heapq.heappop(events)
                moment = await self._step(self.players[ref], at)
                self.today = max(self.today, local_day(at))
                if moment is None:
                    progress(self.today, self._resting(), len(self.players))
                elif local_day(moment) < day:
                    heapq.heappush(events, (moment, number, ref))
                else:
                    self._push(moment, ref)

    def _resting(self) -> int:
        return sum(1 for wanted in self._next.values() if isinstance(wanted, Rest))

    async def _step(self, player: Player, at: datetime) -> datetime | None:
        """One thing happens to one application; the moment of the next one, if it is known."""
        try:
            async with asyncio.timeout(STEP.total_seconds()):
                await self._happen(player, at)
        except Exception as error:  # one application that fails must not end the year of the others
            self._fail(player, error)
            return None
        return self._decide(player)

    async def _happen(self, player: Player, at: datetime) -> None:
        planned = self._next.get(player.who.ref)
        if planned is None:
            await player.begin(at)
            return
        if isinstance(planned, Act):
            await player.act(planned)
        else:
            await player.go(at)
        await player.look()

    def _decide(self, player: Player) -> datetime | None:
        assert player.sight is not None
        mind = Mind(player.who, player.sight, self._world, player.luck)
        wanted = decide(mind)
        self._next[player.who.ref] = wanted
        if isinstance(wanted, Act):
            return wanted.at
        if isinstance(wanted, Wait):
            return wanted.until + AFTER_AN_END
        return None

    # --- what the cycle does ----------------------------------------------------------------------------

    def _waiting(self, what: str) -> list[Player]:
        """Those who wait for the cycle, first come first."""
        found = [
            p
            for ref, p in self.players.items()
            if isinstance(wanted := self._next.get(ref), Await) and wanted.what == what
        ]
        return sorted(
            found, key=lambda p: (local_day(p.sight.entered_at) if p.sight else date.min, p.who.number)
        )

    def _order(self, player: Player, act: Act) -> None:
        self._next[player.who.ref] = act
        self._push(act.at, player.who.ref)

    async def _cycle_acts(self, day: date) -> list[date]:
        """What the cycle does on this day; the days on which it tries again what was too early."""
        self.today = max(self.today, day)
        again = []
        for sitting in self.season.sittings:
            if sitting.closes_on == day:
                waiting = [(p.who.ref, bool(p.votes)) for p in self._waiting("meeting")]
                await self._convene(sitting, [self.players[r] for r in self.season.share(sitting, waiting)])
            if sitting.meeting_on == day:
                await self._go_into_session(sitting, alone=self.season.acts_on(day) == 1)
            if sitting.list_on == day:
                await self._publish(sitting)
            if local_day(sitting.report_at) == day and sitting.listed and not await self._report(sitting):
                again.append(local_day(sitting.report_at))
        return again

    async def _convene(self, sitting: Sitting, players: list[Player]) -> None:
        """The draw, then the agenda; whoever is refused there waits on."""
        if not players:
            return
        chamber = Chamber(sitting, self._world, self._plan.id, self._ground, self.season.luck(sitting))
        self._chambers[sitting.number] = chamber
        at = start_of(sitting.closes_on) + AGENDA_AT
        await self._all(players, lambda p: p.go(at - AHEAD))
        if not await self._for_all_at_once(players, chamber.begin([p.who.ref for p in players])):
            return
        await self._all(players, lambda p: self._seen(p, at, "schedule"))
        for player in players:
            if player.stage is not Stage.REVIEW_READY:
                player.meeting = sitting.number
                sitting.agenda.append(player.who.ref)

    async def _go_into_session(self, sitting: Sitting, *, alone: bool) -> None:
        """The meeting begins. If nothing else happens on its day, those it does not touch go on meanwhile."""
        present = [p for p in self._waiting("vote") if p.meeting == sitting.number]
        if not present:
            return
        self._in_session = {self._lane_of(p.who.ref) for p in present}
        self._session = asyncio.create_task(self._hold(sitting, present))
        if not alone:
            await self._session

    async def _hold(self, sitting: Sitting, present: list[Player]) -> None:
        """Everybody still on the agenda is voted on."""
        at = self.season.held_on(sitting)
        await self._all(present, lambda p: p.go(at - AHEAD))
        present = [p for p in present if p.failure is None]
        if not await self._for_all_at_once(present, self._chambers[sitting.number].hold(present)):
            return
        await self._all(present, lambda p: self._seen(p, at, "vote", but=UNDECIDED))

    async def _for_all_at_once(self, players: list[Player], work: Awaitable[object]) -> bool:
        """What is done for all of these at once; if it fails it has failed for all of them."""
        try:
            await work
        except Exception as error:  # as in `_step`
            for player in players:
                self._fail(player, error)
            return False
        return True

    async def _seen(self, player: Player, at: datetime, what: str, but: Collection[Stage] = ()) -> None:
        """What the meeting told the application is looked at, and what comes next is decided."""
        player.moment = max(player.moment, at)
        sight = await player.look(but)
        if what == "vote" and sight.stage in (Stage.PASSED, Stage.NOT_PASSED):
            player.voted(sight.stage is Stage.PASSED)
            await player.look()
        if what == "list":
            player.listed()
            await player.look()
        self._go_on(player)

    def _go_on(self, player: Player) -> None:
        moment = self._decide(player)
        if moment is not None:
            self._push(moment, player.who.ref)

    async def _all(self, players: list[Player], work: Callable[[Player], Awaitable[None]]) -> None:
        """The same for some applications, side by side; one that fails does not stop the others."""

        async def one(player: Player) -> None:
            try:
                async with self._gate, asyncio.timeout(STEP.total_seconds()):
                    await work(player)
            except Exception as error:  # as in `_step`
                self._fail(player, error)

        async with asyncio.TaskGroup() as group:
            for player in players:
                if player.failure is None:
                    group.create_task(one(player))

    def _fail(self, player: Player, error: Exception) -> None:
        while isinstance(error, ExceptionGroup):
            error = error.exceptions[0]
        player.failure = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        self._next[player.who.ref] = Rest("failed")

    async def _publish(self, sitting: Sitting) -> None:
        """The list of a meeting: the cycle makes it of exactly the passed and tells each of them."""
        passed = [p for p in self._waiting("list") if p.meeting == sitting.number]
        if not passed:
            return
        at = start_of(sitting.list_on) + LIST_AT
        await self._all(passed, lambda p: p.go(at - AHEAD))
        sitting.listed = await self._for_all_at_once(passed, self.office.publish(sitting))
        await self._all(passed, lambda p: self._seen(p, at, "list", but=(Stage.PASSED,)))

    async def _report(self, sitting: Sitting) -> bool:
        """The report on a meeting; True once it is filed. Until then nobody on its list is confirmed."""
        if not await self.office.report(sitting, sitting.report_at):
            next_day = self._world.working_day(local_day(sitting.report_at), 1)
            sitting.report_at = datetime.combine(next_day, sitting.report_at.timetz())
            return False
        sitting.reported = True
        for ref in sitting.agenda:
            player = self.players[ref]
            if player.meeting == sitting.number:
                player.report_at = sitting.report_at
        for player in self._waiting("report"):
            if player.report_at is not None and player.sight is not None:
                player.sight = player.sight.model_copy(update={"report_at": player.report_at})
                self._go_on(player)
        return True

    def _anything_ahead(self, day: date) -> bool:
        """True while something is due, or somebody waits for the cycle, which still has something to do."""
        waits = any(isinstance(wanted, Await) for wanted in self._next.values())
        ahead = any(max(s.list_on, local_day(s.report_at)) >= day for s in self.season.sittings)
        return bool(self._queue) or self._session is not None or (waits and ahead)

    def reason(self, ref: str) -> str:
        """Why this application is open, or how it came to rest."""
        wanted = self._next.get(ref)
        match wanted:
            case Rest(why=why) | Wait(why=why):
                return why
            case Await(what=what):
                return f"waits for the {what}"
            case Act(what=what):
                return f"'{what}' lies beyond the simulated time"
            case None:
                return "not begun"
