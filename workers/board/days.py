"""As of which day a page is asked: today (the business day), or a day that is given in the address."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Annotated

from fastapi import Query
from pydantic import BeforeValidator

from models.wire import SHANGHAI

On = Annotated[
    date | None,
    BeforeValidator(lambda given: given or None),  # an empty field of a form
    Query(description="The business day; default: today."),
]
MORNING = time(9)


def morning_of(on: date | None) -> datetime | None:
    """The moment from which that day's working days are counted; None: now."""
    return datetime.combine(on, MORNING, SHANGHAI) if on is not None else None
