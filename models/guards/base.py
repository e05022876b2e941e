"""What a guard is: a named condition with its label, its source and its check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from models.commands import Command
from models.refusal import RefusalCode, Refused, refuse
from models.state import ApplicationState
from models.wire import Label

Check = Callable[[ApplicationState, Command, datetime], None]
"""Returns quietly or raises `Refused`; the time is business time."""


@dataclass(frozen=True)
class Guard:
    """A named condition: its label for handbook and diagram, its source, its check."""

    name: str
    label: Label
    citation: str
    check: Check


def guard(check: Check, zh: str, citation: str) -> Guard:
    """Wraps a check: its English label is the first line of its docstring."""
    doc = (check.__doc__ or "").strip().splitlines()[0].rstrip(".")
    return Guard(name=check.__name__, label=Label(zh=zh, en=doc), citation=citation, check=check)


_Kind = TypeVar("_Kind", bound=Command)


def narrowed(command: Command, model: type[_Kind]) -> _Kind:
    """The command as the model that the transition's table promises."""
    assert isinstance(command, model), f"{type(command).__name__} where {model.__name__} belongs"
    return command


def unmet(zh: str, en: str, fix_zh: str, fix_en: str, field: str | None, citation: str) -> Refused:
    """The refusal of a condition that is not met."""
    return refuse(
        RefusalCode.GUARD, zh=zh, en=en, fix_zh=fix_zh, fix_en=fix_en, field=field, citation=citation
    )
