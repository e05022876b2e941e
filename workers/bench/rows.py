"""Fills a database with applications as if a large cycle were under way: rows to read, without workflows."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert

from activities.database import Database
from models.plan import ReviewPlan
from models.stages import STAGES, Stage
from models.tables import Application, CurrentDeadline, InboxItem, PublicityPosted
from models.wire import SHANGHAI, end_of

PLAN = "tianjin-quality-2023"
ON = date(2023, 11, 3)
"""The day of the questions: one working day before the departments' window closes."""

_CHUNK = 500
_WEIGHTS = {
    Stage.DRAFT: 6,
    Stage.EMPLOYER_REVIEW: 8,
    Stage.EMPLOYER_RETURNED: 3,
    Stage.RECOMMENDED: 3,
    Stage.EMPLOYER_PUBLICITY: 8,
    Stage.PUBLICITY_ENDED: 2,
    Stage.DEPARTMENT_REVIEW: 10,
    Stage.OFFICE_REVIEW: 40,
    Stage.OFFICE_RETURNED: 3,
    Stage.REVIEW_READY: 12,
    Stage.WITHDRAWN: 2,
    Stage.LAPSED: 3,
}
_WINDOW = ("department_submission", "bar", date(2023, 11, 6))
_OFFICE = ("office_review", "duty", date(2023, 11, 20))


async def fill(database: Database, applications: int, seed: int = 7) -> None:
    """Writes so many applications of the plan of 2023, the same ones for the same seed."""
    luck = random.Random(seed)
    plan = ReviewPlan.load(PLAN)
    made = [_application(luck, plan, n) for n in range(applications)]
    tables: dict[Any, list[dict[str, Any]]] = {
        Application: made,
        CurrentDeadline: [row for one in made for row in _deadlines(one)],
        InboxItem: [_waiting(one) for one in made if one["action_by"] is not None],
        PublicityPosted: [_posted(one) for one in made if "publicity" in one["stage"]],
    }
    for table, rows in tables.items():
        for start in range(0, len(rows), _CHUNK):
            async with database.transaction() as session:
                await session.execute(insert(table), rows[start : start + _CHUNK])


def _application(luck: random.Random, plan: ReviewPlan, n: int) -> dict[str, Any]:
    stage = luck.choices(list(_WEIGHTS), weights=list(_WEIGHTS.values()))[0]
    spec = STAGES[stage]
    ended = spec.terminal
    entered = datetime.combine(ON - timedelta(days=luck.randrange(1, 40)), datetime.min.time(), SHANGHAI)
    role = spec.action_by.value if spec.action_by is not None and not ended else None
    department = f"tj-department-{luck.randrange(12)}"
    employer = f"tj-unit-{luck.randrange(300)}"
    houses = {"employer": employer, "department": department, "office": "tj-scjg-title-office"}
    return {
        "plan_id": PLAN,
        "application_ref": f"a-{n:06d}",
        "plan_version": 1,
        "workflow_id": f"application/{PLAN}/a-{n:06d}",
        "run_id": f"run-{n}",
        "applicant": f"p-{n:06d}",
        "employer": employer,
        "department": department,
        "specialty": luck.choice(plan.specialties).id,
        "level": luck.choice(plan.levels).id,
        "stage": stage.value,
        "status": "ended" if ended else "open",
        "action_by": role,
        "action_organisation": houses.get(role or ""),
        "due_at": None if ended else end_of(_last_day(luck, stage)),
        "revision": luck.randrange(1, 9),
        "seq": 9,
        "chain": f"{n:064x}",
        "returns": luck.choices((0, 1, 2, 3), weights=(70, 20, 8, 2))[0],
        "entered_at": entered,
        "at": entered,
    }


def _last_day(luck: random.Random, stage: Stage) -> date:
    if stage is Stage.EMPLOYER_PUBLICITY:
        return ON + timedelta(days=luck.randrange(0, 8))
    late = (Stage.OFFICE_REVIEW, Stage.OFFICE_RETURNED, Stage.REVIEW_READY)
    return _OFFICE[2] if stage in late else _WINDOW[2]


def _deadlines(one: dict[str, Any]) -> list[dict[str, Any]]:
    base = {
        "plan_id": one["plan_id"],
        "application_ref": one["application_ref"],
        "formula": "date of the plan",
        "start": date(2023, 9, 18),
        "reminders": [],
        "computed_at": one["at"],
        "seq": 1,
        "revision": 1,
    }
    named = [
        {**base, "name": name, "kind": kind, "last_day": day, "due_at": end_of(day)}
        for name, kind, day in (_WINDOW, _OFFICE)
    ]
    if one["stage"] == Stage.EMPLOYER_PUBLICITY.value:
        due = one["due_at"]
        day = due.date() - timedelta(days=1)
        named.append({**base, "name": "employer_publicity", "kind": "period", "last_day": day, "due_at": due})
    return named


def _waiting(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "plan_id": one["plan_id"],
        "application_ref": one["application_ref"],
        "seq": one["seq"],
        "role": one["action_by"],
        "organisation": one["action_organisation"] or one["applicant"],
        "stage": one["stage"],
        "due_at": one["due_at"],
        "opened_at": one["at"],
    }


def _posted(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "plan_id": one["plan_id"],
        "application_ref": one["application_ref"],
        "seq": 4,
        "at": one["at"],
        "of": "employer",
        "started_at": one["at"],
        "working_days": 5,
        "notice_sha256": "0" * 64,
        "list_sha256": "0" * 64,
        "places": ["notice board"],
        "postings": [],
    }
