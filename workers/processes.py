"""What the embedded stack must know about ports and processes, to start and stop the right ones only."""

from __future__ import annotations

import fcntl
import json
import os
import random
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

LOOPBACK = "127.0.0.1"

# Below the range from which the kernel takes the ports of outgoing connections: a client that retries
# a freed port of that range may connect to itself, and then the server cannot come back on it.
_PORTS = range(20_000, 32_000)


class AlreadyStartingError(RuntimeError):
    """Another process holds the lock."""


@dataclass(frozen=True)
class ServerRecord:
    """The contents of a pid file: which server runs where. `db_file` is absolute; None is in memory."""

    pid: int
    port: int
    ui_port: int | None
    db_file: str | None

    def is_alive(self) -> bool:
        """The process lives and is this very server, not a stranger that got its number."""
        words = command_line(self.pid)
        expected = ["start-dev", str(self.port), *([self.db_file] if self.db_file else [])]
        return all(word in words for word in expected)

    def write(self, path: Path) -> None:
        """Replace `path` in one step."""
        draft = path.with_suffix(f".{os.getpid()}.new")
        draft.write_text(json.dumps(asdict(self)))
        draft.replace(path)

    @classmethod
    def read(cls, path: Path) -> ServerRecord | None:
        """The record in `path`, or None when there is none that can be read."""
        try:
            found = json.loads(path.read_text())
            return cls(int(found["pid"]), int(found["port"]), found["ui_port"], found["db_file"])
        except (OSError, ValueError, KeyError, TypeError):
            return None


def command_line(pid: int) -> list[str]:
    """The arguments of a living process; empty when there is none, or only its exit status is left."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            return []
    listing = subprocess.run(
        ["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return listing.stdout.split()


def can_bind(port: int) -> bool:
    """Whether a server could listen on `port` of the loopback address now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port(*, besides: set[int] | None = None) -> int:
    """A loopback port that nobody listens on. Raises `RuntimeError` when 200 tries find none."""
    for port in random.sample(_PORTS, 200):
        if port not in (besides or ()) and can_bind(port):
            return port
    raise RuntimeError(f"no free port from {_PORTS.start} to {_PORTS.stop - 1} on {LOOPBACK}")


@contextmanager
def only_one(lock_file: Path) -> Iterator[None]:
    """Hold `lock_file` for the block, across processes; released when its holder dies.

    Raises `AlreadyStartingError` when another process holds it.
    """
    with lock_file.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyStartingError(str(lock_file)) from None
        yield
