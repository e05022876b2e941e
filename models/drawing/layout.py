"""One layout for the SVG and the BPMN file: placed nodes, routed edges, labels that lie on nothing."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from models.drawing.elements import Drawing, Edge, Node, NodeKind
from models.drawing.geometry import GRID, Point
from models.drawing.labels import Labels
from models.drawing.placing import Placing, is_bar, is_linked
from models.drawing.reading import Lang, deadlines_in_order, expiries, is_reached_only_globally, outcomes
from models.drawing.routing import DOWN, LEFT, RIGHT, UP, Direction, Grid, Port, cell_of
from models.stages import STAGES, Stage
from models.transitions import Transition

_SIDES: tuple[Direction, ...] = (RIGHT, DOWN, UP, LEFT)


@lru_cache(maxsize=3)
def layout(lang: Lang = "both") -> Drawing:
    """The whole drawing. Read it, do not change it: it is computed once a language."""
    drawing = Placing(lang).run()
    grid = Grid(int(drawing.size[0] // GRID), int(drawing.lanes[-1].box.y // GRID))
    for node in drawing.nodes.values():
        grid.block(node.box)
        if node.text is not None:
            grid.block(node.text.box, margin=4)
    for edge in drawing.edges:
        _reserve(grid, edge)
    for edge in sorted(_flows(drawing), key=lambda e: _distance(drawing, e)):
        source, target = drawing.nodes[edge.source], drawing.nodes[edge.target]
        points = grid.route(source.id, _exits(drawing, source), target.id, _entries(drawing, target))
        drawing.edges.append(replace(edge, waypoints=tuple(points)))
    _name_edges(drawing)
    return drawing


def _reserve(grid: Grid, edge: Edge) -> None:
    """A straight edge between neighbours takes its cells."""
    a, b = edge.waypoints[0], edge.waypoints[-1]
    ax, ay = cell_of(a.x, a.y)
    bx, by = cell_of(b.x, b.y)
    cells = [(x, y) for x in range(min(ax, bx), max(ax, bx) + 1) for y in range(min(ay, by), max(ay, by) + 1)]
    grid.take(cells, edge.source, edge.target)
    grid.blocked.update(cells)


def _flows(drawing: Drawing) -> list[Edge]:
    """The edges that need a route: outcomes of stages, and what a timer leads to when that is a stage."""
    edges: list[Edge] = []
    for stage in STAGES:
        if is_reached_only_globally(stage):
            continue
        ways = outcomes(stage)
        start = f"gate_{stage.value}" if len(ways) > 1 else f"stage_{stage.value}"
        edges += [_flow(start, stage, t) for t in ways]
        for deadline in deadlines_in_order(stage):
            passing = expiries(stage, deadline)
            timer = f"timer_{stage.value}_{deadline.name.value}"
            if len(passing) > 1:
                edges += [_flow(f"over_{stage.value}_{deadline.name.value}", stage, t) for t in passing]
            elif passing and passing[0].target is not None and not is_bar(passing[0]):
                edges.append(_flow(timer, stage, passing[0]))
    return [edge for edge in edges if edge.target in drawing.nodes]


def _flow(start: str, stage: Stage, t: Transition) -> Edge:
    assert t.target is not None
    linked = is_linked(stage, t.target)
    target = f"throw_{stage.value}_{t.event}" if linked else f"stage_{t.target.value}"
    return Edge(f"flow_{stage.value}_{t.event}", start, target, (), t, stage)


def _distance(drawing: Drawing, edge: Edge) -> tuple[float, str]:
    a, b = drawing.nodes[edge.source].box.centre, drawing.nodes[edge.target].box.centre
    return (abs(a.x - b.x) + abs(a.y - b.y), edge.id)


def _port(node: Node, side: Direction, along: float) -> Port:
    box = node.box
    if side in (LEFT, RIGHT):
        border = Point(box.right if side == RIGHT else box.x, along)
    else:
        border = Point(along, box.bottom if side == DOWN else box.y)
    cell = cell_of(border.x, border.y)
    clear = (border.x - cell[0] * GRID) * side[0] + (border.y - cell[1] * GRID) * side[1]
    steps = 1 if clear < 9 else 2
    if node.kind is not NodeKind.STAGE:
        centre = box.centre
        reach = 2 * GRID
        cell = cell_of(centre.x + side[0] * reach, centre.y + side[1] * reach)
        return Port(border, cell, side)
    return Port(border, (cell[0] + side[0] * steps, cell[1] + side[1] * steps), side)


def _exits(drawing: Drawing, node: Node) -> list[Port]:
    if node.kind is NodeKind.STAGE:
        return _box_ports(drawing, node, (RIGHT, UP, DOWN))
    sides = (DOWN,) if node.kind is NodeKind.TIMER else (RIGHT, DOWN, UP)
    centre = node.box.centre
    return [_port(node, side, centre.y if side[0] else centre.x) for side in sides]


def _entries(drawing: Drawing, node: Node) -> list[Port]:
    if node.kind is NodeKind.STAGE:
        return _box_ports(drawing, node, _SIDES)
    centre = node.box.centre
    sides = (UP, LEFT) if node.kind is NodeKind.THROW else (LEFT, UP, RIGHT)
    return [_port(node, side, centre.y if side[0] else centre.x) for side in sides]


def _box_ports(drawing: Drawing, node: Node, sides: tuple[Direction, ...]) -> list[Port]:
    """Every place on the border of a box where nothing sits already."""
    taken = [other.box for other in drawing.nodes.values() if other.parent == node.id]
    taken += [other.box.grown(2) for other in drawing.nodes.values() if other.id == f"gate_{node.home}"]
    box = node.box
    ports: list[Port] = []
    for side in sides:
        first, last = (box.y, box.bottom) if side in (LEFT, RIGHT) else (box.x, box.right)
        middle = (first + last) / 2
        places = sorted(range(int(first) + GRID, int(last), GRID), key=lambda at: abs(at - middle))
        for at in places:
            port = _port(node, side, at)
            if not any(
                b.x - 2 <= port.border.x <= b.right + 2 and b.y - 2 <= port.border.y <= b.bottom + 2
                for b in taken
            ):
                ports.append(port)
    return ports


def _name_edges(drawing: Drawing) -> None:
    labels = Labels(drawing)
    order = sorted(
        (e for e in drawing.edges if e.transition is not None and e.text is None),
        key=lambda e: (len(e.waypoints), e.id),
    )
    named = {
        edge.id: labels.place(edge, edge.transition.label)
        for edge in order
        if edge.transition is not None and _wants_name(drawing, edge)
    }
    drawing.edges[:] = [named.get(edge.id, edge) for edge in drawing.edges]


def _wants_name(drawing: Drawing, edge: Edge) -> bool:
    """A line to a link, to a note or from a timer to its end is named by what it leads to."""
    return drawing.nodes[edge.target].kind in (NodeKind.STAGE, NodeKind.FINAL)
