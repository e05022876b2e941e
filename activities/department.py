"""The department's hop: its decisions and its return lists."""

from __future__ import annotations

from temporalio import activity

from activities.records import FactWriter, Records
from activities.review import write_decision, write_return
from models.outbox import HopBatch, HopResult


class Department:
    """Records what the department decides."""

    def __init__(self, records: Records) -> None:
        self._records = records

    @activity.defn(name="department")
    async def department(self, batch: HopBatch) -> HopResult:
        return await self._records.record(batch)


FACTS: dict[str, FactWriter] = {
    "department_return": write_return,
    "department_reject": write_decision,
    "department_submit": write_decision,
}
