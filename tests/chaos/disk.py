"""The disk under the database, small enough to be filled, and given room again.

As root it is a file system in memory of its own (`tmpfs`) that a file fills to the last byte. Whoever may
not mount one gets a limit on the size of files of the database's processes instead (RLIMIT_FSIZE, with
`prlimit`): every write beyond it fails like one on a full disk. Which of both it was, the run says.
"""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

MEGABYTES = 640
"""Of the file system: the database of two hundred lives takes a quarter of it."""

LIMIT = 8192
"""Bytes, where files are limited: nothing of a database is written below it."""


class Disk:
    """A directory for the database. Open it before, and close it after the database has stopped."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.kind = ""
        self._filler = place / "filler"

    def open(self) -> None:
        """Makes the directory, on a small file system of its own where that is allowed."""
        self.place.mkdir(parents=True)
        self.kind = "files limited in size (RLIMIT_FSIZE): not root, or nothing may be mounted"
        if os.geteuid() == 0 and _mount(self.place):
            self.kind = f"a file system of {MEGABYTES} MB (tmpfs)"

    @property
    def is_small(self) -> bool:
        """It is a file system of its own."""
        return self.place.is_mount()

    def fill(self, pids: Iterable[int]) -> None:
        """From now on nothing can be written any more. `pids`: the processes of the database."""
        if not self.is_small:
            self._limit(pids, LIMIT)
            return
        piece = b"\0" * 65_536
        with contextlib.suppress(OSError), self._filler.open("wb", buffering=0) as file:
            while file.write(piece):
                pass

    def free(self, pids: Iterable[int]) -> None:
        """There is room again."""
        if not self.is_small:
            self._limit(pids, resource.RLIM_INFINITY)
        self._filler.unlink(missing_ok=True)

    def close(self) -> None:
        """Gives the file system back."""
        if self.is_small:
            subprocess.run(["umount", "--lazy", self.place], check=True)
        shutil.rmtree(self.place, ignore_errors=True)

    def _limit(self, pids: Iterable[int], size: int) -> None:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))


def _mount(place: Path) -> bool:
    words = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m,mode=0755", "zhicheng-chaos", str(place)]
    try:
        return subprocess.run(words, capture_output=True, check=False).returncode == 0
    except OSError:
        return False
