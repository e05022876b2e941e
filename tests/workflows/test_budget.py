"""What a life costs, counted in the real history: events, bytes, billable actions."""

from __future__ import annotations

from collections import Counter

import pytest
from temporalio.api.enums.v1 import EventType

from tests.support import eventually
from tests.workflows import lives
from tests.workflows.cycle import Cycle, Life
from workers.bench.cost import Cost, cost_of

MAIN_LINE = Cost(events=120, bytes=30_000, actions=46)
"""The ceiling for eleven commands and two publicities.

One timer is for the duty to confirm: counted from the last day of the publicity, it reminds a day before
another alarm, on whose day it had fallen by mistake.
"""


async def opened(cycle: Cycle) -> Life:
    """An application whose first task is over. Whoever asks it, or turns the virtual clock, while that one is
    under way costs it another task, which is none of the main line's."""
    life = await cycle.start()

    async def at_rest() -> bool:
        return not (await life.handle.describe()).raw_description.HasField("pending_workflow_task")

    await eventually(at_rest)
    return life


async def test_the_main_line_stays_within_its_budget(
    cycle: Cycle, capsys: pytest.CaptureFixture[str]
) -> None:
    life = await opened(cycle)
    await lives.to_archived(life)
    history = await life.handle.fetch_history()
    cost = cost_of(history)
    kinds = Counter(EventType.Name(e.event_type).removeprefix("EVENT_TYPE_") for e in history.events)
    with capsys.disabled():
        print(f"\nmain line: {cost.events} events, {cost.bytes} bytes, {cost.actions} billable actions")
        print(f"           {dict(kinds.most_common())}")
    assert kinds["WORKFLOW_EXECUTION_UPDATE_COMPLETED"] == 11
    assert cost.events <= MAIN_LINE.events
    assert cost.bytes <= MAIN_LINE.bytes
    assert cost.actions <= MAIN_LINE.actions


async def test_a_hop_costs_at_most_one_activity(cycle: Cycle) -> None:
    life = await opened(cycle)
    await lives.to_department_review(life)
    before = cost_of(await life.handle.fetch_history())
    await life.send(life.cast.department_submit())
    after = cost_of(await life.handle.fetch_history())
    assert after.actions - before.actions <= 3
    """The update, one activity, one upsert of search attributes."""
    assert after.events - before.events <= 7


async def test_a_refused_update_leaves_no_event(cycle: Cycle) -> None:
    life = await cycle.start()
    await lives.to_employer_review(life)
    before = len((await life.handle.fetch_history()).events)
    await life.try_send(life.cast.accept())
    assert len((await life.handle.fetch_history()).events) == before
