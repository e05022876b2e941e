"""Signs of life of an activity that works for long: a heartbeat every moment, with where to go on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from temporalio import activity

BEAT = 1.5
"""Seconds between two heartbeats."""

Tell = Callable[[Any], None]
"""Where the next attempt goes on."""


@asynccontextmanager
async def signs_of_life() -> AsyncIterator[Tell]:
    """Heartbeats while the block runs; what was told last goes with them."""
    details: list[Any] = list(activity.info().heartbeat_details)

    def tell(where: Any) -> None:
        details[:] = [where]
        activity.heartbeat(*details)

    async def beat() -> None:
        while True:
            activity.heartbeat(*details)
            await asyncio.sleep(BEAT)

    beating = asyncio.create_task(beat())
    try:
        yield tell
    finally:
        beating.cancel()
