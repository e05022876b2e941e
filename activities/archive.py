"""The archive: the receipt of the electronic review form."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.facts import write_row
from activities.records import FactWriter, Records
from models.audit import Fact
from models.outbox import HopBatch, HopResult
from models.tables import ArchiveReceipt


class Archive:
    """Records the archive keeper's receipt."""

    def __init__(self, records: Records) -> None:
        self._records = records

    @activity.defn(name="archive")
    async def archive(self, batch: HopBatch) -> HopResult:
        return await self._records.record(batch)


async def _receipt(session: AsyncSession, batch: HopBatch, fact: Fact) -> None:
    said = fact.details
    await write_row(
        session, ArchiveReceipt, batch, fact, receipt_ref=said["receipt_ref"], form_sha256=said["form_sha256"]
    )


FACTS: dict[str, FactWriter] = {"archive": _receipt}
