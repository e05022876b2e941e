"""A value together with where it comes from and how sure we are of it.

A work plan is mostly numbers that some rule fixes. Whoever reads the plan must see which rule, and whether
its words were seen: a number nobody has verified is shown as such and never hidden in code.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, Literal, NamedTuple, TypeVar

from pydantic import BaseModel

from models.wire import Label, Wire

T = TypeVar("T")

Mark = Literal["V", "P", "M", "I"]
"""How sure we are of a value; only "V" counts as verified."""

Unknown = Literal["unknown"]
"""The value of something that a rule must fix and that nobody has found yet."""

MARK_LABELS: dict[Mark, Label] = {
    "V": Label(zh="已见原文", en="verbatim text seen"),
    "P": Label(zh="转述", en="second-hand or paraphrased"),
    "M": Label(zh="凭记忆，未核实", en="from memory, not verified"),
    "I": Label(zh="本系统选定", en="a design choice, no rule states it"),
}


class Sourced(Wire):
    """Anything that cites its source (article or section) and carries a mark of confidence."""

    source: str
    mark: Mark
    note: str = ""

    @property
    def key(self) -> str:
        """The name of this row inside its table; empty when its place is its name."""
        return ""

    @property
    def verified(self) -> bool:
        """True when the words of the source were seen."""
        return self.mark == "V"


class Cited(Sourced, Generic[T]):
    """One value with its citation: `{ value = 5, source = "work plan 七(一)", mark = "V" }`."""

    value: T


class Leaf(NamedTuple):
    """A cited value and its dotted path from the root of the plan."""

    path: str
    item: Sourced


def leaves(root: BaseModel, path: str = "") -> Iterator[Leaf]:
    """Every cited value under `root`, in the order of the model's fields."""
    for name in type(root).model_fields:
        value = getattr(root, name)
        here = f"{path}.{name}" if path else name
        if isinstance(value, tuple):
            for position, row in enumerate(value):
                if isinstance(row, BaseModel):
                    yield from _under(row, f"{here}.{_key_of(row) or position}")
        elif isinstance(value, BaseModel):
            yield from _under(value, here)


def _under(value: BaseModel, path: str) -> Iterator[Leaf]:
    if isinstance(value, Sourced):
        yield Leaf(path, value)
    else:
        yield from leaves(value, path)


def _key_of(row: BaseModel) -> str:
    return row.key if isinstance(row, Sourced) else ""
