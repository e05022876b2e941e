"""The key is changed in the middle of a life, by the steps of docs/runbooks/key-rotation.md."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.workflow import _Definition

from models.application import workflow_id
from models.cycle_state import cycle_id
from tests.codec import ring, unsealed
from tests.payloads import each_payload
from tests.support import eventually, unique
from tests.workers.conftest import ServingThread, end_cycle, rehearsal_clock
from workers.beside import BESIDE
from workers.client import ReviewClient
from workers.client_cycle import CycleClient
from workers.client_start import WORKFLOW_TYPE
from workers.codec.codec import KEY_ID, is_sealed
from workers.codec.given import new_key
from workers.connect import connect
from workers.registry import WORKFLOWS
from workers.rehearsal.cast import Cast
from workers.replaying import replay_open
from workers.settings import Settings

OLD, NEW = new_key("2026"), new_key("2027")
PLANTED = "首页未加盖公章，请张三更正"


class Life:
    """One application, its worker started anew with other keys again and again."""

    def __init__(self, address: str, folder: Path) -> None:
        self.address, self.folder = address, folder
        self.queue, self.cast = unique("rotation"), Cast(unique("rot"))

    def settings(self, keys: str) -> Settings:
        return Settings.load(
            temporal_address=self.address,
            task_queue=self.queue,
            data_dir=self.folder,
            rehearsal=True,
            payload_keys=keys,
            sticky_seconds=0.5,
        )

    @contextmanager
    def served(self, keys: str) -> Iterator[None]:
        thread = ServingThread(self.settings(keys))
        thread.ready_file.unlink(missing_ok=True)
        thread.start()
        asyncio.run(eventually(thread.ready_file.exists, 30.0))
        try:
            yield
        finally:
            thread.end()

    async def door(self, keys: str) -> ReviewClient:
        return ReviewClient(await connect(self.settings(keys)), self.queue)

    async def history(self, keys: str) -> WorkflowHistory:
        client = await connect(self.settings(keys))
        return await client.get_workflow_handle(workflow_id(self.cast.plan_id, self.cast.ref)).fetch_history()

    def send(self, keys: str, *commands: dict[str, object]) -> None:
        async def every() -> None:
            door = await self.door(keys)
            for command in commands:
                await door.send(self.cast.ref, command)

        asyncio.run(every())


def test_the_key_is_changed_in_the_middle_of_a_life(temporal_address: str, tmp_path: Path) -> None:
    life = Life(temporal_address, tmp_path)
    with life.served(OLD):

        async def begin() -> None:
            door = await life.door(OLD)
            await door.start(life.cast.start(clock=rehearsal_clock("2023-09-20T09:00:00+08:00")))
            await door.send(life.cast.ref, life.cast.submit())

        asyncio.run(begin())
    both = f"{OLD},{NEW}"
    with life.served(both):  # everybody can open it now, nobody seals under it
        returned = life.cast.employer_return(items=[{"id": "e1", "text": PLANTED}])
        life.send(both, returned)
    changed = f"{NEW},{OLD}"
    with life.served(changed):
        resubmit = life.cast.resubmit("e1")
        life.send(changed, resubmit)

    history = asyncio.run(life.history(changed))
    raw = b"".join(event.SerializeToString() for event in history.events)
    sealed = [one for event in history.events for one in each_payload(event) if is_sealed(one)]
    names = [one.metadata[KEY_ID].decode().partition(".")[0] for one in sealed]
    assert names == sorted(names), "once the new key seals, the old one does no more"
    assert {"2026", "2027"} == set(names)
    assert PLANTED.encode() not in raw
    opened = unsealed(history, ring(changed))
    assert PLANTED.encode() in b"".join(event.SerializeToString() for event in opened.events)

    async def replayed(keys: str) -> list[str]:
        found = await replay_open(await connect(life.settings(keys)))
        mine = workflow_id(life.cast.plan_id, life.cast.ref)
        assert sum(found.replayed.values()) > 0
        return [one.reason for one in found.broken if one.workflow_id == mine]

    assert asyncio.run(replayed(changed)) == []
    [reason] = asyncio.run(replayed(NEW))
    assert ring(OLD).ids[0] in reason, "the retired key is named before anything is rolled out"
    assert PLANTED not in reason


def test_whoever_runs_beside_the_applications_is_asked_too(temporal_address: str, tmp_path: Path) -> None:
    """A cycle lives longer than any application: a key or a release that it cannot do without is named."""
    life = Life(temporal_address, tmp_path)

    async def begin() -> None:
        cycles = CycleClient.beside(await life.door(OLD))
        await cycles.start(
            {"plan_id": life.cast.plan_id, "clock": rehearsal_clock("2023-09-14T09:00:00+08:00")}
        )

    async def broken(keys: str) -> list[str]:
        found = await replay_open(await connect(life.settings(keys)))
        assert found.replayed["ReviewCycleWorkflow"] > 0
        return [one.reason for one in found.broken if one.workflow_id == cycle_id(life.cast.plan_id)]

    with life.served(OLD):
        try:
            asyncio.run(begin())
            assert asyncio.run(broken(OLD)) == []
            [reason] = asyncio.run(broken(NEW))
            assert ring(OLD).ids[0] in reason
        finally:
            asyncio.run(end_cycle(life.settings(OLD), life.cast.plan_id))


def test_every_kind_of_workflow_is_replayed() -> None:
    kinds = {_Definition.must_from_class(one).name for one in WORKFLOWS}
    assert kinds == {WORKFLOW_TYPE, *BESIDE}


async def test_without_keys_nothing_leaves_this_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from workers.codec.ring import key_file, key_ring, make_key_file
    from workers.settings import SettingsError

    monkeypatch.delenv("ZHICHENG_PAYLOAD_KEYS")
    settings = Settings.load(data_dir=tmp_path)
    with pytest.raises(SettingsError, match=r"ZHICHENG_PAYLOAD_KEYS: is not set, and payloads leave"):
        key_ring(settings, "temporal.example:7233", "default")
    make_key_file(settings, "temporal.example:7233")
    assert not key_file(settings).exists()
    with pytest.raises(SettingsError, match=r"payload\.key is not there\. Remedy: use the ZHICHENG_DATA_DIR"):
        key_ring(settings, "127.0.0.1:7233", "default")
    make_key_file(settings, "127.0.0.1:7233")
    assert key_file(settings).stat().st_mode & 0o777 == 0o600
    made = key_ring(settings, "127.0.0.1:7233", "default")
    make_key_file(settings, "127.0.0.1:7233")
    again = key_ring(settings, "127.0.0.1:7233", "default")
    assert made is not None
    assert again is not None
    assert made.ids == again.ids
    off = Settings.load(data_dir=tmp_path / "other", payload_encryption="off")
    assert key_ring(off, "temporal.example:7233", "default") is None
    key_file(settings).write_text("machine:broken")
    with pytest.raises(SettingsError, match="put the file back from where keys are kept"):
        key_ring(settings, "127.0.0.1:7233", "default")
