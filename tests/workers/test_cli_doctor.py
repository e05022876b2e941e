"""`zhicheng doctor` against workflows that run: clean, and each way in which the two can part."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import update

from activities.database import Database
from models.application import workflow_id
from models.tables import Application, Notice
from tests.cli import CliRunner
from tests.support import eventually, unique
from tests.workers.conftest import ServingThread, environment_of, rehearsal_clock
from workers.cli import app
from workers.client import ReviewClient
from workers.connect import connect
from workers.rehearsal.cast import Cast
from workers.settings import Settings

AT = "2023-09-19T12:00"
Doctor = Callable[..., tuple[int, Any]]


@pytest.fixture(scope="module")
def house(temporal_address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A worker whose database holds nothing but what this module begins."""
    folder = tmp_path_factory.mktemp("house")
    settings = Settings.load(
        temporal_address=temporal_address, task_queue=unique("house"), data_dir=folder, rehearsal=True
    )
    thread = ServingThread(settings)
    thread.start()
    asyncio.run(eventually(thread.ready_file.exists, 30.0))
    yield settings
    thread.end()


@pytest.fixture(scope="module")
def casts(house: Settings) -> list[Cast]:
    """Two applications that wait for their employer, and one that was withdrawn."""
    casts = [Cast(unique(name)) for name in ("well", "lost", "gone")]

    async def begin() -> None:
        door = ReviewClient(await connect(house), house.task_queue)
        for cast in casts:
            await door.start(cast.start(clock=rehearsal_clock("2023-09-19T09:00:00+08:00")))
            await door.send(cast.ref, cast.submit())
        await door.send(casts[2].ref, casts[2].withdraw())
        await change(house, update(Notice).values(status="sent"))

    asyncio.run(begin())
    return casts


@pytest.fixture
def doctor(house: Settings, casts: list[Cast]) -> Doctor:
    """The command; its status, and what it found."""
    assert casts

    def run(*words: str) -> tuple[int, Any]:
        environment = {**environment_of(house), "ZHICHENG_REHEARSAL": "true"}
        done = CliRunner().invoke(app, ["doctor", "--at", AT, "--json", *words], env=environment)
        return done.exit_code, json.loads(done.stdout)

    return run


async def change(settings: Settings, statement: Any) -> None:
    database = Database(settings.database_url.get_secret_value())
    async with database.transaction() as session:
        await session.execute(statement)
    await database.close()


def found_by(answer: Any, ref: str) -> set[str]:
    return {one["symptom"] for one in answer["troubles"] if one["subject"].endswith(ref)}


def test_all_is_well(doctor: Doctor) -> None:
    status, answer = doctor()
    assert (status, answer["troubles"]) == (0, [])
    assert answer["looked_at"]["applications"] == 3


def test_a_row_that_the_workflow_does_not_know(doctor: Doctor, house: Settings, casts: list[Cast]) -> None:
    ref = casts[0].ref
    row = update(Application).filter_by(application_ref=ref)
    asyncio.run(change(house, row.values(revision=7, level="senior")))
    status, answer = doctor()
    assert status == 1
    assert found_by(answer, ref) == {"workflow_differs", "record_differs", "attributes_drift"}
    assert found_by(answer, casts[1].ref) == found_by(answer, casts[2].ref) == set()
    asyncio.run(change(house, row.values(revision=1, level=casts[0].start()["level"])))
    assert doctor()[0] == 0


def test_a_workflow_that_somebody_ended(doctor: Doctor, house: Settings, casts: list[Cast]) -> None:
    async def end() -> None:
        client = await connect(house)
        await client.get_workflow_handle(workflow_id(casts[1].plan_id, casts[1].ref)).terminate("by mistake")

    asyncio.run(end())
    status, answer = doctor()
    assert status == 1
    assert found_by(answer, casts[1].ref) == {"workflow_missing"}
    assert doctor("--no-temporal") == (0, {**answer, "troubles": []})


def test_a_plan_that_is_misspelt_is_not_healthy(house: Settings) -> None:
    """In cron it would be clean for ever."""
    words = ["doctor", "--no-temporal", "--plan", "tianjin-quality-2032"]
    done = CliRunner().invoke(app, words, env=environment_of(house))
    assert (done.exit_code, "There is no plan 'tianjin-quality-2032'" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    "words",
    [
        ("doctor", "--no-temporal", "--at", "0001-01-01T00:00"),
        ("retention", "preview", "--at", "9999-12-31T00:00"),
        ("retention", "lift", "9" * 20, "--document-no", "1号"),
    ],
)
def test_a_number_out_of_range_is_bad_input(house: Settings, words: tuple[str, ...]) -> None:
    done = CliRunner().invoke(app, list(words), env=environment_of(house))
    assert (done.exit_code, "Unexpected" in done.stderr) == (2, False), done.stderr


def test_nobody_to_ask(house: Settings) -> None:
    nowhere = {**environment_of(house), "ZHICHENG_TEMPORAL_ADDRESS": "127.0.0.1:1"}
    done = CliRunner().invoke(app, ["doctor", "--at", AT], env=nowhere)
    assert done.exit_code == 3
    assert "127.0.0.1:1" in done.stderr
