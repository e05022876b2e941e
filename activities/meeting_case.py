"""What every act of a meeting looks at: its row, the panel, who is there, who is recused, the boxes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.commands import Command
from models.meeting_messages import ItemView, MeetingAct, MeetingHead, MeetingTerms, Outcome
from models.refusal import RefusalCode, Refused, refuse
from models.tables import (
    AgendaItem,
    Attendance,
    BallotBox,
    Expert,
    Opinion,
    PanelMember,
    Recusal,
    ReviewMeeting,
)

Key = dict[str, str]

REFUSED = "refused_by_application"
LOST = "never_acknowledged"
"""Why a box is void whose ballot was never opened on its application."""


@dataclass
class Case:
    """One act in its open transaction; the meeting's row is locked."""

    session: AsyncSession
    act: MeetingAct
    meeting: ReviewMeeting
    command: Command | None = None

    @property
    def key(self) -> Key:
        """Plan and meeting."""
        return {"plan_id": self.meeting.plan_id, "meeting_ref": self.meeting.meeting_ref}

    @property
    def at(self) -> datetime:
        """Business time."""
        return self.act.at

    @property
    def terms(self) -> MeetingTerms:
        """What the plan said when the meeting was planned."""
        assert self.act.terms is not None
        return self.act.terms

    @property
    def outcomes(self) -> dict[str, Outcome]:
        """What came of the commands to applications, by application."""
        return {outcome.application_ref: outcome for outcome in self.act.outcomes}


def unmet(zh: str, en: str, fix_zh: str, fix_en: str, field: str | None, citation: str) -> Refused:
    """The refusal of a condition that is not met."""
    return refuse(
        RefusalCode.GUARD, zh=zh, en=en, fix_zh=fix_zh, fix_en=fix_en, field=field, citation=citation
    )


async def locked(session: AsyncSession, plan_id: str, meeting_ref: str) -> ReviewMeeting | None:
    """The meeting's row, locked: acts and arrivals wait for each other."""
    found: ReviewMeeting | None = await session.scalar(
        select(ReviewMeeting).filter_by(plan_id=plan_id, meeting_ref=meeting_ref).with_for_update()
    )
    return found


async def panel(session: AsyncSession, key: Key) -> list[PanelMember]:
    """The experts on the panel now, by seat."""
    rows = await session.scalars(
        select(PanelMember).filter_by(**key, replaced_by=None).order_by(PanelMember.seat)
    )
    return list(rows)


def unable_on(expert: Expert | None, day: date) -> str | None:
    """Why this expert takes no part in a meeting of that day (Order 40 Art. 10, 42); None: nothing bars."""
    if expert is None or expert.status != "active":
        return "not_active"
    return "term_over" if expert.term_until < day else None


async def attending(session: AsyncSession, key: Key) -> set[str]:
    """The experts of the panel who are in the room at this moment."""
    members = {member.expert_ref for member in await panel(session, key)}
    there = set(await session.scalars(select(Attendance.expert_ref).filter_by(**key, out_at=None)))
    return members & there


async def recused(session: AsyncSession, key: Key, application_ref: str) -> set[str]:
    """The experts of the panel who do not judge this application; who was replaced has left with the seat."""
    members = {member.expert_ref for member in await panel(session, key)}
    rows = select(Recusal.expert_ref).filter_by(**key, application_ref=application_ref)
    return members & set(await session.scalars(rows))


async def opinions_by(session: AsyncSession, key: Key, application_ref: str, experts: set[str]) -> int:
    """How many of these experts have written an opinion on the application."""
    rows = select(Opinion.expert_ref).filter_by(**key, application_ref=application_ref).distinct()
    return len(experts & set(await session.scalars(rows)))


async def last_box(session: AsyncSession, key: Key, application_ref: str) -> BallotBox | None:
    """The latest box of an application in this meeting, locked."""
    found: BallotBox | None = await session.scalar(
        select(BallotBox)
        .filter_by(**key, application_ref=application_ref)
        .order_by(BallotBox.n.desc())
        .limit(1)
        .with_for_update()
    )
    return found


def to_be_followed(box: BallotBox | None) -> bool:
    """True for a void box that another one follows: the application's ballot is open, for the same roll."""
    return box is not None and box.status == "void" and box.reason not in (REFUSED, LOST)


async def head_of(session: AsyncSession, meeting: ReviewMeeting) -> MeetingHead:
    """Where the meeting stands, in numbers."""
    key = {"plan_id": meeting.plan_id, "meeting_ref": meeting.meeting_ref}
    members = (await session.scalars(select(PanelMember).filter_by(**key))).all()
    return MeetingHead.model_validate(
        {
            "status": meeting.status,
            "drawn_on": meeting.drawn_on,
            "replaced": sum(1 for m in members if m.replaced_by is not None),
            "attending": len(await attending(session, key)),
            "chairs": tuple(sorted(m.acts_as for m in members if m.acts_as and m.replaced_by is None)),
            "minutes_sha256": meeting.minutes_sha256,
        }
    )


async def view_of(session: AsyncSession, item: AgendaItem) -> ItemView:
    """One item of the agenda, with its ballot in numbers."""
    key = {"plan_id": item.plan_id, "meeting_ref": item.meeting_ref}
    box = await last_box(session, key, item.application_ref)
    away = await recused(session, key, item.application_ref)
    counted = box is not None and box.status in ("closed", "announced")
    numbers: dict[str, object] = {"recused": len(away)}
    if box is not None:
        numbers = {"box": box.n, "attending": box.attending, "recused": box.recused, "opinions": box.opinions}
    if box is not None and counted:
        numbers |= {
            "yes": box.yes,
            "no": box.no,
            "abstain": box.attending - box.recused - box.yes - box.no,
            "passed": box.passed,
            "minutes_sha256": box.minutes_sha256,
        }
    return ItemView.model_validate(
        {"application_ref": item.application_ref, "status": item.status, "reason": item.reason, **numbers}
    )


async def item_of(case: Case, application_ref: str) -> AgendaItem:
    """The item of the agenda. Raises `Refused` when the application is not on it."""
    item = await case.session.get(AgendaItem, (*case.key.values(), application_ref))
    if item is None:
        raise not_on_agenda(application_ref)
    return item


def not_on_agenda(application_ref: str) -> Refused:
    """The refusal for an application that is not on this meeting's agenda."""
    return unmet(
        f"申报 {application_ref} 不在本次会议议程上。",
        f"The application '{application_ref}' is not on this meeting's agenda.",
        "请先列入议程（set_agenda）。",
        "Put it on the agenda first (set_agenda).",
        "application_ref",
        "work plan 七(四)",
    )


async def agenda_refs(session: AsyncSession, key: Key) -> list[str]:
    """The applications on the agenda, in the order of their references."""
    rows = select(AgendaItem.application_ref).filter_by(**key).order_by(AgendaItem.application_ref)
    return list(await session.scalars(rows))


def command_id(*parts: object) -> str:
    """A command id made from what it is about: the same for the same, whoever sends it again."""
    return "meeting-" + hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:32]


async def count_of(session: AsyncSession, table: type, key: Key) -> int:
    """Rows of a table that belong to the meeting."""
    return await session.scalar(select(func.count()).select_from(table).filter_by(**key)) or 0
