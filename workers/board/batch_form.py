"""What the board offers to do to many applications, and the command that stands for it."""

from __future__ import annotations

from typing import Any

CHOICES = ("remind", "return", "accept", "hold", "release")
"""Kinds of a command that need no more than one reason in words; others come as a CSV over the API."""


def command(kind: str, text: str) -> dict[str, Any]:
    """The template of a batch from what was filled in. What is missing is said by the batch itself."""
    match kind:
        case "return":
            return {"kind": kind, "change_class": "formal", "items": [{"id": "b1", "text": text}]}
        case "hold":
            return {"kind": kind, "ground": "investigation", "text": text}
        case "release":
            return {"kind": kind, "outcome": "resume", "text": text}
        case _:
            return {"kind": kind}
