"""The register of posts as an operator reads it."""

from __future__ import annotations

import asyncio
import json

import pytest
from sqlalchemy import update

from activities.database import Database
from models.stages import Stage
from models.tables import PostPool
from tests.activities.recorded import Desk
from tests.activities.test_posts import WrittenLife
from tests.cli import CliRunner
from tests.databases import sqlite_template, sqlite_url
from workers.cli import app

__all__ = ["sqlite_template", "sqlite_url"]

runner = CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1"})


@pytest.fixture
def unit(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """One post; `first` holds it, `second` waits."""

    async def fill() -> None:
        database = Database(sqlite_url)
        desk = Desk(database)
        await WrittenLife("first", desk).reach(Stage.RECOMMENDED, 1)
        await WrittenLife("second", desk).reach(Stage.QUOTA_BLOCKED, 1)
        await database.close()

    asyncio.run(fill())
    monkeypatch.setenv("ZHICHENG_DATABASE_URL", sqlite_url.replace("sqlite:", "sqlite+aiosqlite:"))
    return sqlite_url


@pytest.mark.usefixtures("unit")
def test_the_numbers_and_the_order_of_those_who_wait() -> None:
    result = runner.invoke(app, ["posts", "--json"])
    assert result.exit_code == 0
    (pool,) = json.loads(result.output)
    assert (pool["capacity"], pool["held"], pool["consumed"], pool["free"]) == (1, 1, 0, 0)
    assert (pool["holding"], pool["waiting"]) == (["first"], ["second"])
    told = runner.invoke(app, ["posts", "--check", "--lang", "zh"])
    assert told.exit_code == 0
    assert "second" in told.output
    assert json.loads(runner.invoke(app, ["posts", "--employer", "nobody", "--json"]).output) == []


def test_a_fault_is_told_and_ends_with_one(unit: str) -> None:
    async def spoil() -> None:
        database = Database(unit)
        async with database.transaction() as session:
            await session.execute(update(PostPool).values(held=0))
        await database.close()

    asyncio.run(spoil())
    result = runner.invoke(app, ["posts", "--check"])
    assert result.exit_code == 1
    assert "the pool's row says" in result.stderr


@pytest.mark.usefixtures("unit")
@pytest.mark.parametrize("words", ["posts", "lists show", "certificate make", "certificate index"])
def test_a_plan_that_nobody_has_filed_is_named(words: str) -> None:
    result = runner.invoke(app, [*words.split(), "--plan", "nope"])
    assert result.exit_code == 2
    assert "--plan: There is no plan 'nope'" in result.output


@pytest.mark.usefixtures("unit")
def test_a_level_or_a_specialty_that_no_plan_offers_is_refused() -> None:
    for lang in ("en", "zh"):
        told = runner.invoke(app, ["posts", "--level", "nope", "--lang", lang])
        assert told.exit_code == 2
        assert "--level" in told.stderr
        assert "senior" in told.stderr
    words = "expert add expert-1 --employer unit-1 --term-until 2025-12-31 --specialty quality --specialty"
    told = runner.invoke(app, [*words.split(), "nope"])
    assert told.exit_code == 2
    assert "'nope'" in told.stderr
    assert "metrology" in told.stderr
    assert runner.invoke(app, [*words.split(), "metrology"]).exit_code == 0
