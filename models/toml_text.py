"""TOML that somebody sends in: read, or refused as unreadable, whatever it is. Pure."""

from __future__ import annotations

import tomllib
from typing import Any


def read_toml(text: str) -> dict[str, Any]:
    """What the text says. Raises `tomllib.TOMLDecodeError`, also for what only the reader cannot take: lists
    in lists without end, a number of thousands of digits. Tried again, that is not read either."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except (RecursionError, ValueError) as error:
        why = "nested too deeply" if isinstance(error, RecursionError) else "a value is out of range"
        raise tomllib.TOMLDecodeError(why) from None
