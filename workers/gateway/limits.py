"""How often one account, or one address without a token, may call in a minute. Counted in this process."""

from __future__ import annotations

import math
import time

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter


class Limits:
    """A moving window of a minute."""

    def __init__(self, of_accounts: int, of_public: int) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._account, self._public = (RateLimitItemPerMinute(n) for n in (of_accounts, of_public))

    async def wait_for(self, who: str, *, public: bool) -> int:
        """Counts one call: 0 when it may go on, else the whole seconds after which it may be tried again."""
        item = self._public if public else self._account
        if await self._limiter.hit(item, "public" if public else "account", who):
            return 0
        window = await self._limiter.get_window_stats(item, "public" if public else "account", who)
        return max(1, math.ceil(window.reset_time - time.time()))
