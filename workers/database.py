"""Brings a database to the schema of this release, and says which schema one is at."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Literal

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, NullPool, create_engine, text

from activities.database import sync_url

_MIGRATIONS = files("models") / "migrations"

UPGRADE_LOCK = 7_302_311
"""The PostgreSQL advisory lock that lets one process at a time upgrade."""


Fit = Literal["none", "behind", "fits", "newer"]


def upgrade(url: str, revision: str = "head") -> None:
    """Upgrades the database at `url`. Safe to call from several processes at once; blocks until done.

    A database that a later release has upgraded stays as it is. A SQLite file that is made here is for its
    owner's eyes only, and so are the files SQLite puts beside it.
    """
    _make_for_the_owner(sync_url(url))
    with _connection(url) as connection:
        if revision != "head" or _fit(connection) != "newer":
            command.upgrade(_config(connection), revision)


def downgrade(url: str, revision: str) -> None:
    """Takes the database back to an earlier schema; what only the later one can hold is lost."""
    with _connection(url) as connection:
        command.downgrade(_config(connection), revision)


def current(url: str) -> str | None:
    """The schema revision of the database at `url`; None when it has none."""
    with _connection(url) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def needed() -> str | None:
    """The schema revision of this release."""
    return ScriptDirectory(str(_MIGRATIONS)).get_current_head()


def fit(url: str) -> Fit:
    """How the schema of the database at `url` and this release fit together.

    `newer`: a later release has upgraded it. This one works on it: migrations only add while a release that
    does not know them may run (`tests/gates/test_migrations.py`). Raises `SQLAlchemyError`.
    """
    with _connection(url) as connection:
        return _fit(connection)


def _fit(connection: Connection) -> Fit:
    found = MigrationContext.configure(connection).get_current_revision()
    if found is None:
        return "none"
    scripts = ScriptDirectory(str(_MIGRATIONS))
    if found == scripts.get_current_head():
        return "fits"
    return "behind" if found in {script.revision for script in scripts.walk_revisions()} else "newer"


def _make_for_the_owner(address: URL) -> None:
    if address.get_backend_name() == "sqlite" and address.database:
        os.close(os.open(address.database, os.O_RDWR | os.O_CREAT, 0o600))


@contextmanager
def _connection(url: str) -> Iterator[Connection]:
    engine = create_engine(sync_url(url), poolclass=NullPool)
    try:
        with engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                connection.connection.driver_connection.isolation_level = None  # type: ignore[union-attr]
                connection.exec_driver_sql("PRAGMA busy_timeout = 30000")
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.execute(text(f"SELECT pg_advisory_xact_lock({UPGRADE_LOCK})"))
            yield connection
            connection.commit()
            if connection.dialect.name == "sqlite" and connection.in_transaction():
                connection.commit()
    finally:
        engine.dispose()


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    return config
