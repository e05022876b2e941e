"""Batches on a real server with a real database: frozen, asked, approved, sent, paused, retried."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select
from temporalio.testing import WorkflowEnvironment

from models.batch import item_command_id
from models.batch_messages import BatchStatus
from models.batch_rows import GivenItem
from models.refusal import RefusalCode, Refused
from models.tables import Application, Batch, BatchItem, Notice
from tests.codec import replayer, unsealed
from tests.histories import FOLDER
from tests.support import eventually, unique
from tests.workflows.apart import apart
from tests.workflows.cycle import Cycle, Life
from workers.client_batch import BatchClient
from workers.client_errors import CommandRefused, StartRefused
from workers.rehearsal.cast import CITY_OFFICE, OFFICE

PLAN = "tianjin-quality-2023"
HOLD = {"kind": "hold", "ground": "investigation", "text": "核查中"}
FOUR_EYES_ABOVE = 4


def clerk(person: str = "wang", role: str = "office", organisation: str = OFFICE) -> dict[str, str]:
    """Somebody of the office, unless it is said otherwise."""
    return {"id": person, "role": role, "organisation": organisation}


@pytest_asyncio.fixture(loop_scope="session")
async def own(environment: WorkflowEnvironment, tmp_path: Path) -> AsyncIterator[Cycle]:
    """A database of this test: a selection finds its own applications only."""
    async with apart(environment, tmp_path, four_eyes_above=FOUR_EYES_ABOVE) as made:
        yield made


@pytest.fixture
def door(own: Cycle) -> BatchClient:
    """The typed client."""
    return BatchClient(own.environment.client, own.queue)


async def opened(own: Cycle, number: int) -> list[Life]:
    """Fresh applications, as soon as the database knows them."""
    lives = await asyncio.gather(*(own.start() for _ in range(number)))
    await known(own, lives, 0)
    return sorted(lives, key=lambda life: life.cast.ref)


async def known(own: Cycle, lives: Sequence[Life], revision: int) -> None:
    """Returns when the read model has them at this revision."""

    async def there() -> None:
        async with own.database.reading() as session:
            rows = await session.execute(select(Application.application_ref, Application.revision))
        found = dict(rows.all())
        assert all(found.get(life.cast.ref, -1) >= revision for life in lives)

    await eventually(there)


async def items(own: Cycle, batch_ref: str) -> dict[str, BatchItem]:
    """The rows of a batch."""
    async with own.database.reading() as session:
        rows = await session.scalars(select(BatchItem).filter_by(batch_ref=batch_ref))
        return {row.application_ref: row for row in rows}


def given(batch_ref: str, command: dict[str, Any] = HOLD, **more: Any) -> dict[str, Any]:
    """What starts a batch over everything."""
    start = {"batch_ref": batch_ref, "plan_id": PLAN, "maker": clerk(), "command": command, "per_second": 200}
    return start | ({} if "items_sha256" in more else {"selection": {}}) | more


def says(kind: str, person: str = "wang", **more: Any) -> dict[str, Any]:
    """A command of a batch."""
    return {"kind": kind, "actor": clerk(person), "command_id": unique(kind)} | more


async def effects(lives: Sequence[Life], batch_ref: str) -> Counter[int]:
    """How many applications have how many facts of this batch."""
    histories = await asyncio.gather(*(life.history() for life in lives))
    return Counter(
        sum(fact.command_id == item_command_id(batch_ref, life.cast.ref) for fact in history)
        for life, history in zip(lives, histories, strict=True)
    )


async def test_from_the_dry_run_to_the_last_answer(
    own: Cycle, door: BatchClient, request: pytest.FixtureRequest
) -> None:
    """Six are frozen: one withdraws before it is sent, one moves on; who comes later is not in.

    `--record` writes its history for the replay gate.
    """
    lives = await opened(own, 6)
    ref = unique("b")
    made = await door.start(given(ref))
    assert (made.items, made.needs_approval) == (6, True)
    asked = await door.until(ref, BatchStatus.PREVIEWED)
    assert asked.preview == {"accepted": 6}
    assert asked.permitted == ("dry_run", "approve", "stop")
    (late,) = await opened(own, 1)
    await lives[0].send(lives[0].cast.withdraw())
    await lives[1].send(lives[1].cast.submit())

    await door.send(ref, says("dry_run"))
    again = await door.until(ref, BatchStatus.PREVIEWED)
    assert again.preview == {"accepted": 4, "closed": 1, "stale_revision": 1}

    for command, code in (
        (says("apply"), RefusalCode.SEPARATION_OF_DUTIES),
        (says("approve"), RefusalCode.SEPARATION_OF_DUTIES),
        (says("approve", actor=clerk("li", organisation="elsewhere")), RefusalCode.WRONG_ORGANISATION),
        (says("approve", actor=clerk("li", "city_office", CITY_OFFICE)), RefusalCode.WRONG_ORGANISATION),
        (says("pause"), RefusalCode.NOT_IN_THIS_STAGE),
        (says("retry", force="perhaps"), RefusalCode.MALFORMED),
    ):
        with pytest.raises(CommandRefused) as refused:
            await door.send(ref, command)
        assert refused.value.refusal.code is code, command
        assert refused.value.refusal.remedy.zh

    approval = says("approve", "li")
    receipt = await door.send(ref, approval)
    assert receipt.status is BatchStatus.APPROVED
    assert (await door.send(ref, approval)) == receipt
    with pytest.raises(CommandRefused) as refused:
        await door.send(ref, says("apply", "zhao"))
    assert refused.value.refusal.code is RefusalCode.WRONG_PERSON
    await door.send(ref, says("apply"))
    done = await door.until(ref, BatchStatus.DONE)
    assert done.counts == {"accepted": 4, "refused": 2}
    assert done.reasons == {"accepted": 4, "closed": 1, "stale_revision": 1}
    assert done.approver is not None
    assert (done.maker.id, done.approver.id) == ("wang", "li")

    rows = await items(own, ref)
    assert late.cast.ref not in rows
    assert {rows[life.cast.ref].became for life in lives[2:]} == {1}
    assert rows[lives[1].cast.ref].reason
    assert await effects(lives, ref) == {0: 2, 1: 4}
    for life in lives[2:]:
        (fact,) = [f for f in await life.history() if f.event == "hold"]
        assert fact.actor.model_dump(mode="json") == clerk()

    await door.send(ref, says("retry"))
    assert (await door.until(ref, BatchStatus.DONE)).counts == {"accepted": 4, "refused": 2}
    await known(own, [lives[1]], 1)
    with pytest.raises(CommandRefused) as refused:
        await door.send(ref, says("retry", "zhao", force=True))
    assert refused.value.refusal.code is RefusalCode.WRONG_PERSON
    await door.send(ref, says("retry", force=True))  # another decision than the one that was approved
    asked = await door.until(ref, BatchStatus.PREVIEWED)
    assert (asked.approver, asked.preview) == (None, {"accepted": 1, "closed": 1})
    assert await effects(lives, ref) == {0: 2, 1: 4}
    with pytest.raises(CommandRefused) as refused:
        await door.send(ref, says("apply"))
    assert refused.value.refusal.code is RefusalCode.SEPARATION_OF_DUTIES
    await door.send(ref, says("approve", "li"))
    await door.send(ref, says("apply"))
    forced = await door.until(ref, BatchStatus.DONE)
    assert forced.counts == {"accepted": 5, "refused": 1}
    assert await effects(lives, ref) == {0: 1, 1: 5}
    history = await own.environment.client.get_workflow_handle(f"batch/{ref}").fetch_history()
    await replayer().replay_workflow(history)
    if request.config.getoption("--record"):
        text = re.sub(r"\d+@[^\"/]+", "recorder", unsealed(history).to_json())
        (FOLDER / "batch.json").write_text(text + "\n", encoding="utf-8")


async def test_items_of_their_own_and_a_small_batch_needs_no_second_person(
    own: Cycle, door: BatchClient
) -> None:
    lives = await opened(own, 2)
    await asyncio.gather(*(life.send(life.cast.submit()) for life in lives))
    await known(own, lives, 1)
    ref, maker = unique("b"), clerk("clerk", "employer", lives[0].cast.employer)
    heads = "application,revision,items\n"
    wrong = heads + f"{lives[0].cast.ref},x,[]\nnobody,,[]\n{lives[1].cast.ref},,[{{\n"
    command = {"kind": "review", "hop": "employer", "outcome": "return"}
    start = {k: v for k, v in given(ref, command, maker=maker).items() if k != "selection"}
    with pytest.raises(Refused) as refused:
        await door.start_with(own.database, start, wrong)
    assert "line 2, column revision" in refused.value.refusal.rule.en
    assert "line 4, column items" in refused.value.refusal.rule.en
    with pytest.raises(Refused) as refused:
        await door.start_with(own.database, start, heads + "nobody,,\n")
    assert refused.value.refusal.field == "line 2, column application"
    listed = [GivenItem(application_ref=life.cast.ref, fields={"items": [_item(life)]}) for life in lives]
    await door.start_with(own.database, start, listed)
    asked = await door.until(ref, BatchStatus.PREVIEWED)
    assert (asked.needs_approval, asked.preview) == (False, {"accepted": 2})
    with pytest.raises(Refused) as refused:
        await door.start_with(own.database, start, listed[:1])
    assert refused.value.refusal.code is RefusalCode.REUSED_COMMAND_ID
    await door.send(ref, says("apply", actor=maker))
    assert (await door.until(ref, BatchStatus.DONE)).counts == {"accepted": 2}
    for life in lives:
        assert (await life.state()).stage == "employer_returned"
        assert (await life.history())[-1].details["items"][0]["id"] == _item(life)["id"]


def _item(life: Life) -> dict[str, str]:
    return {"id": f"i-{life.cast.ref[-6:]}", "text": "首页未加盖公章"}


async def test_what_cannot_be_taken_back_needs_a_second_person(own: Cycle, door: BatchClient) -> None:
    await opened(own, 1)
    ref, city = unique("b"), clerk("ma", "city_office", CITY_OFFICE)
    cancel = {"kind": "cancel", "what": "eligibility", "ground": "fraud", "text": "弄虚作假"}
    made = await door.start(given(ref, {**cancel, "document_no": "津人社〔2023〕1号"}, maker=city))
    assert (made.items, made.irreversible, made.needs_approval) == (1, 1, True)
    await door.until(ref, BatchStatus.PREVIEWED)
    await door.send(ref, says("stop", actor=city))
    assert (await door.until(ref, BatchStatus.STOPPED)).counts == {"not_sent": 1}


async def test_paused_goes_on_and_stopped_does_not(own: Cycle, door: BatchClient) -> None:
    lives = await opened(own, 8)
    ref = unique("b")
    await door.start(given(ref, per_second=4))
    await door.until(ref, BatchStatus.PREVIEWED)
    await door.send(ref, says("approve", "li"))
    await door.send(ref, says("apply", "li"))
    await door.send(ref, says("pause", "zhao"))
    await door.send(ref, says("resume", "zhao"))
    await door.send(ref, says("stop", "zhao"))
    view = await door.until(ref, BatchStatus.STOPPED, BatchStatus.DONE)
    assert sum(view.counts.values()) == 8
    told = Counter(row.status for row in (await items(own, ref)).values())
    assert told == view.counts
    assert await effects(lives, ref) == Counter({1: told["accepted"]}) + Counter({0: told["not_sent"]})


async def test_a_reminder_once_a_day(own: Cycle, door: BatchClient) -> None:
    lives = await opened(own, 3)
    remind = {"kind": "remind", "text": "请尽快提交。"}
    first, second = unique("b"), unique("b")
    for ref in (first, second):
        await door.start(given(ref, remind))
        assert (await door.until(ref, BatchStatus.PREVIEWED)).preview == {"accepted": 3}
    await lives[0].send(lives[0].cast.withdraw())
    await known(own, lives[:1], 1)
    for ref, code in ((first, "reminded"), (second, "already_reminded")):
        await door.send(ref, says("apply"))
        assert (await door.until(ref, BatchStatus.DONE)).reasons == {code: 2, "closed": 1}
    async with own.database.reading() as session:
        notices = (await session.scalars(select(Notice).filter_by(template="batch_reminder"))).all()
    assert {(n.to_role, n.recipient) for n in notices} == {
        ("applicant", f"p-{life.cast.ref}") for life in lives[1:]
    }
    assert all("请尽快提交" in n.text_zh for n in notices)


async def test_a_batch_that_cannot_be_made(own: Cycle, door: BatchClient) -> None:
    await opened(own, 1)
    for change, field in (
        ({"command": {"kind": "hold", "ground": "investigation"}}, "text"),
        ({"command": {"kind": "nonsense"}}, "command.kind"),
        ({"command": {**HOLD, "actor": clerk()}}, "command.actor"),
        ({"maker": {"id": "p", "role": "applicant"}}, "maker.role"),
        ({"selection": {"stages": ["voting"]}}, "selection"),
        ({"maker": clerk(organisation="elsewhere")}, "selection"),
    ):
        with pytest.raises(StartRefused) as refused:
            await door.start(given(unique("b")) | change)
        assert refused.value.refusal is not None
        assert refused.value.refusal.field == field
    ref = unique("b")
    with pytest.raises(StartRefused):
        await door.start(given(ref, selection={"stages": ["voting"]}))
    assert (await door.start(given(ref))).items == 1
    with pytest.raises(StartRefused, match="another input"):
        await door.start(given(ref, per_second=3))
    async with own.database.reading() as session:
        assert (await session.get_one(Batch, ref)).items == 1
