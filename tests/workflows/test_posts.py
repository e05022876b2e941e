"""Posts on a real server: one of two is blocked, the post is freed, the one that waited is recommended."""

from __future__ import annotations

from models.audit import verify
from tests.support import unique
from tests.workflows import lives
from tests.workflows.cycle import Cycle, Life

POST = {"basis": "free_posts", "available": 1, "record": "岗位台账"}


async def settled(life: Life, stage: str) -> None:
    """The register has answered, and this is where the application stands."""
    await lives.post_answered(life)
    assert (await life.state()).stage == stage


async def test_blocked_then_freed_then_recommended(cycle: Cycle) -> None:
    unit = unique("unit")
    first = await cycle.start(employer=unit, full_post_management=True)
    second = await cycle.start(employer=unit, full_post_management=True)
    for life, stage in ((first, "recommended"), (second, "quota_blocked")):
        await lives.to_employer_review(life)
        receipt = await life.send(life.cast.recommend(post=POST))
        assert receipt.stage == "quota_check"
        await settled(life, stage)
    await first.send(first.cast.withdraw())
    assert (await first.handle.result())["stage"] == "withdrawn"
    await second.signal(second.cast.start_publicity())
    await second.send(second.cast.recommend(post=POST))
    await settled(second, "employer_publicity")
    history = await second.history()
    assert [fact.event for fact in history] == [
        "opened",
        "submit",
        "recommend",
        "quota_none",
        "quota_freed",
        "quota_pass",
        "start_publicity",
    ]
    assert verify(history) == []
    assert (await second.state()).post_held is True


async def test_a_post_is_moved_by_an_activity_that_the_server_knows(cycle: Cycle) -> None:
    """What others act on at once is never written before the decision is on the server."""
    life = await cycle.start(employer=unique("unit"), full_post_management=True)
    await lives.to_employer_review(life)
    await life.send(life.cast.recommend(post=POST))
    await settled(life, "recommended")
    scheduled = [
        event.activity_task_scheduled_event_attributes.activity_type.name
        async for event in life.handle.fetch_history_events()
        if event.HasField("activity_task_scheduled_event_attributes")
    ]
    assert scheduled == ["employer"]
