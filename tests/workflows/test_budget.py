"""What a life costs, counted in the real history: events, bytes, billable actions."""

from __future__ import annotations

from collections import Counter

import pytest
from temporalio.api.enums.v1 import EventType

from tests.workflows import lives
from tests.workflows.cycle import Cycle
from workers.bench.cost import Cost, cost_of

MAIN_LINE = Cost(events=120, bytes=30_000, actions=46)
"""The ceiling for eleven commands and two publicities.

One timer is for the duty to confirm: counted from the last day of the publicity, it reminds a day before
another alarm, on whose day it had fallen by mistake.
"""


TASKS = 18
"""Workflow tasks of the main line, three events each: how many it takes a machine decides as well."""

LIVES = 3
"""How often a life that costs too many events is lived anew.

A machine that is too busy for a workflow task costs its application a task more (it beats, or times out and
comes again): three events that the life itself does not need. What a life needs, one of three shows.
"""


async def test_the_main_line_stays_within_its_budget(
    cycle: Cycle, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(LIVES):
        life = await cycle.start()
        await lives.to_archived(life)
        history = await life.handle.fetch_history()
        cost = cost_of(history)
        if cost.events <= MAIN_LINE.events:
            break
    kinds = Counter(EventType.Name(e.event_type).removeprefix("EVENT_TYPE_") for e in history.events)
    with capsys.disabled():
        print(f"\nmain line: {cost.events} events, {cost.bytes} bytes, {cost.actions} billable actions")
        print(f"           {dict(kinds.most_common())}")
    assert kinds["WORKFLOW_EXECUTION_UPDATE_COMPLETED"] == 11
    tasks = sum(number for kind, number in kinds.items() if kind.startswith("WORKFLOW_TASK_"))
    assert cost.events - tasks <= MAIN_LINE.events - 3 * TASKS, kinds
    assert kinds["WORKFLOW_TASK_COMPLETED"] <= TASKS + 2, "a busy machine may take a task or two more"
    assert cost.bytes <= MAIN_LINE.bytes
    assert cost.actions <= MAIN_LINE.actions


async def test_a_hop_costs_at_most_one_activity(cycle: Cycle) -> None:
    for _ in range(LIVES):
        life = await cycle.start()
        await lives.to_department_review(life)
        before = cost_of(await life.handle.fetch_history())
        await life.send(life.cast.department_submit())
        after = cost_of(await life.handle.fetch_history())
        if after.events - before.events <= 7:
            break
    assert after.actions - before.actions <= 3
    """The update, one activity, one upsert of search attributes."""
    assert after.events - before.events <= 7


async def test_a_refused_update_leaves_no_event(cycle: Cycle) -> None:
    life = await cycle.start()
    await lives.to_employer_review(life)
    before = len((await life.handle.fetch_history()).events)
    await life.try_send(life.cast.accept())
    assert len((await life.handle.fetch_history()).events) == before
