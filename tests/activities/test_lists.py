"""Lists of the passed on both databases: what is on them, corrections, drafts, refusals, and taking down."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from functools import cache
from typing import Any

import pytest
from sqlalchemy import select

from activities.database import Database
from activities.list_building import Wanted
from activities.list_take_down import take_down
from activities.lists import make_draft, store
from activities.people import record_name
from models.cycle_commands import PublishList
from models.plan import ReviewPlan
from models.refusal import Refused
from models.tables import ListPosting, Person, PostedEntry, PostedList, Unit
from tests.activities.recorded import Desk, RecordedLife
from tests.models.life import Cast, accepted, moment

PLAN = ReviewPlan.load("tianjin-quality-2023")
NOON = moment("2023-12-18 12:00")
PLACES = ("review_system", "scjg.tj.gov.cn")


def command(command_id: str = "list-1", posted: str = "2023-12-18 09:00", **more: Any) -> PublishList:
    """The office publishes; both places at that moment."""
    return PublishList.model_validate(
        {
            "actor": {"id": "office-clerk", "role": "office", "organisation": PLAN.organisations["office"]},
            "command_id": command_id,
            "postings": [{"place": place, "posted_at": moment(posted)} for place in PLACES],
            **more,
        }
    )


@cache
def _voted(ref: str, yes: int, meeting: str, **cast: Any) -> RecordedLife:
    life = RecordedLife(Cast(ref, **cast))
    agenda = life.cast.schedule(date(2023, 12, 15), date(2023, 11, 30), meeting_ref=meeting)
    accepted(life).do(agenda, "2023-12-01 09:00")
    life.do(life.cast.vote(yes), "2023-12-15 16:00")
    return life


class Meeting:
    """Lives that were voted on together, written down as their workflows would."""

    def __init__(self, database: Database) -> None:
        self.database, self.desk = database, Desk(database)
        self.lives: dict[str, RecordedLife] = {}
        self.written: dict[str, int] = {}

    async def vote(self, ref: str, yes: int = 6, meeting: str = "meeting-1", **cast: Any) -> RecordedLife:
        """Voted on 15 December; two thirds of nine by default."""
        told = _voted(ref, yes, meeting, **cast)
        life = deepcopy(told, {id(told.calendar): told.calendar})
        self.lives[ref] = life
        assert life.opened is not None
        await self.desk.open(life)
        self.written[ref] = 0
        await self.write(ref)
        return life

    async def write(self, ref: str) -> None:
        """Writes what has happened to a life since."""
        batches = self.lives[ref].batches
        for batch in batches[self.written[ref] :]:
            await self.desk.write(batch)
        self.written[ref] = len(batches)

    async def name(self, ref: str, name: str) -> None:
        """The applicant of an application is called so from now on."""
        async with self.database.transaction() as session:
            await record_name(session, Person, f"p-{ref}", name, NOON)

    async def publish(self, given: PublishList, at: str = "2023-12-18 12:00") -> PostedList:
        async with self.database.transaction() as session:
            return await store(session, PLAN, given, moment(at))

    async def refused(self, given: PublishList, at: str = "2023-12-18 12:00") -> str:
        with pytest.raises(Refused) as refused:
            await self.publish(given, at)
        return refused.value.refusal.sentence()

    async def told(self, posted: PostedList, at: str) -> None:
        """Every application of the list is told, as `publish_list` tells it, and answers yes."""
        for row in await self.lines(posted):
            if row.outcome == "pending":
                life = self.lives[row.application_ref]
                corrects = {"corrects": row.corrects} if row.corrects else {}
                postings = await self.postings(posted)
                body = life.cast.publish(postings, list_sha256=posted.sha256, **corrects)
                life.do(body, at)
                await self.write(row.application_ref)
        async with self.database.transaction() as session:
            for row in await session.scalars(select(PostedEntry).filter_by(n=posted.n, outcome="pending")):
                row.outcome = "accepted"

    async def postings(self, posted: PostedList) -> str:
        async with self.database.reading() as session:
            found = await session.scalar(select(ListPosting.posted_at).filter_by(n=posted.n))
        assert found is not None
        return found.isoformat()

    async def lines(self, posted: PostedList) -> list[PostedEntry]:
        async with self.database.reading() as session:
            query = select(PostedEntry).filter_by(n=posted.n).order_by(PostedEntry.position)
            return list(await session.scalars(query))

    async def shown(self, posted: PostedList) -> list[tuple[str, str, str]]:
        return [(row.application_ref, row.shown_name or "", row.change) for row in await self.lines(posted)]


@pytest.fixture
async def meeting(database: Database) -> Meeting:
    """Three have passed, one has not; everybody has a name."""
    held = Meeting(database)
    for ref, yes in (("a-1", 6), ("a-2", 7), ("a-3", 9), ("a-4", 5)):
        level = "intermediate" if ref == "a-1" else "deputy_senior"
        await held.vote(ref, yes, level=level)
        await held.name(ref, f"张{ref}")
    async with database.transaction() as session:
        await record_name(session, Unit, "tj-metrology-institute", "天津市计量院", NOON, kind="institution")
    return held


async def test_the_list_holds_exactly_the_passed_by_specialty_and_level(meeting: Meeting) -> None:
    posted = await meeting.publish(command())
    assert await meeting.shown(posted) == [
        ("a-2", "张a-2", "added"),
        ("a-3", "张a-3", "added"),
        ("a-1", "张a-1", "added"),
    ]
    assert {row.outcome for row in await meeting.lines(posted)} == {"pending"}
    assert posted.started_at == moment("2023-12-18 09:00")
    again = await meeting.publish(command())
    assert (again.n, again.sha256) == (posted.n, posted.sha256), "the same command finds its list"
    assert "stands on no list yet" in await meeting.refused(command("list-2"))


async def test_a_missing_name_is_refused_with_the_remedy(meeting: Meeting) -> None:
    await meeting.vote("a-5")
    sentence = await meeting.refused(command())
    assert "p-a-5 (application a-5" in sentence
    assert "`zhicheng people record p-a-5 NAME`" in sentence
    async with meeting.database.reading() as session:
        assert (await session.scalars(select(PostedList))).all() == []


async def test_the_passed_of_one_meeting_and_then_of_the_other(meeting: Meeting) -> None:
    await meeting.vote("b-1", meeting="meeting-2")
    await meeting.name("b-1", "王b-1")
    assert "on the agenda of: meeting-9" in await meeting.refused(command(meeting_refs=["meeting-9"]))
    first = await meeting.publish(command(meeting_refs=["meeting-1"]))
    assert [ref for ref, _, _ in await meeting.shown(first)] == ["a-2", "a-3", "a-1"]
    second = await meeting.publish(command("list-2"))
    assert (second.n, await meeting.shown(second)) == (2, [("b-1", "王b-1", "added")])


async def test_who_is_on_hold_waits_for_the_next_list(meeting: Meeting) -> None:
    life = meeting.lives["a-2"]
    life.do(life.cast.hold(), "2023-12-18 09:30")
    await meeting.write("a-2")
    first = await meeting.publish(command())
    assert [ref for ref, _, _ in await meeting.shown(first)] == ["a-3", "a-1"]
    assert "on hold: a-2" in await meeting.refused(command("list-2"))
    life.do(life.cast.release(), "2023-12-18 13:00")
    await meeting.write("a-2")
    second = await meeting.publish(command("list-2", "2023-12-18 14:00"), "2023-12-18 15:00")
    assert [ref for ref, _, _ in await meeting.shown(second)] == ["a-2"]


async def test_postings_that_do_not_count_store_nothing(meeting: Meeting) -> None:
    cases: list[tuple[list[tuple[str, str]], str]] = [
        ([("review_system", "2023-12-18 09:00")], "Not yet posted in: scjg.tj.gov.cn"),
        ([(p, "2023-12-18 12:01") for p in PLACES], "not in the future"),
        ([(p, "2023-12-15 15:59") for p in PLACES], "after the vote"),
        ([(p, "2023-12-18 09:00") for p in (*PLACES, PLACES[0])], "named twice"),
    ]
    for postings, says in cases:
        given = command(postings=[{"place": place, "posted_at": moment(at)} for place, at in postings])
        assert says in await meeting.refused(given)
    actor = {"id": "x", "role": "office", "organisation": "another-office"}
    assert "committee office of the plan" in await meeting.refused(command(actor=actor))
    async with meeting.database.reading() as session:
        assert (await session.scalars(select(PostedEntry))).all() == []


async def test_a_correction_concerns_those_that_changed(meeting: Meeting) -> None:
    first = await meeting.publish(command())
    await meeting.told(first, "2023-12-18 12:00")
    same = command("list-2", "2023-12-20 09:00", corrects=first.sha256, reason="姓名有误")
    assert "would be the same" in await meeting.refused(same, "2023-12-20 12:00")
    await meeting.name("a-3", "张三丰")
    life = meeting.lives["a-2"]
    life.do(life.cast.cancel("eligibility", "city_office"), "2023-12-19 09:00")
    await meeting.write("a-2")
    early = command("list-2", "2023-12-18 08:00", corrects=first.sha256, reason="姓名有误")
    assert "after the first" in await meeting.refused(early, "2023-12-20 12:00")
    assert "gives its reason" in await meeting.refused(
        same.model_copy(update={"reason": None}), "2023-12-20 12:00"
    )
    second = await meeting.publish(same, "2023-12-20 12:00")
    assert await meeting.shown(second) == [("a-3", "张三丰", "changed"), ("a-1", "张a-1", "unchanged")]
    changed, unchanged = await meeting.lines(second)
    assert (changed.outcome, changed.corrects, changed.period_sha256) == (
        "pending",
        first.sha256,
        second.sha256,
    )
    assert (unchanged.outcome, unchanged.period_sha256) == ("linked", first.sha256)
    third = replace_command(same, "list-3")
    assert "corrected already" in await meeting.refused(third, "2023-12-20 13:00")


async def test_a_second_correction_names_the_list_that_each_period_runs_under(meeting: Meeting) -> None:
    first = await meeting.publish(command())
    await meeting.told(first, "2023-12-18 12:00")
    await meeting.name("a-3", "张三丰")
    second = await meeting.publish(
        command("list-2", "2023-12-20 09:00", corrects=first.sha256, reason="姓名有误"), "2023-12-20 12:00"
    )
    await meeting.told(second, "2023-12-20 12:00")
    await meeting.name("a-1", "张一山")
    third = await meeting.publish(
        command("list-3", "2023-12-21 09:00", corrects=second.sha256, reason="姓名有误"), "2023-12-21 12:00"
    )
    by_ref = {row.application_ref: row for row in await meeting.lines(third)}
    assert by_ref["a-1"].corrects == first.sha256
    assert by_ref["a-3"].period_sha256 == second.sha256
    assert by_ref["a-2"].period_sha256 == first.sha256
    await meeting.told(third, "2023-12-21 12:00")
    assert meeting.lives["a-1"].state.publicities[-1].list_sha256 == third.sha256


async def test_who_was_on_hold_when_the_correction_came_is_told_by_the_next_one(meeting: Meeting) -> None:
    """The right name on a list means nothing while the period runs under the wrong one."""
    first = await meeting.publish(command())
    await meeting.told(first, "2023-12-18 12:00")
    await meeting.name("a-3", "张三丰")
    second = await meeting.publish(
        command("list-2", "2023-12-20 09:00", corrects=first.sha256, reason="姓名有误"), "2023-12-20 12:00"
    )
    async with meeting.database.transaction() as session:
        for row in await session.scalars(select(PostedEntry).filter_by(n=2, application_ref="a-3")):
            row.outcome = "refused"
    third = await meeting.publish(
        command("list-3", "2023-12-21 09:00", corrects=second.sha256, reason="补发"), "2023-12-21 12:00"
    )
    line = next(row for row in await meeting.lines(third) if row.application_ref == "a-3")
    assert (line.change, line.outcome, line.corrects) == ("changed", "pending", first.sha256)


async def test_the_draft_is_what_is_posted_or_nothing_is(meeting: Meeting) -> None:
    async with meeting.database.transaction() as session:
        draft = await make_draft(session, PLAN, Wanted(at=NOON))
    await meeting.name("a-3", "张三丰")
    assert "Make the draft anew" in await meeting.refused(command())
    async with meeting.database.transaction() as session:
        second = await make_draft(session, PLAN, Wanted(at=NOON))
    assert second.n == draft.n
    posted = await meeting.publish(command())
    assert (posted.n, posted.sha256, posted.status) == (draft.n, second.sha256, "published")
    async with meeting.database.reading() as session:
        assert len((await session.scalars(select(PostedList))).all()) == 1


async def test_a_list_is_taken_down_thirty_days_after_its_results(meeting: Meeting) -> None:
    first = await meeting.publish(command())
    await meeting.told(first, "2023-12-18 12:00")
    await meeting.name("a-3", "张三丰")
    second = await meeting.publish(
        command("list-2", "2023-12-19 09:00", corrects=first.sha256, reason="姓名有误"), "2023-12-19 12:00"
    )
    await meeting.told(second, "2023-12-19 12:00")
    objected = meeting.lives["a-1"]
    objected.do(objected.cast.objects(), "2023-12-20 09:00")
    for ref, life in meeting.lives.items():
        life.at("2023-12-27 09:00")
        if ref == "a-2":
            life.do(life.cast.confirm())
        await meeting.write(ref)
    assert await down(meeting, "2024-03-01 00:00") == [], "one result is outstanding"
    life = meeting.lives["a-3"]
    life.do(life.cast.confirm(), "2023-12-28 09:00")
    await meeting.write("a-3")
    assert await down(meeting, "2024-01-27 23:59") == []
    assert await down(meeting, "2024-01-28 00:00") == [1, 2], "the objection of one does not keep the others"
    assert await down(meeting, "2024-01-29 00:00") == []
    async with meeting.database.reading() as session:
        lists = (await session.scalars(select(PostedList).order_by(PostedList.n))).all()
        rows = (await session.scalars(select(PostedEntry))).all()
    assert [(row.status, row.nonce) for row in lists] == [("corrected", None), ("taken_down", None)]
    assert [row.sha256 for row in lists] == [first.sha256, second.sha256]
    assert {(r.shown_name, r.shown_unit, r.shown_specialty, r.shown_level) for r in rows} == {(None,) * 4}
    assert "taken down" in await meeting.refused(
        command("list-4", "2024-01-29 09:00", corrects=second.sha256, reason="x"), "2024-01-29 12:00"
    )


async def down(meeting: Meeting, at: str) -> list[int]:
    async with meeting.database.transaction() as session:
        return await take_down(session, PLAN, moment(at))


def replace_command(given: PublishList, command_id: str) -> PublishList:
    return given.model_copy(update={"command_id": command_id})
