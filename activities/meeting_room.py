"""The meeting room: what experts do there themselves, each act one transaction on the database.

Nothing of this passes through a workflow: slips, choices and experts stay out of histories. `who` is the
person as authenticated by the door (a gateway, the command line); an expert acts in person only. Times are
business time. Every refusal is a `Refused` with the rule and the remedy.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from activities import ballot_box
from activities.ballot_box import Choice
from activities.database import Database
from activities.meeting_case import (
    Key,
    last_box,
    locked,
    not_on_agenda,
    panel,
    recused,
    to_be_followed,
    unable_on,
    unmet,
)
from models.clock import REAL_TIME, BusinessClock
from models.draw import DrawNumber, DrawRecord, PoolEntry, Seat
from models.meeting_messages import OVER
from models.refusal import RefusalCode, Refused, refuse
from models.roles import Actor, Role
from models.tables import (
    AgendaItem,
    Attendance,
    BallotBox,
    Expert,
    ExpertDraw,
    Minutes,
    Opinion,
    PanelMember,
    PassedOver,
    Recusal,
    ReviewMeeting,
)
from models.wire import Wire, local_day

MAX_OPINION = 20_000
"""Characters of a written opinion."""

_VOTED = ("prepared", "voting", "counted", "announced")


class Presence(Wire):
    """Whether the expert is in the room, and since (or until) when."""

    expert_ref: str
    present: bool
    since: datetime


class FiledOpinion(Wire):
    """An opinion on record: its version, counted from 1, and the sha-256 of its words."""

    application_ref: str
    version: int
    sha256: str


class MeetingRoom:
    """The meeting room in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def sign_in(
        self, plan_id: str, meeting_ref: str, who: Actor, expert_ref: str, at: datetime
    ) -> Presence:
        """The expert comes in, on the day of the meeting. Again changes nothing."""
        async with self._entered(plan_id, meeting_ref, who, expert_ref, lock=True) as (session, key, meeting):
            if local_day(at) < meeting.meeting_on:
                raise refuse(
                    RefusalCode.TOO_EARLY,
                    zh=f"会议定于{meeting.meeting_on}。",
                    en=f"The meeting is on {meeting.meeting_on}.",
                    fix_zh="请在会议当日签到。",
                    fix_en="Sign in on that day.",
                    citation="Order 40 Art. 19",
                )
            if unable_on(await session.get(Expert, expert_ref), local_day(at)) is not None:
                raise _struck_off()
            last = await _last_stay(session, key, expert_ref)
            if last is not None and last.out_at is None:
                return Presence(expert_ref=expert_ref, present=True, since=last.in_at)
            n = 1 + (last.n if last is not None else 0)
            session.add(Attendance(**key, expert_ref=expert_ref, n=n, in_at=at))
            return Presence(expert_ref=expert_ref, present=True, since=at)

    async def sign_out(
        self, plan_id: str, meeting_ref: str, who: Actor, expert_ref: str, at: datetime
    ) -> Presence:
        """The expert leaves. Again changes nothing; one who never came is refused."""
        async with self._entered(plan_id, meeting_ref, who, expert_ref, lock=True) as (session, key, _):
            last = await _last_stay(session, key, expert_ref)
            if last is None:
                raise _not_attending()
            if last.out_at is None:
                last.out_at = at
            return Presence(expert_ref=expert_ref, present=False, since=last.out_at)

    async def declare_recusal(
        self, plan_id: str, meeting_ref: str, who: Actor, expert_ref: str, application_ref: str, at: datetime
    ) -> None:
        """The expert asks to be recused, until the ballot opens. Again changes nothing."""
        async with self._entered(plan_id, meeting_ref, who, expert_ref, lock=True) as (session, key, _):
            item = await _item(session, key, application_ref)
            if await session.get(Recusal, (*key.values(), expert_ref, application_ref)) is not None:
                return
            if await _ballot_opened(session, item):
                raise _too_late_for(item, "回避", "a recusal")
            session.add(
                Recusal(
                    **key,
                    expert_ref=expert_ref,
                    application_ref=application_ref,
                    reason="declared",
                    source="declared",
                    at=at,
                )
            )

    async def file_opinion(
        self,
        plan_id: str,
        meeting_ref: str,
        who: Actor,
        expert_ref: str,
        application_ref: str,
        words: str,
        at: datetime,
    ) -> FiledOpinion:
        """The expert's signed opinion (Order 40 Art. 21), until the ballot opens; versions are kept."""
        async with self._entered(plan_id, meeting_ref, who, expert_ref, lock=True) as (session, key, _):
            item = await _item(session, key, application_ref)
            words = words.replace("\x00", "").strip()
            if not 1 <= len(words) <= MAX_OPINION:
                raise unmet(
                    f"评议意见须为1至{MAX_OPINION}字。",
                    f"An opinion has 1 to {MAX_OPINION} characters.",
                    "请修改后提交。",
                    "Change it and file it again.",
                    "words",
                    "Order 40 Art. 21",
                )
            if expert_ref in await recused(session, key, application_ref):
                raise _is_recused()
            sha256 = hashlib.sha256(words.encode()).hexdigest()
            last = await session.scalar(
                select(Opinion)
                .filter_by(**key, application_ref=application_ref, expert_ref=expert_ref)
                .order_by(Opinion.version.desc())
                .limit(1)
            )
            if last is not None and last.sha256 == sha256:
                return FiledOpinion(application_ref=application_ref, version=last.version, sha256=sha256)
            if await _ballot_opened(session, item):
                raise _too_late_for(item, "评议意见", "an opinion")
            version = 1 + (last.version if last is not None else 0)
            session.add(
                Opinion(
                    **key,
                    application_ref=application_ref,
                    expert_ref=expert_ref,
                    version=version,
                    sha256=sha256,
                    words=words,
                    at=at,
                )
            )
            return FiledOpinion(application_ref=application_ref, version=version, sha256=sha256)

    async def take_slip(
        self, plan_id: str, meeting_ref: str, who: Actor, expert_ref: str, application_ref: str
    ) -> str:
        """One single-use slip for the open ballot, chosen at random; nobody knows which the expert has.

        It is given once: when it is lost on the way, the chair voids the ballot and opens it again.
        """
        async with self._entered(plan_id, meeting_ref, who, expert_ref, lock=False) as (session, key, _):
            last = await _last_stay(session, key, expert_ref)
            if last is None or last.out_at is not None:
                raise _not_attending()
            box = await _box(session, key, application_ref)
            if expert_ref in await recused(session, key, application_ref):
                raise _is_recused()
            return await ballot_box.take(session, box, expert_ref)

    async def cast(
        self, plan_id: str, meeting_ref: str, application_ref: str, slip: str, choice: Choice
    ) -> None:
        """Casts the vote of a slip. Nobody's identity is asked for, and none is known."""
        async with self._database.transaction() as session:
            key = {"plan_id": plan_id, "meeting_ref": meeting_ref}
            await ballot_box.cast(session, await _box(session, key, application_ref), slip, choice)

    async def duty_of(self, plan_id: str, meeting_ref: str, who: Actor, expert_ref: str) -> str | None:
        """The reference under which this expert acts as chair or deputy; None for the others."""
        async with self._entered(plan_id, meeting_ref, who, expert_ref, lock=False) as (session, key, _):
            member = await session.get_one(PanelMember, (*key.values(), expert_ref))
            return member.acts_as

    async def chair_reference(self, plan_id: str, meeting_ref: str, person: str) -> str | None:
        """The reference of the duty that this person holds in the chair, also when the meeting is over.

        `person` is the expert, or that reference itself. None: no such duty on this panel.
        """
        async with self._database.reading() as session:
            found: str | None = await session.scalar(
                select(PanelMember.acts_as)
                .filter_by(plan_id=plan_id, meeting_ref=meeting_ref, replaced_by=None)
                .where(or_(PanelMember.expert_ref == person, PanelMember.acts_as == person))
            )
            return found

    # --- for the office ------------------------------------------------------------------------------

    async def panel_of(self, plan_id: str, meeting_ref: str) -> list[PanelMember]:
        """The experts on the panel now, by seat. For the office and the supervision only (Art. 24)."""
        async with self._database.reading() as session:
            return await panel(session, {"plan_id": plan_id, "meeting_ref": meeting_ref})

    async def draw_of(self, plan_id: str, meeting_ref: str) -> tuple[DrawRecord, list[str]] | None:
        """The draw, to be computed again by `models.draw.verify_draw`; None before it."""
        key = {"plan_id": plan_id, "meeting_ref": meeting_ref}
        async with self._database.reading() as session:
            row = await session.get(ExpertDraw, tuple(key.values()))
            if row is None:
                return None
            later = await session.scalars(
                select(PanelMember)
                .filter_by(**key)
                .where(PanelMember.follows.is_not(None))
                .order_by(PanelMember.follows)
            )
            replaced = tuple(Seat(seat=m.seat, specialty=m.specialty, expert_ref=m.expert_ref) for m in later)
            passed_over = list(await session.scalars(select(PassedOver.expert_ref).filter_by(**key)))
            return _record(row, replaced), passed_over

    async def minutes_of(self, plan_id: str, meeting_ref: str, part: str = "meeting") -> Minutes | None:
        """The minutes, or the part about one box; for the archive."""
        async with self._database.reading() as session:
            return await session.get(Minutes, (plan_id, meeting_ref, part))

    async def now(self, plan_id: str, meeting_ref: str) -> datetime:
        """Business time of the meeting: real time, or that of its rehearsal."""
        async with self._database.reading() as session:
            meeting = await session.get(ReviewMeeting, (plan_id, meeting_ref))
        given = meeting.clock if meeting is not None else None
        clock = BusinessClock.model_validate(given) if given is not None else REAL_TIME
        return clock.now(datetime.now(UTC))

    @asynccontextmanager
    async def _entered(
        self, plan_id: str, meeting_ref: str, who: Actor, expert_ref: str, *, lock: bool
    ) -> AsyncIterator[tuple[AsyncSession, Key, ReviewMeeting]]:
        """A transaction of an expert who is on the panel and acts in person."""
        if who.role is not Role.EXPERT or who.id != expert_ref:
            raise refuse(
                RefusalCode.WRONG_PERSON,
                zh="专家须本人到场办理，不得委托他人。",
                en="An expert acts in person; nobody may stand in for another.",
                fix_zh="请由专家本人登录办理。",
                fix_en="The expert must sign in and do it personally.",
                field="expert_ref",
                citation="Order 40 Art. 20",
            )
        key = {"plan_id": plan_id, "meeting_ref": meeting_ref}
        async with self._database.transaction() as session:
            meeting = (
                await locked(session, plan_id, meeting_ref)
                if lock
                else await session.get(ReviewMeeting, tuple(key.values()))
            )
            member = await session.get(PanelMember, (*key.values(), expert_ref))
            if meeting is None or member is None or member.replaced_by is not None:
                raise refuse(
                    RefusalCode.WRONG_PERSON,
                    zh="您不是本次会议抽取的专家。",
                    en="You are not on the panel of this meeting.",
                    fix_zh="请核对会议编号，或联系评委会办事机构。",
                    fix_en="Check the meeting, or ask the committee office.",
                    field="expert_ref",
                    citation="Order 40 Art. 11, 20",
                )
            if meeting.status in OVER:
                raise refuse(
                    RefusalCode.CLOSED,
                    zh="会议已结束或已取消。",
                    en="The meeting has ended, or was called off.",
                    fix_zh="此后不再受理。",
                    fix_en="Nothing more can be done in it.",
                    citation="Order 40 Art. 20",
                )
            yield session, key, meeting


def _record(row: ExpertDraw, replaced: tuple[Seat, ...]) -> DrawRecord:
    return DrawRecord(
        plan_id=row.plan_id,
        meeting_ref=row.meeting_ref,
        numbers=tuple(DrawNumber.model_validate(order) for order in row.numbers),
        pool=tuple(PoolEntry.model_validate(entry) for entry in row.pool),
        pool_sha256=row.pool_sha256,
        drawer_nonce=row.drawer_nonce,
        witness_nonce=row.witness_nonce,
        drawer_commitment=row.drawer_commitment,
        witness_commitment=row.witness_commitment,
        seed=row.seed,
        result=tuple(Seat.model_validate(seat) for seat in row.result),
        replaced=replaced,
        drawn_by=row.drawn_by,
        witnessed_by=row.witnessed_by,
    )


async def _last_stay(session: AsyncSession, key: Key, expert_ref: str) -> Attendance | None:
    found: Attendance | None = await session.scalar(
        select(Attendance).filter_by(**key, expert_ref=expert_ref).order_by(Attendance.n.desc()).limit(1)
    )
    return found


async def _item(session: AsyncSession, key: Key, application_ref: str) -> AgendaItem:
    item = await session.get(AgendaItem, (*key.values(), application_ref))
    if item is None:
        raise not_on_agenda(application_ref)
    return item


async def _ballot_opened(session: AsyncSession, item: AgendaItem) -> bool:
    """Its ballot has been opened; after a void one N, the roll and the opinions stay those of the opening."""
    key = {"plan_id": item.plan_id, "meeting_ref": item.meeting_ref}
    return item.status in _VOTED or to_be_followed(await last_box(session, key, item.application_ref))


async def _box(session: AsyncSession, key: Key, application_ref: str) -> BallotBox:
    box = await last_box(session, key, application_ref)
    if box is None:
        raise refuse(
            RefusalCode.TOO_EARLY,
            zh="该申报尚未开始投票。",
            en="There is no ballot on this application yet.",
            fix_zh="请等待主任委员宣布开始。",
            fix_en="Wait for the chair to open it.",
            field="application_ref",
            citation="Order 40 Art. 20",
        )
    return box


def _not_attending() -> Refused:
    return unmet(
        "您未签到出席，不得投票。",
        "You have not signed in: only experts who attend vote.",
        "请本人到场签到。",
        "Come and sign in.",
        "expert_ref",
        "Order 40 Art. 20",
    )


def _struck_off() -> Refused:
    return unmet(
        "您的专家资格已暂停、取消或聘期已满，不得参加本次会议。",
        "You are struck off or suspended, or your term is over: you take no part in this meeting.",
        "请由评委会办事机构递补专家（replace）。",
        "The office must replace you (`replace`).",
        "expert_ref",
        "Order 40 Art. 10, 42",
    )


def _is_recused() -> Refused:
    return unmet(
        "您已回避该申报。",
        "You are recused from this application.",
        "请勿参与该申报的评议和表决。",
        "Take no part in it.",
        "application_ref",
        "Order 40 Art. 25",
    )


def _too_late_for(item: AgendaItem, zh: str, en: str) -> Refused:
    return unmet(
        f"该申报的投票已开始，不再接受{zh}。",
        f"The ballot on '{item.application_ref}' has been opened: too late for {en}.",
        "如确有必要，请主任委员记入会议记录。",
        "If need be, have the chair put it into the minutes.",
        "application_ref",
        "Order 40 Art. 21, 25",
    )
