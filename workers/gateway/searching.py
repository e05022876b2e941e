"""What every route that searches begins with: the search written out, the day, what may be seen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Query

from activities.calendar import Calendars
from activities.finding import Seer, View, seen_by, today_of
from activities.saved_searches import written_out
from models.plan import UnknownPlanError
from models.saved_search import Owner
from models.search import MOST_CHARACTERS
from models.wire import Instant
from workers.gateway.caller import Caller
from workers.gateway.context import Context
from workers.gateway.paths import Moment
from workers.gateway.problems import not_found

Search = Annotated[
    str,
    Query(
        max_length=MOST_CHARACTERS,
        description="A search: `stage:office_review due<2023-11-20 returned>=2`, or `@name` of a saved one.",
    ),
]
At = Annotated[
    Moment | None,
    Query(description="The moment from which working days are counted. Default: now (business time)."),
]


@asynccontextmanager
async def looking(
    here: Context, caller: Caller, plan_id: str, q: str = "", at: Instant | None = None
) -> AsyncIterator[View]:
    """Opens a look. Raises the problem 404 for an unknown plan, `Refused` for an unreadable search."""
    calendars = Calendars(as_of=here.settings.rehearsal, folder=here.settings.calendar_dir)
    async with here.database.reading() as session:
        try:
            seen = await seen_by(session, plan_id, Seer(caller.subject, caller.grants))
        except UnknownPlanError:
            raise not_found("方案", "plan") from None
        selection = await written_out(session, q, Owner.all_of(caller.subject, caller.grants))
        today = await today_of(session, calendars, plan_id, rehearsal=here.settings.rehearsal, at=at)
        yield View(session, selection, today, seen)
