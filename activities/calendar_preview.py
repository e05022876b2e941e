"""What a calendar would move: every running deadline of a plan, counted again with it; nothing is changed.

The requests stand in the table of deadlines as they were asked, so the answer is the one that the
application itself would get.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from activities.calendar import Calendars, answer, stored_notices
from activities.database import Database
from models.calendar import WorkCalendar
from models.calendar_notice import check_notice, days_changed, read_notice
from models.calendar_overlay import NoticeRecord
from models.deadlines import DeadlineName, DeadlineRequest
from models.stages import STAGES, Stage
from models.tables import Application, CurrentDeadline
from models.wire import Wire, local_day

PAGE = 500
"""Deadlines read from the database at once."""


class Recount(Wire):
    """One running deadline, counted again. Days in Asia/Shanghai; None where a calendar year is missing."""

    application_ref: str
    stage: str
    deadline: DeadlineName
    old_last_day: date | None
    new_last_day: date | None
    missing_year: int | None = None

    @property
    def moves(self) -> bool:
        """True when the last day is another one, or is known at last."""
        return self.new_last_day is not None and self.new_last_day != self.old_last_day

    def in_words(self) -> str:
        """`life-1 employer_publicity: 2020-02-03 -> 2020-02-05`."""
        old = self.old_last_day or "not known"
        return f"{self.application_ref} {self.deadline.value}: {old} -> {self.new_last_day}"


class Move(Wire):
    """One running deadline that a notice moves. `old_last_day` is None while its year was not known."""

    application_ref: str
    stage: str
    deadline: str
    old_last_day: date | None
    new_last_day: date


class Preview(Wire):
    """What a notice changes: its days, and every running deadline that it moves."""

    document: str
    year: int
    days: dict[date, bool]
    """Day -> whether people work on it."""
    deadlines: int
    still_unknown: int
    moves: tuple[Move, ...]


async def preview(
    database: Database, calendars: Calendars, plan_id: str, text: str, at: datetime, *, field: str
) -> Preview:
    """What the notice `text` (TOML) would move in a plan at business time `at`; nothing is stored.

    Raises `Refused`, which names the `field`, for a notice that cannot be read or issued.
    """
    notice = read_notice(text, field=field)
    async with database.reading() as session:
        stored = tuple(known for known in await stored_notices(session) if known != text)
    before, after = calendars.on(at, stored), calendars.on(at, (*stored, text))
    check_notice(notice, local_day(at), before, NoticeRecord.read(stored))
    seen = unknown = 0
    moves: list[Move] = []
    async for one in recount(database, plan_id, after):
        seen += 1
        unknown += one.missing_year is not None
        if one.moves:
            moves.append(Move.model_validate(one.model_dump(exclude={"missing_year"})))
    return Preview(
        document=notice.document,
        year=notice.year,
        days=dict(days_changed(before, after, notice.year)),
        deadlines=seen,
        still_unknown=unknown,
        moves=tuple(moves),
    )


async def recount(database: Database, plan_id: str, calendar: WorkCalendar) -> AsyncIterator[Recount]:
    """Every counted deadline that runs in an open application of the plan, ordered by application."""
    after = ("", "")
    while True:
        async with database.reading() as session:
            rows = await _page(session, plan_id, after)
        for stage, row in rows:
            after = row.application_ref, row.name
            name = DeadlineName(row.name)
            if name in _COUNTING[Stage(stage)]:
                yield _recounted(row, name, stage, calendar)
        if len(rows) < PAGE:
            return


_COUNTING = {stage: {spec.name for spec in STAGES[stage].deadlines} for stage in STAGES}


async def _page(
    session: AsyncSession, plan_id: str, after: tuple[str, str]
) -> list[tuple[str, CurrentDeadline]]:
    key = tuple_(CurrentDeadline.application_ref, CurrentDeadline.name)
    query = (
        select(Application.stage, CurrentDeadline)
        .join(
            CurrentDeadline,
            (Application.plan_id == CurrentDeadline.plan_id)
            & (Application.application_ref == CurrentDeadline.application_ref),
        )
        .where(Application.plan_id == plan_id, Application.status != "ended", key > after)
        .where(CurrentDeadline.asked.is_not(None))
        .order_by(CurrentDeadline.application_ref, CurrentDeadline.name)
        .limit(PAGE)
    )
    return [(stage, row) for stage, row in await session.execute(query)]


def _recounted(row: CurrentDeadline, name: DeadlineName, stage: str, calendar: WorkCalendar) -> Recount:
    request = DeadlineRequest.model_validate(row.asked)
    floor = row.last_day or request.not_before
    found = answer(request.model_copy(update={"not_before": floor}), calendar)
    return Recount(
        application_ref=row.application_ref,
        stage=stage,
        deadline=name,
        old_last_day=row.last_day,
        new_last_day=found.last_day,
        missing_year=found.missing_year if found.due_at is None else None,
    )
