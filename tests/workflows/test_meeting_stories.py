"""Smaller stories of a meeting on the real server: every command, the draw that was missed, a long one."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select
from temporalio.client import Client, WorkflowFailureError

from activities.database import Database
from models.draw import verify_draw
from models.meeting_commands import MEETING_COMMANDS
from models.meeting_messages import meeting_workflow_id
from models.refusal import Refusal, RefusalCode
from models.tables import MeetingNotice
from tests.codec import replayer, unsealed
from tests.histories import FOLDER
from tests.support import unique
from tests.workflows.cycle import Cycle
from tests.workflows.meeting_day import MeetingDay, convene, ready_applications
from tests.workflows.test_hard_times import server
from workers.connect import connect
from workers.database import upgrade
from workers.embedded import DevServer
from workers.registry import WORKFLOWS, make_activities
from workers.settings import Settings
from workers.worker import build_worker

__all__ = ["server"]


async def test_a_small_meeting_passes_every_command(cycle: Cycle, request: pytest.FixtureRequest) -> None:
    """The story of the replay gate: `--record` writes its history."""
    day = await convene(cycle, unique("meeting"), prefix=unique("xp"))
    [life] = await ready_applications(cycle, 1, ("jinmen-talent-agency",))
    ref = life.cast.ref
    await day.draw()
    await day.send(day.cast.replace(7))
    panel = await day.panel()
    await day.at("2023-12-08 09:00")
    await day.send(day.cast.agenda(ref))
    await day.come(panel[:9])
    await day.open(panel[0], panel[1])
    for expert in panel[:3]:
        await day.write(expert, ref)
    await day.send(day.cast.open_ballot(ref))
    await day.send(day.cast.void_ballot(ref))
    await day.leave(panel[5:9])
    await day.send(day.cast.break_off())
    assert (await life.state()).stage == "review_ready"
    await day.send(day.cast.agenda(ref))
    await day.come(panel[5:9])
    await day.send(day.cast.open_ballot(ref))
    for expert in panel[:9]:
        await day.put(ref, await day.slip(expert, ref), "yes")
    await day.send(day.cast.close_ballot(ref))
    await day.send(day.cast.sign())
    assert (await life.state()).stage == "passed"
    minutes = (await day.send(day.cast.close_meeting())).status
    assert minutes == "closed"
    head = await day.handle.result()
    found = await day.room.minutes_of(*day.key)
    assert found is not None
    assert head["minutes_sha256"] == found.sha256
    sent = {fact.event for fact in await day.history()} - {"planned", "draw_due", "draw_missed"}
    assert sent == set(MEETING_COMMANDS) - {"call_off"}
    await _replays(day)
    if request.config.getoption("--record"):
        text = re.sub(r"\d+@[^\"/]+", "recorder", unsealed(await day.handle.fetch_history()).to_json())
        (FOLDER / "meeting.json").write_text(text + "\n", encoding="utf-8")


async def test_a_draw_is_due_then_missed_and_those_in_charge_are_told(cycle: Cycle) -> None:
    day = await convene(cycle, unique("meeting"))
    await day.send(day.cast.commit("drawer"))
    await day.at("2023-11-28 10:00")
    assert [fact.event for fact in await day.history()] == ["planned", "commit_draw", "draw_due"]
    await day.at("2023-12-02 00:01")
    refusal = await day.try_send(day.cast.commit("witness"))
    assert isinstance(refusal, Refusal)
    assert "2023-12-01" in refusal.rule.en
    state = await day.state()
    assert (state.draw_overdue, str(state.draw_by)) == (True, "2023-12-01")
    async with cycle.database.reading() as session:
        told = await session.scalars(select(MeetingNotice).filter_by(meeting_ref=day.cast.meeting_ref))
        assert sorted((notice.template, notice.to_role) for notice in told) == [
            ("draw_due", "office"),
            ("draw_missed", "city_office"),
            ("draw_missed", "convening_unit"),
            ("draw_missed", "office"),
        ]
    await _replays(day)


async def test_who_may_not_is_refused_and_the_same_command_is_carried_out_once(cycle: Cycle) -> None:
    day = await convene(cycle, unique("meeting"))
    cast = day.cast
    code = {
        "wrong_role": cast.commit("drawer", actor={"id": "x", "role": "applicant"}),
        "wrong_organisation": cast.commit("drawer", actor=cast.actor("office") | {"organisation": "other"}),
        "not_in_this_stage": cast.agenda("a"),
        "malformed": cast.commit("drawer", commitment="abc"),
        "unknown_kind": {"kind": "elect", "command_id": "1"},
        "wrong_person": cast.sign(actor={"id": "x", "role": "chair", "organisation": cast.committee_ref}),
        "stale_revision": cast.commit("drawer", expected_revision=7),
        "expired": cast.commit("drawer", expires_at="2023-11-20T00:00:00+08:00"),
    }
    for wanted, body in code.items():
        refusal = await day.try_send(body)
        assert isinstance(refusal, Refusal)
        assert refusal.code.value == wanted, refusal
    body = cast.commit("drawer")
    first, again = await asyncio.gather(day.send(body), day.send(body))
    assert sorted((first.duplicate, again.duplicate)) == [False, True]
    assert first.model_copy(update={"duplicate": False}) == again.model_copy(update={"duplicate": False})
    other = await day.try_send(body | {"expires_at": "2030-01-01T00:00:00+08:00"})
    assert isinstance(other, Refusal)
    assert other.code is RefusalCode.REUSED_COMMAND_ID
    await day.send(cast.commit("witness"))
    await day.send(cast.draw())
    found = await day.room.draw_of(*day.key)
    assert found is not None
    assert verify_draw(*found) == []
    await day.send(cast.replace(11))
    await _replays(day)


@pytest.mark.parametrize(
    ("change", "field"),
    [({"committee_ref": "no-committee"}, "committee_ref"), ({"meeting_on": "soon"}, "meeting_on")],
)
async def test_a_meeting_that_may_not_be_held_does_not_begin(
    cycle: Cycle, change: dict[str, str], field: str
) -> None:
    day = await convene(cycle, unique("meeting"), **change)
    with pytest.raises(WorkflowFailureError) as failed:
        await day.handle.result()
    assert Refusal.model_validate(failed.value.cause.details[0]).field == field  # type: ignore[union-attr]
    assert day.handle.id == meeting_workflow_id(*day.key)


async def test_a_long_meeting_continues_as_new_with_everything_it_knows(
    server: DevServer, tmp_path: Path
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'long.db'}"
    upgrade(url)
    database, queue = Database(url), unique("long")
    settings = Settings.load(temporal_address=server.address, task_queue=queue, rehearsal=True)
    client = await connect(settings)
    async with build_worker(client, settings, WORKFLOWS, make_activities(database, rehearsal=True)):
        day = await convene(Cycle(_Plainly(client), queue, database), unique("meeting"))  # type: ignore[arg-type]
        first_run = (await day.handle.describe()).run_id
        first = day.cast.commit("drawer")
        await day.send(first)
        for _ in range(12):
            await day.send(day.cast.commit("drawer"))
        assert (await day.send(first)).duplicate, "a command of an earlier run is known in a later one"
        await day.send(day.cast.commit("witness"))
        await day.send(day.cast.draw())
        described = await client.get_workflow_handle(day.handle.id).describe()
        assert described.run_id != first_run, "it continued as new"
        facts = await day.history()
        assert [fact.seq for fact in facts] == list(range(1, 17))
        assert [fact.event for fact in facts] == ["planned", *["commit_draw"] * 14, "draw"]
        assert (await day.state()).draw_by == date(2023, 12, 1)
    await database.close()


@dataclass
class _Plainly:
    """What a cycle needs of an environment whose time just passes."""

    client: Client


async def _replays(day: MeetingDay) -> None:
    await replayer().replay_workflow(await day.handle.fetch_history())
