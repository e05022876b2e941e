"""The items of a batch: written beside it, frozen, counted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, false, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from activities.calendar import Calendars
from activities.database import Database
from activities.plans import plan_in_force
from activities.selecting import conditions
from activities.visibility import visible_to
from models.batch import MOST_ITEMS, BatchInput, irreversible
from models.batch_messages import ItemStatus, Leg, LegOver
from models.batch_rows import GivenItem, faulty
from models.batch_state import NOT_MADE, WRITTEN
from models.plan import UnknownPlanError
from models.refusal import RefusalCode, Refused, refuse
from models.slack import Today
from models.tables import Application, Batch, BatchItem
from models.visibility import Grant
from models.wire import Label, local_day

_CHUNK = 500


async def write_items(database: Database, given: BatchInput, rows: Sequence[GivenItem], at: datetime) -> None:
    """Writes the items of a batch that is to be started; the same again changes nothing.

    Items of a batch that was never started are replaced. Raises `Refused`: the reference is taken, or an
    application is not there, or the maker may not see it.
    """
    async with database.transaction() as session:
        known = await session.get(Batch, given.batch_ref)
        if known is not None:
            if known.items_sha256 == given.items_sha256:
                return
            if known.status not in (WRITTEN, NOT_MADE) or known.maker_id != given.maker.id:
                raise _taken()
            await session.execute(delete(BatchItem).filter_by(batch_ref=given.batch_ref))
            await session.delete(known)
            await session.flush()
        seen = await _seen_by(session, given, [row.application_ref for row in rows])
        missing = [row for row in rows if row.application_ref not in seen]
        if missing:
            raise faulty(
                missing, Label(zh="没有此申报，或无权查看", en="not there, or not to be seen by you")
            )
        session.add(Batch(**columns_of(given), status=WRITTEN, made_at=at, at=at, seq=0, **_blank(given)))
        await session.flush()
        await session.execute(
            insert(BatchItem),
            [_item(given, row.application_ref, seen[row.application_ref], row) for row in rows],
        )


def columns_of(given: BatchInput) -> dict[str, Any]:
    """The columns of a batch that its input says."""
    return {
        "batch_ref": given.batch_ref,
        "plan_id": given.plan_id,
        "kind": given.kind,
        "command": given.command,
        "selection": given.selection.model_dump(mode="json") if given.selection else None,
        "maker_id": given.maker.id,
        "maker_role": given.maker.role.value,
        "maker_organisation": given.maker.organisation,
    }


def _blank(given: BatchInput) -> dict[str, Any]:
    return {"items_sha256": given.items_sha256, "needs_approval": False, "items": 0}


def _item(given: BatchInput, ref: str, revision: int, row: GivenItem | None = None) -> dict[str, Any]:
    own = row.revision if row is not None and row.revision is not None else revision
    return {
        "batch_ref": given.batch_ref,
        "application_ref": ref,
        "plan_id": given.plan_id,
        "revision": own,
        "fields": row.fields or None if row is not None else None,
        "status": ItemStatus.PENDING.value,
        "round": 0,
    }


async def _seen_by(session: AsyncSession, given: BatchInput, refs: Sequence[str]) -> dict[str, int]:
    """Those of the references that the maker may see, with their revision."""
    visible = await _visible(session, given)
    found: dict[str, int] = {}
    for start in range(0, len(refs), _CHUNK):
        rows = await session.execute(
            select(Application.application_ref, Application.revision).where(
                Application.plan_id == given.plan_id,
                Application.application_ref.in_(refs[start : start + _CHUNK]),
                visible,
            )
        )
        found |= dict(rows.all())
    return found


async def _visible(session: AsyncSession, given: BatchInput) -> ColumnElement[bool]:
    maker = given.maker
    try:
        plan = await plan_in_force(session, given.plan_id)
    except UnknownPlanError:
        return false()
    offices = {role.value: organisation for role, organisation in plan.organisations.items()}
    return visible_to(maker.id, [Grant(role=maker.role, organisation=maker.organisation)], offices)


async def freeze(
    database: Database,
    leg: Leg,
    four_eyes_above: int,
    calendars: Calendars | None = None,
    *,
    rehearsal: bool = False,
) -> LegOver:
    """Fixes the items of a batch and counts them, once; or says why it cannot be made.

    `calendars`: by what a search counts working days; without them by the notices on record. `rehearsal`: a
    clock other than real time is allowed.
    """
    try:
        if not leg.batch.clock.is_real and not rehearsal:
            raise _another_clock()
        return await _freeze(database, leg, four_eyes_above, calendars or Calendars(as_of=False))
    except Refused as refused:
        async with database.transaction() as session:
            batch = await session.get_one(Batch, leg.batch.batch_ref)
            if not _another(batch, leg):
                batch.status = NOT_MADE
        return LegOver(leg=leg.leg, refusal=refused.refusal)


async def _freeze(database: Database, leg: Leg, four_eyes_above: int, calendars: Calendars) -> LegOver:
    given = leg.batch
    async with database.transaction() as session:
        batch = await session.get_one(Batch, given.batch_ref)
        if _another(batch, leg):
            raise _taken()
        if batch.frozen_at is None:
            if given.selection is not None:
                await session.execute(delete(BatchItem).filter_by(batch_ref=given.batch_ref))
                today = Today(day=local_day(leg.at), calendar=await calendars.within(session, leg.at))
                await _choose(session, given, today)
            elif batch.items_sha256 != given.items_sha256:
                raise _not_written()
            batch.items = await session.scalar(_of(given, func.count())) or 0
            batch.frozen_at = leg.at
        ending = 0
        async for fields in _fields(session, given):
            ending += irreversible({**given.command, **(fields or {})})
        return LegOver(leg=leg.leg, items=batch.items, irreversible=ending, four_eyes_above=four_eyes_above)


def _another(batch: Batch, leg: Leg) -> bool:
    """Whether the row is that of an earlier batch: the server forgets who is over, or was ended by hand."""
    return leg.made_at is not None and batch.made_at != leg.made_at


async def _choose(session: AsyncSession, given: BatchInput, today: Today) -> None:
    assert given.selection is not None
    query = select(Application.application_ref, Application.revision).where(
        Application.plan_id == given.plan_id,
        await _visible(session, given),
        *conditions(given.selection, today),
    )
    if given.selection.status is None:
        query = query.where(Application.status != "ended")
    found = (await session.execute(query.order_by(Application.application_ref).limit(MOST_ITEMS + 1))).all()
    if not found or len(found) > MOST_ITEMS:
        many = f"more than {MOST_ITEMS}" if found else "none"
        raise refuse(
            RefusalCode.GUARD,
            zh=f"选中的申报{f'超过{MOST_ITEMS}件' if found else '为零'}。",
            en=f"The selection finds {many}.",
            fix_zh="请调整条件（只选取您可查看的申报）。",
            fix_en="Change the conditions; only what you may see is found.",
            field="selection",
        )
    for start in range(0, len(found), _CHUNK):
        chunk = found[start : start + _CHUNK]
        await session.execute(insert(BatchItem), [_item(given, ref, revision) for ref, revision in chunk])


def _of(given: BatchInput, what: Any) -> Any:
    return select(what).where(BatchItem.batch_ref == given.batch_ref)


async def _fields(session: AsyncSession, given: BatchInput) -> AsyncIterator[dict[str, Any] | None]:
    found = await session.stream_scalars(_of(given, BatchItem.fields).execution_options(yield_per=_CHUNK))
    async for fields in found:
        yield fields


async def counted(database: Database, batch_ref: str) -> tuple[dict[str, int], dict[str, int]]:
    """How many items by status, and by the code of those that were answered."""
    async with database.reading() as session:
        mine = BatchItem.batch_ref == batch_ref
        by_status = await session.execute(
            select(BatchItem.status, func.count()).where(mine).group_by(BatchItem.status)
        )
        by_code = await session.execute(
            select(BatchItem.code, func.count())
            .where(mine, BatchItem.code.is_not(None))
            .group_by(BatchItem.code)
        )
        return dict(by_status.all()), {c: n for c, n in by_code if c is not None}


def _another_clock() -> Refused:
    return refuse(
        RefusalCode.GUARD,
        zh="本服务按真实时间运行，不接受其他时钟。",
        en="This service runs on real time; another clock is for rehearsals.",
        fix_zh="请不要填写 clock。",
        fix_en="Leave `clock` out.",
        field="clock",
    )


def _taken() -> Refused:
    return refuse(
        RefusalCode.REUSED_COMMAND_ID,
        zh="该批次编号已用于另一批次。",
        en="This reference is taken by another batch.",
        fix_zh="请使用新的编号。",
        fix_en="Use another one.",
        field="batch_ref",
    )


def _not_written() -> Refused:
    return refuse(
        RefusalCode.GUARD,
        zh="未找到该批次的清单，或内容不符。",
        en="The items of this batch are not there, or they are others.",
        fix_zh="请重新提交清单后再启动。",
        fix_en="Hand the items in again, then start it.",
        field="items_sha256",
    )
