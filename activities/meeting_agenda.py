"""The agenda: conflicts are cleared, recusals written, applications scheduled; and the meeting begins."""

from __future__ import annotations

import secrets

from sqlalchemy import select

from activities.meeting_case import (
    Case,
    attending,
    command_id,
    item_of,
    panel,
    recused,
    unmet,
    view_of,
)
from activities.writing import write_new
from models.ballot import least_voters, quorum_met, voters
from models.commands import Command
from models.conflicts import REASON_LABELS, Applicant, ExpertTies, KnownTie, conflicts
from models.meeting_commands import OpenMeeting, SetAgenda
from models.meeting_messages import ItemView, MeetingActDone, ToSend
from models.refusal import RefusalCode, refuse
from models.tables import AgendaItem, Application, Expert, ExpertRelation, MeetingNotice, Recusal
from models.wire import local_day

_MAY_BE_SCHEDULED = ("cleared", "refused", "broken_off")


async def set_agenda(case: Case) -> MeetingActDone:
    """Clears the conflicts of every application named, and asks for those to be scheduled that can be."""
    said = case.command
    assert isinstance(said, SetAgenda)
    items: list[ItemView] = []
    sends: list[ToSend] = []
    recusals = 0
    for ref in dict.fromkeys(said.application_refs):
        application = await case.session.get(Application, (case.meeting.plan_id, ref))
        if application is None:
            reason = "没有这项申报 / there is no application of this reference"
            items.append(ItemView(application_ref=ref, status="refused", reason=reason))
            continue
        item = await case.session.get(AgendaItem, (*case.key.values(), ref))
        if item is not None and item.status not in _MAY_BE_SCHEDULED:
            items.append(await view_of(case.session, item))
            continue
        if item is None:
            item = AgendaItem(**case.key, application_ref=ref, status="cleared", added_at=case.at)
            case.session.add(item)
            await case.session.flush()
        recusals += await clear_conflicts(case, ref)
        item.status, item.reason = "cleared", await _too_few_left(case, ref)
        if item.reason is not None:
            item.status = "refused"
        else:
            sends.append(ToSend(application_ref=ref, body=_schedule(case, said, ref)))
        items.append(await view_of(case.session, item))
    counts = {"asked": len(items), "to_schedule": len(sends), "new_recusals": recusals}
    return MeetingActDone(items=tuple(items), sends=tuple(sends), counts=counts)


async def agenda_sent(case: Case) -> MeetingActDone:
    """The applications have answered: scheduled, or refused with their reason."""
    items = []
    for ref, outcome in case.outcomes.items():
        item = await item_of(case, ref)
        if item.status in _MAY_BE_SCHEDULED:
            item.status = "scheduled" if outcome.accepted else "refused"
            item.reason = None if outcome.accepted else outcome.reason
        items.append(await view_of(case.session, item))
    scheduled = sum(1 for item in items if item.status == "scheduled")
    counts = {"scheduled": scheduled, "refused": len(items) - scheduled}
    return MeetingActDone(items=tuple(items), counts=counts)


async def open_meeting(case: Case) -> MeetingActDone:
    """The chair and the deputies are named, the quorum of the committee is there: the meeting is open."""
    said = case.command
    assert isinstance(said, OpenMeeting)
    if local_day(case.at) < case.meeting.meeting_on:
        raise refuse(
            RefusalCode.TOO_EARLY,
            zh=f"评审会议定于{case.meeting.meeting_on}。",
            en=f"The meeting is on {case.meeting.meeting_on}.",
            fix_zh="请在会议当日开始。",
            fix_en="Open it on that day.",
            citation="work plan 七(四)",
        )
    until = case.meeting.committee_valid_until
    if until < local_day(case.at):
        raise unmet(
            f"评委会备案已于{until}失效。",
            f"The committee's filing expired on {until}.",
            "请重新核准备案后另行安排会议。",
            "Have the committee filed again, then plan another meeting.",
            "committee_valid_until",
            "Order 40 Art. 8",
        )
    there, size = await attending(case.session, case.key), case.meeting.committee_size
    if not quorum_met(size, len(there), 0, case.terms.rule):
        least = least_voters(size, case.terms.rule)
        raise unmet(
            f"出席专家{len(there)}人，评委会{size}人，至少须{least}人出席。",
            f"{len(there)} of {size} experts attend; at least {least} are needed.",
            "请等待专家签到，或另行安排会议。",
            "Wait for more to sign in, or plan another meeting.",
            "attending",
            "Order 40 Art. 19",
        )
    members = {member.seat: member for member in await panel(case.session, case.key)}
    duties = {said.chair_seat: "chair"} | {
        seat: "deputy" for seat in said.deputy_seats if seat != said.chair_seat
    }
    for seat in duties:
        member = members.get(seat)
        if member is None or (seat == said.chair_seat and member.expert_ref not in there):
            raise unmet(
                f"{seat}号席位没有专家或未出席。",
                f"Nobody sits on seat {seat}, or the expert is not there.",
                "请指定已签到的专家主持。",
                "Name an expert who has signed in.",
                "chair_seat" if seat == said.chair_seat else "deputy_seats",
                "Order 40 Art. 19",
            )
    for seat, duty in duties.items():
        members[seat].duty = duty
        members[seat].acts_as = f"{duty}-{secrets.token_hex(8)}"
    case.meeting.status, case.meeting.opened_at = "open", case.at
    await case.session.flush()
    return MeetingActDone(counts={"attending": len(there), "committee_size": size})


async def clear_conflicts(case: Case, application_ref: str, only: set[str] | None = None) -> int:
    """Looks for conflicts of the panel (or of some experts) and writes the recusals; how many were new.

    The office tells an expert whom it finds in conflict (Order 40 Art. 25).
    """
    session = case.session
    application = await session.get_one(Application, (case.meeting.plan_id, application_ref))
    experts = [m.expert_ref for m in await panel(session, case.key) if only is None or m.expert_ref in only]
    found = conflicts(
        await _ties(case, experts),
        Applicant(
            application_ref=application_ref, person=application.applicant, employer=application.employer
        ),
    )
    known = await recused(session, case.key, application_ref)
    new = [(expert, reason) for expert, reason in found if expert not in known]
    rows = [
        {
            **case.key,
            "expert_ref": expert,
            "application_ref": application_ref,
            "reason": reason,
            "source": "computed",
            "at": case.at,
        }
        for expert, reason in new
    ]
    await write_new(session, Recusal, rows)
    notices = [
        {
            **case.key,
            "at": case.at,
            "to_role": "expert",
            "recipient": expert,
            "template": "recused",
            "text_zh": f"您与申报 {application_ref} 存在应回避的情形（{REASON_LABELS[reason].zh}），请回避。",
            "text_en": f"You are recused from application {application_ref}: {REASON_LABELS[reason].en}.",
            "status": "pending",
            "dedupe_key": command_id("recused", *case.key.values(), application_ref, expert),
        }
        for expert, reason in new
    ]
    await write_new(session, MeetingNotice, notices)
    return len(new)


async def _ties(case: Case, experts: list[str]) -> list[ExpertTies]:
    known = {e.expert_ref: e for e in await case.session.scalars(_among(Expert, experts))}
    ties: dict[str, list[KnownTie]] = {}
    for row in await case.session.scalars(_among(ExpertRelation, experts)):
        tie = KnownTie.model_validate({"person": row.person, "kind": row.kind})
        ties.setdefault(row.expert_ref, []).append(tie)
    return [
        ExpertTies(expert_ref=ref, employer=known[ref].employer, ties=tuple(ties.get(ref, ())))
        for ref in experts
    ]


def _among(table: type[Expert] | type[ExpertRelation], experts: list[str]):  # type: ignore[no-untyped-def]
    return select(table).where(table.expert_ref.in_(experts))


async def _too_few_left(case: Case, application_ref: str) -> str | None:
    """Why the panel cannot vote on it even when everybody comes; None when it can."""
    away = await recused(case.session, case.key, application_ref)
    size, rule = case.meeting.committee_size, case.terms.rule
    if quorum_met(size, size, len(away), rule):
        return None
    left, least = voters(size, len(away), rule), least_voters(size, rule)
    return (
        f"回避{len(away)}人后可表决{left}人，不足{least}人，请先递补专家 / "
        f"{len(away)} are recused, {left} may vote, {least} are needed: replace experts first"
    )


def _schedule(case: Case, said: Command, application_ref: str) -> dict[str, object]:
    assert isinstance(said, SetAgenda)
    meeting = case.meeting
    assert meeting.drawn_on is not None
    body: dict[str, object] = {
        "kind": "schedule",
        "actor": said.actor.model_dump(mode="json"),
        "command_id": command_id("schedule", *case.key.values(), application_ref, said.command_id),
        "meeting_ref": meeting.meeting_ref,
        "committee_ref": meeting.committee_ref,
        "committee_size": meeting.committee_size,
        "committee_valid_until": meeting.committee_valid_until.isoformat(),
        "drawn_on": meeting.drawn_on.isoformat(),
        "meeting_on": meeting.meeting_on.isoformat(),
        "conflicts_cleared": True,
    }
    if said.replaces is not None:
        body["replaces"] = said.replaces
    return body
