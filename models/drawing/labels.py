"""Where the label of a line goes: beside a piece of the line that is its own, on nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from models.drawing.elements import Drawing, Edge, NodeKind, Text, placed, text_in
from models.drawing.geometry import Box, Point, segment_box
from models.wire import Label

_WIDTHS = (150, 110, 84)
_STEP = 20
_GAP = 3
_HARD = 10_000
_LINE_UNDER = 150
_SHARED = 250


class Labels:
    """Places the labels one after the other, keeping what is already taken."""

    def __init__(self, drawing: Drawing) -> None:
        self.drawing = drawing
        frames = (NodeKind.GLOBAL,)
        self.solid = [n.box for n in drawing.nodes.values() if n.kind not in frames]
        self.texts = [n.text.box for n in drawing.nodes.values() if n.text is not None]
        self.texts += [e.text.box for e in drawing.edges if e.text is not None]
        self.lines = [(e.id, segment_box(a, b)) for e in drawing.edges for a, b in pairwise(e.waypoints)]
        self.borders = [
            Box(lane.box.x, y - 2, lane.box.w, 4)
            for lane in drawing.lanes
            for y in (lane.box.y, lane.box.bottom)
        ]

    def place(self, edge: Edge, label: Label) -> Edge:
        """The edge with its label at the best place found."""
        best: tuple[float, Text] | None = None
        walked = 0.0
        for a, b in pairwise(edge.waypoints):
            near = self._near(segment_box(a, b).grown(max(_WIDTHS) + 20))
            for rank, width in enumerate(_WIDTHS):
                text = text_in(label, self.drawing.lang, width)
                for step, box in _candidates(a, b, text.box.w, text.box.h):
                    cost = near.cost(edge.id, box) + (walked + step) * 0.05 + 6 * rank
                    if best is None or cost < best[0]:
                        best = (cost, placed(text, box.x, box.y))
            walked += abs(a.x - b.x) + abs(a.y - b.y)
        assert best is not None
        self.texts.append(best[1].box)
        return replace(edge, text=best[1])

    def _near(self, region: Box) -> Surroundings:
        pool = self.drawing.pool
        return Surroundings(
            Box(pool.x + 60, pool.y, pool.w - 60, pool.h),
            [b for b in (*self.solid, *self.texts) if b.meets(region)],
            [(i, b) for i, b in self.lines if b.meets(region)],
            [b for b in self.borders if b.meets(region)],
        )


def _candidates(a: Point, b: Point, w: float, h: float) -> Iterator[tuple[float, Box]]:
    """Places beside a piece of a line, with the distance from its start."""
    length = abs(a.x - b.x) + abs(a.y - b.y)
    for step in range(0, int(length) + 1, _STEP):
        share = step / length if length else 0
        p = Point(a.x + (b.x - a.x) * share, a.y + (b.y - a.y) * share)
        if a.y == b.y:
            yield step, Box(p.x - w / 2, p.y - h - _GAP, w, h)
            yield step, Box(p.x - w / 2, p.y + _GAP, w, h)
        else:
            yield step, Box(p.x + _GAP, p.y - h / 2, w, h)
            yield step, Box(p.x - w - _GAP, p.y - h / 2, w, h)


@dataclass(frozen=True)
class Surroundings:
    """What lies near a piece of a line, and what it costs to put a label on it."""

    inside: Box
    taken: list[Box]
    lines: list[tuple[str, Box]]
    borders: list[Box]

    def cost(self, edge_id: str, box: Box) -> float:
        """The price of a place: shapes and labels are taboo, lines and lane borders are a nuisance."""
        roomy = box.grown(2)
        cost = _HARD * sum(roomy.meets(other) for other in self.taken)
        cost += 0 if self.inside.holds(box) else _HARD
        cost += _LINE_UNDER * sum(box.meets(other) for _, other in self.lines)
        cost += _LINE_UNDER // 2 * sum(box.meets(other) for other in self.borders)
        return cost + (_SHARED if self._shared(edge_id, box) else 0)

    def _shared(self, edge_id: str, box: Box) -> bool:
        """A label beside a piece that another line shares would name both."""
        near = box.grown(_GAP + 1)
        around = [(i, b) for i, b in self.lines if b.meets(near)]
        return any(
            mine.meets(other) and (mine.w == 1) == (other.w == 1)
            for mine_id, mine in around
            if mine_id == edge_id
            for other_id, other in around
            if other_id != edge_id
        )
