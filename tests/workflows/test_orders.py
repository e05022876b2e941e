"""An order to many applications on the real server: each once, also when the worker is lost midway."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest_asyncio
from sqlalchemy import select, update
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.database import Database
from activities.orders import Progress, chosen_by, command_id_of, in_pages, last_progress, send_to_all
from models.cycle_messages import Order, OrderDone
from models.selection import Selection
from models.stages import Stage
from models.tables import Application, OrderRefusal
from tests.support import eventually, unique
from tests.workflows.apart import apart
from tests.workflows.cycle import Cycle, Life, moment
from tests.workflows.year import city
from workers.worker import sandbox_runner

MANY = 20
AT = moment("2023-10-09 09:00")
NOTICE: dict[str, Any] = {
    "kind": "revise_deadlines",
    "actor": city(),
    "ground": "calendar_notice",
    "document_no": "国办发明电〔2023〕9号",
    "text": "放假安排",
}


@workflow.defn(name="OneOrder", sandboxed=False)
class OneOrder:
    """Carries an order out, as a cycle does."""

    @workflow.run
    async def run(self, activity_name: str, order: dict[str, Any]) -> OrderDone:
        done: OrderDone = await workflow.execute_activity(
            activity_name,
            order,
            result_type=OrderDone,
            start_to_close_timeout=timedelta(minutes=2),
            heartbeat_timeout=timedelta(seconds=20),
        )
        return done


@pytest_asyncio.fixture(loop_scope="session")
async def own(environment: WorkflowEnvironment, tmp_path: Path) -> AsyncIterator[Cycle]:
    """A database of this test: an order to everybody reaches its own applications only."""
    async with apart(environment, tmp_path, OneOrder) as made:
        yield made


async def _open(own: Cycle, *casts: dict[str, Any]) -> list[Life]:
    """Fresh applications, as soon as the database knows them."""
    lives = await asyncio.gather(*(own.start(**cast) for cast in casts))

    async def known() -> None:
        async with own.database.reading() as session:
            refs = set(await session.scalars(select(Application.application_ref)))
        assert {life.cast.ref for life in lives} <= refs

    await eventually(known)
    return list(lives)


def _order(cycle_plan: str, body: dict[str, Any] = NOTICE, **more: Any) -> Order:
    given = {"selection": Selection(), **more}
    return Order(order_id=unique("order")[:16], plan_id=cycle_plan, at=AT, body=body, **given)


async def _carry_out(
    own: Cycle, order: Order, activity_name: str = "carry_out", queue: str = ""
) -> OrderDone:
    return await own.environment.client.execute_workflow(
        OneOrder.run,
        args=[activity_name, order.model_dump(mode="json")],
        id=unique("one-order"),
        task_queue=queue or own.queue,
    )


async def _revisions(lives: Sequence[Life], order: Order) -> Counter[int]:
    """How many facts each application has of this order's command."""
    histories = await asyncio.gather(*(life.history() for life in lives))
    return Counter(
        sum(fact.command_id == command_id_of(order.order_id, life.cast.ref) for fact in history)
        for life, history in zip(lives, histories, strict=True)
    )


async def _refusals(own: Cycle, order: Order) -> dict[str, str]:
    async with own.database.reading() as session:
        rows = await session.scalars(select(OrderRefusal).filter_by(order_id=order.order_id))
        return {row.application_ref: row.code for row in rows}


@dataclass
class Fragile:
    """Carries an order out and says when it is halfway; `resumed` is where each attempt began."""

    client: Client
    database: Database
    halfway: asyncio.Event = field(default_factory=asyncio.Event)
    resumed: list[Progress] = field(default_factory=list)

    @activity.defn(name="fragile_order")
    async def carry_out(self, given: dict[str, Any]) -> OrderDone:
        order = Order.model_validate(given)
        self.resumed.append(last_progress())

        def report(progress: Progress) -> None:
            activity.heartbeat(progress)
            if progress.chosen == MANY // 2:
                self.halfway.set()

        done = await send_to_all(
            self.client,
            self.database,
            order.plan_id,
            chosen_by(self.database, order.plan_id, order.selection),
            lambda _ref: order.body,
            order.order_id,
            at=order.at,
            per_second=order.per_second,
            report=report,
        )
        return OrderDone(**done.model_dump(exclude={"after"}))

    def worker(self, queue: str) -> Worker:
        """A worker for this activity alone, that gives nothing time to finish when it is shut down."""
        return Worker(
            self.client,
            task_queue=queue,
            workflows=[OneOrder],
            activities=[self.carry_out],
            workflow_runner=sandbox_runner(),
            graceful_shutdown_timeout=timedelta(0),
        )


async def test_an_order_goes_on_where_a_lost_worker_stopped_and_nobody_gets_it_twice(own: Cycle) -> None:
    lives = await _open(own, *({} for _ in range(MANY)))
    order, queue = _order(lives[0].cast.plan_id, per_second=40), unique("fragile")
    fragile = Fragile(own.environment.client, own.database)
    async with fragile.worker(queue):
        running = asyncio.create_task(_carry_out(own, order, "fragile_order", queue))
        await fragile.halfway.wait()
    assert not running.done(), "the worker is gone, the order is not"
    assert len(fragile.resumed) == 1
    async with fragile.worker(queue):
        done = await running
    assert (done.chosen, done.accepted, done.refused, done.ended) == (MANY, MANY, 0, 0)
    assert len(fragile.resumed) == 2
    assert fragile.resumed[1].after is not None, "it began after those that were done"
    assert fragile.resumed[1].chosen == fragile.resumed[1].accepted >= MANY // 2
    assert await _revisions(lives, order) == {1: MANY}
    again = await _carry_out(own, order)
    assert again.accepted == MANY
    assert await _revisions(lives, order) == {1: MANY}, "the whole order again changes nothing"


async def test_those_who_refuse_or_have_ended_are_listed_once(own: Cycle) -> None:
    open_, held, gone = await _open(own, {}, {}, {})
    for life in (open_, held, gone):
        await life.at("2023-09-20 09:00")
        await life.send(life.cast.submit())
    await gone.send(gone.cast.withdraw())
    await gone.handle.result()
    plan_id = open_.cast.plan_id
    async with own.database.transaction() as session:
        # as if the database had not yet heard that it ended, when the order read its page
        key = {"plan_id": plan_id, "application_ref": gone.cast.ref}
        await session.execute(update(Application).filter_by(**key).values(status="open"))
    await held.send(held.cast.hold())
    withdrawal = {"kind": "review", "actor": held.cast.actor("employer"), "hop": "employer"}
    order = _order(plan_id, {**withdrawal, "outcome": "reopen"})
    for _ in range(2):
        done = await _carry_out(own, order)
        assert (done.chosen, done.accepted, done.refused, done.ended) == (3, 0, 2, 1)
    listed = await _refusals(own, order)
    assert listed[gone.cast.ref] == "closed"
    assert set(listed) == {open_.cast.ref, held.cast.ref, gone.cast.ref}
    async with own.database.reading() as session:
        row = await session.get_one(OrderRefusal, (order.order_id, open_.cast.ref))
        assert (row.plan_id, row.at) == (plan_id, AT)
        assert row.reason


async def test_a_refusal_is_struck_off_when_the_same_order_is_accepted_later(own: Cycle) -> None:
    (life,) = await _open(own, {})
    await life.at("2023-09-20 09:00")
    recommend = {key: value for key, value in life.cast.recommend().items() if key != "command_id"}
    order = _order(life.cast.plan_id, recommend, selection=Selection(refs=(life.cast.ref,)))
    assert (await _carry_out(own, order)).refused == 1
    assert set(await _refusals(own, order)) == {life.cast.ref}
    await life.send(life.cast.submit())
    assert (await _carry_out(own, order)).accepted == 1
    assert await _refusals(own, order) == {}


async def test_an_order_chooses_by_stage_unit_and_reference(own: Cycle) -> None:
    here, there = await _open(own, {}, {"employer": "binhai-instruments"})
    await here.at("2023-09-20 09:00")
    await here.send(here.cast.submit())
    plan_id = here.cast.plan_id

    async def chosen(**selection: Any) -> set[str]:
        pages = chosen_by(own.database, plan_id, Selection(**selection))
        return {ref async for page in pages(None) for ref in page}

    assert await chosen() == {here.cast.ref, there.cast.ref}
    assert await chosen(stages=(Stage.EMPLOYER_REVIEW,)) == {here.cast.ref}
    assert await chosen(employer="binhai-instruments") == {there.cast.ref}
    assert await chosen(refs=(there.cast.ref, "nobody")) == {there.cast.ref}
    assert await chosen(specialty="quality") == set()
    assert [page async for page in in_pages(["b", "a", "b"], "a")] == [["b"]]


async def test_the_id_of_a_command_is_short_and_its_own() -> None:
    assert command_id_of("order-1", "life-1") == "order-1:life-1"
    long = command_id_of("o" * 60, "r" * 80)
    assert len(long) <= 100
    assert long != command_id_of("o" * 60, "r" * 79 + "s")
    assert "@" not in command_id_of("order-1", "life@1")
