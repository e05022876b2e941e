"""Decisions that were recorded on the wrong application: what their correction leaves."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from activities.facts import write_row
from activities.publicity import write_step
from activities.records import FactWriter
from models.audit import Fact
from models.corrections import CORRECTED, event_to
from models.outbox import HopBatch
from models.stages import Stage
from models.tables import CorrectedDecision


async def _corrected(session: AsyncSession, batch: HopBatch, fact: Fact) -> None:
    said = fact.details
    await write_row(
        session,
        CorrectedDecision,
        batch,
        fact,
        corrected_seq=said["fact"],
        corrected_event=said["corrected_event"],
        document_no=said["document_no"],
        reason=said["reason"],
    )
    cut_off = fact.event == event_to(Stage.RECOMMENDED) and said["corrected_event"] != "cancel_publicity"
    if cut_off:
        await write_step("cancelled", "employer")(session, batch, fact)


FACTS: dict[str, FactWriter] = dict.fromkeys(CORRECTED, _corrected)
