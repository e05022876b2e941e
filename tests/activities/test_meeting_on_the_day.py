"""What a meeting runs into: experts replaced or struck off, void ballots, applications moved or ended."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import date

import pytest

from activities.database import Database
from models.conflicts import KnownTie
from models.meeting_messages import Outcome, ToSend
from models.refusal import Refused
from tests.activities.hall import IN_TIME, ON_THE_DAY, Hall, entered
from workers.rehearsal.meeting_cast import in_person, pool


@pytest.fixture
async def hall(sqlite_url: str) -> AsyncIterator[Hall]:
    """A meeting on 8 December 2023, not yet planned."""
    database = Database(sqlite_url)
    yield Hall(database)
    await database.close()


async def test_a_replaced_expert_is_no_longer_counted_as_recused(hall: Hall) -> None:
    """Eleven need eight who may vote: of four co-authors one is replaced, eight may (Order 40 Art. 19)."""
    panel = await hall.drawn()
    await hall.applications("a", employer="jinmen-talent-agency")
    tie = KnownTie(person="p-a", kind="co_author")
    tied = [entered(entry, tie) for entry in pool() if entry.expert_ref in panel[:4]]
    await hall.experts.add(tied, IN_TIME)
    refused = await hall.do(hall.cast.agenda("a"))
    assert (refused.items[0].status, refused.items[0].recused) == ("refused", 4)
    await hall.do(hall.cast.replace(1, reason="conflict"))
    done = await hall.do(hall.cast.agenda("a"))
    assert (done.items[0].status, done.items[0].recused) == ("scheduled", 3)


async def test_who_was_struck_off_after_the_draw_does_not_take_part(hall: Hall) -> None:
    """Neither a disqualified expert nor one whose term is over votes (Order 40 Art. 10, 42)."""
    panel = await hall.drawn()
    entries = {entry.expert_ref: entry for entry in pool()}
    struck = entered(entries[panel[0]]).model_copy(update={"status": "disqualified"})
    over = entered(entries[panel[1]]).model_copy(update={"term_until": date(2023, 12, 7)})
    await hall.experts.add([struck, over], IN_TIME)
    for expert in panel[:2]:
        with pytest.raises(Refused, match="replace"):
            await hall.room.sign_in(*hall.key, in_person(expert), expert, ON_THE_DAY)
    await hall.do(hall.cast.replace(1, reason="disqualified"))
    follower = (await hall.panel())[0]
    assert (await hall.room.sign_in(*hall.key, in_person(follower), follower, ON_THE_DAY)).present


async def test_a_tie_that_comes_to_light_after_the_agenda_still_recuses(hall: Hall) -> None:
    """The office tells whom it finds in conflict, also on the day (Order 40 Art. 25); four are too many."""
    panel = await hall.opened("a")
    entries = {entry.expert_ref: entry for entry in pool()}
    tie = KnownTie(person="p-a", kind="kin")
    await hall.experts.add([entered(entries[panel[10]], tie)], ON_THE_DAY)
    done = await hall.do(hall.cast.open_ballot("a"))
    assert done.counts == {"attending": 11, "recused": 1, "opinions": 3}
    with pytest.raises(Refused, match="recused"):
        await hall.slip(panel[10], "a")


async def test_ties_that_leave_too_few_send_the_application_back(hall: Hall) -> None:
    panel = await hall.opened("a")
    entries = {entry.expert_ref: entry for entry in pool()}
    tie = KnownTie(person="p-a", kind="kin")
    await hall.experts.add([entered(entries[expert], tie) for expert in panel[7:]], ON_THE_DAY)
    with pytest.raises(Refused, match="7 of 11 may vote"):
        await hall.do(hall.cast.open_ballot("a"))
    done = await hall.do(hall.cast.break_off("a"))
    assert (done.items[0].status, done.items[0].recused) == ("broken_off", 4)


# --- a void ballot is opened again for the same experts ------------------------------------------------


async def test_no_recusal_and_no_opinion_between_a_void_ballot_and_the_next(hall: Hall) -> None:
    """N and the roll stay those of the first opening: who is recused afterwards would count as a "no"."""
    panel = await hall.opened("a")
    await hall.do(hall.cast.open_ballot("a"))
    await hall.do(hall.cast.void_ballot("a"))
    late = hall.room.declare_recusal(*hall.key, in_person(panel[4]), panel[4], "a", ON_THE_DAY)
    with pytest.raises(Refused, match="too late"):
        await late
    with pytest.raises(Refused, match="too late"):
        await hall.opinion(panel[4], "a")
    await hall.do(hall.cast.open_ballot("a"))
    await hall.vote(panel, "a", "yyyyyyyynnn")
    assert (await hall.do(hall.cast.close_ballot("a"))).items[0].passed


async def test_a_meeting_does_not_end_while_a_void_ballot_waits_for_the_next(hall: Hall) -> None:
    """The application is in the middle of its vote: with the meeting gone nobody could end it."""
    panel = await hall.opened("a")
    await hall.do(hall.cast.open_ballot("a"))
    await hall.do(hall.cast.void_ballot("a"))
    with pytest.raises(Refused, match="1 ballots are open"):
        await hall.do(hall.cast.close_meeting())
    for expert in panel[7:]:
        await hall.room.sign_out(*hall.key, in_person(expert), expert, ON_THE_DAY)
    await hall.do(hall.cast.break_off("a"))
    assert (await hall.do(hall.cast.close_meeting())).counts == {"announced": 0, "not_voted_on": 1}


async def test_a_void_ballot_whose_experts_have_gone_is_broken_off(hall: Hall) -> None:
    """Eight are in the room, but one of them came after the opening: seven may vote, and eight are needed."""
    panel = await hall.opened("a", absent=3)
    await hall.do(hall.cast.open_ballot("a"))
    await hall.do(hall.cast.void_ballot("a"))
    await hall.room.sign_out(*hall.key, in_person(panel[7]), panel[7], ON_THE_DAY)
    late_comer = (await hall.panel())[10]
    await hall.room.sign_in(*hall.key, in_person(late_comer), late_comer, ON_THE_DAY)
    with pytest.raises(Refused, match="7 of 11 may vote"):
        await hall.do(hall.cast.open_ballot("a"))
    first = await hall.step(hall.cast.break_off(), ON_THE_DAY)
    assert first.refusal is None, first.refusal
    assert (first.sends[0].body["attending"], first.sends[0].body["recused"]) == (7, 0)
    done = await hall.do(hall.cast.break_off("a"))
    assert done.items[0].status == "broken_off"


# --- applications that are elsewhere -------------------------------------------------------------------


async def test_every_word_to_an_application_names_the_meeting(hall: Hall) -> None:
    """So that one which was moved to another meeting can refuse what its first one says."""
    panel = await hall.opened("a", "b")
    opened = await hall.step(hall.cast.open_ballot("a"), ON_THE_DAY)
    await hall.do(hall.cast.open_ballot("a"))
    counted = await hall.step(hall.cast.close_ballot("a", signed=True, sealed=True), ON_THE_DAY)
    for expert in panel[7:]:
        await hall.room.sign_out(*hall.key, in_person(expert), expert, ON_THE_DAY)
    lost = await hall.step(hall.cast.break_off("b"), ON_THE_DAY)
    for done in (opened, counted, lost):
        assert [send.body["meeting_ref"] for send in done.sends] == [hall.cast.meeting_ref]


def cancelled(send: ToSend) -> Outcome:
    """The city title office has cancelled the eligibility."""
    reason = "the application is closed"
    return Outcome(application_ref=send.application_ref, accepted=False, ended=True, reason=reason)


async def test_a_void_ballot_of_an_application_that_has_ended_is_broken_off(hall: Hall) -> None:
    panel = await hall.opened("a")
    await hall.do(hall.cast.open_ballot("a"))
    await hall.do(hall.cast.void_ballot("a"))
    for expert in panel[7:]:
        await hall.room.sign_out(*hall.key, in_person(expert), expert, ON_THE_DAY)
    done = await hall.do(hall.cast.break_off("a"), answers=cancelled)
    assert done.items[0].status == "refused"
    await hall.do(hall.cast.close_meeting())


async def test_minutes_are_made_although_an_application_has_ended_before_its_result(hall: Hall) -> None:
    """Its eligibility was cancelled between the count and the signature: nobody will ever take the result."""
    panel = await hall.opened("a", "b")
    await hall.do(hall.cast.open_ballot("a"))
    await hall.vote(panel, "a", "y" * 11)
    await hall.do(hall.cast.close_ballot("a"))

    done = await hall.do(hall.cast.sign(), answers=cancelled)
    assert (done.items[0].status, done.items[0].reason) == ("refused", "the application is closed")
    assert done.counts == {"announced": 0, "passed": 0, "not_passed": 0, "waiting": 0, "ended": 1}
    await hall.do(hall.cast.close_meeting())
    minutes = await hall.room.minutes_of(*hall.key)
    assert minutes is not None
    result = json.loads(minutes.content)["applications"][0]["result"]
    assert result == {"status": "refused", "reason": "the application is closed"}


async def test_a_result_that_an_application_on_hold_refuses_is_waited_for(hall: Hall) -> None:
    await hall.opened("a")
    await hall.do(hall.cast.open_ballot("a"))

    def on_hold(send: ToSend) -> Outcome:
        return Outcome(application_ref=send.application_ref, accepted=False, reason="on hold")

    body = hall.cast.close_ballot("a", signed=True, sealed=True)
    assert (await hall.do(body, answers=on_hold)).items[0].status == "counted"
    with pytest.raises(Refused, match="not announced"):
        await hall.do(hall.cast.close_meeting())
    assert (await hall.do(hall.cast.sign())).items[0].status == "announced"
