"""A database of its own for every test, on SQLite and on PostgreSQL."""

from tests.databases import (
    database,
    database_url,
    postgres,
    postgres_url,
    sqlite_template,
    sqlite_url,
)

__all__ = ["database", "database_url", "postgres", "postgres_url", "sqlite_template", "sqlite_url"]
