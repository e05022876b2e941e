"""Who listens to the feed as it happens: how many streams there may be, and one numbering for all of them.

A stream asks the database twice a second for as long as it lasts. Without a bound one account could hold
thousands, and everybody else would wait.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from workers.gateway.problems import RETRY_AFTER, problem

OF_ONE, OF_ALL = 8, 200
"""Streams of one account, and of all together, in one gateway."""


class Ears:
    """The streams of one gateway. `number`: gives numbers to what is new (`Feed.catch_up`)."""

    def __init__(self, number: Callable[[], Awaitable[object]]) -> None:
        self._number = number
        self._held: Counter[str] = Counter()
        self._one = asyncio.Lock()
        self._numbered_at = float("-inf")

    def _room_for(self, subject: str) -> None:
        if self._held[subject] >= OF_ONE:
            raise problem(
                429,
                "too_many_streams",
                zh=f"同一账户至多同时收听 {OF_ONE} 路事件流。",
                en=f"One account listens to at most {OF_ONE} streams at the same time.",
                fix_zh="请关闭不用的连接，或改用 …/events?after= 分页读取。",
                fix_en="Close those that are not used, or read `…/events?after=` page by page.",
                headers={"Retry-After": str(RETRY_AFTER)},
            )
        if self._held.total() >= OF_ALL:
            raise problem(
                503,
                "busy",
                zh="正在收听的事件流过多。",
                en="Too many streams are being listened to at this moment.",
                fix_zh="请稍后再试，或改用 …/events?after= 分页读取。",
                fix_en="Try again in a moment, or read `…/events?after=` page by page.",
                headers={"Retry-After": str(RETRY_AFTER)},
            )

    @contextmanager
    def listening(self, subject: str) -> Iterator[None]:
        """Holds a place while the block runs. Raises the problems 429 and 503 where there is none left.

        Looked for and taken in one step: of many who come at once no more get in than one after the other.
        """
        self._room_for(subject)
        self._held[subject] += 1
        try:
            yield
        finally:
            self._held[subject] -= 1
            if not self._held[subject]:
                del self._held[subject]

    async def numbered(self, within: float) -> None:
        """What happened more than `within` seconds ago has its number: asked once for all that wait."""
        wanted = time.monotonic() - within
        async with self._one:
            if self._numbered_at < wanted:
                began = time.monotonic()
                await self._number()
                self._numbered_at = began
