"""The meeting room: draw, agenda, recusals, opinions, ballots, minutes. The main ones on both databases."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from datetime import date

import pytest
from sqlalchemy import func, select, update

from activities.database import Database
from models.conflicts import KnownTie
from models.draw import PoolEntry, commitment, verify_draw
from models.meeting_messages import Outcome, ToSend
from models.refusal import Refusal, RefusalCode, Refused
from models.tables import (
    BallotBox,
    BallotRoll,
    BallotSlip,
    DrawCommitment,
    Expert,
    ExpertDraw,
    MeetingEntry,
    MeetingNotice,
    Recusal,
    SlipToTake,
)
from tests.activities.hall import IN_TIME, ON_THE_DAY, Hall, entered
from tests.models.life import moment
from workers.rehearsal.meeting_cast import MeetingCast, in_person, pool


@pytest.fixture
async def hall(sqlite_url: str) -> AsyncIterator[Hall]:
    """A meeting on 8 December 2023, not yet planned."""
    database = Database(sqlite_url)
    yield Hall(database)
    await database.close()


@pytest.fixture
def either(database: Database) -> Hall:
    """The same, once on SQLite and once on PostgreSQL."""
    return Hall(database)


async def rows(hall: Hall, table: type) -> int:
    async with hall.database.reading() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def refused(awaitable: object) -> Refusal:
    """The refusal that must come, in both languages."""
    with pytest.raises(Refused) as caught:
        await awaitable  # type: ignore[misc]
    refusal = caught.value.refusal
    assert refusal.rule.zh
    assert refusal.rule.en
    assert refusal.remedy.zh
    assert refusal.remedy.en
    return refusal


# --- plan and draw -----------------------------------------------------------------------------------


async def test_the_draw_can_be_computed_again(hall: Hall) -> None:
    panel = await hall.drawn()
    assert len(set(panel)) == 11
    found = await hall.room.draw_of(*hall.key)
    assert found is not None
    record, passed_over = found
    assert verify_draw(record, passed_over) == []
    assert [seat.expert_ref for seat in record.result] == panel
    assert [seat.specialty for seat in record.result] == ["metrology"] * 5 + ["quality"] * 4 + [
        "standardization"
    ] * 2


async def test_a_draw_after_its_last_day_names_that_day(hall: Hall) -> None:
    await hall.furnish()
    await hall.plan()
    last, late = moment("2023-12-01 23:59"), moment("2023-12-02 00:00")
    await hall.do(hall.cast.commit("drawer"), last)
    await hall.do(hall.cast.commit("witness"), last)
    refusal = await refused(hall.do(hall.cast.draw(), late))
    assert "2023-12-01" in refusal.rule.zh
    assert "2023-12-01" in refusal.rule.en
    done = await hall.do(hall.cast.draw(), last)
    assert done.head is not None
    assert done.head.drawn_on == date(2023, 12, 1)


async def test_a_meeting_too_near_to_draw_for_is_not_planned(hall: Hall) -> None:
    await hall.furnish()
    done = await hall.plan(moment("2023-12-02 09:00"))
    assert done.refusal is not None
    assert done.refusal.field == "meeting_on"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"committee_ref": "nobody"}, "committee_ref"),
        ({"meeting_on": "2025-06-01"}, "committee_ref"),
        ({"plan_id": "no-such-plan"}, "plan_id"),
    ],
)
async def test_a_committee_must_be_on_file_that_day(hall: Hall, change: dict[str, str], field: str) -> None:
    """Filed until 31 May 2025."""
    await hall.furnish()
    done = await hall.plan(**change)
    assert done.refusal is not None
    assert done.refusal.field == field


async def test_neither_side_can_choose_a_number_in_sight_of_the_other(hall: Hall) -> None:
    await hall.furnish()
    await hall.plan()
    await hall.do(hall.cast.commit("drawer"), IN_TIME)
    assert (await refused(hall.do(hall.cast.draw(), IN_TIME))).field == "witness_nonce"
    await hall.do(hall.cast.commit("witness"), IN_TIME)
    other = hall.cast.draw(drawer_nonce="another-number-0123456789")
    assert (await refused(hall.do(other, IN_TIME))).field == "drawer_nonce"
    assert await rows(hall, ExpertDraw) == 0


async def test_nobody_commits_to_another_number_once_the_other_side_is_bound(hall: Hall) -> None:
    """Whoever sends the draw has been shown the other number, and could choose an own one that suits it."""
    await hall.furnish()
    await hall.plan()
    await hall.do(hall.cast.commit("drawer"), IN_TIME)
    await hall.do(hall.cast.commit("witness"), IN_TIME)
    suits = "chosen-after-the-other-was-shown"
    done = await hall.do(hall.cast.commit("drawer", suits), IN_TIME)
    assert done.counts["other_side_must_commit"] == 1
    assert (await refused(hall.do(hall.cast.draw(drawer_nonce=suits), IN_TIME))).field == "witness_nonce"


async def test_a_pool_that_changes_after_the_commitments_voids_them(hall: Hall) -> None:
    await hall.furnish()
    await hall.plan()
    await hall.do(hall.cast.commit("drawer"), IN_TIME)
    await hall.do(hall.cast.commit("witness"), IN_TIME)
    friend = PoolEntry(expert_ref="friend", employer="elsewhere", specialties=("metrology",))
    await hall.experts.add([entered(friend)], IN_TIME)
    assert "changed" in (await refused(hall.do(hall.cast.draw(), IN_TIME))).rule.en
    done = await hall.do(hall.cast.commit("drawer"), IN_TIME)
    assert done.counts["other_side_must_commit"] == 1
    assert await rows(hall, DrawCommitment) == 1


async def test_drawer_and_witness_are_two(hall: Hall) -> None:
    await hall.furnish()
    await hall.plan()
    await hall.do(hall.cast.commit("drawer"), IN_TIME)
    same = hall.cast.commit("witness", actor=hall.cast.actor("office"))
    assert (await refused(hall.do(same, IN_TIME))).code is RefusalCode.SEPARATION_OF_DUTIES


async def test_the_numbers_must_be_those_of_the_committee_and_within_the_pool(hall: Hall) -> None:
    await hall.furnish()
    await hall.plan()
    nine = hall.cast.commit("drawer", numbers=[{"specialty": "quality", "number": 9}])
    assert "11" in (await refused(hall.do(nine, IN_TIME))).rule.en
    too_many = hall.cast.commit("drawer", numbers=[{"specialty": "quality", "number": 11}])
    assert "10 experts" in (await refused(hall.do(too_many, IN_TIME))).rule.en


async def test_the_next_rank_follows_and_those_who_cannot_are_passed_over(either: Hall) -> None:
    hall = either
    before = await hall.drawn()
    done = await hall.do(hall.cast.replace(2), IN_TIME)
    assert done.counts == {"seat": 2, "replaced": 1, "new_recusals": 0}
    after = await hall.panel()
    assert after[1] not in before
    assert (after[0], after[2:]) == (before[0], before[2:])
    async with hall.database.transaction() as session:
        await session.execute(
            update(Expert).where(Expert.expert_ref.not_in([*before, *after])).values(status="suspended")
        )
    refusal = await refused(hall.do(hall.cast.replace(3), IN_TIME))
    assert refusal.field == "seat"
    found = await hall.room.draw_of(*hall.key)
    assert found is not None
    record, passed_over = found
    assert verify_draw(record, passed_over) == []
    crooked = record.model_copy(update={"replaced": (record.replaced[0].model_copy(update={"seat": 5}),)})
    assert verify_draw(crooked, passed_over) == []
    stranger = record.replaced[0].model_copy(update={"expert_ref": before[4]})
    assert "next in rank" in verify_draw(record.model_copy(update={"replaced": (stranger,)}))[0]


async def test_sent_again_an_act_gives_the_same_answer(hall: Hall) -> None:
    await hall.furnish()
    await hall.plan()
    await hall.plan()
    for body in (hall.cast.commit("drawer"), hall.cast.commit("witness"), hall.cast.draw()):
        assert await hall.step(body, IN_TIME) == await hall.step(body, IN_TIME)
        other = body | {"expires_at": "2030-01-01T00:00:00+08:00"}
        again = await hall.step(other, IN_TIME)
        assert again.refusal is not None
        assert again.refusal.code is RefusalCode.REUSED_COMMAND_ID
    assert await rows(hall, MeetingEntry) == 3


# --- agenda and recusals -----------------------------------------------------------------------------


async def test_conflicts_are_found_and_told(hall: Hall) -> None:
    panel = await hall.drawn()
    homes = {entry.expert_ref: entry.employer for entry in pool()}
    colleagues = {ref for ref in panel if homes[ref] == "tj-metrology-institute"}
    assert colleagues
    relative = next(ref for ref in panel if ref not in colleagues)
    entry = next(e for e in pool() if e.expert_ref == relative)
    await hall.experts.add([entered(entry, KnownTie(person="p-a", kind="kin"))], IN_TIME)
    await hall.applications("a", "b", employer="tj-metrology-institute")
    done = await hall.do(hall.cast.agenda("a", "b", "nobody"))
    found = {item.application_ref: (item.status, item.recused) for item in done.items}
    assert found == {"a": ("scheduled", len(colleagues) + 1), "b": ("scheduled", len(colleagues))}
    first = await hall.step(hall.cast.agenda("nobody"), ON_THE_DAY)
    assert first.items[0].status == "refused"
    async with hall.database.reading() as session:
        reasons = {
            (r.expert_ref, r.application_ref): r.reason for r in await session.scalars(select(Recusal))
        }
    assert reasons[relative, "a"] == "related"
    assert {reasons[ref, "b"] for ref in colleagues} == {"own_employer"}
    assert await rows(hall, MeetingNotice) == len(reasons)


async def test_an_application_too_many_are_recused_from_is_not_scheduled(hall: Hall) -> None:
    panel = await hall.drawn()
    await hall.applications("a")
    tie = KnownTie(person="p-a", kind="co_author")
    tied = [entered(entry, tie) for entry in pool() if entry.expert_ref in panel[:4]]
    await hall.experts.add(tied, IN_TIME)
    done = await hall.step(hall.cast.agenda("a"), ON_THE_DAY)
    assert (done.items[0].status, done.sends) == ("refused", ())
    assert "replace experts first" in (done.items[0].reason or "")


async def test_an_application_that_refuses_says_why_and_may_be_asked_again(hall: Hall) -> None:
    await hall.drawn()
    await hall.applications("a")

    def refusing(send: ToSend) -> Outcome:
        return Outcome(application_ref=send.application_ref, accepted=False, reason="on hold")

    done = await hall.do(hall.cast.agenda("a"), answers=refusing)
    assert (done.items[0].status, done.items[0].reason) == ("refused", "on hold")
    done = await hall.do(hall.cast.agenda("a"))
    assert (done.items[0].status, done.items[0].reason) == ("scheduled", None)


# --- presence and opinions ---------------------------------------------------------------------------


async def test_nobody_opens_a_meeting_without_its_quorum(hall: Hall) -> None:
    panel = await hall.drawn()
    early = hall.room.sign_in(*hall.key, in_person(panel[0]), panel[0], moment("2023-12-07 23:59"))
    assert (await refused(early)).code is RefusalCode.TOO_EARLY
    for expert in panel[:7]:
        await hall.room.sign_in(*hall.key, in_person(expert), expert, ON_THE_DAY)
    assert "at least 8" in (await refused(hall.do(hall.cast.open_meeting(1)))).rule.en
    again = await hall.room.sign_in(*hall.key, in_person(panel[0]), panel[0], moment("2023-12-08 10:00"))
    assert again.since == ON_THE_DAY
    await hall.room.sign_in(*hall.key, in_person(panel[7]), panel[7], ON_THE_DAY)
    assert (await refused(hall.do(hall.cast.open_meeting(9)))).field == "chair_seat"
    expired = hall.do(hall.cast.open_meeting(1, 2), moment("2027-01-01 09:00"))
    assert (await refused(expired)).field == "committee_valid_until"
    done = await hall.do(hall.cast.open_meeting(1, 2))
    assert done.head is not None
    assert (done.head.attending, len(done.head.chairs)) == (8, 2)


async def test_an_expert_acts_in_person(hall: Hall) -> None:
    panel = await hall.opened("a")
    stranger = next(e.expert_ref for e in pool() if e.expert_ref not in panel)
    proxy = hall.room.take_slip(*hall.key, in_person(panel[1]), panel[0], "a")
    assert (await refused(proxy)).code is RefusalCode.WRONG_PERSON
    outside = hall.room.sign_in(*hall.key, in_person(stranger), stranger, ON_THE_DAY)
    assert "panel" in (await refused(outside)).rule.en


async def test_opinions_have_versions_until_the_ballot_opens(hall: Hall) -> None:
    panel = await hall.opened("a")
    filed = await hall.room.file_opinion(
        *hall.key, in_person(panel[0]), panel[0], "a", " 改为：建议通过 ", ON_THE_DAY
    )
    assert (filed.version, filed.sha256) == (2, hashlib.sha256("改为：建议通过".encode()).hexdigest())
    await hall.room.declare_recusal(*hall.key, in_person(panel[2]), panel[2], "a", ON_THE_DAY)
    assert "recused" in (await refused(hall.opinion(panel[2], "a"))).rule.en
    two = await refused(hall.do(hall.cast.open_ballot("a")))
    assert (two.field, two.rule.en.split()[0]) == ("opinions", "2")
    await hall.opinion(panel[3], "a")
    await hall.do(hall.cast.open_ballot("a"))
    assert "too late" in (await refused(hall.opinion(panel[4], "a"))).rule.en
    late = hall.room.declare_recusal(*hall.key, in_person(panel[4]), panel[4], "a", ON_THE_DAY)
    assert "too late" in (await refused(late)).rule.en


# --- ballots -----------------------------------------------------------------------------------------


async def test_a_ballot_from_the_slips_to_the_signature(either: Hall) -> None:
    """Nine vote; six of nine is exactly two thirds; a blank slip stays in N."""
    hall = either
    panel = await hall.opened("a", absent=1)
    await hall.room.declare_recusal(*hall.key, in_person(panel[9]), panel[9], "a", ON_THE_DAY)
    done = await hall.do(hall.cast.open_ballot("a"))
    assert done.counts == {"attending": 10, "recused": 1, "opinions": 3}
    assert (await rows(hall, BallotSlip), await rows(hall, SlipToTake)) == (9, 9)
    assert "recused" in (await refused(hall.slip(panel[9], "a"))).rule.en
    await hall.vote(panel[:9], "a", "yyyyyyna-")
    assert await rows(hall, SlipToTake) == 0
    closed = await hall.do(hall.cast.close_ballot("a"))
    assert closed.counts == {"voters": 9, "yes": 6, "no": 1, "abstain": 2, "blank": 1}
    assert (closed.items[0].status, closed.items[0].passed) == ("counted", True)
    for table in (BallotRoll, BallotSlip, SlipToTake):
        assert await rows(hall, table) == 0
    signed = await hall.do(hall.cast.sign())
    assert signed.counts == {"announced": 1, "passed": 1, "not_passed": 0, "waiting": 0}


async def test_late_second_and_unknown_votes_are_refused(hall: Hall) -> None:
    panel = await hall.opened("a", "b", absent=1)
    assert "no ballot" in (await refused(hall.slip(panel[0], "a"))).rule.en
    await hall.do(hall.cast.open_ballot("a"))
    slip = await hall.slip(panel[0], "a")
    assert "already" in (await refused(hall.slip(panel[0], "a"))).rule.en
    await hall.room.cast(*hall.key, "a", slip, "yes")
    assert "used" in (await refused(hall.room.cast(*hall.key, "a", slip, "no"))).rule.en
    unknown = hall.room.cast(*hall.key, "a", "made-up", "yes")
    assert "does not belong" in (await refused(unknown)).rule.en
    late_comer = (await hall.panel())[10]
    await hall.room.sign_in(*hall.key, in_person(late_comer), late_comer, ON_THE_DAY)
    assert "roll" in (await refused(hall.slip(late_comer, "a"))).rule.en
    await hall.room.sign_out(*hall.key, in_person(panel[1]), panel[1], ON_THE_DAY)
    assert "signed in" in (await refused(hall.slip(panel[1], "a"))).rule.en
    kept = await hall.slip(panel[2], "a")
    await hall.do(hall.cast.close_ballot("a", signed=True, sealed=True))
    assert "late vote" in (await refused(hall.room.cast(*hall.key, "a", kept, "yes"))).rule.en
    assert "late vote" in (await refused(hall.slip(panel[3], "a"))).rule.en
    async with hall.database.reading() as session:
        box = (await session.scalars(select(BallotBox))).one()
    assert (box.status, box.yes, box.no, box.abstain, box.passed) == ("announced", 1, 0, 0, False)


async def test_a_lost_slip_voids_the_ballot_and_the_same_roll_votes_again(either: Hall) -> None:
    hall = either
    panel = await hall.opened("a", absent=1)
    await hall.do(hall.cast.open_ballot("a"))
    lost = await hall.slip(panel[0], "a")
    cast_before = await hall.slip(panel[1], "a")
    await hall.room.cast(*hall.key, "a", cast_before, "no")
    await hall.do(hall.cast.void_ballot("a"))
    assert "late vote" in (await refused(hall.room.cast(*hall.key, "a", lost, "yes"))).rule.en
    newcomer = (await hall.panel())[10]
    await hall.room.sign_in(*hall.key, in_person(newcomer), newcomer, ON_THE_DAY)
    again = await hall.step(hall.cast.open_ballot("a"), ON_THE_DAY)
    assert again.sends == ()
    assert again.counts["attending"] == 10
    assert "does not belong" in (await refused(hall.room.cast(*hall.key, "a", lost, "yes"))).rule.en
    assert "roll" in (await refused(hall.slip(newcomer, "a"))).rule.en
    await hall.vote(panel, "a", "y" * 10)
    done = await hall.do(hall.cast.close_ballot("a"))
    assert done.counts["yes"] == 10
    assert done.items[0].box == 2


async def test_a_lost_quorum_sends_the_application_back(either: Hall) -> None:
    hall = either
    panel = await hall.opened("a", "b", absent=1)
    await hall.do(hall.cast.open_ballot("a"))
    await hall.vote(panel[:2], "a", "yy")
    assert "quorum is there" in (await refused(hall.do(hall.cast.break_off("a")))).rule.en
    for expert in panel[7:]:
        await hall.room.sign_out(*hall.key, in_person(expert), expert, ON_THE_DAY)
    assert "at least 8" in (await refused(hall.do(hall.cast.open_ballot("b")))).rule.en
    done = await hall.do(hall.cast.break_off())
    assert {item.application_ref: item.status for item in done.items} == {
        "a": "broken_off",
        "b": "broken_off",
    }
    assert await rows(hall, BallotSlip) == 0
    for expert in panel[7:]:
        await hall.room.sign_in(*hall.key, in_person(expert), expert, ON_THE_DAY)
    await hall.do(hall.cast.agenda("a"))
    await hall.do(hall.cast.open_ballot("a"))
    await hall.vote(panel, "a", "y" * 10)
    assert (await hall.do(hall.cast.close_ballot("a"))).items[0].passed


async def test_an_application_that_refuses_its_ballot_has_none(hall: Hall) -> None:
    await hall.opened("a")

    def on_hold(send: ToSend) -> Outcome:
        return Outcome(application_ref=send.application_ref, accepted=False, reason="on hold")

    body = hall.cast.open_ballot("a")
    with pytest.raises(Refused, match="on hold"):
        await hall.do(body, answers=on_hold)
    assert (await rows(hall, BallotRoll), await rows(hall, SlipToTake)) == (0, 0)
    done = await hall.do(body)
    assert (done.items[0].status, done.items[0].box) == ("voting", 2)


async def test_a_box_that_was_never_acknowledged_gives_way(hall: Hall) -> None:
    """The first transaction was written, its worker died, and nobody asked for the answer again."""
    await hall.opened("a")
    await hall.step(hall.cast.open_ballot("a"), ON_THE_DAY)
    done = await hall.do(hall.cast.open_ballot("a"))
    assert (done.items[0].status, done.items[0].box) == ("voting", 2)
    assert await rows(hall, BallotRoll) == 11


async def test_the_minutes_have_their_four_contents(either: Hall) -> None:
    hall = either
    panel = await hall.opened("a", "b", absent=1)
    await hall.do(hall.cast.open_ballot("a"))
    await hall.vote(panel, "a", "yyyyyyynnn")
    assert "a" in (await refused(hall.do(hall.cast.close_meeting()))).rule.en
    await hall.do(hall.cast.close_ballot("a", signed=True, sealed=True))
    done = await hall.do(hall.cast.close_meeting())
    assert done.counts == {"announced": 1, "not_voted_on": 1}
    minutes = await hall.room.minutes_of(*hall.key)
    assert minutes is not None
    assert done.head is not None
    assert done.head.minutes_sha256 == minutes.sha256
    assert hashlib.sha256(minutes.content.encode()).hexdigest() == minutes.sha256
    said = json.loads(minutes.content)
    assert [one["expert_ref"] for one in said["attending_experts"]] == sorted(panel)
    assert [one["duty"] for one in said["attending_experts"]].count("chair") == 1
    first, second = said["applications"]
    assert (first["application_ref"], len(first["opinions"])) == ("a", 3)
    assert (first["result"]["yes"], first["result"]["no"], first["result"]["passed"]) == (7, 3, True)
    assert second["result"] == {"status": "scheduled"}
    excerpt = await hall.room.minutes_of(*hall.key, part=await _box_ref(hall))
    assert excerpt is not None
    assert first["result"]["excerpt_sha256"] == excerpt.sha256
    assert (await refused(hall.opinion(panel[0], "b"))).code is RefusalCode.CLOSED


async def _box_ref(hall: Hall) -> str:
    async with hall.database.reading() as session:
        return (await session.scalars(select(BallotBox.box_ref))).one()


def test_a_commitment_is_the_hash_of_the_number() -> None:
    assert commitment("0123456789abcdef") == hashlib.sha256(b"0123456789abcdef").hexdigest()
    assert MeetingCast("m").commit("drawer")["commitment"] == commitment(MeetingCast("m").drawer_nonce)
