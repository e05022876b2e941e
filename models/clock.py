"""The business clock: every deadline goes through it.

Production runs at speed 1. A rehearsal runs a whole cycle on a real server with time compressed:
business time = `business_start` + (real time - `real_start`) * `speed`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pydantic import Field, model_validator

from models.wire import SHANGHAI, Instant, Wire

FIRST, LAST = datetime(1000, 1, 1, tzinfo=UTC), datetime(9990, 1, 1, tzinfo=UTC)
"""A clock that is set wildly stands still there: it must not stop the workflow that asks it."""


class BusinessClock(Wire):
    """A linear map from real time to business time. The default is the identity.

    `real_start` and `business_start` are instants with offset; `speed` is business seconds per
    real second, from 1 to 10,000,000.
    """

    real_start: Instant | None = None
    business_start: Instant | None = None
    speed: float = Field(default=1.0, ge=1.0, le=10_000_000.0)

    @model_validator(mode="after")
    def _both_or_neither(self) -> BusinessClock:
        if (self.real_start is None) != (self.business_start is None):
            raise ValueError("give real_start and business_start together, or neither")
        if self.real_start is None and self.speed != 1.0:
            raise ValueError("a compressed clock needs real_start and business_start")
        return self

    @property
    def is_real(self) -> bool:
        """True when business time is real time."""
        return self.real_start is None

    def now(self, real_now: datetime) -> datetime:
        """Business time at the real instant `real_now`, in Asia/Shanghai; within `FIRST` and `LAST`."""
        if self.real_start is None or self.business_start is None:
            return real_now.astimezone(SHANGHAI)
        elapsed = (real_now - self.real_start).total_seconds() * self.speed
        first, last = ((end - self.business_start).total_seconds() for end in (FIRST, LAST))
        since = timedelta(seconds=min(max(elapsed, first), last))
        return (self.business_start + since).astimezone(SHANGHAI)

    def real_delay(self, business_now: datetime, business_then: datetime) -> timedelta:
        """How long to wait, in real time, until business time reaches `business_then`; never negative."""
        gap = (business_then - business_now).total_seconds() / self.speed
        return timedelta(seconds=max(0.0, gap))


REAL_TIME = BusinessClock()
