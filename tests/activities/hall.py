"""A meeting without a server: its acts called one by one, with applications that do as they are told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from activities.database import Database
from activities.experts import ExpertRegister, NewExpert
from activities.meeting_room import MeetingRoom
from activities.meetings import Meetings
from models.ballot import VoteRule
from models.committee import CommitteeRule
from models.conflicts import KnownTie
from models.draw import PoolEntry
from models.meeting_messages import (
    MeetingAct,
    MeetingActDone,
    MeetingInput,
    MeetingTerms,
    Outcome,
    ToSend,
)
from models.refusal import Refused
from tests.activities.recorded import Desk, RecordedLife
from tests.models.life import Cast, moment
from workers.rehearsal.cast import Json
from workers.rehearsal.meeting_cast import MeetingCast, committee, in_person, pool

ON_THE_DAY = moment("2023-12-08 09:00")
IN_TIME = moment("2023-11-28 09:00")
Answers = Callable[[ToSend], Outcome]


def accepting(send: ToSend) -> Outcome:
    """Every application takes what it is told."""
    return Outcome(application_ref=send.application_ref, accepted=True, stage="expert_review")


def entered(entry: PoolEntry, *ties: KnownTie) -> NewExpert:
    """An expert whose term lasts until the end of 2024."""
    return NewExpert(**entry.model_dump(), term_until=date(2024, 12, 31), ties=ties)


class Hall:
    """One meeting on one database."""

    def __init__(self, database: Database, cast: MeetingCast | None = None) -> None:
        self.database = database
        self.cast = cast or MeetingCast("meeting-1")
        self.meetings = Meetings(database, rehearsal=True)
        self.room = MeetingRoom(database)
        self.experts = ExpertRegister(database)
        self.terms: MeetingTerms | None = None
        self.key = (self.cast.plan_id, self.cast.meeting_ref)

    async def furnish(self, experts: list[PoolEntry] | None = None) -> None:
        """A pool and a committee on file."""
        at = moment("2023-09-01 09:00")
        await self.experts.add([entered(entry) for entry in experts or pool()], at)
        await self.experts.file_committee(committee(self.cast.committee_ref), CommitteeRule(), at)

    async def plan(self, at: datetime = IN_TIME, **change: object) -> MeetingActDone:
        """Puts the meeting on record."""
        given = MeetingInput.model_validate(self.cast.start(**change))
        done = await self.meetings.plan_meeting(MeetingAct(meeting=given, kind="plan", at=at))
        self.terms = done.terms or self.terms
        return done

    async def step(
        self, body: Json, at: datetime, step: str = "", outcomes: tuple[Outcome, ...] = ()
    ) -> MeetingActDone:
        """One transaction, over the wire format."""
        act = MeetingAct(
            meeting=MeetingInput.model_validate(self.cast.start()),
            kind=body["kind"],
            step=step,
            at=at,
            command=body,
            outcomes=outcomes,
            terms=self.terms or _usual_terms(),
        )
        done = await self.meetings.meeting_act(MeetingAct.model_validate_json(act.model_dump_json()))
        return MeetingActDone.model_validate_json(done.model_dump_json())

    async def do(self, body: Json, at: datetime = ON_THE_DAY, answers: Answers = accepting) -> MeetingActDone:
        """A command from its first transaction to its last. Raises `Refused`."""
        done = await self.step(body, at)
        if done.refusal is None and done.sends:
            done = await self.step(body, at, "sent", tuple(answers(send) for send in done.sends))
        if done.refusal is not None:
            raise Refused(done.refusal)
        return done

    async def applications(self, *refs: str, **cast: str) -> None:
        """Applications that exist; what becomes of them does not matter here."""
        desk = Desk(self.database)
        for ref in refs:
            opened = await desk.open(RecordedLife(Cast(ref, **cast)))  # type: ignore[arg-type]
            assert opened.refused_en is None, opened

    async def drawn(self) -> list[str]:
        """Planned and drawn; the experts, by seat."""
        await self.furnish()
        await self.plan()
        await self.do(self.cast.commit("drawer"), IN_TIME)
        await self.do(self.cast.commit("witness"), IN_TIME)
        await self.do(self.cast.draw(), IN_TIME)
        return await self.panel()

    async def panel(self) -> list[str]:
        """The experts on the panel now, by seat."""
        return [member.expert_ref for member in await self.room.panel_of(*self.key)]

    async def opened(self, *refs: str, absent: int = 0, **cast: str) -> list[str]:
        """Drawn, with these applications on the agenda, the experts there but for the last ones; open."""
        experts = await self.drawn()
        await self.applications(*refs, **({"employer": "jinmen-talent-agency"} | cast))
        await self.do(self.cast.agenda(*refs))
        there = experts[: len(experts) - absent]
        for expert in there:
            await self.room.sign_in(*self.key, in_person(expert), expert, ON_THE_DAY)
        await self.do(self.cast.open_meeting(1, 2))
        await self.take_the_chair(experts[0])
        for ref in refs:
            for expert in there[:3]:
                await self.opinion(expert, ref)
        return there

    async def take_the_chair(self, expert: str) -> None:
        """The chair learns the reference of the duty."""
        self.cast.chair = await self.room.duty_of(*self.key, in_person(expert), expert)

    async def opinion(self, expert: str, ref: str, words: str = "符合条件，同意") -> None:
        """A written opinion."""
        await self.room.file_opinion(*self.key, in_person(expert), expert, ref, words, ON_THE_DAY)

    async def slip(self, expert: str, ref: str) -> str:
        """The expert takes a slip."""
        return await self.room.take_slip(*self.key, in_person(expert), expert, ref)

    async def vote(self, experts: list[str], ref: str, choices: str) -> None:
        """Each expert takes a slip and casts it: `y`, `n`, `a`, or `-` to leave it blank."""
        words = {"y": "yes", "n": "no", "a": "abstain"}
        for expert, choice in zip(experts, choices, strict=True):
            slip = await self.slip(expert, ref)
            if choice in words:
                await self.room.cast(*self.key, ref, slip, words[choice])  # type: ignore[arg-type]


def _usual_terms() -> MeetingTerms:
    return MeetingTerms(
        plan_version=1, committee_size=11, draw_lead_days=7, rule=VoteRule(), organisations={}
    )
