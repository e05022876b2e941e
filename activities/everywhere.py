"""Events that belong to no hop: holds, cancellations, deadlines, lapses, complaints, refused signals."""

from __future__ import annotations

from temporalio import activity

from activities.publicity import raise_objection
from activities.records import FactWriter, Records
from models.outbox import HopBatch, HopResult


class Everywhere:
    """Records what may happen at every stage; the audit entry says it all."""

    def __init__(self, records: Records) -> None:
        self._records = records

    @activity.defn(name="records")
    async def records(self, batch: HopBatch) -> HopResult:
        return await self._records.record(batch)


FACTS: dict[str, FactWriter] = {"complaint": raise_objection("none", "complaint")}
