"""The business clock: real time as it is, or compressed; never running backwards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from models.clock import FIRST, LAST, REAL_TIME, BusinessClock
from models.wire import SHANGHAI

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
AUTUMN = datetime(2023, 9, 18, tzinfo=SHANGHAI)
SPEEDS = st.floats(min_value=1.0, max_value=10_000_000.0, allow_nan=False)
SECONDS = st.floats(min_value=0.0, max_value=1_000.0, allow_nan=False)


def compressed(speed: float) -> BusinessClock:
    """A clock that began a cycle in the autumn of 2023."""
    return BusinessClock(real_start=START, business_start=AUTUMN, speed=speed)


def test_production_runs_on_real_time_in_shanghai() -> None:
    assert REAL_TIME.is_real
    assert REAL_TIME.now(START) == START
    assert REAL_TIME.now(START).tzinfo is SHANGHAI
    assert REAL_TIME.real_delay(START, START + timedelta(days=2)) == timedelta(days=2)


def test_a_compressed_clock_begins_where_it_is_told() -> None:
    clock = compressed(86_400)
    assert not clock.is_real
    assert clock.now(START) == AUTUMN
    assert clock.now(START + timedelta(seconds=49)) == AUTUMN + timedelta(days=49)


@given(SPEEDS, SECONDS, SECONDS)
def test_time_runs_forward(speed: float, first: float, second: float) -> None:
    clock = compressed(speed)
    early, late = sorted((first, second))
    before, after = (clock.now(START + timedelta(seconds=s)) for s in (early, late))
    assert before <= after
    assert after.tzinfo is SHANGHAI


@given(SPEEDS, SECONDS, st.timedeltas(timedelta(0), timedelta(days=800)))
def test_waiting_the_real_delay_reaches_the_business_instant(
    speed: float, passed: float, ahead: timedelta
) -> None:
    clock = compressed(speed)
    real = START + timedelta(seconds=passed)
    target = clock.now(real) + ahead
    wait = clock.real_delay(clock.now(real), target)
    missed = abs(clock.now(real + wait) - target)
    assert missed <= timedelta(microseconds=2) * (speed + 1), "the clock's grain, in business time"


@given(SPEEDS, st.timedeltas(timedelta(0), timedelta(days=800)))
def test_an_instant_that_has_passed_needs_no_waiting(speed: float, ago: timedelta) -> None:
    assert compressed(speed).real_delay(AUTUMN, AUTUMN - ago) == timedelta(0)


@pytest.mark.parametrize(
    "given_values",
    [
        {"real_start": START},
        {"business_start": AUTUMN},
        {"speed": 2.0},
        {"real_start": START, "business_start": AUTUMN, "speed": 0.5},
        {"real_start": START, "business_start": AUTUMN, "speed": 1e8},
        {"real_start": START.replace(tzinfo=None), "business_start": AUTUMN},
    ],
)
def test_half_a_clock_is_refused(given_values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        BusinessClock.model_validate(given_values)


@pytest.mark.parametrize("speed", [1.0, 10_000_000.0])
@pytest.mark.parametrize("real", [datetime.min.replace(tzinfo=UTC), START, datetime.max.replace(tzinfo=UTC)])
@pytest.mark.parametrize("business", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_a_wild_clock_stands_still_at_the_end_of_its_range(
    speed: float, real: datetime, business: datetime
) -> None:
    clock = BusinessClock(real_start=real, business_start=business, speed=speed)
    grain = timedelta(seconds=1)
    for later in (timedelta(0), timedelta(days=36_500)):
        assert FIRST - grain <= clock.now(START + later) <= LAST + grain
