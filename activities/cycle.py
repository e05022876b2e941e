"""The cycle's own side effects: its dates by the calendar of the day, its records, the list of open cases.

Each is idempotent: dates are only computed, records are keyed by the hash of their fact, the list of open
cases is written over.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete, func, insert, literal, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.cycle_chain import fact_row, reconcile
from activities.cycle_notices import notices_of
from activities.plans import plan_in_force
from activities.records import Records
from activities.writing import write_over, write_revived
from models.audit import Fact
from models.cycle_commands import Close
from models.cycle_dates import CycleTerms, DatesAnswer, DatesAsked, dates_of
from models.cycle_life import OPEN_STAGES
from models.cycle_messages import Asked, Done
from models.cycle_state import CycleBatch, CycleSnapshot, CycleWritten, StepState
from models.cycle_steps import STEPS, StepId
from models.plan import UnknownPlanError
from models.tables import Application, Cycle, CycleFact, CycleNotice, CycleStep, OpenCase
from models.tables.base import UtcInstant
from models.tables.chain import turn_columns
from models.wire import local_day


class CycleDesk:
    """The desk of a cycle. `rehearsal`: a clock other than real time is allowed."""

    def __init__(self, records: Records, *, rehearsal: bool) -> None:
        self._records = records
        self._rehearsal = rehearsal

    @activity.defn(name="cycle_dates")
    async def cycle_dates(self, asked: DatesAsked) -> DatesAnswer:
        """The terms of the plan in force and the dates of every step, with the calendar of that day."""
        if asked.rehearsal_clock and not self._rehearsal:
            return DatesAnswer(
                refused_zh="本服务按真实时间运行，不接受其他时钟。",
                refused_en="This service runs on real time; another clock is for rehearsals.",
                field="clock",
            )
        async with self._records.database.reading() as session:
            try:
                plan = await plan_in_force(session, asked.plan_id)
            except UnknownPlanError as unknown:
                known = "、".join(unknown.known) or "无"
                return DatesAnswer(
                    refused_zh=f"没有方案“{asked.plan_id}”；现有：{known}。",
                    refused_en=str(unknown),
                    field="plan_id",
                )
            if asked.opened_at is not None:
                held = await session.get(Cycle, asked.plan_id)
                if held is not None and held.opened_at != asked.opened_at:
                    return _held_before(held)
            calendar = await self._records.calendar_on(session, asked.at)
        return DatesAnswer(
            terms=CycleTerms.of(plan),
            steps=dates_of(plan, calendar, asked.marks),
            calendar=calendar.version,
        )

    @activity.defn(name="cycle_records")
    async def cycle_records(self, batch: CycleBatch) -> CycleWritten:
        """Writes the cycle's row, its steps, new facts and the notices that follow, in one transaction."""
        snapshot = batch.snapshot
        async with self._records.database.transaction() as session:
            stored = await session.get(Cycle, snapshot.plan_id, with_for_update=True)
            if stored is None:
                await write_over(session, Cycle, _row(snapshot), ("plan_id",))
            found = await reconcile(session, batch)
            if found.silent:
                return CycleWritten(late=found.late)
            if stored is None or found.set_aside or snapshot.seq >= stored.seq:
                await write_over(session, Cycle, _row(snapshot), ("plan_id",))
                for step, known in snapshot.steps.items():
                    row = _step_row(snapshot, step, known)
                    await write_over(session, CycleStep, row, ("plan_id", "step"))
            for fact in found.facts:  # one that had been set aside comes back
                row = fact_row(snapshot, fact) | turn_columns(found.turn)
                await write_over(session, CycleFact, row, ("plan_id", "seq", "hash"))
            await _write_notices(session, snapshot, found.facts)
        return CycleWritten()

    @activity.defn(name="list_open_cases")
    async def list_open_cases(self, asked: Asked) -> Done:
        """Carries out a `Close`: counts the open cases, and writes the list of them into the database."""
        command = Close.model_validate(asked.command)
        is_open = (Application.plan_id == asked.plan_id, Application.stage.in_(OPEN_STAGES))
        by_stage = select(Application.stage, func.count()).where(*is_open).group_by(Application.stage)
        async with self._records.database.transaction() as session:
            counts = {f"stage.{stage}": int(n) for stage, n in await session.execute(by_stage)}
            total = sum(counts.values())
            if total and not command.with_open_cases:
                names = ", ".join(f"{name.removeprefix('stage.')} {n}" for name, n in sorted(counts.items()))
                return Done(
                    refused_zh=f"尚有{total}件未结（{names}）；请先办结，或设置 with_open_cases。",
                    refused_en=f"{total} cases are open ({names}): settle them, or set `with_open_cases`.",
                    field="with_open_cases",
                )
            await session.execute(delete(OpenCase).where(OpenCase.plan_id == asked.plan_id))
            columns = ("plan_id", "application_ref", "stage", "employer", "department", "action_by", "due_at")
            listed = select(
                *(getattr(Application, name) for name in columns),
                type_coerce(literal(asked.at, UtcInstant), UtcInstant),
            ).where(*is_open)
            await session.execute(insert(OpenCase).from_select([*columns, "listed_at"], listed))
        return Done(counts={**counts, "open": total})


def _held_before(held: Cycle) -> DatesAnswer:
    """The server forgets who ended long ago, or was ended by hand; the record of a year is not begun anew."""
    day = local_day(held.opened_at)
    return DatesAnswer(
        refused_zh=f"方案“{held.plan_id}”的评审年度已于{day}建立，其记录保存在数据库中，不能重新开始。"
        "流程如被误终止，请从其历史恢复（temporal workflow reset）。",
        refused_en=f"The cycle of the plan {held.plan_id!r} was begun on {day} and is on record: it is not "
        "begun again. If its workflow was ended by mistake, bring it back from its history "
        "(temporal workflow reset).",
        field="plan_id",
    )


def _row(snapshot: CycleSnapshot) -> dict[str, Any]:
    return snapshot.model_dump(exclude={"steps", "organisations", "phase", "turn"}) | {
        "phase": snapshot.phase.value
    }


def _step_row(snapshot: CycleSnapshot, step: StepId, known: StepState) -> dict[str, Any]:
    spec, found = STEPS[step], known.due
    return {
        "plan_id": snapshot.plan_id,
        "step": step.value,
        "kind": spec.kind.value,
        "role": spec.who.value,
        "from_day": found.from_day,
        "last_day": found.last_day,
        "due_at": found.due_at,
        "expected": found.expected,
        "missing_year": found.missing_year,
        "lineage": found.lineage.model_dump(mode="json") if found.lineage else None,
        "reminded": known.reminded,
        "escalated": known.escalated,
        "done_on": known.done_on,
        "document_no": known.document_no,
        "seq": snapshot.seq,
    }


async def _write_notices(session: AsyncSession, snapshot: CycleSnapshot, facts: Iterable[Fact]) -> None:
    rows = [row for fact in facts for row in notices_of(snapshot.plan_id, fact, snapshot.organisations)]
    await write_revived(session, CycleNotice, rows, ("at", "seq"))
