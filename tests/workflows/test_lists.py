"""Lists on a real server: exactly the passed, a crash in the middle, one objection, one corrected name."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

from sqlalchemy import select
from temporalio.testing import ActivityEnvironment

from activities.lists import Lists, order_of, store
from activities.orders import command_id_of
from activities.people import record_name
from models.cycle_commands import PublishList
from models.cycle_messages import Asked, Done
from models.plan import ReviewPlan
from models.tables import Application, Person, PostedEntry, PostedList, Unit
from tests.support import eventually, unique
from tests.workflows import lives
from tests.workflows.cycle import Cycle, Life, moment
from workers.rehearsal.cast import OFFICE, PLACES

PLAN = ReviewPlan.load("tianjin-quality-2023")
FOUR = (("甲", 6), ("乙", 7), ("丙", 9), ("丁", 5))


class Panel:
    """Four who are voted on together; the fourth does not pass."""

    def __init__(self, cycle: Cycle, voted: list[Life], meeting: str) -> None:
        self.cycle, self.voted, self.meeting = cycle, voted, meeting
        self.passed, self.failed = voted[:3], voted[3:]

    async def name(self, life: Life, name: str) -> None:
        async with self.cycle.database.transaction() as session:
            await record_name(session, Person, f"p-{life.cast.ref}", name, life.now)

    def asked(self, at: str, posted: str, **more: Any) -> Asked:
        """The office publishes, both places at that moment."""
        command = {
            "kind": "publish_list",
            "actor": {"id": "office-clerk", "role": "office", "organisation": OFFICE},
            "command_id": unique("list"),
            "postings": [{"place": p, "posted_at": moment(posted).isoformat()} for p in PLACES],
            "meeting_refs": [self.meeting],
            **more,
        }
        return Asked(plan_id=PLAN.id, plan_version=1, at=moment(at), command=command)

    async def publish(self, asked: Asked) -> Done:
        """The activity, with the real server behind it."""
        environment = ActivityEnvironment(client=self.cycle.environment.client)
        return await environment.run(Lists(self.cycle.database).publish_list, asked)

    async def lines(self, done: Done) -> dict[str, PostedEntry]:
        async with self.cycle.database.reading() as session:
            n = int(done.facts["list"])
            rows = await session.scalars(select(PostedEntry).filter_by(plan_id=PLAN.id, n=n))
            return {row.application_ref: row for row in rows}

    async def until(self, day: str) -> dict[str, str]:
        """The last days of the running periods, by name."""
        return {life.cast.ref: str((await life.deadlines())[day].last_day) for life in self.passed}


async def _vote(cycle: Cycle, meeting: str, name: str, yes: int) -> Life:
    life = await cycle.start()
    await lives.to_review_ready(life)
    await life.at("2023-12-01 09:00")
    await life.send(life.cast.schedule(date(2023, 12, 15), date(2023, 11, 30), meeting_ref=meeting))
    await life.at("2023-12-15 16:00")
    await life.send(life.cast.vote(yes))
    async with cycle.database.transaction() as session:
        await record_name(session, Person, f"p-{life.cast.ref}", name, life.now)
        await record_name(session, Unit, life.cast.employer, "天津市计量院", life.now)
    await life.at("2023-12-18 10:00")
    return life


async def _panel(cycle: Cycle) -> Panel:
    meeting = unique("meeting")
    voted = await asyncio.gather(*(_vote(cycle, meeting, name, yes) for name, yes in FOUR))
    panel = Panel(cycle, list(voted), meeting)

    async def recorded() -> None:
        refs = [life.cast.ref for life in voted]
        async with cycle.database.reading() as session:
            stages = await session.scalars(
                select(Application.stage).where(Application.application_ref.in_(refs))
            )
            assert sorted(stages) == ["not_passed", "passed", "passed", "passed"]

    await eventually(recorded)
    return panel


async def test_a_crash_between_storing_and_telling_loses_nobody_and_tells_nobody_twice(cycle: Cycle) -> None:
    panel = await _panel(cycle)
    asked = panel.asked("2023-12-18 10:00", "2023-12-18 09:00")
    command = PublishList.model_validate(asked.command)
    async with cycle.database.transaction() as session:
        posted = await store(session, PLAN, command, asked.at)
    first, second, third = panel.passed
    body = first.cast.publish(
        moment("2023-12-18 09:00").isoformat(),
        list_sha256=posted.sha256,
        actor=asked.command["actor"],
        postings=asked.command["postings"],
        command_id=command_id_of(order_of(posted), first.cast.ref),
    )
    await first.send(body)
    assert (await second.state()).stage == "passed", "told nothing yet"

    done = await panel.publish(asked)
    assert done.counts == {"entries": 3, "added": 3, "accepted": 3}
    assert done == await panel.publish(asked), "the same again, whatever was done before"
    for life in (first, second, third):
        published = [fact for fact in await life.history() if fact.event == "publish_result"]
        assert [fact.details["list_sha256"] for fact in published] == [posted.sha256]
        assert (await life.state()).stage == "result_publicity"
    (failed,) = panel.failed
    assert (await failed.state()).stage == "not_passed"
    assert failed.cast.ref not in await panel.lines(done)
    async with cycle.database.reading() as session:
        query = select(PostedList).filter_by(command_id=asked.command["command_id"])
        assert len((await session.scalars(query)).all()) == 1


async def test_one_corrected_name_and_one_objection_hold_up_nobody_else(cycle: Cycle) -> None:
    """Process readings 17, 19 and 33 on one list: 甲 is objected to, 丙 was misspelt, 乙 goes on."""
    panel = await _panel(cycle)
    objected, clear, misspelt = panel.passed
    first = await panel.publish(panel.asked("2023-12-18 10:00", "2023-12-18 09:00"))
    assert set((await panel.until("result_publicity")).values()) == {"2023-12-25"}

    await panel.name(misspelt, "丙丁")
    await misspelt.at("2023-12-20 10:00")
    correction = panel.asked(
        "2023-12-20 10:00", "2023-12-20 09:00", corrects=first.facts["list_sha256"], reason="姓名有误"
    )
    second = await panel.publish(correction)
    assert second.counts == {
        "entries": 3,
        "changed": 1,
        "unchanged": 2,
        "accepted": 1,
        "linked": 2,
        "removed": 0,
    }
    assert await panel.until("result_publicity") == {
        objected.cast.ref: "2023-12-25",
        clear.cast.ref: "2023-12-25",
        misspelt.cast.ref: "2023-12-27",
    }
    assert (await panel.lines(second))[clear.cast.ref].period_sha256 == first.facts["list_sha256"]

    await objected.at("2023-12-25 23:59")
    in_time = await objected.send(objected.cast.objects())
    assert in_time.event == "result_object"
    await asyncio.gather(*(life.at("2023-12-26 00:01") for life in (objected, clear)))
    late = await clear.send(clear.cast.objects())
    assert late.event == "complaint"
    await misspelt.at("2023-12-26 09:00")
    assert [(await life.state()).stage for life in panel.passed] == [
        "result_objection",
        "confirm_pending",
        "result_publicity",
    ]
    await clear.send(clear.cast.confirm())
    await misspelt.at("2023-12-28 00:01")
    await misspelt.send(misspelt.cast.confirm())
    states = [(await life.state()).stage for life in (clear, misspelt)]
    assert [stage in ("confirmed", "certified") for stage in states] == [True, True], states
    assert (await objected.state()).stage == "result_objection"
    await objected.send(objected.cast.rule("result-objection-1", "unfounded", role="convening_unit"))
    assert (await objected.state()).stage == "confirm_pending"


async def test_a_refusal_is_an_answer_and_nothing_is_told(cycle: Cycle) -> None:
    panel = Panel(cycle, [], unique("meeting"))
    done = await panel.publish(panel.asked("2023-12-18 10:00", "2023-12-18 09:00"))
    assert done.field == "meeting_refs"
    assert done.refused_en is not None
    assert panel.meeting in done.refused_en
    broken = panel.asked("2023-12-18 10:00", "2023-12-18 09:00", postings=[])
    assert (await panel.publish(broken)).field == "postings"
