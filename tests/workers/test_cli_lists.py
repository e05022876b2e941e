"""Names, drafts, lists and pages as an officer types them; two passed applications in the database."""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from activities.database import Database
from activities.lists import store
from models.cycle_commands import PublishList
from models.plan import ReviewPlan
from models.tables import PostedEntry
from tests.activities.recorded import Desk, RecordedLife
from tests.cli import CliRunner, Result
from tests.databases import sqlite_template, sqlite_url
from tests.models.life import Cast, moment, voted
from workers.cli import app
from workers.rehearsal.cast import OFFICE, PLACES
from workers.site.folder import MANIFEST

__all__ = ["sqlite_template", "sqlite_url"]

PLAN = ReviewPlan.load("tianjin-quality-2023")
NAMES = "ref,name,kind\np-a-1,李明,\np-a-2,王建国,\ntj-metrology-institute,天津市计量院,institution\n"


class Officer:
    """Types commands against one database."""

    def __init__(self, url: str, folder: Path) -> None:
        address = url.replace("sqlite:", "sqlite+aiosqlite:")
        self.url, self.folder = url, folder
        self.runner = CliRunner(env={"ZHICHENG_DATABASE_URL": address, "COLUMNS": "230", "NO_COLOR": "1"})

    def do(self, *words: str, status: int = 0) -> Result:
        result = self.runner.invoke(app, list(words))
        assert result.exit_code == status, result.output
        return result

    def file(self, text: str, encoding: str = "utf-8") -> str:
        path = self.folder / "names.csv"
        path.write_text(text, encoding)
        return str(path)

    def publish(self, told: str) -> str:
        """The list is posted on 18 December; `told` is what came of telling everyone. Gives its hash."""
        command = PublishList.model_validate(
            {
                "actor": {"id": "office-clerk", "role": "office", "organisation": OFFICE},
                "command_id": "list-1",
                "postings": [{"place": p, "posted_at": moment("2023-12-18 09:00")} for p in PLACES],
            }
        )

        async def work() -> str:
            database = Database(self.url)
            async with database.transaction() as session:
                posted = await store(session, PLAN, command, moment("2023-12-18 10:00"))
                await session.execute(update(PostedEntry).values(outcome=told))
            await database.close()
            return posted.sha256

        return asyncio.run(work())


@pytest.fixture
def officer(sqlite_url: str, tmp_path: Path) -> Officer:
    asyncio.run(_prepare(sqlite_url))
    return Officer(sqlite_url, tmp_path)


async def _prepare(url: str) -> None:
    database = Database(url)
    desk = Desk(database)
    for ref in ("a-1", "a-2"):
        life = RecordedLife(Cast(ref))
        voted(life)
        await desk.write_all(life)
    await database.close()


def test_names_come_in_by_file_whole_or_not_at_all(officer: Officer) -> None:
    broken = officer.do("people", "import", officer.file(NAMES + "p-a-3,,\n"), status=1)
    assert "names.csv:5: the name is empty" in broken.stderr
    assert "nothing was recorded" in broken.stderr
    officer.do("people", "show", "p-a-1", status=1)
    assert "3 rows, 3 new" in officer.do("people", "import", officer.file(NAMES)).output
    assert "3 rows, 0 new" in officer.do("people", "import", officer.file(NAMES)).output
    old = officer.file(NAMES.replace("王建国", "王建國"), "gb18030")
    assert "--encoding gb18030" in officer.do("people", "import", old, status=2).stderr
    differs = officer.do("people", "import", old, "--encoding", "gb18030", "--json", status=1)
    assert [fault["line"] for fault in json.loads(differs.stdout)["faults"]] == [3]


def test_a_correction_of_a_name_names_its_document(officer: Officer) -> None:
    officer.do("people", "record", "p-a-1", "李明")
    assert "--document-no" in officer.do("people", "record", "p-a-1", "李铭", status=1).stderr
    words = (
        "people",
        "record",
        "p-a-1",
        "李铭",
        "--document-no",
        "更〔2024〕1号",
        "--at",
        "2024-01-05T09:00",
    )
    assert "version 2" in officer.do(*words).output
    shown = json.loads(officer.do("people", "show", "p-a-1", "--json").output)
    assert [(row["version"], row["name"], row["document_no"]) for row in shown] == [
        (1, "李明", None),
        (2, "李铭", "更〔2024〕1号"),
    ]
    assert "opaque reference" in officer.do("people", "record", "13900000000", "李明", status=2).stderr
    assert "--unit" in officer.do("people", "record", "u", "协会", "--kind", "enterprise", status=2).stderr


def test_from_the_draft_to_the_pages_and_down_again(officer: Officer) -> None:
    nameless = officer.do("lists", "draft", status=1)
    assert "zhicheng people record p-a-1 NAME" in nameless.stderr
    officer.do("people", "import", officer.file(NAMES))
    posted, site = officer.folder / "list.json", officer.folder / "site"
    made = json.loads(officer.do("lists", "draft", "--out", str(posted), "--json").output)
    assert hashlib.sha256(posted.read_bytes()).hexdigest() == made["sha256"]

    build = ("site", "build", "--out", str(site), "--at", "2023-12-18T10:00")
    assert "0 lists on view" in officer.do(*build).output, "a draft is not public by itself"
    officer.do(*build, "--with-draft")
    assert (site / "list-1.json").read_bytes() == posted.read_bytes()
    assert officer.publish("accepted") == made["sha256"]
    officer.do(*build)
    assert (site / "list-1.json").read_bytes() == posted.read_bytes()
    assert "李明" in (site / "list-1.html").read_text("utf-8")
    first = _bytes(site)
    assert _bytes(_built(officer, build, officer.folder / "again")) == first, "the same data, the same bytes"

    shown = json.loads(officer.do("lists", "show", "--json").output)
    assert [(one["list"], one["status"], len(one["entries"])) for one in shown] == [(1, "published", 2)]
    assert "2 accepted" in officer.do("lists", "show").output
    assert "none is due" in officer.do("lists", "take-down", "--at", "2024-12-31T00:00").output
    asyncio.run(_confirmed(officer.url))
    late = ("--at", "2024-02-01T00:00")
    gone = json.loads(officer.do("site", "build", "--out", str(site), *late, "--json").output)
    assert "list-1.json" in gone["removed"], "its time is over, whether or not anybody took it down"
    assert "taken down: 1" in officer.do("lists", "take-down", *late).output
    officer.do("site", "build", "--out", str(site), *late)
    everything = b"".join(_bytes(site).values()).decode()
    assert "李明" not in everything
    assert made["sha256"] in everything
    assert "TJ-2023-ENG-000001" in (site / "certificates.json").read_text("utf-8")


def test_a_folder_with_other_things_in_it_is_left_alone(officer: Officer) -> None:
    other = officer.folder / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("mine")
    assert "holds no site" in officer.do("site", "build", "--out", str(other), status=2).stderr
    (other / MANIFEST).write_text('{"../names.csv": "x"}')
    assert "outside its folder" in officer.do("site", "build", "--out", str(other), status=2).stderr
    assert "no plan" in officer.do("site", "build", "--out", "x", "--plan", "none", status=2).stderr
    assert sorted(path.name for path in other.iterdir()) == [MANIFEST, "thesis.txt"]


async def _confirmed(url: str) -> None:
    """Both periods have run, both are confirmed on 27 December."""
    database = Database(url)
    desk = Desk(database)
    for ref in ("a-1", "a-2"):
        life = RecordedLife(Cast(ref))
        voted(life)
        before = len(life.batches)
        life.do(life.cast.publish("2023-12-18T09:00:00+08:00"), "2023-12-18 10:00")
        life.do(life.cast.confirm(), "2023-12-27 09:00")
        for batch in life.batches[before:]:
            await desk.write(batch)
    await database.close()


def _built(officer: Officer, build: tuple[str, ...], folder: Path) -> Path:
    officer.do(*(str(folder) if word.endswith("site") and word != "site" else word for word in build))
    return folder


def _bytes(folder: Path) -> dict[str, Any]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
