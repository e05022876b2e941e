"""What is counted for a while, so that many who watch do not count it each for themselves.

Only for what is the same for everybody who may see it: whoever asks is looked at before, every time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")
MOST = 64
"""Keys that are remembered; the oldest goes first."""


class Remembered(Generic[T]):
    """A value by key, for some seconds. Several who ask at once wait for one count."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._kept: dict[Hashable, tuple[float, asyncio.Future[T]]] = {}

    async def get(self, key: Hashable, count: Callable[[], Awaitable[T]]) -> T:
        """The value of `key`, counted now or a moment ago. What was raised is raised, and not kept."""
        kept = self._kept.get(key)
        if (
            kept is not None
            and time.monotonic() < kept[0]
            and kept[1].get_loop() is asyncio.get_running_loop()
        ):
            return await asyncio.shield(kept[1])
        counting = asyncio.ensure_future(count())
        self._kept[key] = (time.monotonic() + self._seconds, counting)
        while len(self._kept) > MOST:
            self._kept.pop(next(iter(self._kept)))
        try:
            return await asyncio.shield(counting)
        except BaseException:
            if self._kept.get(key, (0, None))[1] is counting:
                del self._kept[key]
            raise
