"""The drawing as geometry: nothing overlaps, lines end at borders and go around what is not theirs."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest

from models.drawing.elements import Drawing, Edge, Node, NodeKind
from models.drawing.geometry import Box, Point, segment_box, wrapped
from models.drawing.layout import layout
from models.drawing.reading import GLOBALS, Lang, expiries, is_global, outcomes, stays
from models.drawing.routing import DOWN, LEFT, RIGHT, Grid, Port
from models.lifecycle import leaving
from models.stages import STAGES, Stage

LANGS: tuple[Lang, ...] = ("zh", "en", "both")
ATTACHED = (NodeKind.TIMER, NodeKind.MESSAGE)


@pytest.fixture(params=LANGS)
def drawing(request: pytest.FixtureRequest) -> Drawing:
    lang: Lang = request.param
    return layout(lang)


def related(a: Node, b: Node) -> bool:
    """A node and what sits on its border or inside it."""
    return a.id == b.parent or b.id == a.parent


def segments(edge: Edge) -> list[Box]:
    return [segment_box(a, b) for a, b in pairwise(edge.waypoints)]


def test_every_event_of_a_stage_is_read_in_exactly_one_way() -> None:
    for stage in Stage:
        timed = [t for d in STAGES[stage].deadlines for t in expiries(stage, d)]
        read = [*outcomes(stage), *stays(stage), *timed, *(t for t in leaving(stage) if is_global(t))]
        assert sorted(t.event for t in read) == sorted(t.event for t in leaving(stage)), stage


def test_no_two_shapes_overlap(drawing: Drawing) -> None:
    for a, b in combinations(drawing.nodes.values(), 2):
        assert related(a, b) or not a.box.meets(b.box), (a.id, b.id)


def test_every_shape_lies_in_its_lane(drawing: Drawing) -> None:
    lanes = {lane.role: lane.box for lane in drawing.lanes}
    for node in drawing.nodes.values():
        assert lanes[node.lane].holds(node.box), node.id


def test_no_label_lies_on_a_shape_or_on_another_label(drawing: Drawing) -> None:
    inside = (NodeKind.STAGE, NodeKind.GLOBAL)
    labels = [
        (n.id, n.text.box) for n in drawing.nodes.values() if n.text is not None and n.kind not in inside
    ]
    labels += [(e.id, e.text.box) for e in drawing.edges if e.text is not None]
    for (a, box), (b, other) in combinations(labels, 2):
        assert not box.meets(other), (a, b)
    for a, box in labels:
        assert drawing.pool.holds(box), a
        for node in drawing.nodes.values():
            assert node.kind is NodeKind.GLOBAL or not box.meets(node.box), (a, node.id)


def test_names_fit_into_their_boxes(drawing: Drawing) -> None:
    for node in drawing.nodes.values():
        if node.kind in (NodeKind.STAGE, NodeKind.GLOBAL):
            assert node.text is not None
            assert node.box.holds(node.text.box), node.id


def test_lines_are_orthogonal_and_end_at_borders(drawing: Drawing) -> None:
    for edge in drawing.edges:
        for a, b in pairwise(edge.waypoints):
            assert (a.x == b.x) != (a.y == b.y), edge.id
        for point, name in ((edge.waypoints[0], edge.source), (edge.waypoints[-1], edge.target)):
            assert on_border(point, drawing.nodes[name]), (edge.id, name)


def on_border(point: Point, node: Node) -> bool:
    """On a side of a box; on one of the four outermost points of a circle or a diamond."""
    box, centre = node.box, node.box.centre
    on_side = point.x in (box.x, box.right) and box.y <= point.y <= box.bottom
    on_level = point.y in (box.y, box.bottom) and box.x <= point.x <= box.right
    if node.kind in (NodeKind.STAGE, NodeKind.GLOBAL):
        return on_side or on_level
    return (on_side and point.y == centre.y) or (on_level and point.x == centre.x)


def test_no_line_runs_through_a_shape(drawing: Drawing) -> None:
    for edge in drawing.edges:
        own = {edge.source, edge.target, drawing.nodes[edge.source].parent, drawing.nodes[edge.target].parent}
        for node in drawing.nodes.values():
            if node.id not in own:
                for piece in segments(edge):
                    assert not piece.meets(node.box), (edge.id, node.id)


def test_lines_of_different_shapes_never_run_on_top_of_each_other(drawing: Drawing) -> None:
    for a, b in combinations(drawing.edges, 2):
        if a.source == b.source:
            continue
        for one in segments(a):
            for other in segments(b):
                along_x = one.h == other.h == 1 and one.y == other.y
                along_y = one.w == other.w == 1 and one.x == other.x
                assert not ((along_x or along_y) and one.meets(other)), (a.id, b.id)


def test_every_stage_and_every_event_is_drawn(drawing: Drawing) -> None:
    assert {n.stage for n in drawing.nodes.values() if n.stage is not None} == set(Stage)
    for stage in Stage:
        drawn = {e.transition.event for e in drawing.edges if e.home is stage and e.transition is not None}
        assert {t.event for t in leaving(stage) if not is_global(t)} == drawn, stage
    told = {n.transition for n in drawing.nodes.values() if n.kind is NodeKind.GLOBAL}
    assert told == set(GLOBALS)


def test_every_link_has_one_other_end(drawing: Drawing) -> None:
    caught = [n.home for n in drawing.nodes.values() if n.kind is NodeKind.CATCH]
    thrown = {
        n.transition.target for n in drawing.nodes.values() if n.kind is NodeKind.THROW and n.transition
    }
    assert len(caught) == len(set(caught))
    assert set(caught) == thrown


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("take the notice down", ("take the", "notice", "down")),
        ("异议不成立（公示继续）", ("异议不成立", "（公示继", "续）")),
        ("", ()),
    ],
)
def test_text_breaks_at_spaces_and_between_characters(text: str, lines: tuple[str, ...]) -> None:
    assert wrapped(text, 55) == lines


def test_a_route_goes_around_and_a_walled_in_place_has_none() -> None:
    grid = Grid(20, 20)
    grid.block(Box(100, 0, 40, 300))
    start, goal = Port(Point(50, 100), (3, 5), RIGHT), Port(Point(250, 100), (11, 5), LEFT)
    points = grid.route("a", [start], "b", [goal])
    assert points[0] == start.border
    assert points[-1] == goal.border
    assert max(p.y for p in points) > 300
    grid.block(Box(200, 0, 40, 400))
    with pytest.raises(ValueError, match="no way from c to d"):
        grid.route("c", [Port(Point(50, 100), (3, 6), DOWN)], "d", [Port(Point(300, 100), (16, 5), LEFT)])
