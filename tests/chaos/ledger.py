"""What the clients were told, written to the disk before it counts: the other side of the account.

One line of JSON an answer, forced to the disk. What stands here was acknowledged; whether it was kept is
asked of the service afterwards.
"""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Answer:
    """One answer to one sending: through which door, and what it said.

    `kind`: `accepted` with a receipt; `taken`, without one, by a door that does not wait; `refused`.
    """

    key: str
    ref: str
    door: str
    kind: str
    said: dict[str, Any] = field(default_factory=dict)


class Ledger:
    """The answers of a run, in the file and in mind."""

    def __init__(self, file: Path) -> None:
        self._file = file.open("ab", buffering=0)
        self._path = file
        self._lock = asyncio.Lock()

    async def enter(self, answer: Answer) -> None:
        """Returns once it is on the disk."""
        line = json.dumps(vars(answer), ensure_ascii=False, sort_keys=True).encode() + b"\n"
        async with self._lock:
            await asyncio.to_thread(self._write, line)

    def _write(self, line: bytes) -> None:
        self._file.write(line)
        os.fsync(self._file.fileno())

    def read(self) -> list[Answer]:
        """Everything that was entered, from the disk."""
        lines = self._path.read_text("utf-8").splitlines()
        return [Answer(**json.loads(line)) for line in lines]

    def close(self) -> None:
        """Closes the file."""
        self._file.close()
