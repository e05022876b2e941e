"""The commands on certificates, as an officer and a stranger type them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from activities.database import Database
from activities.people import record_name
from models.tables import Person, Unit
from tests.activities.recorded import Desk, told
from tests.cli import CliRunner, Result
from tests.databases import sqlite_template, sqlite_url
from tests.models.life import Cast, certified, moment
from workers.cli import app

__all__ = ["sqlite_template", "sqlite_url"]

NUMBER = "TJ-2023-ENG-000001"
AT = ("--at", "2023-12-28T12:00")


@pytest.fixture
def officer(sqlite_url: str, tmp_path: Path) -> CliRunner:
    """A rehearsal's database with one confirmed application."""
    asyncio.run(_prepare(sqlite_url, "欧阳修"))
    return CliRunner(
        env={
            "ZHICHENG_DATABASE_URL": sqlite_url.replace("sqlite:", "sqlite+aiosqlite:"),
            "ZHICHENG_DATA_DIR": str(tmp_path / "data"),
            "ZHICHENG_REHEARSAL": "true",
            "COLUMNS": "230",
            "NO_COLOR": "1",
        }
    )


async def _prepare(url: str, name: str) -> None:
    database = Database(url)
    life = told(certified, Cast("a"))
    await Desk(database).write_all(life)
    async with database.transaction() as session:
        await record_name(
            session, Person, "p-a", name, moment("2023-12-27 12:00"), document_no="更〔2024〕1号"
        )
        await record_name(session, Unit, life.cast.employer, "天津市计量院", moment("2023-12-27 12:00"))
    await database.close()


def do(officer: CliRunner, *words: str, status: int = 0) -> Result:
    result = officer.invoke(app, ["certificate", *words])
    assert result.exit_code == status, result.output
    return result


def test_a_certificate_from_the_download_to_its_correction(
    officer: CliRunner, sqlite_url: str, tmp_path: Path
) -> None:
    assert "not made yet" in do(officer, "show", NUMBER).output
    first, second = tmp_path / "first.pdf", tmp_path / "second.pdf"
    do(officer, "download", NUMBER, "--out", str(first), *AT)
    assert json.loads(do(officer, "make", "--json", *AT).output) == {"made": 0, "faults": 0, "open": []}
    shown = do(officer, "verify", str(first))
    assert "is valid" in shown.output
    assert "no legal effect" in shown.output
    assert json.loads(do(officer, "verify", NUMBER, "--json").output)["standing"] == "valid"

    correction = ("reissue", NUMBER, "--document-no", "更〔2024〕1号", "--reason", "姓名更正")
    assert "nothing to correct" in do(officer, *correction, *AT, status=1).output
    asyncio.run(_prepare(sqlite_url, "欧阳脩"))
    assert "version 2" in do(officer, *correction, *AT).output
    do(officer, "download", NUMBER, "--out", str(second), *AT)
    assert "第2版" in do(officer, "verify", str(first), "--lang", "zh", status=1).output
    do(officer, "verify", str(second))

    papers = json.loads(do(officer, "show", NUMBER, "--json").output)
    current = [p for p in papers["papers"] if p["kind"] == "review_form" and p["status"] == "current"]
    assert papers["form_sha256"] == current[0]["sha256"]
    (line,) = json.loads(do(officer, "index").output)
    assert (line["number"], line["status"], line["version"]) == (NUMBER, "valid", 2)


def test_what_is_not_ours_is_said_so(officer: CliRunner, tmp_path: Path) -> None:
    strange = tmp_path / "strange.pdf"
    strange.write_bytes(b"%PDF-1.7 nothing of ours")
    assert "not issued here" in do(officer, "verify", str(strange), status=1).output
    assert "no certificate" in do(officer, "verify", "TJ-2023-ENG-000009", status=1).output
    assert "cannot be read" in do(officer, "verify", str(tmp_path / "none.pdf"), status=2).output
    assert "check the number" in do(officer, "download", "TJ-2023-ENG-000009", *AT, status=1).output.lower()
