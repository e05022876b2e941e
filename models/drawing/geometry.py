"""Points, boxes and text sizes of a drawing, in pixels; y grows downwards.

Every node is centred on a grid of `GRID` pixels and every edge runs on it, so that lines keep their distance.
"""

from __future__ import annotations

from dataclasses import dataclass

GRID = 20
FONT = 11
LINE = 13.2
"""Font size and line height of labels: those of bpmn-js, so that both drawings need the same room."""

_CJK_FROM = 0x2E80


@dataclass(frozen=True)
class Point:
    """A place in the drawing."""

    x: float
    y: float


@dataclass(frozen=True)
class Box:
    """A rectangle by its upper left corner, width and height."""

    x: float
    y: float
    w: float
    h: float

    @property
    def centre(self) -> Point:
        """The middle."""
        return Point(self.x + self.w / 2, self.y + self.h / 2)

    @property
    def right(self) -> float:
        """The x of the right side."""
        return self.x + self.w

    @property
    def bottom(self) -> float:
        """The y of the lower side."""
        return self.y + self.h

    def grown(self, by: float) -> Box:
        """The same box with a margin on every side."""
        return Box(self.x - by, self.y - by, self.w + 2 * by, self.h + 2 * by)

    def meets(self, other: Box) -> bool:
        """True when the two share more than a border."""
        return (
            self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom
        )

    def holds(self, other: Box) -> bool:
        """True when the other lies inside."""
        return (
            self.x <= other.x
            and self.y <= other.y
            and other.right <= self.right
            and other.bottom <= self.bottom
        )


def around(centre: Point, w: float, h: float | None = None) -> Box:
    """The box of a given size around a point."""
    height = w if h is None else h
    return Box(centre.x - w / 2, centre.y - height / 2, w, height)


def segment_box(a: Point, b: Point) -> Box:
    """The box of a horizontal or vertical line, one pixel thick."""
    x, y = min(a.x, b.x), min(a.y, b.y)
    return Box(x - 0.5, y - 0.5, abs(a.x - b.x) + 1, abs(a.y - b.y) + 1)


def text_width(text: str, size: float = FONT) -> float:
    """The width of a line: a Chinese character is as wide as the font is high, a Latin letter about half."""
    return sum(size if ord(char) >= _CJK_FROM else size * 0.57 for char in text)


def wrapped(text: str, width: float, size: float = FONT) -> tuple[str, ...]:
    """Breaks a text into lines no wider than `width`: Latin at spaces, Chinese anywhere."""
    lines: list[str] = []
    line = ""
    for word in _pieces(text):
        if line and text_width((line + word).rstrip(), size) > width:
            lines.append(line.rstrip())
            line = word.lstrip()
        else:
            line += word
    return (*lines, line.rstrip()) if line.strip() else tuple(lines)


_NO_LINE_STARTS_WITH = "，。；：、）】》"
_NO_LINE_ENDS_WITH = "（【《"


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    word = ""
    for char in text:
        if char in _NO_LINE_STARTS_WITH and (word or pieces):
            word = (word or pieces.pop()) + char
            continue
        if char in _NO_LINE_ENDS_WITH:
            pieces += [word] if word else []
            word = char
        elif ord(char) >= _CJK_FROM:
            opened = word in _NO_LINE_ENDS_WITH
            pieces += [word] if word and not opened else []
            pieces.append(word + char if opened else char)
            word = ""
        else:
            word += char
            if char == " ":
                pieces.append(word)
                word = ""
    return [*pieces, word] if word else pieces
