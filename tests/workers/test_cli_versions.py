"""Plans and notices as an operator files and previews them."""

from __future__ import annotations

import asyncio
import json
from datetime import date
from pathlib import Path

import pytest

from activities.database import Database
from tests.activities.recorded import Desk, told
from tests.cli import CliRunner, Result
from tests.databases import sqlite_template, sqlite_url
from tests.models.life import Cast, posted
from tests.workflows.plans_of_years import plan_of_year
from workers.cli import app

__all__ = ["sqlite_template", "sqlite_url"]

PLAN = plan_of_year("tianjin-2024", date(2024, 9, 16))
NOTICE = """
[[notice]]
year = 2023
document = "国办发明电〔2023〕99号"
title = "关于2023年9月停工的通知"
issued = 2023-09-25
amends = "国办发明电〔2022〕16号"

[[notice.holidays]]
name = { zh = "停工", en = "stoppage" }
first = 2023-09-27
last = 2023-09-27
"""


@pytest.fixture
def there(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The settings point to a database of this test."""
    monkeypatch.setenv("ZHICHENG_DATABASE_URL", sqlite_url.replace("sqlite:", "sqlite+aiosqlite:"))
    return sqlite_url


def zhicheng(*words: str) -> Result:
    return CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1"}).invoke(app, list(words))


@pytest.mark.usefixtures("there")
def test_a_plan_is_filed_once_and_a_fault_is_told(tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    file.write_text(PLAN, "utf-8")
    words = ("plan", "file", str(file), "--document-no", "津人社办函〔2024〕1号")
    filed = json.loads(zhicheng(*words, "--json").stdout)
    assert (filed["plan_id"], filed["version"]) == ("tianjin-2024", 1)
    assert zhicheng(*words).exit_code == 0, "again it changes nothing"
    file.write_text(PLAN.replace("employer_wd = { value = 5", "employer_wd = { value = 3"), "utf-8")
    refused = zhicheng(*words)
    assert refused.exit_code == 1
    assert "id" in refused.output
    assert zhicheng("plan", "file", "/nowhere.toml", "--document-no", "一号").exit_code == 2


def test_a_preview_shows_every_case_and_changes_nothing(there: str, tmp_path: Path) -> None:
    life = told(posted, Cast("life-1"))

    async def fill() -> None:
        database = Database(there)
        desk = Desk(database)
        await desk.open(life)
        for batch in life.batches:
            await desk.write(batch)
        await database.close()

    asyncio.run(fill())
    file = tmp_path / "notice.toml"
    file.write_text(NOTICE, "utf-8")
    words = ("calendar", "preview", str(file), "--plan", "tianjin-quality-2023", "--at", "2023-09-26T09:00")
    for _ in range(2):
        found = json.loads(zhicheng(*words, "--json").stdout)
        assert found["days"] == {"2023-09-27": False}
        # 5 days after 25 September: 26, 27, 28 September, 7, 8 October; without the 27th also 9 October
        assert found["moves"] == [
            {
                "application_ref": "life-1",
                "stage": "employer_publicity",
                "deadline": "employer_publicity",
                "old_last_day": "2023-10-08",
                "new_last_day": "2023-10-09",
            }
        ]
        assert found["deadlines"] == 2
    told_ = zhicheng(*words)
    assert "1 of 2 running deadlines would move" in told_.stdout
    assert "2023-10-09" in told_.stdout
    early = zhicheng(*words[:-1], "2023-09-24T09:00")
    assert early.exit_code == 1
    assert "notice.0.issued" in early.output
