"""The database itself: migrations, transactions, instants and words, on both kinds."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect, literal, select, text, type_coerce

from activities.database import Database, async_url, sync_url
from activities.sqlite_connection import sqlite_connection
from models.tables import Base, CertificateCounter
from models.tables.base import UtcInstant, Words
from tests.models.life import moment
from workers.database import current, downgrade, fit, upgrade

HEAD = "0024"


def test_the_migrations_lead_to_the_tables(database_url: str) -> None:
    engine = create_engine(sync_url(database_url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_a_later_release_has_been_here(database_url: str) -> None:
    assert fit(database_url) == "fits"
    engine = create_engine(sync_url(database_url))
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9001'")
    assert fit(database_url) == "newer"
    upgrade(database_url)
    assert current(database_url) == "9001", "it is left as it is"
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    assert fit(database_url) == "behind"
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM alembic_version")
    assert fit(database_url) == "none"
    engine.dispose()


def test_down_and_up_again(database_url: str) -> None:
    assert current(database_url) == HEAD
    upgrade(database_url)
    downgrade(database_url, "base")
    engine = create_engine(sync_url(database_url))
    assert set(inspect(engine).get_table_names()) <= {"alembic_version", "sqlite_sequence"}
    engine.dispose()
    upgrade(database_url)
    assert current(database_url) == HEAD


async def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    async def fails() -> None:
        async with database.transaction() as session:
            session.add(CertificateCounter(prefix="X", last=1))
            await session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fails()
    async with database.reading() as session:
        assert (await session.scalars(select(CertificateCounter))).all() == []


async def test_writers_wait_for_each_other(database_url: str) -> None:
    """Two processes, here two engines, count to twenty without losing one."""
    both = Database(database_url), Database(database_url)

    async def add(database: Database) -> None:
        async with database.transaction() as session:
            row = await session.get(CertificateCounter, "X", with_for_update=True)
            assert row is not None
            row.last += 1

    async with both[0].transaction() as session:
        session.add(CertificateCounter(prefix="X", last=0))
    await asyncio.gather(*(add(database) for database in both for _ in range(10)))
    async with both[1].reading() as session:
        assert await session.scalar(select(CertificateCounter.last)) == 20
    for database in both:
        await database.close()


async def test_instants_come_back_aware_in_utc(database: Database) -> None:
    """Noon in Tianjin is four in the morning, UTC, whatever the time zone of the database."""
    noon = moment("2023-11-06 12:00")
    async with database.reading() as session:
        found = await session.scalar(select(type_coerce(literal(noon, UtcInstant), UtcInstant)))
    assert found == noon
    assert found.tzinfo is UTC


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="offset"):
        UtcInstant().process_bind_param(datetime(2023, 1, 1), create_engine("sqlite://").dialect)  # noqa: DTZ001


def test_words_lose_the_character_postgresql_cannot_hold() -> None:
    assert Words().process_bind_param("a\x00b", create_engine("sqlite://").dialect) == "ab"


async def test_sqlite_is_durable(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    async with database.reading() as session:
        found = [
            await session.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    await database.close()
    assert found == ["wal", 2, 1, 5000]


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://host/database"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"file|not supported"):
        async_url(url)


def test_no_column_holds_personal_data() -> None:
    forbidden = ("name", "id_number", "identity_number", "phone", "mobile", "email", "address", "birth")
    # Names of deadlines, and whether an objector gave a real name: neither is a name. People and units are.
    allowed = {
        ("deadlines", "name"),
        ("deadline_revisions", "name"),
        ("objections", "real_name"),
        ("people", "name"),
        ("units", "name"),
        ("contacts", "address"),  # Where notices are sent; the only place.
        ("list_entries", "shown_name"),  # While the list is public; blanked when it is taken down.
        # What the sender called a file; shown only to those who may see the application.
        ("evidence_uploads", "file_name"),
        ("evidence_links", "file_name"),
    }
    found = {
        (table.name, column.name)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if any(column.name == word or column.name.endswith(f"_{word}") for word in forbidden)
    }
    assert found - allowed == set()


def test_no_column_links_an_expert_to_a_ballot() -> None:
    votes = Base.metadata.tables["votes"]
    assert not any("expert" in column.name or "voter" in column.name for column in votes.columns)


def test_migrations_name_plain_types_only() -> None:
    for file in (Path("models") / "migrations" / "versions").glob("*.py"):
        assert "models." not in file.read_text("utf-8"), file


def test_a_sqlite_file_is_for_its_owner_only(tmp_path: Path) -> None:
    upgrade(f"sqlite+aiosqlite:///{tmp_path / 'new.db'}")
    assert stat.S_IMODE((tmp_path / "new.db").stat().st_mode) == 0o600


def test_a_file_that_cannot_be_opened_leaves_no_thread_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", told.append)

    async def opened() -> None:
        await sqlite_connection(str(tmp_path / "missing" / "zhicheng.db"))

    for _ in range(100):
        with pytest.raises(sqlite3.OperationalError):
            asyncio.run(opened())
    assert told == []
