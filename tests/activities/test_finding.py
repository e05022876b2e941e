"""Searches against the read model, on both databases: what each term finds, page by page, for whom."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from activities.database import Database
from activities.finding import Place, Seer, count_by, find, seen_by
from models.calendar import WorkCalendar
from models.roles import Role
from models.selection import read_search
from models.slack import Today
from models.tables import Application, CurrentDeadline
from models.visibility import Grant
from models.wire import end_of, start_of

PLAN = "tianjin-quality-2023"
TODAY = Today(date(2023, 11, 3), WorkCalendar.load())
"""A Friday: one working day before Monday 6 November."""


def row(n: int, **more: Any) -> dict[str, Any]:
    """A row of the read model that nobody would call strange."""
    moment = datetime.fromisoformat("2023-10-09T09:00:00+08:00")
    return {
        "plan_id": PLAN,
        "application_ref": f"a-{n}",
        "plan_version": 1,
        "workflow_id": f"application/{PLAN}/a-{n}",
        "run_id": f"run-{n}",
        "applicant": f"p-{n}",
        "employer": "tj-1",
        "department": "tj-d",
        "specialty": "metrology",
        "level": "deputy_senior",
        "stage": "employer_review",
        "status": "open",
        "action_by": "employer",
        "due_at": end_of(date(2023, 11, 6)),
        "revision": 1,
        "seq": 1,
        "chain": "0" * 64,
        "returns": 0,
        "entered_at": moment,
        "at": moment,
        **more,
    }


ROWS = (
    row(1),
    row(2, stage="office_review", action_by="office", due_at=end_of(date(2023, 11, 20)), returns=2),
    row(3, employer="tj-2", due_at=end_of(date(2023, 11, 3)), entered_at=start_of(date(2023, 11, 1))),
    row(4, department="tj-1", due_at=end_of(date(2023, 11, 2)), returns=1),
    row(5, stage="archived", status="ended", action_by=None, due_at=None),
)


@pytest.fixture
async def filled(database: Database) -> Database:
    """The rows, and the name of one deadline."""
    async with database.transaction() as session:
        await session.execute(insert(Application), ROWS)
        await session.execute(
            insert(CurrentDeadline),
            [
                {
                    "plan_id": PLAN,
                    "application_ref": "a-2",
                    "name": name,
                    "kind": "duty",
                    "formula": "",
                    "start": date(2023, 10, 9),
                    "due_at": due,
                    "reminders": [],
                    "computed_at": start_of(date(2023, 10, 9)),
                    "seq": 1,
                    "revision": 1,
                }
                for name, due in (
                    ("office_review", end_of(date(2023, 11, 20))),
                    ("department_submission", end_of(date(2023, 11, 6))),
                )
            ],
        )
    return database


FOUND = {
    "": "12345",
    "ref:a-1,a-5": "15",
    "stage:office_review,archived": "25",
    "-stage:office_review": "1345",
    "status:open": "1234",
    "action_by:none": "5",
    "-action_by:employer": "25",
    "-action_by:none": "1234",
    "unit:tj-1": "1245",
    "-unit:tj-1": "3",
    "due<2023-11-06": "34",
    "due<=2023-11-06": "134",
    "due>2023-11-06": "2",
    "due:2023-11-02,2023-11-20,none": "245",
    "-due<=2023-11-06": "25",
    "-due:none": "1234",
    "slack<0": "4",
    "slack:0,1": "13",
    "slack>=1 slack<11": "1",
    "slack>=11": "2",
    "days_at_stage>15": "1245",
    "days_at_stage:2": "3",
    "entered>=2023-11-01": "3",
    "changed>2023-10-09": "",
    "returned>=1": "24",
    "returned:0,2": "1235",
    "-returned>0": "135",
    "deadline:office_review": "2",
    "deadline:department_submission": "",
    "-deadline:office_review returned<1": "135",
}


async def test_every_term_finds_its_rows(filled: Database) -> None:
    async with filled.reading() as session:
        for text, wanted in FOUND.items():
            rows, _ = await find(session, read_search(text), TODAY)
            assert "".join(one.application_ref[2:] for one in rows) == wanted, text


async def test_pages_follow_each_other_in_either_order(filled: Database) -> None:
    async with filled.reading() as session:
        for order, wanted in (("ref", "12345"), ("due", "43125")):
            found = ""
            place: Place | None = None
            while True:
                rows, place = await find(session, read_search(""), TODAY, order=order, after=place, limit=2)
                found += "".join(one.application_ref[2:] for one in rows)
                if place is None:
                    break
            assert found == wanted, order


async def test_only_what_one_may_see_is_found_and_counted(filled: Database) -> None:
    clerk = Seer("clerk", (Grant(role=Role.EMPLOYER, organisation="tj-2"),))
    async with filled.reading() as session:
        mine = await seen_by(session, PLAN, clerk)
        rows, _ = await find(session, read_search("slack<100"), TODAY, mine)
        assert [one.application_ref for one in rows] == ["a-3"]
        assert await count_by(session, read_search(""), TODAY, ("action_by", "stage"), mine) == {
            ("employer", "employer_review"): 1
        }
        office = Seer("o", (Grant(role=Role.OFFICE, organisation="tj-scjg-title-office"),))
        whole = await count_by(
            session, read_search(""), TODAY, ("action_by",), await seen_by(session, PLAN, office)
        )
        assert whole == {("employer",): 3, ("office",): 1, (None,): 1}


async def test_a_stage_is_entered_today_or_any_day_before(filled: Database) -> None:
    """The count of working days moves with the day, not with the row."""
    later = Today(TODAY.day + timedelta(days=3), TODAY.calendar)
    async with filled.reading() as session:
        rows, _ = await find(session, read_search("days_at_stage:3"), later)
        assert [one.application_ref for one in rows] == ["a-3"]
