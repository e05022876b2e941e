"""A release with other code and another schema, in the middle of a cycle: there and back again.

And what happens when one of the gates is taken away.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client, WorkflowHistory
from temporalio.worker import UnsandboxedWorkflowRunner

from activities.calendar import Calendars
from activities.database import Database
from activities.doctor.examination import examine
from models.application import workflow_id
from models.audit import verify
from models.clock import BusinessClock
from tests.codec import plugin
from tests.gates.fingerprint import fingerprint_of
from tests.gates.test_replay import RECORDED, history_of
from tests.histories import FOLDER
from tests.support import unique
from tests.upgrades.releases import (
    HERE,
    MEMO,
    PATCH,
    application_source,
    make_release,
    migrate,
    workflow_of,
)
from tests.upgrades.rollout import Rollout, did_not_fit, worked
from tests.workers.conftest import rehearsal_clock
from workers.client import ReviewClient
from workers.client_errors import NoWorker
from workers.codec.plugin import build_replayer
from workers.connect import connect
from workers.database import fit
from workers.doctor import WorkflowDoctor
from workers.rehearsal.cast import Cast, Json
from workers.settings import Settings

OLD, HELD, TAKEN, BROKEN = "1.0.0", "1.1.0", "1.1.0-taken", "1.1.0-unguarded"
BEGINS = "2023-09-19T09:00:00+08:00"


@pytest.fixture
async def rollout(tmp_path: Path, temporal_address: str) -> AsyncIterator[Rollout]:
    """Nothing runs yet."""
    made = Rollout(tmp_path, temporal_address)
    yield made
    await made.end_all()


class Case:
    """One application, and what is sent to it."""

    def __init__(self, client: Client, queue: str, patience: float = 30.0) -> None:
        self.cast = Cast(unique("u"))
        self._client, self.door = client, ReviewClient(client, queue, patience=patience)

    async def begin(self) -> None:
        await self.door.start(self.cast.start(clock=rehearsal_clock(BEGINS)))
        await self.sends(self.cast.submit(), "employer_review")

    async def sends(self, command: Json, stage: str) -> None:
        assert (await self.door.send(self.cast.ref, command)).stage == stage

    async def memo(self) -> int | None:
        """What the next release wrote; None where it went the old way."""
        handle = self._client.get_workflow_handle(workflow_id(self.cast.plan_id, self.cast.ref))
        found: int | None = await (await handle.describe()).memo_value(MEMO, None)
        return found

    async def history(self) -> WorkflowHistory:
        return await self._client.get_workflow_handle(
            workflow_id(self.cast.plan_id, self.cast.ref)
        ).fetch_history()


async def replays(folder: Path, how: str, history: WorkflowHistory) -> str | None:
    """Why the code of that release does not replay the history; None when it does."""
    replayer = build_replayer(plugin(), [workflow_of(folder, how)], UnsandboxedWorkflowRunner())
    failure = (await replayer.replay_workflow(history, raise_on_replay_failure=False)).replay_failure
    return str(failure) if failure is not None else None


async def test_an_upgrade_in_the_middle_of_a_cycle_and_back_and_forth(
    rollout: Rollout, tmp_path: Path
) -> None:
    release = make_release(tmp_path / "next", "guarded")
    client = await connect(rollout.settings(OLD))
    first, second, third = (Case(client, rollout.queue) for _ in range(3))

    await rollout.start_present(OLD)
    await rollout.make_current(client, OLD)
    await first.begin()

    # The schema of the next release comes while the present one works, and it goes on working.
    migrate(release, rollout.url)
    assert fit(rollout.url) == "newer"
    await first.sends(first.cast.employer_return(), "employer_returned")
    assert await replays(tmp_path, "guarded", await first.history()) is None, "the gate before a rollout"

    # There, with its patch held: nobody passes through anything that the present release does not know.
    await rollout.start_next(HELD, release, held=PATCH)
    await rollout.make_current(client, HELD)
    await first.sends(first.cast.resubmit("e1"), "employer_review")
    await second.begin()

    # And back, to a worker of the present release that is started on the later schema.
    await rollout.end(OLD)
    await rollout.start_present(OLD)
    assert fit(rollout.url) == "newer"
    await rollout.make_current(client, OLD)
    await first.sends(first.cast.recommend(), "recommended")
    await second.sends(second.cast.employer_return(), "employer_returned")
    assert await worked(client, first.cast) == [OLD, HELD, OLD]
    assert await worked(client, second.cast) == [HELD, OLD]

    # There for good: the patch is taken by who comes to it, and the others stay on their way.
    await rollout.start_next(TAKEN, release)
    await rollout.make_current(client, TAKEN)
    await first.sends(first.cast.start_publicity(), "employer_publicity")
    await second.sends(second.cast.resubmit("e1"), "employer_review")
    await third.begin()
    assert [await case.memo() for case in (first, second, third)] == [None, None, 1]

    # A worker that holds the patch follows the mark of who has it.
    await rollout.make_current(client, HELD)
    await third.sends(third.cast.employer_return(), "employer_returned")
    assert await third.memo() == 2
    assert await worked(client, third.cast) == [TAKEN, HELD]

    # The gate says who is in the way: of the present release going on, and of the guard being taken out.
    for how, fits in (
        ("guarded", (True, True)),
        ("deprecated", (False, True)),
        ("unguarded", (False, False)),
    ):
        found = [await replays(tmp_path, how, await case.history()) for case in (first, third)]
        assert tuple(one is None for one in found) == fits, (how, found)

    for case, stage in ((first, "withdrawn"), (second, "withdrawn"), (third, "withdrawn")):
        await case.sends(case.cast.withdraw(), stage)
        assert verify(await case.door.history(case.cast.ref)) == []
    assert await doctor_finds(rollout, client) == []


async def test_without_the_guard_the_upgrade_stands_still_and_the_way_back_is_open(
    rollout: Rollout, tmp_path: Path
) -> None:
    release = make_release(tmp_path / "next", "unguarded")
    client = await connect(rollout.settings(OLD))
    case = Case(client, rollout.queue)
    await rollout.start_present(OLD)
    await rollout.make_current(client, OLD)
    await case.begin()
    assert "ondeterminism" in str(await replays(tmp_path, "unguarded", await case.history()))

    await rollout.start_next(BROKEN, release)
    await rollout.make_current(client, BROKEN)
    hasty = ReviewClient(client, rollout.queue, patience=3.0)
    command = case.cast.employer_return()
    with pytest.raises(NoWorker):
        await hasty.send(case.cast.ref, command)
    assert await did_not_fit(client, case.cast)

    await rollout.make_current(client, OLD)
    await case.sends(command, "employer_returned")
    assert await worked(client, case.cast) == [OLD]
    assert verify(await case.door.history(case.cast.ref)) == []


def test_the_worker_controllers_variables_name_deployment_and_release(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TEMPORAL_DEPLOYMENT_NAME", "zhicheng/worker")
    monkeypatch.setenv("TEMPORAL_WORKER_BUILD_ID", "1.1.0-8f2c")
    settings = Settings.load()
    assert (settings.deployment_name, settings.build_id) == ("zhicheng/worker", "1.1.0-8f2c")
    assert Settings.load(deployment_name="other", build_id="2").deployment_name == "other"


async def doctor_finds(rollout: Rollout, client: Client) -> list[str]:
    """What the doctor finds, workflows compared."""
    database = Database(rollout.url)
    try:
        workflows = WorkflowDoctor(client, database, rollout.queue)
        at = BusinessClock.model_validate(rehearsal_clock(BEGINS)).business_start
        assert at is not None
        found = await examine(database, Calendars(as_of=True), at, ask=workflows.ask)
        return [f"{one.symptom}: {one.what.en}" for one in found.troubles]
    finally:
        await database.close()


# --- the gates ---------------------------------------------------------------------------------------

SETTLED = [path for path in RECORDED if path.stem not in ("cycle", "meeting", "batch", "opening_timed_out")]


async def test_the_guarded_change_passes_the_replay_gate_and_the_unguarded_one_does_not(
    tmp_path: Path,
) -> None:
    for path in SETTLED:
        assert await replays(tmp_path, "guarded", history_of(path)) is None, path.stem
    for name in ("main_line", "withdrawn"):
        history = history_of(FOLDER / f"{name}.json")
        assert "ondeterminism" in str(await replays(tmp_path, "unguarded", history))


@pytest.mark.parametrize("how", ["guarded", "unguarded", "deprecated"])
def test_every_change_of_the_commands_is_seen_by_the_fingerprint(how: str) -> None:
    present = (HERE / "workflows" / "application.py").read_text("utf-8")
    assert fingerprint_of(application_source(how)) != fingerprint_of(present)
