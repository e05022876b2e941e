"""The examination: its result, or that of the defence where a plan has one."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.facts import day, write_row
from activities.records import FactWriter, Records
from models.audit import Fact
from models.outbox import HopBatch, HopResult
from models.tables import ExamResult


class Examination:
    """Records the results of examinations."""

    def __init__(self, records: Records) -> None:
        self._records = records

    @activity.defn(name="examination")
    async def examination(self, batch: HopBatch) -> HopResult:
        return await self._records.record(batch)


async def write_exam(session: AsyncSession, batch: HopBatch, fact: Fact) -> None:
    """The result with its mark and pass line (a `record_exam` command)."""
    said = fact.details
    await write_row(
        session,
        ExamResult,
        batch,
        fact,
        subject=said.get("subject", "professional_exam"),
        result=said["result"],
        held_on=day(said["held_on"]),
        seat=said.get("seat"),
        score=said.get("score"),
        pass_line=said.get("pass_line"),
        record=said["record"],
    )


FACTS: dict[str, FactWriter] = {"exam_pass": write_exam, "exam_fail": write_exam, "exam_cheat": write_exam}
