"""The acts of the office and the chair on a meeting: one transaction each, carried out once.

The database is the meeting room: experts come, go, write and vote in it by themselves (`meeting_room`). So an
act looks at the room as it is now, and answers with how the meeting stands, also when it refuses. An act that
was written and never acknowledged is found there by the next one; sent again, it gives the same answer.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.database import Database
from activities.meeting_agenda import agenda_sent, open_meeting, set_agenda
from activities.meeting_ballots import (
    announced,
    ballot_told,
    break_off,
    broken_off,
    close_ballot,
    open_ballot,
    sign,
    void_ballot,
)
from activities.meeting_case import Case, command_id, head_of, locked, view_of
from activities.meeting_draw import commit_draw, draw, replace
from activities.meeting_minutes import call_off, close_meeting
from activities.plans import plan_in_force
from activities.sending import Sent, send_or_silence, still_patient
from activities.writing import write_new
from models.answered import body_digest, reused_command_id
from models.ballot import VoteRule
from models.commands import Command
from models.committee import CommitteeOnFile, CommitteeRule, check_for_meeting
from models.draw import last_draw_day
from models.meeting_commands import parse_meeting_command
from models.meeting_messages import (
    MeetingAct,
    MeetingActDone,
    MeetingInput,
    MeetingTerms,
    Outcome,
    Sending,
    SendingDone,
    ToSend,
)
from models.plan import ReviewPlan, UnknownPlanError
from models.refusal import RefusalCode, Refused, refuse
from models.roles import Role
from models.tables import AgendaItem, Committee, MeetingEntry, MeetingNotice, ReviewMeeting
from models.wire import local_day

Step = Callable[[Case], Awaitable[MeetingActDone]]

STEPS: dict[tuple[str, str], Step] = {
    ("commit_draw", ""): commit_draw,
    ("draw", ""): draw,
    ("replace", ""): replace,
    ("set_agenda", ""): set_agenda,
    ("set_agenda", "sent"): agenda_sent,
    ("open_meeting", ""): open_meeting,
    ("open_ballot", ""): open_ballot,
    ("open_ballot", "sent"): ballot_told,
    ("close_ballot", ""): close_ballot,
    ("close_ballot", "sent"): announced,
    ("void_ballot", ""): void_ballot,
    ("break_off", ""): break_off,
    ("break_off", "sent"): broken_off,
    ("sign", ""): sign,
    ("sign", "sent"): announced,
    ("close_meeting", ""): close_meeting,
    ("call_off", ""): call_off,
}
"""Command and step -> the transaction; the step "sent" comes after the applications have answered."""


_log = logging.getLogger(__name__)

ENDS_A_BALLOT = ("close_ballot", "void_ballot", "break_off", "close_meeting")
"""After these, SQLite's log must not tell any more who took which slip, and what was cast with it."""


class Meetings:
    """The activities of a meeting. `rehearsal`: a clock other than real time is allowed."""

    def __init__(self, database: Database, *, rehearsal: bool) -> None:
        self._database = database
        self._rehearsal = rehearsal

    @activity.defn(name="plan_meeting")
    async def plan_meeting(self, act: MeetingAct) -> MeetingActDone:
        """Puts the meeting on record, if the committee on file may meet that day. Again changes nothing."""
        try:
            async with self._database.transaction() as session:
                return await self._plan(session, act.meeting, act.at)
        except Refused as refused:
            return MeetingActDone(refusal=refused.refusal)

    @activity.defn(name="meeting_act")
    async def meeting_act(self, act: MeetingAct) -> MeetingActDone:
        """Carries out one step of one command; a refusal changes nothing and says how things stand."""
        try:
            async with self._database.transaction() as session:
                done = await _carry_out(session, act)
        except Refused as refused:
            return await self._refused(act, refused)
        if act.kind in ENDS_A_BALLOT:
            await self._forget_the_ballot()
        return done

    @activity.defn(name="meeting_alarm")
    async def meeting_alarm(self, act: MeetingAct) -> MeetingActDone:
        """Tells the office that the draw is due, or it and its supervisors that it was missed."""
        async with self._database.transaction() as session:
            meeting = await locked(session, act.meeting.plan_id, act.meeting.meeting_ref)
            assert meeting is not None
            if meeting.status == "planned":
                await write_new(session, MeetingNotice, _alarm_notices(act))
            return MeetingActDone(head=await head_of(session, meeting))

    @activity.defn(name="send_from_meeting")
    async def send_from_meeting(self, sending: Sending) -> SendingDone:
        """Sends commands to applications, one by one; sent again they give the same answers.

        One that stays silent does not hold up the meeting: after some attempts that is its answer. But
        whether a ballot was opened must be known before anybody votes on it.
        """
        outcomes: list[Outcome] = []
        for one in sending.sends:
            sent = await send_or_silence(activity.client(), sending.plan_id, one.application_ref, one.body)
            if isinstance(sent, str) and (still_patient() or one.body.get("step") == "opened"):
                raise TimeoutError(f"{one.application_ref} does not answer: {sent}")
            outcomes.append(_outcome(one, sent))
            activity.heartbeat(len(outcomes))
        return SendingDone(outcomes=tuple(outcomes))

    async def _forget_the_ballot(self) -> None:
        if self._database.is_sqlite and not await self._database.empty_log():
            _log.warning("the write-ahead log could not be emptied: the next act tries again")

    async def _plan(self, session: AsyncSession, given: MeetingInput, at: datetime) -> MeetingActDone:
        if not given.clock.is_real and not self._rehearsal:
            raise _malformed(
                "clock", "本服务按真实时间运行，不接受其他时钟。", "This service runs on real time."
            )
        try:
            plan = await plan_in_force(session, given.plan_id)
        except UnknownPlanError as unknown:
            raise _malformed("plan_id", f"没有方案“{given.plan_id}”。", str(unknown)) from None
        rule = committee_rule(plan)
        committee = await on_file(session, given)
        check_for_meeting(committee, given.meeting_on, rule)
        terms = terms_of(plan, committee.size)
        meeting = await locked(session, given.plan_id, given.meeting_ref)
        if meeting is None:
            _time_to_draw(given, terms, at)
            meeting = ReviewMeeting(
                plan_id=given.plan_id,
                meeting_ref=given.meeting_ref,
                committee_ref=given.committee_ref,
                committee_size=committee.size,
                committee_valid_until=committee.valid_until,
                meeting_on=given.meeting_on,
                status="planned",
                clock=None if given.clock.is_real else given.clock.model_dump(mode="json"),
                planned_at=at,
            )
            session.add(meeting)
            await session.flush()
        elif (meeting.committee_ref, meeting.meeting_on) != (given.committee_ref, given.meeting_on):
            raise _malformed(
                "meeting_ref",
                f"会议编号“{given.meeting_ref}”已用于另一会议。",
                f"The reference {given.meeting_ref!r} is in use for another meeting.",
            )
        return MeetingActDone(head=await head_of(session, meeting), terms=terms)

    async def _refused(self, act: MeetingAct, refused: Refused) -> MeetingActDone:
        """The refusal, with how the meeting and the applications that were named stand."""
        named = (act.command or {}).get("application_refs") or ()
        one = (act.command or {}).get("application_ref")
        refs = [one] if one else list(named)
        async with self._database.reading() as session:
            key = {"plan_id": act.meeting.plan_id, "meeting_ref": act.meeting.meeting_ref}
            meeting = await session.get(ReviewMeeting, tuple(key.values()))
            items = await session.scalars(
                select(AgendaItem).filter_by(**key).where(AgendaItem.application_ref.in_(refs))
            )
            return MeetingActDone(
                head=await head_of(session, meeting) if meeting is not None else None,
                items=tuple([await view_of(session, item) for item in items]),
                refusal=refused.refusal,
            )


def _outcome(one: ToSend, sent: Sent | str) -> Outcome:
    if isinstance(sent, str):
        reason = f"没有答复，请稍后重发 / no answer, send it again later: {sent}"
        return Outcome(application_ref=one.application_ref, accepted=False, reason=reason[:500])
    return Outcome(
        application_ref=one.application_ref,
        accepted=sent.accepted,
        ended=sent.ended,
        stage=sent.receipt.stage if sent.receipt is not None else None,
        reason=sent.reason,
    )


async def _carry_out(session: AsyncSession, act: MeetingAct) -> MeetingActDone:
    command = parse_meeting_command(act.kind, act.command)
    meeting = await locked(session, act.meeting.plan_id, act.meeting.meeting_ref)
    assert meeting is not None, "an act on a meeting that was never planned"
    key = (meeting.plan_id, meeting.meeting_ref, command.command_id, act.step)
    known = await session.get(MeetingEntry, key)
    if known is not None:
        if known.digest != body_digest(command):
            raise reused_command_id()
        return MeetingActDone.model_validate(known.result)
    _check_not_expired(command, act.at)
    done = await STEPS[act.kind, act.step](Case(session, act, meeting, command))
    await session.flush()
    done = done.model_copy(update={"head": await head_of(session, meeting)})
    if done.refusal is not None:
        await session.execute(
            delete(MeetingEntry).where(
                MeetingEntry.plan_id == meeting.plan_id,
                MeetingEntry.meeting_ref == meeting.meeting_ref,
                MeetingEntry.command_id == command.command_id,
            )
        )
        return done
    session.add(_entry(act, meeting, command, done))
    return done


def _entry(act: MeetingAct, meeting: ReviewMeeting, command: Command, done: MeetingActDone) -> MeetingEntry:
    return MeetingEntry(
        plan_id=meeting.plan_id,
        meeting_ref=meeting.meeting_ref,
        command_id=command.command_id,
        step=act.step,
        kind=act.kind,
        at=act.at,
        actor_id=command.actor.id,
        actor_role=command.actor.role.value,
        actor_organisation=command.actor.organisation,
        digest=body_digest(command),
        result=done.model_dump(mode="json"),
    )


async def on_file(session: AsyncSession, given: MeetingInput) -> CommitteeOnFile:
    """The committee's last filing before the meeting. Raises `Refused` when there is none."""
    row = await session.scalar(
        select(Committee)
        .filter_by(committee_ref=given.committee_ref)
        .where(Committee.filed_on <= given.meeting_on)
        .order_by(Committee.filed_on.desc())
        .limit(1)
    )
    if row is None:
        raise _malformed(
            "committee_ref",
            f"评委会“{given.committee_ref}”在会议日前没有备案。",
            f"The committee {given.committee_ref!r} is not on file by the day of the meeting.",
        )
    return committee_of(row)


def committee_of(row: Committee) -> CommitteeOnFile:
    """The filing that a row holds."""
    fields = CommitteeOnFile.model_fields
    return CommitteeOnFile.model_validate({name: getattr(row, name) for name in fields})


def terms_of(plan: ReviewPlan, committee_size: int) -> MeetingTerms:
    """What a plan says about its meetings."""
    vote = plan.vote
    return MeetingTerms(
        plan_version=plan.version,
        committee_size=committee_size,
        draw_lead_days=vote.draw_lead_days.value,
        rule=VoteRule(
            quorum=vote.quorum.value,
            pass_share=vote.pass_share.value,
            pass_operator=vote.pass_operator.value,
            recused_in_denominator=vote.recused_in_denominator.value,
            min_opinions=vote.min_opinions.value,
        ),
        organisations={Role(role).value: unit for role, unit in plan.organisations.items()},
    )


def committee_rule(plan: ReviewPlan) -> CommitteeRule:
    """What a plan asks of its committee."""
    vote = plan.vote
    return CommitteeRule(
        least=vote.committee_min.value,
        odd=vote.committee_odd.value,
        valid_years=vote.committee_valid_years.value,
    )


def _time_to_draw(given: MeetingInput, terms: MeetingTerms, at: datetime) -> None:
    last = last_draw_day(given.meeting_on, terms.draw_lead_days)
    if local_day(at) > last:
        raise refuse(
            RefusalCode.GUARD,
            zh=f"会议日{given.meeting_on}过近：专家最迟应于{last}抽取。",
            en=f"{given.meeting_on} is too near: the experts had to be drawn by {last}.",
            fix_zh=f"请将会议安排在今日之后至少{terms.draw_lead_days}日。",
            fix_en=f"Plan it at least {terms.draw_lead_days} days from today.",
            field="meeting_on",
            citation="津人社办函〔2023〕355号",
        )


def _check_not_expired(command: Command, at: datetime) -> None:
    if command.expires_at is not None and at >= command.expires_at:
        raise refuse(
            RefusalCode.EXPIRED,
            zh=f"指令已于{command.expires_at.isoformat()}失效。",
            en=f"The command expired at {command.expires_at.isoformat()}.",
            fix_zh="请重新作出决定。",
            fix_en="Decide again and send a new command.",
            field="expires_at",
        )


def _malformed(field: str, zh: str, en: str) -> Refused:
    return refuse(
        RefusalCode.MALFORMED,
        zh=zh,
        en=en,
        fix_zh="请更正后重新建立会议。",
        fix_en="Correct it and plan the meeting again.",
        field=field,
    )


_ALARMS: dict[str, tuple[tuple[str, ...], str, str]] = {
    "draw_due": (
        ("office",),
        "评审会议 {ref}（{day}）的专家应尽快抽取。",
        "The experts of the meeting {ref} on {day} must be drawn soon.",
    ),
    "draw_missed": (
        ("office", "convening_unit", "city_office"),
        "评审会议 {ref}（{day}）未按期抽取专家，须另行安排会议。",
        "The experts of the meeting {ref} on {day} were not drawn in time: plan another meeting.",
    ),
}


def _alarm_notices(act: MeetingAct) -> list[dict[str, Any]]:
    given = act.meeting
    roles, zh, en = _ALARMS[act.kind]
    words = {"ref": given.meeting_ref, "day": given.meeting_on}
    holders = act.terms.organisations if act.terms is not None else {}
    return [
        {
            "plan_id": given.plan_id,
            "meeting_ref": given.meeting_ref,
            "at": act.at,
            "to_role": role,
            "recipient": holders.get(role),
            "template": act.kind,
            "text_zh": zh.format(**words),
            "text_en": en.format(**words),
            "status": "pending",
            "dedupe_key": command_id(act.kind, given.plan_id, given.meeting_ref, role),
        }
        for role in roles
    ]
