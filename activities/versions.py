"""A cycle issues a new version of its plan, or a notice on working days: checked, stored, and what it moves.

Both are idempotent: the same text again is not stored twice and gives the same answer. The order to the
open applications is the cycle's next step (`models.plan_amend.order_after`).
"""

from __future__ import annotations

from typing import TypeVar

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.calendar import Calendars, stored_notices
from activities.calendar_preview import recount
from activities.database import Database
from activities.plans import (
    digest_of,
    must_be_lawful,
    plan_at,
    plan_in_force,
    read_plan,
    store_version,
    wait_for_my_turn,
)
from models.calendar import WorkCalendar
from models.calendar_notice import check_notice, days_changed, in_words, read_notice
from models.calendar_overlay import Notice, NoticeRecord
from models.commands import Command
from models.cycle_commands import IssueCalendar, IssuePlanVersion
from models.cycle_messages import Asked, Done
from models.field_errors import first_field_error
from models.plan import ReviewPlan, UnknownPlanError
from models.plan_amend import DATES, VERSION, amend
from models.plan_periods import terms_on
from models.refusal import Refusal, RefusalCode, Refused, refuse
from models.tables import CalendarNotice, PlanVersion
from models.wire import local_day

SHOWN_MOVES = 20
"""Moves that an answer lists; the others are counted."""

BEAT = 200
"""Deadlines between two heartbeats."""

C = TypeVar("C", bound=Command)


class Versions:
    """Issues plan versions and calendar notices."""

    def __init__(self, database: Database, calendars: Calendars) -> None:
        self._database = database
        self._calendars = calendars

    @activity.defn(name="issue_plan_version")
    async def issue_plan_version(self, asked: Asked) -> Done:
        """Carries out `IssuePlanVersion`: facts say which dates move, old -> new, and all dates as JSON."""
        try:
            command = _read(IssuePlanVersion, asked)
            plan = read_plan(command.plan_toml)
            async with self._database.transaction() as session:
                return await self._new_version(session, asked, command, plan)
        except UnknownPlanError as unknown:
            return _not_done(_no_such_plan(unknown).refusal)
        except Refused as refused:
            return _not_done(refused.refusal)

    async def _new_version(
        self, session: AsyncSession, asked: Asked, command: IssuePlanVersion, plan: ReviewPlan
    ) -> Done:
        await wait_for_my_turn(session, changing=True)
        stored = await session.get(PlanVersion, (asked.plan_id, plan.version))
        again = stored is not None and stored.sha256 == digest_of(command.plan_toml)
        old = (
            await plan_at(session, asked.plan_id, plan.version - 1)
            if again
            else await plan_in_force(session, asked.plan_id)
        )
        moves = amend(old, plan, command.document_no, local_day(asked.at))
        calendar = await self._calendars.within(session, asked.at)
        must_be_lawful(plan, calendar)
        if command.apply and not again:
            store_version(session, plan, command.plan_toml, command.document_no, asked.at)
        dates = terms_on(plan, calendar).dates()
        return Done(
            counts={VERSION: plan.version, "dates_moved": len(moves)},
            facts={
                **{move.path: f"{move.old} -> {move.new}" for move in moves},
                "document_no": command.document_no,
                "sha256": digest_of(command.plan_toml),
                DATES: dates.model_dump_json(),
            },
        )

    @activity.defn(name="issue_calendar")
    async def issue_calendar(self, asked: Asked) -> Done:
        """Carries out `IssueCalendar`: how many running deadlines of this plan move, and the first of them.

        Give it a heartbeat timeout of a minute. What it lists is what the order will do.
        """
        try:
            command = _read(IssueCalendar, asked)
            notice = read_notice(command.notice_toml)
            async with self._database.reading() as session:
                stored = await stored_notices(session)
            before = self._before(asked, command, stored)
            record = NoticeRecord.read(text for text in stored if text != command.notice_toml)
            check_notice(notice, local_day(asked.at), before, record, command.document_no)
            texts = stored if command.notice_toml in stored else (*stored, command.notice_toml)
            after = self._calendars.on(asked.at, texts)
            done = await self._moves(asked, command, notice, before, after)
            if command.apply:
                await self._store(asked, command, notice)
        except Refused as refused:
            return _not_done(refused.refusal)
        return done

    def _before(self, asked: Asked, command: IssueCalendar, stored: tuple[str, ...]) -> WorkCalendar:
        return self._calendars.on(asked.at, tuple(text for text in stored if text != command.notice_toml))

    async def _moves(
        self,
        asked: Asked,
        command: IssueCalendar,
        notice: Notice,
        before: WorkCalendar,
        after: WorkCalendar,
    ) -> Done:
        counts = {"deadlines": 0, "moves": 0, "applications": 0, "still_unknown": 0}
        facts: dict[str, str] = {}
        last: str | None = None
        async for one in recount(self._database, asked.plan_id, after):
            counts["deadlines"] += 1
            counts["still_unknown"] += one.missing_year is not None
            if counts["deadlines"] % BEAT == 0:
                activity.heartbeat(counts)
            if not one.moves:
                continue
            counts["moves"] += 1
            counts["applications"] += one.application_ref != last
            last = one.application_ref
            if counts["moves"] <= SHOWN_MOVES:
                facts[f"move_{counts['moves']:02d}"] = one.in_words()
        return Done(
            counts=counts,
            facts={
                **facts,
                "year": str(notice.year),
                "document_no": notice.document,
                "days": in_words(list(days_changed(before, after, notice.year))),
                "calendar": after.version,
                "sha256": digest_of(command.notice_toml),
            },
        )

    async def _store(self, asked: Asked, command: IssueCalendar, notice: Notice) -> None:
        digest = digest_of(command.notice_toml)
        async with self._database.transaction() as session:
            await wait_for_my_turn(session, changing=True)
            known = await session.scalar(select(CalendarNotice.id).filter_by(sha256=digest))
            if known is None:
                row = CalendarNotice(
                    year=notice.year,
                    document=notice.document,
                    issued=notice.issued,
                    content=command.notice_toml,
                    sha256=digest,
                    recorded_at=asked.at,
                )
                session.add(row)


def _read(model: type[C], asked: Asked) -> C:
    try:
        return model.model_validate(asked.command)
    except ValidationError as error:
        field, rule = first_field_error(error)
        raise refuse(
            RefusalCode.MALFORMED,
            zh=f"字段 {field or '(body)'} 不符合要求：{rule.zh}。",
            en=f"The field {field or '(body)'} breaks a rule: {rule.en}.",
            fix_zh="请更正后重发；未作任何更改。",
            fix_en="Correct it and send it again; nothing was changed.",
            field=field or "(body)",
        ) from None


def _no_such_plan(unknown: UnknownPlanError) -> Refused:
    return refuse(
        RefusalCode.GUARD,
        zh=f"没有方案“{unknown.plan_id}”。",
        en=str(unknown),
        fix_zh="请先备案第1版（zhicheng plan file）。",
        fix_en="File its first version (zhicheng plan file).",
        field="plan_id",
    )


def _not_done(refusal: Refusal) -> Done:
    return Done(
        refused_zh=f"{refusal.rule.zh}{refusal.remedy.zh}",
        refused_en=f"{refusal.rule.en} {refusal.remedy.en}",
        field=refusal.field,
    )
