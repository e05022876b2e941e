"""Makes a work report (评审工作报告) at one moment, and keeps its files under the hash of their content.

Cases that are still open never hold a report up: they are listed as pending (process (c)). One command makes
one report: asked again, the activity finds it.
"""

from __future__ import annotations

import asyncio
from datetime import datetime

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.database import Database
from activities.plans import plan_in_force
from activities.records import Records
from activities.report_files import ReportFiles, ReportHead, report_files
from activities.statistics import Statistics
from activities.writing import write_new
from models.cycle_commands import FileReport
from models.cycle_messages import Asked, Done
from models.field_errors import first_field_error
from models.plan import ReviewPlan, UnknownPlanError
from models.statistics import CycleStatistics
from models.tables import ReportFile, WorkReport

COLUMNS = {
    "report.json": "json_sha256",
    "report.csv.zip": "csv_sha256",
    "report.pdf": "pdf_sha256",
    "public.json": "public_json_sha256",
    "public.csv.zip": "public_csv_sha256",
}
"""The files of a report, and the columns of `work_reports` with their hashes."""


class Reports:
    """Makes reports out of one database."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._statistics = Statistics(records)

    @activity.defn(name="file_report")
    async def file_report(self, asked: Asked) -> Done:
        """Carries out a `FileReport`: counts, makes the files, keeps them, and files the report."""
        try:
            command = FileReport.model_validate(asked.command)
        except ValidationError as error:
            field, rule = first_field_error(error)
            return _refused(
                field or "command", f"字段 {field} 不符合要求：{rule.zh}。", f"{field}: {rule.en}."
            )
        database = self._records.database
        async with database.reading() as session:
            known = await session.get(WorkReport, (asked.plan_id, command.command_id))
            if known is not None:
                return _done(known)
            plan = await _plan(session, asked.plan_id)
            taken = await _taken(session, asked.plan_id, command.report_ref)
        if plan is None:
            return _refused("plan_id", f"没有方案“{asked.plan_id}”。", f"There is no plan {asked.plan_id!r}.")
        if taken:
            return _same_number(command.report_ref)
        head = ReportHead(command.report_ref, command.text, asked.at, command.actor.id, plan)
        statistics, files = await self.build(asked.plan_id, head)
        return await _file(database, command, head, statistics, files)

    async def build(self, plan_id: str, head: ReportHead) -> tuple[CycleStatistics, ReportFiles]:
        """The numbers and the files of a report at that moment; nothing is stored."""
        statistics = await self._statistics.count(plan_id, head.made_at)
        if activity.in_activity():
            activity.heartbeat("counted")
        return statistics, await asyncio.to_thread(report_files, statistics, head)

    async def build_now(
        self, plan_id: str, at: datetime, report_ref: str, title: str, by: str
    ) -> tuple[CycleStatistics, ReportFiles]:
        """A report that is only looked at."""
        async with self._records.database.reading() as session:
            plan = await _plan(session, plan_id)
        return await self.build(plan_id, ReportHead(report_ref, title, at, by, plan))


async def _file(
    database: Database,
    command: FileReport,
    head: ReportHead,
    statistics: CycleStatistics,
    files: ReportFiles,
) -> Done:
    made = files.hashed()
    row = {
        "plan_id": statistics.plan_id,
        "command_id": command.command_id,
        "report_ref": head.report_ref,
        "title": head.title,
        "made_at": head.made_at,
        "made_by": head.made_by,
        "plan_version": statistics.plan_version,
        "applications": statistics.totals["opened"],
        "pending": len(statistics.pending),
        **{column: made[name][0] for name, column in COLUMNS.items()},
    }
    async with database.transaction() as session:
        await write_new(session, WorkReport, [row])
        filed = await session.get(WorkReport, (statistics.plan_id, command.command_id))
        if filed is None:
            return _same_number(head.report_ref)
        if filed.json_sha256 == row["json_sha256"]:
            contents = [{"sha256": h, "media_type": kind, "content": body} for h, kind, body in made.values()]
            await write_new(session, ReportFile, contents)
        return _done(filed)


async def _plan(session: AsyncSession, plan_id: str) -> ReviewPlan | None:
    try:
        return await plan_in_force(session, plan_id)
    except UnknownPlanError:
        return None


async def _taken(session: AsyncSession, plan_id: str, report_ref: str) -> bool:
    found = select(WorkReport.command_id).filter_by(plan_id=plan_id, report_ref=report_ref)
    return await session.scalar(found) is not None


def _refused(field: str, zh: str, en: str) -> Done:
    return Done(refused_zh=zh, refused_en=en, field=field)


def _same_number(report_ref: str) -> Done:
    return _refused(
        "report_ref",
        f"文号“{report_ref}”已用于本年度的另一份报告；请使用新的文号。",
        f"The number {report_ref!r} belongs to another report of this cycle: give a new one.",
    )


def _done(filed: WorkReport) -> Done:
    return Done(
        counts={"applications": filed.applications, "pending": filed.pending},
        facts={
            "report_ref": filed.report_ref,
            **{column: getattr(filed, column) for column in COLUMNS.values()},
        },
    )


async def filed_reports(database: Database, plan_id: str) -> list[WorkReport]:
    """The reports of a cycle, oldest first."""
    async with database.reading() as session:
        rows = await session.scalars(
            select(WorkReport).filter_by(plan_id=plan_id).order_by(WorkReport.made_at)
        )
        return list(rows)


async def files_of(database: Database, report: WorkReport) -> dict[str, bytes]:
    """The files of a report by their names."""
    async with database.reading() as session:
        return {
            name: (await session.get_one(ReportFile, getattr(report, column))).content
            for name, column in COLUMNS.items()
        }
