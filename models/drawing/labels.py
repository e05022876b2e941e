"""Where the label of a line goes: beside a piece of the line that is its own, on nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from models.drawing.elements import Drawing, Edge, NodeKind, Text, placed, text_in
from models.drawing.geometry import Box, Point, segment_box
from models.wire import Label

_WIDTHS = (150, 110, 84)
_STEP = 10
_GAP = 3
_HARD = 10_000
_LINE_UNDER = 60


class Labels:
    """Places the labels one after the other, keeping what is already taken."""

    def __init__(self, drawing: Drawing) -> None:
        self.drawing = drawing
        frames = (NodeKind.GLOBAL,)
        self.solid = [n.box for n in drawing.nodes.values() if n.kind not in frames]
        self.texts = [n.text.box for n in drawing.nodes.values() if n.text is not None]
        self.texts += [e.text.box for e in drawing.edges if e.text is not None]
        self.lines = [
            (e.id, segment_box(a, b))
            for e in drawing.edges
            for a, b in zip(e.waypoints, e.waypoints[1:], strict=False)
        ]
        self.borders = [
            Box(lane.box.x, y - 2, lane.box.w, 4)
            for lane in drawing.lanes
            for y in (lane.box.y, lane.box.bottom)
        ]

    def place(self, edge: Edge, label: Label) -> Edge:
        """The edge with its label at the best place found."""
        best: tuple[float, Text] | None = None
        for width_rank, width in enumerate(_WIDTHS):
            text = text_in(label, self.drawing.lang, width)
            for far, box in self._candidates(edge, text.box.w, text.box.h):
                cost = self._cost(edge, box) + far * 0.05 + 6 * width_rank
                if best is None or cost < best[0]:
                    best = (cost, placed(text, box.x, box.y))
        assert best is not None
        self.texts.append(best[1].box)
        return replace(edge, text=best[1])

    def _candidates(self, edge: Edge, w: float, h: float) -> Iterator[tuple[float, Box]]:
        """Places beside every piece of the line, with the distance from its start."""
        walked = 0.0
        for a, b in zip(edge.waypoints, edge.waypoints[1:], strict=False):
            length = abs(a.x - b.x) + abs(a.y - b.y)
            for step in range(0, int(length) + 1, _STEP):
                share = step / length if length else 0
                p = Point(a.x + (b.x - a.x) * share, a.y + (b.y - a.y) * share)
                if a.y == b.y:
                    yield walked + step, Box(p.x - w / 2, p.y - h - _GAP, w, h)
                    yield walked + step, Box(p.x - w / 2, p.y + _GAP, w, h)
                else:
                    yield walked + step, Box(p.x + _GAP, p.y - h / 2, w, h)
                    yield walked + step, Box(p.x - w - _GAP, p.y - h / 2, w, h)
            walked += length

    def _cost(self, edge: Edge, box: Box) -> float:
        roomy = box.grown(2)
        cost = 0.0
        cost += _HARD * sum(roomy.meets(other) for other in self.solid)
        cost += _HARD * sum(roomy.meets(other) for other in self.texts)
        cost += _LINE_UNDER * sum(box.meets(other) for _, other in self.lines)
        cost += _LINE_UNDER / 2 * sum(box.meets(other) for other in self.borders)
        inside = self.drawing.pool
        if not Box(inside.x + 60, inside.y, inside.w - 60, inside.h).holds(box):
            cost += _HARD
        return cost + self._shared(edge, box)

    def _shared(self, edge: Edge, box: Box) -> float:
        """A label beside a piece that another line shares would name both: costs as much as hiding one."""
        near = box.grown(_GAP + 1)
        own = [line for id_, line in self.lines if id_ == edge.id and line.meets(near)]
        if any(
            mine.meets(other) and (mine.w == 1) == (other.w == 1)
            for mine in own
            for id_, other in self.lines
            if id_ != edge.id and other.meets(near)
        ):
            return _LINE_UNDER * 3
        return 0.0
