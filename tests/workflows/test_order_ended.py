"""An order whose workflow somebody ends by hand: the cycle knows it, and makes the papers anew."""

from __future__ import annotations

import asyncio

import pytest
from temporalio import activity
from temporalio.service import RPCError

from activities import orders
from models.cycle_state import order_workflow_id
from tests.support import eventually
from tests.workflows.cycle import Cycle
from tests.workflows.test_cycle_again import own
from tests.workflows.year import PLAN_ID, Year, begin, city, command

__all__ = ("own",)


def _longer() -> dict[str, object]:
    changes = [{"name": "department_submission", "last_day": "2023-11-10"}]
    return command(
        "extend_deadline",
        city(),
        selection={},
        changes=changes,
        document_no="津人社〔2023〕9号",
        text="延长期限",
    )


async def _order(year: Year, order_id: str | None) -> tuple[str, str | None]:
    (found,) = [order for order in (await year.state()).orders if order.order_id == order_id]
    return found.status, found.reason


async def test_a_terminated_order_has_failed_by_the_next_daily_look(
    own: Cycle,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def takes_long(*_given: object, **_more: object) -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(0.1)

    monkeypatch.setattr(orders, "send_to_all", takes_long)
    year = await begin(own, "2023-10-09 09:00")
    ended = (await year.send(_longer())).order_id or ""
    beside = own.environment.client.get_workflow_handle(order_workflow_id(PLAN_ID, ended))

    async def begun() -> None:
        try:
            assert (await beside.describe()).raw_description.pending_activities
        except RPCError as error:
            raise AssertionError("not even started") from error

    await eventually(begun)
    await beside.terminate("it was a mistake")
    await year.at("2023-10-10 08:31")

    async def known() -> None:
        status, reason = await _order(year, ended)
        assert status == "failed"
        assert reason is not None
        assert "terminated" in reason

    await eventually(known, timeout=20)
    assert "order_failed" in [fact.event for fact in await year.history()]
