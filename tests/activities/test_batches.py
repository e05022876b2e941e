"""The rows of a batch on both databases: frozen once, taken up where they were left, closed, sent again."""

from __future__ import annotations

from typing import Any, cast

import pytest
from sqlalchemy import select, update
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment

from activities.batch_items import counted, freeze, write_items
from activities.batch_preview import preview_leg
from activities.batch_reading import items_of, results_csv
from activities.batch_sending import send_leg
from activities.batches import Batches
from activities.database import Database
from models.batch import BatchInput
from models.batch_messages import BatchRecord, BatchStatus, Leg, LegKind, LegOver
from models.batch_rows import GivenItem, check_rows, items_digest
from models.refusal import RefusalCode, Refused
from models.roles import Actor, Role
from models.tables import BatchItem, Notice
from tests.activities.recorded import Desk, told
from tests.models.life import Cast, moment, submitted

PLAN = "tianjin-quality-2023"
AT = moment("2023-10-20 09:00")
REFS = ("a-1", "a-2", "a-3", "a-4")
NOBODY = cast(Client, None)
"""Reminders are written: no server is asked."""


def batch(**change: Any) -> BatchInput:
    """Reminders of a unit to its applicants."""
    maker = Actor(id="li", role=Role.EMPLOYER, organisation=Cast("a-1").employer)
    given = {"batch_ref": "b-1", "plan_id": PLAN, "maker": maker, "per_second": 200}
    command = {"kind": "remind", "text": "请尽快办理。"}
    source = {} if "items_sha256" in change else {"selection": {"stages": ["employer_review"]}}
    return BatchInput.model_validate({**given, "command": command, **source, **change})


def leg(kind: LegKind, number: int = 1, given: BatchInput | None = None, **more: Any) -> Leg:
    """A leg of it."""
    return Leg(batch=given or batch(), leg=number, kind=kind, at=AT, **more)


async def stands(database: Database, status: BatchStatus, seq: int, given: BatchInput | None = None) -> None:
    """What its workflow reports."""
    record = BatchRecord(batch=given or batch(), seq=seq, status=status, made_at=AT, at=AT)
    await Batches(database, rehearsal=False).record_batch(record)


async def sent(database: Database, one: Leg) -> LegOver:
    """The leg, inside an activity."""

    async def run() -> LegOver:
        return await send_leg(NOBODY, database, one)

    return await ActivityEnvironment().run(run)


async def asked(database: Database, one: Leg) -> LegOver:
    """The dry run, inside an activity."""

    async def run() -> LegOver:
        return await preview_leg(NOBODY, database, one, lambda _: None)

    return await ActivityEnvironment().run(run)


@pytest.fixture
async def applications(database: Database) -> None:
    """Four that wait for their employer."""
    desk = Desk(database)
    for ref in REFS:
        await desk.write_all(told(submitted, Cast(ref)))


@pytest.mark.usefixtures("applications")
async def test_frozen_asked_interrupted_and_closed(database: Database) -> None:
    await stands(database, BatchStatus.PREPARING, 1)
    frozen = await freeze(database, leg(LegKind.PREPARE), 3)
    assert (frozen.items, frozen.four_eyes_above, frozen.irreversible) == (4, 3, 0)
    await Desk(database).write_all(told(submitted, Cast("a-5")))
    assert await freeze(database, leg(LegKind.PREPARE), 3) == frozen, "once"
    await stands(database, BatchStatus.PREPARED, 2)
    assert (await asked(database, leg(LegKind.PREVIEW))).reasons == {"accepted": 4}

    await stands(database, BatchStatus.PAUSED, 4)
    await stands(database, BatchStatus.APPLYING, 3)
    interrupted = await sent(database, leg(LegKind.SEND))
    assert (interrupted.finished, interrupted.counts) == (False, {"pending": 4}), "the newer row counts"

    async with database.transaction() as session:  # a worker died after it had marked this one
        one = update(BatchItem).where(BatchItem.application_ref == "a-2").values(status="sending")
        await session.execute(one)
    await stands(database, BatchStatus.STOPPING, 5)
    closed = await sent(database, leg(LegKind.CLOSE))
    assert closed.counts == {"accepted": 1, "not_sent": 3}
    assert closed.reasons == {"reminded": 1}
    (notice,) = await _reminders(database)
    assert (notice.to_role, notice.recipient) == ("employer", batch().maker.organisation)
    lines = [line async for lines in results_csv(database, "b-1") for line in lines.splitlines()]
    assert [line.split(",")[:3] for line in lines[1:3]] == [
        ["a-1", "not_sent", ""],
        ["a-2", "accepted", "reminded"],
    ]


@pytest.mark.usefixtures("applications")
async def test_on_real_time_nobody_brings_another_clock(database: Database) -> None:
    rehearsed = batch(clock={"real_start": AT, "business_start": AT})
    await stands(database, BatchStatus.PREPARING, 1, rehearsed)
    prepare = leg(LegKind.PREPARE, given=rehearsed)
    refused = (await freeze(database, prepare, 3)).refusal
    assert refused is not None
    assert refused.field == "clock"
    assert refused.rule.zh
    assert (await freeze(database, prepare, 3, rehearsal=True)).items == 4


@pytest.mark.usefixtures("applications")
async def test_a_retry_takes_up_what_may_be_otherwise_by_now(database: Database) -> None:
    await stands(database, BatchStatus.APPLYING, 1)
    await freeze(database, leg(LegKind.PREPARE), 50)
    await _refuse(database, {"a-1": "no_answer", "a-2": "stale_revision", "a-3": "guard"})
    first = await sent(database, leg(LegKind.SEND, round=1))
    assert first.counts == {"accepted": 2, "refused": 2}
    assert (await sent(database, leg(LegKind.SEND, round=1))).counts == first.counts, "once a round"
    forced = await sent(database, leg(LegKind.SEND, round=2, force=True))
    assert forced.counts == {"accepted": 4}
    assert {item.revision for item in await items_of(database, "b-1")} == {1}
    assert len(await _reminders(database)) == 4


@pytest.mark.usefixtures("applications")
async def test_items_are_written_beside_the_batch(database: Database) -> None:
    draft = batch(items_sha256="0" * 64)
    rows = check_rows(
        draft, [GivenItem(application_ref=ref, fields={"text": f"请办理 {ref}"}) for ref in REFS]
    )
    given = batch(items_sha256=items_digest(PLAN, draft.maker, draft.command, rows))
    with pytest.raises(Refused, match="not there") as refused:
        await write_items(database, given, [*rows, GivenItem(application_ref="nobody", line=5)], AT)
    assert refused.value.refusal.field == "line 5, column application"
    await write_items(database, draft, rows[:1], AT)
    await write_items(database, given, rows, AT)
    await write_items(database, given, rows, AT)
    assert await counted(database, "b-1") == ({"pending": 4}, {})
    await stands(database, BatchStatus.PREPARING, 1, given)
    with pytest.raises(Refused) as refused:
        await write_items(database, draft, rows[:1], AT)
    assert refused.value.refusal.code is RefusalCode.REUSED_COMMAND_ID
    other = await freeze(database, leg(LegKind.PREPARE, given=draft), 50)
    assert other.refusal is not None
    assert other.refusal.field == "items_sha256"
    await write_items(database, given, rows, AT)
    assert (await freeze(database, leg(LegKind.PREPARE, given=given), 50)).items == 4
    await stands(database, BatchStatus.APPLYING, 2, given)
    assert (await sent(database, leg(LegKind.SEND, given=given))).counts == {"accepted": 4}
    assert {notice.text_zh.splitlines()[-1] for notice in await _reminders(database)} == {
        f"请办理 {ref}" for ref in REFS
    }


async def _refuse(database: Database, codes: dict[str, str]) -> None:
    async with database.transaction() as session:
        for ref, code in codes.items():
            refused = {"status": "refused", "code": code, "reason": "…", "revision": 0}
            await session.execute(update(BatchItem).where(BatchItem.application_ref == ref).values(refused))
        await session.execute(update(BatchItem).where(BatchItem.code == "no_answer").values(revision=1))
        await session.execute(update(BatchItem).where(BatchItem.code == "guard").values(revision=1))


async def _reminders(database: Database) -> list[Notice]:
    async with database.reading() as session:
        return list(await session.scalars(select(Notice).where(Notice.template == "batch_reminder")))
