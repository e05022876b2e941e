"""The activities of batches: a batch's row, and its legs. A leg tells its outcome by a signal.

A signal keeps its place before and after other messages in every replay; the result of an activity does not
(decision 10).
"""

from __future__ import annotations

from temporalio import activity
from temporalio.service import RPCError, RPCStatusCode

from activities.batch_items import columns_of, freeze
from activities.batch_preview import preview_leg
from activities.batch_sending import send_leg
from activities.beats import Tell, signs_of_life
from activities.calendar import Calendars
from activities.database import Database
from activities.writing import write_over
from models.batch import FOUR_EYES_ABOVE
from models.batch_messages import BatchRecord, Leg, LegKind, LegOver
from models.tables import Batch

LEG_OVER = "leg_over"
"""The signal to the workflow of the batch."""


class Batches:
    """Bound to one database and its calendars.

    A batch of more items than `four_eyes_above` needs a second person. `rehearsal`: a clock other than real
    time is allowed.
    """

    def __init__(
        self,
        database: Database,
        four_eyes_above: int = FOUR_EYES_ABOVE,
        calendars: Calendars | None = None,
        *,
        rehearsal: bool,
    ) -> None:
        self._database, self._four_eyes_above = database, four_eyes_above
        self._calendars, self._rehearsal = calendars, rehearsal

    @activity.defn(name="record_batch")
    async def record_batch(self, record: BatchRecord) -> None:
        """Writes where the batch stands, unless something newer stands there."""
        row = {
            **columns_of(record.batch),
            "seq": record.seq,
            "status": record.status.value,
            "made_at": record.made_at,
            "at": record.at,
            "items": record.items,
            "needs_approval": record.needs_approval,
            "approver_id": record.approver.id if record.approver else None,
            "approved_at": record.approved_at,
            "preview": record.preview,
            "counts": record.counts,
        }
        async with self._database.transaction() as session:
            await write_over(session, Batch, row, ("batch_ref",), unless_newer=True)

    @activity.defn(name="batch_leg")
    async def batch_leg(self, leg: Leg) -> None:
        """Freezes, asks, sends or closes; then tells the workflow."""
        async with signs_of_life() as tell:
            outcome = await self._go(leg, tell)
        handle = activity.client().get_workflow_handle(leg.batch.workflow_id)
        try:
            await handle.signal(LEG_OVER, outcome)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:  # somebody has ended the batch
                raise

    async def _go(self, leg: Leg, tell: Tell) -> LegOver:
        match leg.kind:
            case LegKind.PREPARE:
                return await freeze(
                    self._database, leg, self._four_eyes_above, self._calendars, rehearsal=self._rehearsal
                )
            case LegKind.PREVIEW:
                return await preview_leg(activity.client(), self._database, leg, tell)
            case LegKind.SEND | LegKind.CLOSE:
                return await send_leg(activity.client(), self._database, leg)
