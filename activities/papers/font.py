"""The fonts of every paper: Noto Serif SC (text) and Noto Sans SC (headings), embedded as subsets.

They come from the package `pylopdf-fonts-zh-cn` (SIL Open Font License 1.1), pinned by hash. Each holds
some 30 900 characters: every ideograph of GB 2312 and GBK, extension A, and the rare ones of the standard
table (通用规范汉字表) that names are made of. A character that they lack stops the paper before it is made.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from fontTools.ttLib import TTFont
from pylopdf_fonts_zh_cn import sans_path, serif_path

SERIF, SANS = "Noto Serif SC", "Noto Sans SC"
"""The family names that a form uses."""

_INVISIBLE = {"\n", "\t"}


class UnprintableError(ValueError):
    """A text holds a character that no font of the papers has. Nothing was made."""

    def __init__(self, field: str, character: str) -> None:
        self.field = field
        self.character = character
        self.code = f"U+{ord(character):04X}"
        name = unicodedata.name(character, "unnamed")
        self.zh = (
            f"“{field}”中的字符“{character}”（{self.code}）在字库中没有，未生成文件。"
            "请核对该字或联系管理员补充字库。"
        )
        self.en = (
            f"{field}: the character {character!r} ({self.code}, {name}) is in no font of the papers; "
            "nothing was made. Check the character, or have a font with it added."
        )
        super().__init__(self.en)


def font_folder() -> Path:
    """The directory of the font files."""
    folder: Path = serif_path().parent
    return folder


@cache
def characters() -> frozenset[int]:
    """The code points that both fonts have, so that any text may stand in any place of a form."""
    found = [set(_cmap(path)) for path in (serif_path(), sans_path())]
    return frozenset(found[0] & found[1])


def _cmap(path: Path) -> Mapping[int, str]:
    with TTFont(path, lazy=True) as font:
        cmap: Mapping[int, str] = font.getBestCmap()
        return dict(cmap)


def check(data: Mapping[str, Any]) -> None:
    """Raises `UnprintableError` for the first text of `data` with a character that cannot be printed.

    `data` is what a form is given: texts in dictionaries and lists, in any depth. Numbers are ignored.
    """
    known = characters()
    for field, text in _texts("", data):
        for character in text:
            if ord(character) not in known and character not in _INVISIBLE:
                raise UnprintableError(field, character)


def _texts(path: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(f"{path}.{key}" if path else str(key), inner)
    elif isinstance(value, Sequence):
        for place, inner in enumerate(value):
            yield from _texts(f"{path}.{place}", inner)
