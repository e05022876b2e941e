"""Tables of a page: a caption, columns, and cells that are words, links or words with a colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Link:
    """Words that lead somewhere."""

    text: object
    href: str


@dataclass(frozen=True)
class Flag:
    """Words with a colour that says the same: `late`, `near` or nothing."""

    text: object
    css: str = ""


Cell = object
"""What is written into a cell: anything with words, `Link` or `Flag`."""


@dataclass(frozen=True)
class Sheet:
    """One table. `key`: its id on the page. The first cell of a row is its heading."""

    key: str
    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""


@dataclass(frozen=True)
class Field:
    """One field of a form. `rows`: a larger text; `choices`: pairs of value and words."""

    name: str
    label: str
    value: object = ""
    kind: str = "text"
    wide: bool = False
    required: bool = True
    rows: int = 0
    choices: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Form:
    """A form: `get` asks, `post` acts and carries the token of the session."""

    button: str
    fields: Sequence[Field] = ()
    method: str = "get"
    action: str = ""
    hidden: Mapping[str, object] = field(default_factory=dict)
    key: str = ""
