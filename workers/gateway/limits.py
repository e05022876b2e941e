"""How often one account, or one address, may call in a minute. Counted in this process.

An account is counted by its subject. An address is counted for what needs no token, and once more, apart from
that, for tokens that are not accepted.
"""

from __future__ import annotations

import math
import time
from typing import Literal

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

Kind = Literal["account", "public", "refused"]


class Limits:
    """A moving window of a minute. What is refused a token is limited as the public is."""

    def __init__(self, of_accounts: int, of_public: int) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        public = RateLimitItemPerMinute(of_public)
        self._items: dict[Kind, RateLimitItemPerMinute] = {
            "account": RateLimitItemPerMinute(of_accounts),
            "public": public,
            "refused": public,
        }

    async def wait_for(self, who: str, kind: Kind) -> int:
        """Counts one call: 0 when it may go on, else the whole seconds after which it may be tried again."""
        item = self._items[kind]
        if await self._limiter.hit(item, kind, who):
            return 0
        window = await self._limiter.get_window_stats(item, kind, who)
        return max(1, math.ceil(window.reset_time - time.time()))
