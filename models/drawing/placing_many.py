"""The last lane: a frame for every event that is possible at many stages: who, from where, to where."""

from __future__ import annotations

from models.drawing.elements import Drawing, Edge, Node, NodeKind, Text, placed, text_in
from models.drawing.geometry import Box, Point, around
from models.drawing.reading import GLOBALS, is_reached_only_globally, roles_label
from models.stages import STAGES
from models.transitions import Transition
from models.wire import Label

EVENT = 36
HEADER = 60
_W, _H, _GAP = 280, 180, 40


def _per_row(width: float) -> int:
    return int((width - HEADER - _GAP) // (_W + _GAP))


def globals_height(width: float) -> float:
    """The height of the lane in a pool of the given width, with room for the legend below the frames."""
    rows = -(-len(GLOBALS) // _per_row(width))
    return rows * (_H + _GAP) + 2 * _GAP


def text_under(text: Text, centre: Point, gap: int = 1) -> Text:
    """A label centred below an event circle."""
    return placed(text, centre.x - text.box.w / 2, centre.y + EVENT / 2 + gap)


def place_globals(drawing: Drawing) -> None:
    """Adds a frame for every event that is possible at many stages, in the last lane."""
    band = drawing.lanes[-1].box
    per_row = _per_row(drawing.pool.w)
    for number, t in enumerate(GLOBALS):
        x = band.x + 30 + _GAP + (number % per_row) * (_W + _GAP)
        y = band.y + _GAP + (number // per_row) * (_H + _GAP)
        _global(drawing, t, Box(x, y, _W, _H))


def _global(drawing: Drawing, t: Transition, box: Box) -> None:
    title = text_in(t.label, drawing.lang, _W - 20)
    frame = drawing.add(
        Node(
            f"global_{t.event}",
            NodeKind.GLOBAL,
            box,
            t.label,
            placed(title, box.centre.x - title.box.w / 2, box.y + 8),
            transition=t,
        )
    )
    a, b = Point(box.x + 70, box.y + 90), Point(box.right - 70, box.y + 90)
    who = roles_label(t.by)
    start = drawing.add(
        Node(
            f"begin_{t.event}",
            NodeKind.GLOBAL_START,
            around(a, EVENT),
            who,
            text_under(text_in(who, drawing.lang, 125), a),
            parent=frame.id,
            transition=t,
        )
    )
    own = t.target if t.target is not None and is_reached_only_globally(t.target) else None
    unchanged = Label(zh="环节不变", en="stage unchanged")
    label = STAGES[t.target].label if t.target is not None else unchanged
    end = drawing.add(
        Node(
            f"stage_{own.value}" if own else f"finish_{t.event}",
            NodeKind.GLOBAL_END,
            around(b, EVENT),
            label,
            text_under(text_in(label, drawing.lang, 125), b, gap=4),
            stage=own,
            home=own,
            parent=frame.id,
            transition=t,
        )
    )
    count = Label(zh=f"{len(t.sources)}个环节", en=f"{len(t.sources)} stages")
    text = text_in(count, drawing.lang, 100)
    middle = Point((a.x + b.x) / 2, a.y)
    drawing.edges.append(
        Edge(
            f"flow_global_{t.event}",
            start.id,
            end.id,
            (Point(start.box.right, a.y), Point(end.box.x, b.y)),
            t,
            text=placed(text, middle.x - text.box.w / 2, middle.y - text.box.h - 3),
        )
    )
