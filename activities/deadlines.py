"""Keeps every computed deadline with its lineage, and which one is in force."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from activities.writing import write_over
from models.deadlines import DeadlineRequest
from models.outbox import DeadlineAnswer, HopBatch, Snapshot
from models.standing import DueNow
from models.tables import CurrentDeadline, DeadlineEntry
from models.wire import local_day

_IN_FORCE = select(
    CurrentDeadline.name, CurrentDeadline.due_at, CurrentDeadline.start, CurrentDeadline.reminders
).where(CurrentDeadline.plan_id == bindparam("plan_id"), CurrentDeadline.application_ref == bindparam("ref"))


def soonest_end(snapshot: Snapshot, answers: Iterable[DeadlineAnswer]) -> datetime | None:
    """The soonest end of the present stage, with the deadlines computed just now."""
    ends: dict[str, datetime | None] = {due.name: due.due_at for due in snapshot.counting}
    ends |= {answer.name: answer.due_at for answer in answers if answer.name in ends}
    return min((end for end in ends.values() if end is not None), default=None)


async def record_deadlines(session: AsyncSession, batch: HopBatch, answers: Iterable[DeadlineAnswer]) -> None:
    """Writes the computed deadlines, and those the workflow moved itself (hold, late admission)."""
    requests = {request.name: request for request in batch.requests}
    rows = [_computed(batch.snapshot, requests[answer.name], answer) for answer in answers]
    answered = {row["name"] for row in rows}
    rows += await _moved(session, batch, [d for d in batch.snapshot.counting if d.name not in answered])
    for row in rows:
        await _write(session, row)


def _computed(snapshot: Snapshot, request: DeadlineRequest, answer: DeadlineAnswer) -> dict[str, Any]:
    return {
        **_key(snapshot, answer.name.value),
        "kind": request.kind.value,
        "formula": request.formula,
        "start": request.start,
        "last_day": answer.last_day,
        "due_at": answer.due_at,
        "capped_from": answer.capped_from,
        "missing_year": answer.missing_year,
        "lineage": answer.lineage.model_dump(mode="json") if answer.lineage else None,
        "reminders": [at.isoformat() for at in answer.reminders],
        "ground": request.ground,
        "document_no": request.document_no,
        "computed_at": snapshot.at,
        "asked": request.model_dump(mode="json", exclude_defaults=True),
    }


async def _moved(session: AsyncSession, batch: HopBatch, counting: list[DueNow]) -> list[dict[str, Any]]:
    snapshot = batch.snapshot
    if not any(due.due_at for due in counting):
        return []
    of = {"plan_id": snapshot.plan_id, "ref": snapshot.application_ref}
    known = {row.name: row for row in await session.execute(_IN_FORCE, of)}
    rows = []
    for due in counting:
        old = known.get(due.name.value)
        if due.due_at is None or (old is not None and old.due_at == due.due_at):
            continue
        event = batch.facts[-1].event if batch.facts else "recorded"
        rows.append(
            {
                **_key(snapshot, due.name.value),
                "kind": due.kind.value,
                "formula": f"moved by the workflow ({event})",
                "start": old.start if old else local_day(snapshot.entered_at),
                "last_day": due.last_day or local_day(due.due_at - timedelta(seconds=1)),
                "due_at": due.due_at,
                "capped_from": None,
                "missing_year": None,
                "lineage": None,
                "reminders": old.reminders if old else [],
                "ground": event,
                "document_no": None,
                "computed_at": snapshot.at,
                "asked": None,
            }
        )
    return rows


def _key(snapshot: Snapshot, name: str) -> dict[str, Any]:
    return {
        "plan_id": snapshot.plan_id,
        "application_ref": snapshot.application_ref,
        "name": name,
        "seq": snapshot.seq,
    }


async def _write(session: AsyncSession, row: dict[str, Any]) -> None:
    key = ("plan_id", "application_ref", "name")
    await write_over(session, DeadlineEntry, row, (*key, "seq"))
    revision = await session.scalar(
        select(func.count()).select_from(DeadlineEntry).filter_by(**{name: row[name] for name in key})
    )
    current = {**row, "revision": revision}
    await write_over(session, CurrentDeadline, current, key, unless_newer=True)
