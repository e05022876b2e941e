"""Counts a cycle: the database groups, this puts the groups into their places.

Nothing here walks over applications one by one, but for the list of those that are still pending.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities import statistics_queries as ask
from activities.plans import plan_in_force
from activities.records import Records
from models.calendar import CalendarYearMissing, WorkCalendar
from models.corrections import CORRECTED
from models.cycle_messages import Asked, Done
from models.plan import UnknownPlanError
from models.stages import Stage
from models.statistics import (
    COUNTS_OF_THINGS,
    MEDIAN,
    P90,
    UNDECLARED,
    UNKNOWN,
    AmendmentNote,
    CaseCount,
    Cell,
    CycleStatistics,
    DeadlineMove,
    HopTime,
    MeetingNumbers,
    ObjectionCount,
    PendingCase,
    ReasonCount,
    StepDates,
    no_counts,
    outcome_of,
    quantile,
    total,
)
from models.tables import Application, PlanVersion, SideCase

_BY_EVENT = {
    "submit": "submitted",
    "recommend": "recommended",
    "file_evidence": "to_department",
    "department_submit": "to_office",
    "office_accept": "accepted",
    "confirm": "confirmed",
    "ask_recheck": "rechecks",
    "recheck_founded": "rechecks_founded",
}
"""Measures that count the applications which had an event."""

STEPS = (
    *("opened", "submit", "recommend", "start_publicity", "department_submit", "office_accept"),
    *("exam_pass", "exam_fail", "schedule", "vote_passed", "vote_failed", "publish_result"),
    *("result_over_clear", "confirm", "certificate_made", "archive"),
)
"""Whose first and last time the report gives."""

DEVIATIONS = (
    *("admit_late", "hold", "cancel_publicity", "republish_result", "republish_ended", "quorum_lost"),
    *("reschedule", "withdraw_recommendation", "withdraw_recommendation_late", "refuse_on_status"),
    *("escalated", "calendar_missing", "deadline_moved", "result_procedure_broken", "refused"),
    *CORRECTED,
)
"""Events that a smooth cycle does not have."""


class Statistics:
    """Counts cycles in the database of `records`, with its calendars."""

    def __init__(self, records: Records) -> None:
        self._records = records

    @activity.defn(name="cycle_statistics")
    async def cycle_statistics(self, asked: Asked) -> Done:
        """The few numbers that a cycle's workflow shows: by stage, in whose court, overdue, open cases.

        Names: `applications`, `stage.<stage>`, `court.<role>`, `overdue.<role>`, `cases.open`,
        `cases.to_send` (a finding that has not reached its application).
        """
        async with self._records.database.reading() as session:
            counts = await overview(session, asked.plan_id, asked.at)
        return Done(counts=counts)

    async def count(self, plan_id: str, at: datetime) -> CycleStatistics:
        """Everything counted in the cycle, in one transaction that reads."""
        async with self._records.database.reading() as session:
            calendar = await self._records.calendar_on(session, at)
            return await count_cycle(session, plan_id, at, calendar)


async def overview(session: AsyncSession, plan_id: str, at: datetime) -> dict[str, int]:
    """The counts of `cycle_statistics`."""
    counts: Counter[str] = Counter()
    for stage, court, number, late in await session.execute(ask.courts(plan_id, at)):
        counts["applications"] += number
        counts[f"stage.{stage}"] += number
        if court is not None:
            counts[f"court.{court}"] += number
            counts[f"overdue.{court}"] += int(late or 0)
    for name, wanted in {
        "cases.open": SideCase.status != "ruled",
        "cases.to_send": SideCase.effect_outcome == "pending",
    }.items():
        found = select(func.count()).select_from(SideCase).filter_by(plan_id=plan_id).where(wanted)
        counts[name] = await session.scalar(found) or 0
    return {name: count for name, count in sorted(counts.items()) if count}


class _Cells:
    """The cells, filled measure by measure."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, str, str], dict[str, int]] = defaultdict(no_counts)

    def add(self, row: Any, name: str, count: Any) -> None:
        """Adds to a measure of the cell that the first four columns of the row name."""
        self._counts[tuple(row[:4])][name] += int(count or 0)

    def made(self) -> tuple[Cell, ...]:
        """The cells in order, those of drafts and of unknown employers last."""
        keys = sorted(self._counts, key=lambda key: (key[0], key[1], key[2] == UNKNOWN, key[2], _late(key)))
        return tuple(
            Cell(specialty=s, level=lv, unit_kind=k, route=r, counts=self._counts[s, lv, k, r])
            for s, lv, k, r in keys
        )


def _late(key: tuple[str, str, str, str]) -> tuple[bool, str]:
    return (key[3] == UNDECLARED, key[3])


async def count_cycle(
    session: AsyncSession, plan_id: str, at: datetime, calendar: WorkCalendar
) -> CycleStatistics:
    """Everything counted in the cycle `plan_id`; `at` is business time, and stands in the result."""
    dialect = session.get_bind().dialect.name
    cells = _Cells()
    stages = await _count_stages(session, plan_id, cells)
    happened = await _count_events(session, plan_id, cells)
    for row in await session.execute(ask.ballots(plan_id)):
        cells.add(row, "voted", row[4])
        cells.add(row, "passed", row[5])
    for row in await session.execute(ask.examinations(plan_id)):
        cells.add(row, "exam_sat", row[4])
        cells.add(row, "exam_passed", row[5])
    for row in await session.execute(ask.returns(plan_id)):
        cells.add(row, f"returned_{row[4]}", row[5])
        cells.add(row, "returns", row[6])
    for row in await session.execute(ask.objections(plan_id)):
        cells.add(row, "complaints" if row[4] == "none" else "objections", row[5])
    made = cells.made()
    return CycleStatistics(
        plan_id=plan_id,
        plan_version=await _plan_version(session, plan_id),
        at=at,
        cells=made,
        totals=total(made),
        stages=stages,
        reasons=await _rows(session, ask.reasons(plan_id, dialect), _reason),
        objections=await _rows(session, ask.findings(plan_id), _finding),
        hops=await _hop_times(session, plan_id, dialect, calendar),
        meetings=await _rows(session, ask.meetings(plan_id), _meeting),
        steps=tuple(happened[event] for event in STEPS if event in happened),
        deviations={event: happened[event].count for event in DEVIATIONS if event in happened},
        moves=await _rows(session, ask.moves(plan_id), _move),
        amendments=await _amendments(session, plan_id, at),
        cases=await _rows(session, ask.cases(plan_id), _case),
        pending=await _pending(session, plan_id),
    )


async def _count_stages(session: AsyncSession, plan_id: str, cells: _Cells) -> dict[str, int]:
    stages: Counter[str] = Counter()
    for row in await session.execute(ask.stages(plan_id)):
        stages[row[4]] += row[5]
        cells.add(row, "opened", row[5])
        cells.add(row, outcome_of(row[4]), row[5])
    return dict(sorted(stages.items()))


async def _count_events(session: AsyncSession, plan_id: str, cells: _Cells) -> dict[str, StepDates]:
    """Fills the measures by event; gives when each event happened first and last, and how often."""
    found: dict[str, StepDates] = {}
    wanted = tuple(dict.fromkeys((*_BY_EVENT, *STEPS, *DEVIATIONS)))
    for row in await session.execute(ask.events(plan_id, wanted)):
        event, applications, times, first, last = row[4:]
        if event in _BY_EVENT:
            measure = _BY_EVENT[event]
            cells.add(row, measure, times if measure in COUNTS_OF_THINGS else applications)
        known = found.get(event)
        found[event] = StepDates(
            event=event,
            first=min(first, known.first) if known else first,
            last=max(last, known.last) if known else last,
            count=int(times) + (known.count if known else 0),
        )
    return found


async def _rows(session: AsyncSession, question: ask.Question, make: Callable[..., Any]) -> tuple[Any, ...]:
    rows = [make(*row) for row in await session.execute(question)]
    return tuple(sorted(rows, key=lambda row: str(row.model_dump())))


def _reason(hop: str, code: str, count: int) -> ReasonCount:
    return ReasonCount(hop=hop, code=code, count=count)


def _finding(of: str, finding: str, count: int) -> ObjectionCount:
    return ObjectionCount(of=of, finding=finding, count=count)


def _case(kind: str, finding: str, count: int) -> CaseCount:
    return CaseCount(kind=kind, finding=finding, count=count)


def _move(name: str, ground: str, document_no: str, applications: int) -> DeadlineMove:
    return DeadlineMove(name=name, ground=ground, document_no=document_no, applications=applications)


def _meeting(ref: str, committee: str, on: date, drawn: date, size: int, *numbers: Any) -> MeetingNumbers:
    least, most, recused, opinions, votes, passed = numbers
    return MeetingNumbers(
        meeting_ref=ref,
        committee_ref=committee,
        meeting_on=on,
        drawn_on=drawn,
        committee_size=size,
        attending_least=least,
        attending_most=most,
        recused_most=recused,
        opinions_least=opinions,
        votes=votes,
        passed=int(passed or 0),
    )


async def _hop_times(
    session: AsyncSession, plan_id: str, dialect: str, calendar: WorkCalendar
) -> tuple[HopTime, ...]:
    """Working days of the finished turns; each pair of days is counted once, however many had it."""
    lengths: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    unknown: Counter[tuple[str, str]] = Counter()
    for stage, role, came, left, count in await session.execute(ask.turns(plan_id, dialect)):
        key = (stage, role)
        try:
            days = calendar.working_days_between(date.fromisoformat(came), date.fromisoformat(left))
            lengths[key][days] += count
        except CalendarYearMissing:
            unknown[key] += count
    return tuple(
        HopTime(
            stage=stage,
            role=role,
            count=lengths[stage, role].total(),
            median=quantile(lengths[stage, role], MEDIAN),
            p90=quantile(lengths[stage, role], P90),
            longest=max(lengths[stage, role], default=None),
            unknown=unknown[stage, role],
        )
        for stage, role in sorted({*lengths, *unknown})
    )


async def _plan_version(session: AsyncSession, plan_id: str) -> int:
    try:
        return (await plan_in_force(session, plan_id)).version
    except UnknownPlanError:
        return 1


async def _amendments(session: AsyncSession, plan_id: str, at: datetime) -> tuple[AmendmentNote, ...]:
    """What the plan says of its own changes, and the versions issued here that it does not mention."""
    try:
        told = (await plan_in_force(session, plan_id)).amendments
    except UnknownPlanError:
        told = ()
    notes = {
        a.version: AmendmentNote(version=a.version, document_no=a.document, dated=a.dated, text=a.what.zh)
        for a in told
    }
    issued = await session.scalars(
        select(PlanVersion).filter_by(plan_id=plan_id).where(PlanVersion.issued_at <= at)
    )
    for row in issued:
        if row.version > 1 and row.version not in notes:
            notes[row.version] = AmendmentNote(
                version=row.version, document_no=row.document_no, dated=row.dated, text=""
            )
    return tuple(notes[version] for version in sorted(notes))


async def _pending(session: AsyncSession, plan_id: str) -> tuple[PendingCase, ...]:
    waiting = [stage.value for stage in Stage if outcome_of(stage) == "pending"]
    rows = await session.execute(
        select(Application.application_ref, Application.stage)
        .where(Application.plan_id == plan_id, Application.stage.in_(waiting))
        .order_by(Application.stage, Application.application_ref)
    )
    return tuple(PendingCase(application_ref=ref, stage=stage) for ref, stage in rows)
