"""The committee office's hop: acceptance (screened again), the one complete return list, refusal."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.records import FactWriter, Records
from activities.review import write_decision, write_return
from activities.screening import write_findings
from models.audit import Fact
from models.outbox import HopBatch, HopResult


class Office:
    """Records what the committee office decides."""

    def __init__(self, records: Records) -> None:
        self._records = records

    @activity.defn(name="office")
    async def office(self, batch: HopBatch) -> HopResult:
        return await self._records.record(batch)


async def _accept(session: AsyncSession, batch: HopBatch, fact: Fact) -> None:
    """The status must hold at acceptance too: whoever retired or was disciplined since shows up here."""
    await write_decision(session, batch, fact)
    await write_findings(session, batch, fact)


FACTS: dict[str, FactWriter] = {
    "office_accept": _accept,
    "office_return": write_return,
    "office_refuse": write_decision,
}
