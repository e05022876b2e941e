"""A simulated meeting on the real workflow and in the real meeting room: draw, agenda, ballots, minutes.

The office and the chair send commands to the meeting's workflow; the experts sign in, write opinions, take
slips and cast them in the meeting room. Who votes how depends on the seat, the dossier and the seed, never on
which expert the draw has put there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from activities.ballot_box import Choice
from activities.experts import ExpertRegister, NewExpert
from activities.meeting_case import recused
from activities.meeting_room import MeetingRoom
from models.ballot import VoteRule, quorum_met
from models.committee import CommitteeOnFile, CommitteeRule
from models.draw import PoolEntry
from models.meeting_messages import meeting_workflow_id
from models.meeting_state import MeetingReceipt, MeetingView
from models.terms import PlanTerms
from models.wire import start_of
from workers.rehearsal.cast import COMMITTEE
from workers.rehearsal.meeting_cast import HOMES, MeetingCast, in_person
from workers.simulate.clocked import Clocked
from workers.simulate.ground import Ground
from workers.simulate.luck import Luck
from workers.simulate.mind import World
from workers.simulate.player import Player
from workers.simulate.season import AGENDA_AT, BALLOT_AT, Sitting

POOL = 44
"""Experts in the pool: the panel is drawn from them, and some are passed over."""

SIMULATED_HOMES = tuple(f"sim-unit-{n:04d}" for n in range(1, 4))
"""Units of applicants where experts work too: such an expert is recused."""

BALLOTS_AT_ONCE = 12
OPINIONS_BY = 3


async def found_committee(ground: Ground, world: World) -> None:
    """The pool of experts and the filing of the committee, valid through the cycle."""
    opens, habits = world.terms.opens_at, world.distribution.meeting
    filed_on = opens.date() - timedelta(days=400)
    register = ExpertRegister(ground.database)
    homes = (*HOMES, *SIMULATED_HOMES)
    experts = [
        NewExpert(
            **PoolEntry(
                expert_ref=f"sim-expert-{n:02d}",
                employer=homes[n % len(homes)],
                specialties=(world.terms.specialties[n % len(world.terms.specialties)],),
            ).model_dump(),
            term_until=filed_on + timedelta(days=1000),
        )
        for n in range(POOL)
    ]
    await register.add(experts, opens - timedelta(days=30))
    committee = CommitteeOnFile(
        committee_ref=COMMITTEE,
        size=habits.committee,
        filed_on=filed_on,
        valid_until=filed_on + timedelta(days=1000),
        document_no="模拟备案",
    )
    rule = CommitteeRule(least=world.terms.committee_min, odd=world.terms.committee_odd)
    await register.file_committee(committee, rule, opens - timedelta(days=30))


class Chamber:
    """One meeting. `begin` draws and sets the agenda, `hold` votes and closes.

    An application for which too many experts stand back has no quorum: it is put off to another meeting.
    """

    def __init__(self, sitting: Sitting, world: World, plan_id: str, ground: Ground, luck: Luck) -> None:
        self._sitting, self._world, self._ground, self._luck = sitting, world, ground, luck
        self._room = MeetingRoom(ground.database)
        self._cast = MeetingCast(
            sitting.ref,
            sitting.meeting_on,
            plan_id=plan_id,
            numbers=_numbers(world.terms.specialties, world.distribution.meeting.committee),
            drawer_nonce=f"drawer-{luck.between('drawer', 10**15, 10**16)}",
            witness_nonce=f"witness-{luck.between('witness', 10**15, 10**16)}",
        )
        self._key = (plan_id, sitting.ref)
        self._workflow: Clocked | None = None

    async def begin(self, refs: Sequence[str]) -> None:
        """The meeting is planned and its experts drawn, in time; then the agenda is set for these."""
        start = start_of(self._sitting.drawn_on) + timedelta(hours=9)
        workflow_id = meeting_workflow_id(*self._key)
        meeting = await Clocked.start(
            self._ground, "ReviewMeetingWorkflow", self._cast.start(), workflow_id, start
        )
        for body in (self._cast.commit("drawer"), self._cast.commit("witness"), self._cast.draw()):
            await meeting.must(body, MeetingReceipt)
        await meeting.go(start_of(self._sitting.closes_on) + AGENDA_AT)
        await meeting.must(self._cast.agenda(*refs), MeetingReceipt)
        self._workflow = meeting

    async def hold(self, players: Sequence[Player]) -> None:
        """The experts come, judge and vote on each application; the chair signs; the minutes are made."""
        meeting = self._workflow
        assert meeting is not None
        at = start_of(self._sitting.meeting_on) + BALLOT_AT
        await meeting.go(at)
        seats = [member.expert_ref for member in await self._room.panel_of(*self._key)]
        come = sorted(self._luck.random("present").sample(range(len(seats)), self._sitting.attending))
        for seat in come:
            await self._room.sign_in(*self._key, in_person(seats[seat]), seats[seat], at)
        chair, deputy = come[0], come[1]
        await meeting.must(self._cast.open_meeting(chair + 1, deputy + 1), MeetingReceipt)
        self._cast.chair = await self._room.duty_of(*self._key, in_person(seats[chair]), seats[chair])
        gate = asyncio.Semaphore(BALLOTS_AT_ONCE)

        async def one(player: Player) -> None:
            async with gate:
                await self._ballot(meeting, player, seats, come, at)

        async with asyncio.TaskGroup() as group:
            for player in players:
                group.create_task(one(player))
        counted = (await meeting.handle.query("state", result_type=MeetingView)).items
        if any(item.status == "counted" for item in counted):
            await meeting.must(self._cast.sign(), MeetingReceipt)
        await meeting.must(self._cast.close_meeting(), MeetingReceipt)

    async def _ballot(
        self, meeting: Clocked, player: Player, seats: list[str], come: list[int], at: datetime
    ) -> None:
        ref, votes = player.who.ref, player.votes
        stands_back = player.luck.draw(f"vote/{votes}/recused", self._world.distribution.meeting.recused)
        for seat in come[::-1][:stands_back]:
            await self._room.declare_recusal(*self._key, in_person(seats[seat]), seats[seat], ref, at)
        async with self._ground.database.reading() as session:
            away = await recused(session, dict(zip(("plan_id", "meeting_ref"), self._key, strict=True)), ref)
        voters = [seat for seat in come if seats[seat] not in away]
        for seat in voters[:OPINIONS_BY]:
            words = f"{ref}：业绩材料已审阅，意见见表决。"
            await self._room.file_opinion(*self._key, in_person(seats[seat]), seats[seat], ref, words, at)
        terms = self._world.terms
        here, size = len(come), self._world.distribution.meeting.committee
        if not quorum_met(size, here, here - len(voters), rule_of(terms)):
            await meeting.must(self._cast.break_off(ref), MeetingReceipt)
            return
        await meeting.must(self._cast.open_ballot(ref), MeetingReceipt)
        for seat in voters:
            slip = await self._room.take_slip(*self._key, in_person(seats[seat]), seats[seat], ref)
            await self._room.cast(*self._key, ref, slip, self._choice(player, votes, seat))
        await meeting.must(self._cast.close_ballot(ref), MeetingReceipt)

    def _choice(self, player: Player, votes: int, seat: int) -> Choice:
        given = self._world.distribution
        if player.luck.chance(f"vote/{votes}/{seat}/abstains", given.meeting.abstains):
            return "abstain"
        yes = player.luck.chance(f"vote/{votes}/{seat}", given.quality[player.who.quality].yes)
        return "yes" if yes else "no"


def rule_of(terms: PlanTerms) -> VoteRule:
    """The plan's rule for quorum and majority."""
    return VoteRule(
        quorum=terms.quorum,
        pass_share=terms.pass_share,
        pass_operator=terms.pass_operator,
        recused_in_denominator=terms.recused_in_denominator,
        min_opinions=terms.min_opinions,
    )


def _numbers(specialties: tuple[str, ...], size: int) -> tuple[tuple[str, int], ...]:
    """How many experts of each specialty: as even as can be, the first ones get the rest."""
    each, more = divmod(size, len(specialties))
    return tuple((name, each + (place < more)) for place, name in enumerate(specialties))
