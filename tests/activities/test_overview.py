"""The questions over a cycle, asked of real lives: risk, courts, publicities, what is left behind."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from activities.at_risk import at_risk
from activities.calendar import Calendars
from activities.database import Database
from activities.exporting import COLUMNS, as_csv, exports_of, note_export
from activities.finding import View, today_of
from activities.left_behind import left_behind
from activities.plans import plan_in_force
from activities.publicity_watch import publicities
from activities.tally import tally
from models.calendar import WorkCalendar
from models.publicity_faults import PeriodFacts, PublicityFault, faults_of
from models.selection import read_search
from models.slack import Today
from models.tables import Application, Expert, PanelMember
from tests.activities.hall import IN_TIME, Hall
from tests.activities.recorded import Desk, RecordedLife
from tests.models.life import Cast, Life, moment, posted, published, submitted, with_office

PLAN = "tianjin-quality-2023"
CALENDARS = Calendars(as_of=True)


async def looked(session: AsyncSession, when: str, search: str = "") -> View:
    """What an operator sees of the plan at that time."""
    today = await today_of(session, CALENDARS, PLAN, rehearsal=True, at=moment(when))
    return View(session, read_search(search), today, Application.plan_id == PLAN)


async def told(database: Database, *lives: Life) -> None:
    for life in lives:
        assert isinstance(life, RecordedLife)
        await Desk(database).write_all(life)


@pytest.fixture
async def autumn(database: Database) -> Database:
    """One waits with its employer, one is posted, one is with the office, one has not been sent in."""
    waits, runs, office, draft = (RecordedLife(Cast(name)) for name in ("waits", "runs", "office", "draft"))
    waits.cast.department = "tj-other"
    waits = RecordedLife(waits.cast)
    await told(database, submitted(waits), posted(runs), with_office(office), draft)
    return database


async def test_who_will_miss_the_window(autumn: Database) -> None:
    """On 27 October a publicity still fits before 6 November; what is not posted by then may miss it."""
    async with autumn.reading() as session:
        plan = await plan_in_force(session, PLAN)
        early = await at_risk(await looked(session, "2023-09-26 09:00"), plan)
        assert [(r.application_ref, r.slack, r.deadline) for r in early.rows] == [
            ("runs", 4, "employer_publicity")
        ]
        found = await at_risk(await looked(session, "2023-10-27 09:00", "-stage:employer_publicity"), plan)
        assert [(r.application_ref, r.slack, r.may_miss) for r in found.rows] == [("waits", 6, True)]
        assert found.rows[0].deadline == "department_submission"
        assert found.rows[0].last_day == date(2023, 11, 6)
        late = await at_risk(await looked(session, "2023-11-03 09:00", "stage:draft,employer_review"), plan)
        assert {(r.application_ref, r.slack, r.may_miss) for r in late.rows} == {
            ("draft", 1, False),
            ("waits", 1, True),
        }
        assert {(u.unit, u.applications, u.least_slack) for u in late.units} == {
            ("tj-other", 1, 1),
            ("tj-scjg-personnel", 1, 1),
        }
        one = await at_risk(await looked(session, "2023-11-03 09:00"), plan, by="employer", limit=1)
        assert (one.total > 1, len(one.rows), one.more) == (True, 1, True)


async def test_in_whose_court_they_are(autumn: Database) -> None:
    async with autumn.reading() as session:
        found = (await tally(await looked(session, "2023-11-03 09:00", "-stage:employer_publicity"))).courts()
        assert [(c.action_by, c.stage, c.applications, c.near, c.late) for c in found] == [
            ("applicant", "draft", 1, 1, 0),
            ("employer", "employer_review", 1, 1, 0),
            ("office", "office_review", 1, 0, 0),
        ]
        later = (await tally(await looked(session, "2023-11-21 09:00", "stage:office_review"))).courts()
        assert [(c.near, c.late, c.soonest) for c in later] == [(0, 1, date(2023, 11, 20))]


async def test_publicities_that_need_a_look(database: Database) -> None:
    runs, over, result = (RecordedLife(Cast(name)) for name in ("runs", "over", "result"))
    await told(database, posted(runs), posted(over).at("2023-10-09 09:00"), published(result))
    async with database.reading() as session:
        plan = await plan_in_force(session, PLAN)
        rows = await publicities(await looked(session, "2023-09-26 09:00"), plan)
        found = {r.application_ref: (r.of, r.days_left, r.over, r.faults) for r in rows}
        assert found["runs"] == ("employer", 4, False, ())
        assert found["over"][2:] == (True, (PublicityFault.NO_EVIDENCE,))
        assert (found["result"][0], found["result"][3]) == ("result", ())
        soon = await publicities(
            await looked(session, "2023-12-22 09:00", "stage:result_publicity"), plan, faulty_only=True
        )
        assert [(r.application_ref, r.days_left, r.faults) for r in soon] == [
            ("result", 1, (PublicityFault.ENDS_SOON,))
        ]


PERIOD = PeriodFacts(
    of="employer",
    started_on=date(2023, 9, 25),
    last_day=date(2023, 10, 8),
    required=5,
    count_first_day=False,
    places=("notice board",),
    required_places=(),
    has_notice=True,
    over=False,
)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"last_day": date(2023, 9, 28)}, PublicityFault.SHORT),
        ({"has_notice": False}, PublicityFault.NO_NOTICE),
        ({"over": True}, PublicityFault.NO_EVIDENCE),
        ({"required_places": ("scjg.tj.gov.cn",)}, PublicityFault.PLACE_MISSING),
        ({"last_day": date(2023, 10, 15)}, PublicityFault.ENDS_ON_REST_DAY),
        ({"started_on": date(2023, 9, 19), "last_day": date(2023, 9, 27)}, PublicityFault.ENDS_SOON),
        ({"last_day": None}, PublicityFault.NO_END),
    ],
)
def test_each_fault_of_a_publicity(change: dict[str, object], fault: PublicityFault) -> None:
    today = Today(date(2023, 9, 26), WorkCalendar.load())
    assert faults_of(PERIOD, today) == ()
    assert fault in faults_of(PERIOD.model_copy(update=change), today)


async def test_what_people_leave_behind(autumn: Database) -> None:
    """The employer's clerk alone has acted for the employer; at the office another colleague has, too."""
    async with autumn.reading() as session:
        today = (await looked(session, "2023-10-12 09:00")).today
        assert await left_behind(session, PLAN, [], today) == []
        assert await left_behind(session, PLAN, ["nobody"], today) == []
        found = await left_behind(session, PLAN, ["employer-clerk", "office-clerk"], today)
        assert {(row.kind, row.ref, row.subject) for row in found} == {("work", "waits", "employer-clerk")}


async def test_the_seats_of_experts_who_cannot_sit(database: Database) -> None:
    hall = Hall(database)
    await hall.furnish()
    await hall.plan()
    for act in (hall.cast.commit("drawer"), hall.cast.commit("witness"), hall.cast.draw()):
        await hall.do(act, IN_TIME)
    async with database.transaction() as session:
        first = await session.scalar(select(PanelMember.expert_ref).order_by(PanelMember.seat))
        await session.execute(update(Expert).filter_by(expert_ref=first).values(status="suspended"))
    async with database.reading() as session:
        today = (await looked(session, "2023-12-01 09:00")).today
        found = await left_behind(session, PLAN, [], today)
        assert [(row.kind, row.ref, row.subject, row.why) for row in found] == [
            ("seat", "meeting-1", first, "not_active")
        ]


async def test_an_export_stands_on_record(autumn: Database) -> None:
    async with autumn.transaction() as session:
        content, rows = await as_csv(await looked(session, "2023-10-12 09:00", "-stage:draft"))
        await note_export(
            session,
            content,
            at=moment("2023-10-12 09:00"),
            subject="li",
            grants="office:tj",
            plan_id=PLAN,
            what="applications",
            search="-stage:draft",
            rows=rows,
        )
    read = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert tuple(read[0]) == COLUMNS
    assert [one["application_ref"] for one in read] == ["office", "runs", "waits"]
    assert read[0]["due_at"] == "2023-11-21T00:00:00+08:00"
    async with autumn.reading() as session:
        (known,) = await exports_of(session, PLAN)
        assert (known.subject, known.rows, known.search) == ("li", 3, "-stage:draft")
        assert await exports_of(session, "other") == []
