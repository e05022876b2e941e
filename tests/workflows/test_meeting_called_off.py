"""A meeting that is not held: it ends, says why, and lets go of who was on its agenda."""

from __future__ import annotations

import json

import pytest

from models.refusal import Refusal, RefusalCode, Refused
from tests.support import unique
from tests.workflows.cycle import Cycle
from tests.workflows.meeting_day import convene, ready_applications


async def test_a_meeting_is_called_off_before_its_draw_and_reminds_nobody_any_more(cycle: Cycle) -> None:
    day = await convene(cycle, unique("meeting"))
    await day.send(day.cast.commit("drawer"))
    body = day.cast.call_off(reason="postponed")
    receipt = await day.send(body)
    assert (receipt.status, receipt.counts) == ("called_off", {"waiting": 0})
    head = await day.handle.result()
    assert head["status"] == "called_off"
    found = await day.room.minutes_of(*day.key)
    assert found is not None
    assert found.sha256 == head["minutes_sha256"]
    assert json.loads(found.content)["reason"] == "postponed"
    assert [fact.event for fact in await day.history()] == ["planned", "commit_draw", "call_off"]


async def test_what_was_on_its_agenda_goes_to_another_meeting(cycle: Cycle) -> None:
    day = await convene(cycle, unique("meeting"), prefix=unique("xp"))
    [life] = await ready_applications(cycle, 1, ("jinmen-talent-agency",))
    await day.draw()
    panel = await day.panel()
    await day.send(day.cast.agenda(life.cast.ref))
    assert (await life.state()).stage == "expert_review"
    chair = day.cast.call_off(actor={"id": "x", "role": "chair", "organisation": day.cast.committee_ref})
    refusal = await day.try_send(chair)
    assert isinstance(refusal, Refusal)
    assert refusal.code is RefusalCode.WRONG_ROLE
    receipt = await day.send(day.cast.call_off())
    assert (receipt.status, receipt.counts) == ("called_off", {"waiting": 1})
    assert (await life.state()).stage == "expert_review"
    other = await convene(cycle, unique("meeting"), prefix=unique("xp"))
    await other.draw()
    moved = await other.send(other.cast.agenda(life.cast.ref, replaces=day.cast.meeting_ref))
    assert [item.status for item in moved.items] == ["scheduled"]
    with pytest.raises(Refused) as refused:
        await day.come(panel[:1])
    assert refused.value.refusal.code is RefusalCode.CLOSED


async def test_a_meeting_that_has_begun_is_not_called_off(cycle: Cycle) -> None:
    day = await convene(cycle, unique("meeting"), prefix=unique("xp"))
    await day.draw()
    panel = await day.panel()
    await day.at("2023-12-08 09:00")
    await day.come(panel[:9])
    await day.open(panel[0], panel[1])
    refusal = await day.try_send(day.cast.call_off())
    assert isinstance(refusal, Refusal)
    assert refusal.code is RefusalCode.NOT_IN_THIS_STAGE
    assert "close_meeting" in refusal.remedy.en
