"""How fast many commands are sent."""

from __future__ import annotations

import asyncio


class Pace:
    """So many a second and no more: by a grid that does not drift, without catching up on a long pause."""

    def __init__(self, per_second: float) -> None:
        self._step = 1 / per_second
        self._next: float | None = None

    async def wait(self) -> None:
        """Returns when the next one may go."""
        now = asyncio.get_running_loop().time()
        if self._next is None or now - self._next > 1:
            self._next = now
        if self._next > now:
            await asyncio.sleep(self._next - now)
        self._next += self._step
