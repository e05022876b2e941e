"""The minutes: who attended, which applications, the opinions, the results (Order 40 Art. 23).

Kept in the database for the archive, with the hash of their text; never announced (Art. 24), and only the
hash leaves. How anybody voted is in none of it, as nobody knows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from activities.meeting_case import Case, last_box, recused, to_be_followed, unmet
from activities.writing import write_new
from models.audit import canonical
from models.ballot import Tally
from models.meeting_commands import CallOff
from models.meeting_messages import MeetingActDone
from models.tables import AgendaItem, Attendance, BallotBox, Minutes, Opinion, PanelMember, Recusal
from models.wire import SHANGHAI

WHOLE = "meeting"
"""The part that is the minutes of the whole meeting."""


async def write_excerpt(case: Case, box: BallotBox, tally: Tally, roll: Sequence[str]) -> str:
    """The part of the minutes about one ballot; its hash goes with the result."""
    away = sorted(await recused(case.session, case.key, box.application_ref))
    content = {
        **case.key,
        "committee_ref": case.meeting.committee_ref,
        "committee_size": box.committee_size,
        "application_ref": box.application_ref,
        "ballot": box.n,
        "closed_at": _clock(case.at),
        "entitled_to_vote": sorted(roll),
        "recused": away,
        "opinions": [
            {"expert_ref": o.expert_ref, "sha256": o.sha256}
            for o in await _opinions(case, box.application_ref)
        ],
        "result": _result(box, tally),
    }
    return await _store(case, box.box_ref, content)


async def close_meeting(case: Case) -> MeetingActDone:
    """Makes the minutes and ends the meeting; whoever is still in the room leaves it with that."""
    session = case.session
    items = list(
        await session.scalars(select(AgendaItem).filter_by(**case.key).order_by(AgendaItem.application_ref))
    )
    undecided = [item.application_ref for item in items if await _undecided(case, item)]
    if undecided:
        raise unmet(
            f"尚有{len(undecided)}项投票未结束或未宣布：{'、'.join(undecided[:5])}。",
            f"{len(undecided)} ballots are open or not announced: {', '.join(undecided[:5])}.",
            "请先计票并签字宣布（close_ballot、sign）；作废的投票须重新进行，出席不足的以 break_off 记录。",
            "Close them, and sign the results, first; open a void one again, or break it off.",
            "application_refs",
            "Order 40 Art. 22",
        )
    leaving = update(Attendance).filter_by(**case.key).where(Attendance.out_at.is_(None))
    await session.execute(leaving.values(out_at=case.at))
    content = {
        **case.key,
        "committee_ref": case.meeting.committee_ref,
        "committee_size": case.meeting.committee_size,
        "drawn_on": str(case.meeting.drawn_on),
        "held_on": str(case.meeting.meeting_on),
        "closed_at": _clock(case.at),
        "attending_experts": await _attending(case),
        "applications": [await _application(case, item) for item in items],
    }
    case.meeting.minutes_sha256 = await _store(case, WHOLE, content)
    case.meeting.status, case.meeting.closed_at = "closed", case.at
    await session.flush()
    done = sum(1 for item in items if item.status == "announced")
    return MeetingActDone(counts={"announced": done, "not_voted_on": len(items) - done})


async def call_off(case: Case) -> MeetingActDone:
    """The meeting is not held, and why is kept where its minutes would be; who was on its agenda waits."""
    said = case.command
    assert isinstance(said, CallOff)
    items = await case.session.scalars(
        select(AgendaItem).filter_by(**case.key, status="scheduled").order_by(AgendaItem.application_ref)
    )
    waiting = [item.application_ref for item in items]
    content = {
        **case.key,
        "committee_ref": case.meeting.committee_ref,
        "planned_for": str(case.meeting.meeting_on),
        "called_off_at": _clock(case.at),
        "reason": said.reason,
        "waiting": waiting,
    }
    case.meeting.minutes_sha256 = await _store(case, WHOLE, content)
    case.meeting.status, case.meeting.closed_at = "called_off", case.at
    await case.session.flush()
    return MeetingActDone(counts={"waiting": len(waiting)})


async def _undecided(case: Case, item: AgendaItem) -> bool:
    """Its application waits for the outcome of a ballot; also while a void one has not been opened again."""
    if item.status in ("prepared", "voting", "counted"):
        return True
    return item.status == "scheduled" and to_be_followed(
        await last_box(case.session, case.key, item.application_ref)
    )


async def _attending(case: Case) -> list[dict[str, Any]]:
    members = {m.expert_ref: m for m in await case.session.scalars(select(PanelMember).filter_by(**case.key))}
    rows = await case.session.scalars(
        select(Attendance).filter_by(**case.key).order_by(Attendance.expert_ref, Attendance.n)
    )
    return [
        {
            "expert_ref": row.expert_ref,
            "seat": members[row.expert_ref].seat,
            "duty": members[row.expert_ref].duty,
            "in_at": _clock(row.in_at),
            "out_at": _clock(row.out_at),
        }
        for row in rows
    ]


async def _application(case: Case, item: AgendaItem) -> dict[str, Any]:
    ref = item.application_ref
    box = await last_box(case.session, case.key, ref)
    voted = box is not None and box.status == "announced"
    result: dict[str, Any] = {"status": item.status}
    if item.status == "refused":
        result["reason"] = item.reason
    if box is not None and voted:
        tally = Tally(
            attending=box.attending, recused=box.recused, yes=box.yes, no=box.no, abstain=box.abstain
        )
        result |= _result(box, tally) | {"ballot": box.n, "excerpt_sha256": box.minutes_sha256}
    recusals = await case.session.scalars(
        select(Recusal).filter_by(**case.key, application_ref=ref).order_by(Recusal.expert_ref)
    )
    return {
        "application_ref": ref,
        "opinions": [
            {"expert_ref": o.expert_ref, "sha256": o.sha256, "text": o.words}
            for o in await _opinions(case, ref)
        ],
        "recused": [{"expert_ref": r.expert_ref, "reason": r.reason, "source": r.source} for r in recusals],
        "result": result,
    }


async def _opinions(case: Case, application_ref: str) -> list[Opinion]:
    """The latest opinion of each expert."""
    rows = await case.session.scalars(
        select(Opinion)
        .filter_by(**case.key, application_ref=application_ref)
        .order_by(Opinion.expert_ref, Opinion.version)
    )
    return list({row.expert_ref: row for row in rows}.values())


def _result(box: BallotBox, tally: Tally) -> dict[str, Any]:
    return {
        "attending": tally.attending,
        "recused": tally.recused,
        "yes": tally.yes,
        "no": tally.no,
        "abstain": tally.abstain,
        "blank": tally.blank,
        "passed": box.passed,
    }


async def _store(case: Case, part: str, content: dict[str, Any]) -> str:
    text = canonical(content)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    row = {**case.key, "part": part, "sha256": sha256, "content": text, "at": case.at}
    await write_new(case.session, Minutes, [row])
    return sha256


def _clock(at: datetime | None) -> str | None:
    return at.astimezone(SHANGHAI).isoformat(timespec="seconds") if at is not None else None
