"""The chair's acts on ballots: open, close, void, break off, announce and sign. Counts only come out.

A ballot opens in two steps: the box is put up with its roll, the application is told and may refuse, then the
slips are made. What was counted is announced when the chair signs (Order 40 Art. 22).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from activities import ballot_box
from activities.meeting_agenda import clear_conflicts
from activities.meeting_case import (
    LOST,
    REFUSED,
    Case,
    attending,
    command_id,
    item_of,
    last_box,
    opinions_by,
    recused,
    to_be_followed,
    unmet,
    view_of,
)
from activities.meeting_minutes import write_excerpt
from models.ballot import least_voters, quorum_met
from models.meeting_commands import BreakOff, CloseBallot, OpenBallot, Sign, VoidBallot
from models.meeting_messages import ItemView, MeetingActDone, ToSend
from models.refusal import RefusalCode, Refused, refuse
from models.tables import AgendaItem, BallotBox


async def open_ballot(case: Case) -> MeetingActDone:
    """Puts the box up; the application is to be told, unless this follows a void ballot.

    Ties are looked for once more: what came to light since the agenda recuses too (Order 40 Art. 25).
    """
    said, session = case.command, case.session
    assert isinstance(said, OpenBallot)
    ref = said.application_ref
    item = await item_of(case, ref)
    before = await last_box(session, case.key, ref)
    if before is not None and before.status == "prepared":
        await ballot_box.void(session, before, LOST, case.at)
        await ballot_box.forget_roll(session, before)
        item.status = "scheduled"
        await session.flush()
    if item.status != "scheduled":
        raise _wrong_status(item, "scheduled")
    there = await attending(session, case.key)
    if before is not None and to_be_followed(before):
        return await _open_again(case, item, before, there)
    await clear_conflicts(case, ref)
    away = await recused(session, case.key, ref)
    _check_quorum(case, len(there), len(there & away))
    opinions = await opinions_by(session, case.key, ref, there - away)
    if opinions < case.terms.rule.min_opinions:
        raise unmet(
            f"书面评议意见{opinions}份，至少须{case.terms.rule.min_opinions}份（由出席且未回避的专家提出）。",
            f"{opinions} written opinions by experts who attend; {case.terms.rule.min_opinions} are needed.",
            "请专家提交评议意见。",
            "Have the missing opinions written.",
            "opinions",
            "Order 40 Art. 21",
        )
    n = 1 + (before.n if before is not None else 0)
    box = _box(case, ref, n, len(there), len(there & away), opinions)
    await ballot_box.prepare(session, box, there - away)
    item.status = "prepared"
    send = ToSend(application_ref=ref, body=_vote(case, box, "opened", said.actor.model_dump(mode="json")))
    return MeetingActDone(items=(await view_of(session, item),), sends=(send,))


async def ballot_told(case: Case) -> MeetingActDone:
    """The application has answered: the slips are made, or the box is taken down with its reason."""
    said, session = case.command, case.session
    assert isinstance(said, OpenBallot)
    ref = said.application_ref
    item, box = await item_of(case, ref), await last_box(session, case.key, ref)
    outcome = case.outcomes[ref]
    if box is None or item.status != "prepared" or box.status != "prepared":
        raise _wrong_status(item, "prepared")
    if outcome.accepted:
        await ballot_box.begin(session, box)
        item.status = "voting"
        return MeetingActDone(items=(await view_of(session, item),), counts=_roll_counts(box))
    await ballot_box.void(session, box, REFUSED, case.at)
    await ballot_box.forget_roll(session, box)
    item.status = "scheduled"
    refused = unmet(
        f"申报不能投票：{outcome.reason}",
        f"The application does not take the ballot: {outcome.reason}",
        "请先处理其所述情况。",
        "Settle what it says first.",
        "application_ref",
        "Order 40 Art. 19-21",
    )
    return MeetingActDone(items=(await view_of(session, item),), refusal=refused.refusal)


async def close_ballot(case: Case) -> MeetingActDone:
    """Counts; with signature and seal the result is announced at once, else it waits for `sign`."""
    said, session = case.command, case.session
    assert isinstance(said, CloseBallot)
    item = await item_of(case, said.application_ref)
    if item.status != "voting":
        raise _wrong_status(item, "voting")
    if said.signed and not said.sealed:
        raise _no_seal()
    box = await last_box(session, case.key, said.application_ref)
    assert box is not None
    roll = await ballot_box.roll_of(session, box)
    tally = await ballot_box.close(session, box, case.at)
    box.passed = tally.passes(case.terms.rule)
    await session.flush()
    box.minutes_sha256 = await write_excerpt(case, box, tally, roll)
    item.status = "counted"
    counts = {
        "voters": tally.issued,
        "yes": tally.yes,
        "no": tally.no,
        "abstain": tally.abstentions,
        "blank": tally.blank,
    }
    sends = (_announcement(case, box, said.actor.model_dump(mode="json")),) if said.signed else ()
    return MeetingActDone(items=(await view_of(session, item),), sends=sends, counts=counts)


async def void_ballot(case: Case) -> MeetingActDone:
    """A ballot that is not closed counts for nothing; it may be opened again for the same roll."""
    said, session = case.command, case.session
    assert isinstance(said, VoidBallot)
    item = await item_of(case, said.application_ref)
    if item.status != "voting":
        raise _wrong_status(item, "voting")
    box = await last_box(session, case.key, said.application_ref)
    assert box is not None
    await ballot_box.void(session, box, said.reason, case.at)
    item.status = "scheduled"
    return MeetingActDone(items=(await view_of(session, item),), counts={"void_boxes": 1})


async def break_off(case: Case) -> MeetingActDone:
    """The quorum is lost: asks for the applications to be sent back. Where it is there, nothing is."""
    said, session = case.command, case.session
    assert isinstance(said, BreakOff)
    there = await attending(session, case.key)
    named = [await item_of(case, ref) for ref in dict.fromkeys(said.application_refs)]
    asked = named or await _items(case, ("scheduled", "voting"))
    sends: list[ToSend] = []
    for item in asked:
        if item.status not in ("scheduled", "voting"):
            raise _wrong_status(item, "scheduled, voting")
        box = await last_box(session, case.key, item.application_ref)
        if item.status == "scheduled" and not to_be_followed(box):
            await clear_conflicts(case, item.application_ref)
        away = await recused(session, case.key, item.application_ref)
        left = await _still_there(case, item, there, away)
        if quorum_met(case.meeting.committee_size, len(left), len(left & away), case.terms.rule):
            if named:
                raise _quorum_is_there(case, len(left) - len(left & away))
            continue
        sends.append(ToSend(application_ref=item.application_ref, body=_lost(case, item, left, away)))
    if not sends:
        raise _quorum_is_there(case, len(there))
    return MeetingActDone(sends=tuple(sends), counts={"attending": len(there)})


async def _still_there(case: Case, item: AgendaItem, there: set[str], away: set[str]) -> set[str]:
    """Who of those in the room attends this ballot: once it was opened, nobody who came after that."""
    box = await last_box(case.session, case.key, item.application_ref)
    if box is None or not (box.status == "open" or to_be_followed(box)):
        return there
    return there & (away | set(await ballot_box.roll_of(case.session, box)))


async def broken_off(case: Case) -> MeetingActDone:
    """The applications have answered; the boxes of those that went back, or have ended, count for nothing."""
    items: list[ItemView] = []
    for ref, outcome in case.outcomes.items():
        item = await item_of(case, ref)
        if not outcome.accepted:
            item.reason = outcome.reason
        if (outcome.accepted or outcome.ended) and item.status in ("scheduled", "voting"):
            box = await last_box(case.session, case.key, ref)
            if box is not None and box.status in ("open", "void"):
                await ballot_box.break_off(case.session, box, case.at)
            item.status = "broken_off" if outcome.accepted else "refused"
        items.append(await view_of(case.session, item))
    done = sum(1 for item in items if item.status == "broken_off")
    return MeetingActDone(items=tuple(items), counts={"broken_off": done, "refused": len(items) - done})


async def sign(case: Case) -> MeetingActDone:
    """The chair announces what was counted and signs it, with the seal of the committee."""
    said, session = case.command, case.session
    assert isinstance(said, Sign)
    if not said.sealed:
        raise _no_seal()
    named = [await item_of(case, ref) for ref in dict.fromkeys(said.application_refs)]
    sends: list[ToSend] = []
    for item in named or await _items(case, ("counted",)):
        if item.status != "counted":
            raise _wrong_status(item, "counted")
        box = await last_box(session, case.key, item.application_ref)
        assert box is not None
        sends.append(_announcement(case, box, said.actor.model_dump(mode="json")))
    return MeetingActDone(sends=tuple(sends), counts={"to_announce": len(sends)})


async def announced(case: Case) -> MeetingActDone:
    """The applications have answered: announced, or still waiting; one that has ended takes no result."""
    items: list[ItemView] = []
    for ref, outcome in case.outcomes.items():
        item, box = await item_of(case, ref), await last_box(case.session, case.key, ref)
        if outcome.accepted and box is not None and item.status == "counted":
            item.status, item.reason, box.status = "announced", None, "announced"
        elif not outcome.accepted:
            item.reason = outcome.reason
            if outcome.ended and item.status == "counted":
                item.status = "refused"
        items.append(await view_of(case.session, item))
    passed = sum(1 for item in items if item.status == "announced" and item.passed)
    done = sum(1 for item in items if item.status == "announced")
    ended = sum(1 for item in items if item.status == "refused")
    waiting = len(items) - done - ended
    counts = {"announced": done, "passed": passed, "not_passed": done - passed, "waiting": waiting}
    if ended:
        counts["ended"] = ended
    return MeetingActDone(items=tuple(items), counts=counts)


async def _open_again(case: Case, item: AgendaItem, before: BallotBox, there: set[str]) -> MeetingActDone:
    """After a void ballot: the application's ballot is open already, so N and the roll stay as they were."""
    session = case.session
    roll = await ballot_box.roll_of(session, before)
    away = await recused(session, case.key, item.application_ref)
    left = await _still_there(case, item, there, away)
    _check_quorum(case, len(left), len(left & away))
    box = _box(case, item.application_ref, before.n + 1, before.attending, before.recused, before.opinions)
    await ballot_box.forget_roll(session, before)
    await ballot_box.prepare(session, box, roll)
    await ballot_box.begin(session, box)
    item.status = "voting"
    return MeetingActDone(items=(await view_of(session, item),), counts=_roll_counts(box))


def _box(case: Case, ref: str, n: int, present: int, away: int, opinions: int) -> BallotBox:
    return BallotBox(
        box_ref=command_id("box", *case.key.values(), ref, n),
        **case.key,
        application_ref=ref,
        n=n,
        status="prepared",
        committee_size=case.meeting.committee_size,
        attending=present,
        recused=away,
        opinions=opinions,
        yes=0,
        no=0,
        abstain=0,
        prepared_at=case.at,
    )


def _roll_counts(box: BallotBox) -> dict[str, int]:
    return {"attending": box.attending, "recused": box.recused, "opinions": box.opinions}


def _vote(case: Case, box: BallotBox, step: str, actor: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "kind": "record_vote",
        "actor": actor,
        "command_id": f"{box.box_ref}-{step}",
        "meeting_ref": case.meeting.meeting_ref,
        "step": step,
        "committee_size": case.meeting.committee_size,
        **_roll_counts(box),
        **more,
    }


def _announcement(case: Case, box: BallotBox, actor: dict[str, Any]) -> ToSend:
    body = _vote(
        case,
        box,
        "counted",
        actor,
        yes=box.yes,
        no=box.no,
        abstain=box.attending - box.recused - box.yes - box.no,
        signed=True,
        sealed=True,
        minutes_sha256=box.minutes_sha256,
    )
    return ToSend(application_ref=box.application_ref, body=body)


def _lost(case: Case, item: AgendaItem, there: set[str], away: set[str]) -> dict[str, Any]:
    assert case.command is not None
    return {
        "kind": "record_vote",
        "actor": case.command.actor.model_dump(mode="json"),
        "command_id": command_id("lost", *case.key.values(), item.application_ref, case.command.command_id),
        "meeting_ref": case.meeting.meeting_ref,
        "step": "quorum_lost",
        "committee_size": case.meeting.committee_size,
        "attending": len(there),
        "recused": len(there & away),
    }


async def _items(case: Case, statuses: tuple[str, ...]) -> list[AgendaItem]:
    rows = select(AgendaItem).filter_by(**case.key).where(AgendaItem.status.in_(statuses))
    return list(await case.session.scalars(rows.order_by(AgendaItem.application_ref)))


def _check_quorum(case: Case, present: int, away: int) -> None:
    size, rule = case.meeting.committee_size, case.terms.rule
    if not quorum_met(size, present, away, rule):
        least = least_voters(size, rule)
        raise unmet(
            f"此刻可表决专家{present - away}人，评委会{size}人，至少须{least}人。",
            f"{present - away} of {size} may vote at this moment; at least {least} are needed.",
            "请等待专家到场，或以 break_off 记录出席不足。",
            "Wait for them, or record the lost quorum with `break_off`.",
            "attending",
            "Order 40 Art. 19",
        )


def _quorum_is_there(case: Case, able: int) -> Refused:
    return unmet(
        f"可表决专家{able}人，出席人数并无不足。",
        f"{able} of {case.meeting.committee_size} may vote: the quorum is there.",
        "请继续投票。",
        "Go on with the ballot.",
        "attending",
        "Order 40 Art. 19",
    )


def _no_seal() -> Refused:
    return unmet(
        "评审结果须加盖评委会印章。",
        "A signed result carries the seal of the committee.",
        "请设置 sealed=true。",
        "Give `sealed`.",
        "sealed",
        "Order 40 Art. 22",
    )


_STATUS_ZH = {
    "cleared": "未排期",
    "scheduled": "已排期，未投票",
    "refused": "未能排期",
    "prepared": "正在开始投票",
    "voting": "正在投票",
    "counted": "已计票，待宣布",
    "announced": "已宣布",
    "broken_off": "出席不足，已中止",
}


def _wrong_status(item: AgendaItem, wanted: str) -> Refused:
    zh = "、".join(_STATUS_ZH[one] for one in wanted.split(", "))
    return refuse(
        RefusalCode.NOT_IN_THIS_STAGE,
        zh=f"申报 {item.application_ref}：{_STATUS_ZH[item.status]}；该操作要求：{zh}。",
        en=f"The ballot of '{item.application_ref}' is {item.status}; this needs it {wanted}.",
        fix_zh="请用 zhicheng meeting show 查看会议情况。",
        fix_en="Look at the meeting with `zhicheng meeting show`.",
        field="application_ref",
        citation="Order 40 Art. 20",
    )
