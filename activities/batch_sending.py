"""Sends the items of a batch: at a bounded rate, and taken up again where it stopped, whatever stopped it.

The cursor is in the rows. An item is marked `sending` before anything leaves; after a crash those are sent
first, under the same command id, and the application gives the answer that it gave before. An item is closed
as `not_sent` only while it was never marked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio.client import Client

from activities.batch_again import take_up_again
from activities.batch_items import counted
from activities.batch_reminders import remind
from activities.database import Database
from activities.pace import Pace
from activities.sending import PATIENCE, Sent, send_or_silence, still_patient
from activities.writing import table_of
from models.batch import REMIND, check_item, item_body, item_command_id
from models.batch import Remind as Reminder
from models.batch_messages import BatchStatus, ItemStatus, Leg, LegKind, LegOver
from models.tables import Application, AuditEntry, Batch, BatchItem
from models.wire import local_day

PAGE = 50
"""Items taken at once: how much is asked again after a crash, and how soon a pause is heard."""

AT_ONCE = 10
"""Commands under way at the same moment."""

Result = dict[str, Any]
T = TypeVar("T")


async def send_leg(client: Client, database: Database, leg: Leg, patience: timedelta = PATIENCE) -> LegOver:
    """Everything that is to be sent, or until the batch is paused or stopped.

    `patience`: how long one command may wait for its answer. Raises what Temporal should try again: the
    server or every worker is away.
    """
    if leg.kind is LegKind.SEND and leg.round:
        await take_up_again(database, leg)
    sender = _Sender(client, database, leg, patience)
    finished = await sender.send_everything()
    if finished and leg.kind is LegKind.CLOSE:
        await sender.close_the_rest()
    counts, reasons = await counted(database, leg.batch.batch_ref)
    return LegOver(leg=leg.leg, finished=finished, counts=counts, reasons=reasons)


class _Sender:
    def __init__(self, client: Client, database: Database, leg: Leg, patience: timedelta) -> None:
        self._client, self._database, self._leg, self._patience = client, database, leg, patience
        self._pace = Pace(leg.batch.per_second)
        self._mine = BatchItem.batch_ref == leg.batch.batch_ref
        self._silent: set[str] = set()
        self._answered = self._last_call = False

    async def send_everything(self) -> bool:
        """False when it was interrupted."""
        while (page := await self._take()) is not None:
            if not page:
                if not self._silent:
                    return True
                await self._nobody_answers()
                continue
            results = await (self._remind(page) if self._leg.batch.kind == REMIND else self._send(page))
            await self._write(results)
        return False

    async def close_the_rest(self) -> None:
        """What was never sent never is."""
        async with self._database.transaction() as session:
            await session.execute(
                update(BatchItem)
                .where(self._mine, BatchItem.status == ItemStatus.PENDING.value)
                .values(status=ItemStatus.NOT_SENT.value, at=self._leg.at),
                execution_options={"synchronize_session": False},
            )

    async def _take(self) -> Sequence[BatchItem] | None:
        """The next items, marked; none when nothing is left; None when the batch is to go on no more.

        The row of the batch is locked: nothing is marked beside a pause or a stop that is being written.
        """
        closing = self._leg.kind is LegKind.CLOSE
        wanted = BatchStatus.STOPPING if closing else BatchStatus.APPLYING
        statuses = [ItemStatus.SENDING.value, *([] if closing else [ItemStatus.PENDING.value])]
        async with self._database.transaction() as session:
            status = await session.scalar(
                select(Batch.status).where(Batch.batch_ref == self._leg.batch.batch_ref).with_for_update()
            )
            if status != wanted.value:
                return None
            query = select(BatchItem).where(self._mine, BatchItem.status.in_(statuses))
            if self._silent:
                query = query.where(BatchItem.application_ref.not_in(self._silent))
            order = (BatchItem.status.desc(), BatchItem.application_ref)
            page = (await session.scalars(query.order_by(*order).limit(PAGE))).all()
            for item in page:
                item.status, item.round = ItemStatus.SENDING.value, self._leg.round
            return page

    async def _send(self, page: Sequence[BatchItem]) -> list[Result]:
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(item: BatchItem) -> Result | None:
            async with gate:
                await self._pace.wait()
                body = item_body(self._leg.batch, item.application_ref, item.fields, item.revision)
                sent = await send_or_silence(
                    self._client, item.plan_id, item.application_ref, body, self._patience
                )
            if isinstance(sent, str):
                self._silent.add(item.application_ref)
                return None
            self._answered = True
            return _result(item.application_ref, sent)

        results = [result for result in await _all(one(item) for item in page) if result is not None]
        if not self._answered and len(self._silent) >= AT_ONCE and still_patient():
            await self._write(results)
            raise TimeoutError("no application answers")
        return [await self._truth(result) for result in results]

    async def _truth(self, result: Result) -> Result:
        """An application that has ended may have ended by this very command: its audit row says so."""
        if result["code"] != "closed":
            return result
        given, ref = self._leg.batch, result["application_ref"]
        async with self._database.reading() as session:
            became = await session.scalar(
                select(AuditEntry.revision).filter_by(
                    plan_id=given.plan_id,
                    application_ref=ref,
                    command_id=item_command_id(given.batch_ref, ref),
                )
            )
        if became is None:
            return result
        return _accepted(ref, "accepted", became)

    async def _nobody_answers(self) -> None:
        """Only silent ones are left: asked by another attempt, once more, then listed as what they are."""
        if still_patient():
            raise TimeoutError(f"{len(self._silent)} applications do not answer")
        if not self._last_call:
            self._last_call = True
            self._silent.clear()
            return
        reason = "it does not answer: look at its workflow, then `retry`; it cannot count twice"
        await self._write([_refused(ref, "no_answer", reason) for ref in self._silent])
        self._silent.clear()

    async def _remind(self, page: Sequence[BatchItem]) -> list[Result]:
        leg, results = self._leg, []
        day = local_day(leg.at)
        async with self._database.transaction() as session:
            for item in page:
                told = check_item(leg.batch, item.application_ref, item.fields)
                assert isinstance(told, Reminder)
                row = await session.get(Application, (item.plan_id, item.application_ref))
                code = await remind(session, row, told, leg.at, day)
                results.append(_reminded(item.application_ref, code))
            await self._write_in(session, results)
        return []

    async def _write(self, results: Sequence[Result]) -> None:
        if results:
            async with self._database.transaction() as session:
                await self._write_in(session, results)

    async def _write_in(self, session: AsyncSession, results: Sequence[Result]) -> None:
        table = table_of(BatchItem)
        connection = await session.connection()
        await connection.execute(
            update(table)
            .where(
                table.c.batch_ref == self._leg.batch.batch_ref,
                table.c.application_ref == bindparam("ref"),
                table.c.status == ItemStatus.SENDING.value,
                table.c.round
                == self._leg.round,  # a worker that was thought dead has nothing to say of a retry
            )
            .values({name: bindparam(f"new_{name}") for name in _COLUMNS} | {"at": self._leg.at}),
            [
                {"ref": result["application_ref"]} | {f"new_{name}": result[name] for name in _COLUMNS}
                for result in results
            ],
        )


_COLUMNS = ("status", "code", "reason", "became")


async def _all(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """The results of all; when one fails the others are ended, and what it raised is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in work]
    except ExceptionGroup as several:
        raise several.exceptions[0] from None
    return [task.result() for task in tasks]


def _result(ref: str, sent: Sent) -> Result:
    if not sent.accepted:
        code = sent.refusal.code.value if sent.refusal is not None else sent.outcome
        return _refused(ref, code, sent.reason or sent.outcome)
    receipt = sent.receipt
    return _accepted(ref, "accepted", receipt.revision if receipt else None)


def _reminded(ref: str, code: str) -> Result:
    if code in ("reminded", "already_reminded"):
        return _accepted(ref, code, None)
    return _refused(ref, code, f"nobody was reminded: {code}")


def _accepted(ref: str, code: str, became: int | None) -> Result:
    status = ItemStatus.ACCEPTED.value
    return {"application_ref": ref, "status": status, "code": code, "reason": None, "became": became}


def _refused(ref: str, code: str, reason: str) -> Result:
    status = ItemStatus.REFUSED.value
    return {"application_ref": ref, "status": status, "code": code, "reason": reason, "became": None}
