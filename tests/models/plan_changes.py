"""Plans for tests: the real one, and copies of it with one value changed."""

from __future__ import annotations

from functools import cache
from typing import Any

from models.plan import ReviewPlan

REAL = "tianjin-quality-2023"


@cache
def real_plan() -> ReviewPlan:
    return ReviewPlan.load(REAL)


def with_value(path: str, value: object) -> ReviewPlan:
    """The real plan with the cited value at a dotted path replaced, as if its TOML had been edited."""
    data = real_plan().model_dump()
    node: Any = data
    for step in path.split("."):
        node = node[step]
    node["value"] = value
    return ReviewPlan.model_validate(data)


def with_fields(**fields: object) -> ReviewPlan:
    """The real plan with whole top-level fields replaced."""
    return ReviewPlan.model_validate(real_plan().model_dump() | fields)
