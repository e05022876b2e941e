"""The employer's hop: its decisions, its return lists, the posts that it attests."""

from __future__ import annotations

from temporalio import activity

from activities.records import FactWriter, Records
from activities.review import write_decision, write_return
from models.outbox import HopBatch, HopResult


class Employer:
    """Records what the employer decides."""

    def __init__(self, records: Records) -> None:
        self._records = records

    @activity.defn(name="employer")
    async def employer(self, batch: HopBatch) -> HopResult:
        return await self._records.record(batch)


FACTS: dict[str, FactWriter] = {
    "employer_return": write_return,
    "employer_decline": write_decision,
    "employer_reopen": write_decision,
    "recommend": write_decision,
    "quota_freed": write_decision,
    "attest_post": write_decision,
}
