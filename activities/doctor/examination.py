"""The whole examination of a database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from activities.calendar import Calendars
from activities.database import Database
from activities.doctor.applications import Ward
from activities.doctor.cases import Case, cases
from activities.doctor.house import deadlines, outbox, posts
from activities.doctor.privacy import people, retention
from activities.papers.storage import FileStore
from models.doctor import Examination, Trouble

Ask = Callable[[list[Case]], Awaitable[list[Trouble]]]
"""What more is to be asked of some applications, e.g. of their workflows."""

TOGETHER = 100
"""Applications that are asked about side by side."""


async def examine(
    database: Database,
    calendars: Calendars,
    now: datetime,
    *,
    plan_id: str | None = None,
    files: FileStore | None = None,
    ask: Ask | None = None,
) -> Examination:
    """Looks at everything, of one plan or of all; changes nothing. `now`: business time, Asia/Shanghai.

    `files`: the store whose papers are read and hashed again. `ask`: what is asked beside the database.
    """
    ward = Ward(database, calendars, now, files)
    found: list[Trouble] = []
    number, papers, waiting = 0, 0, list[Case]()
    async for case in cases(database, plan_id):
        number += 1
        papers += len(case.papers) if files is not None else 0
        found += await ward.examine(case)
        waiting.append(case)
        if ask is not None and len(waiting) == TOGETHER:
            found += await ask(waiting)
            waiting = []
    if ask is not None and waiting:
        found += await ask(waiting)
    async with database.reading() as session:
        pools, of_posts = await posts(session, plan_id)
        running, of_deadlines = await deadlines(session, plan_id, now)
        found += [*of_posts, *of_deadlines, *await outbox(session, now)]
        found += [*await people(session), *await retention(session, now)]
    looked = {"applications": number, "papers": papers, "pools": pools, "deadlines": running}
    return Examination(looked_at=looked, troubles=tuple(found))
