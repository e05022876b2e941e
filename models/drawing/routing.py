"""Orthogonal routes on the grid: around boxes, few bends, few crossings, no two lines on top of each other.

A* over (cell, direction). Lines that leave the same node may share their beginning, as the branches of a
gateway do; all others only cross. Ties are broken by order of insertion, so a route is reproducible.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from models.drawing.geometry import GRID, Box, Point

Cell = tuple[int, int]
Direction = tuple[int, int]

RIGHT, LEFT, DOWN, UP = (1, 0), (-1, 0), (0, 1), (0, -1)

_BEND = 5
_CROSSING = 8
_TOUCHED_BEND = 40
_OVERLAP = 300
_SHARED = 1
_SHARED_TO_SAME_TARGET = 12


@dataclass(frozen=True)
class Port:
    """Where a line may touch a node: the point on its border, the first free cell, the way out."""

    border: Point
    cell: Cell
    out: Direction


def cell_of(x: float, y: float) -> Cell:
    """The cell of a point on the grid."""
    return (round(x / GRID), round(y / GRID))


@dataclass
class Grid:
    """What is taken: cells by boxes, unit segments and bends by lines."""

    width: int
    height: int
    blocked: set[Cell] = field(default_factory=set)
    segments: dict[tuple[Cell, bool], list[tuple[str, str]]] = field(default_factory=dict)
    passed: dict[tuple[Cell, bool], set[str]] = field(default_factory=dict)
    bends: dict[Cell, set[str]] = field(default_factory=dict)

    def block(self, box: Box, margin: float = 9) -> None:
        """No line may enter this box."""
        grown = box.grown(margin)
        for cx in range(int(grown.x // GRID), int(grown.right // GRID) + 1):
            for cy in range(int(grown.y // GRID), int(grown.bottom // GRID) + 1):
                if grown.x < cx * GRID < grown.right and grown.y < cy * GRID < grown.bottom:
                    self.blocked.add((cx, cy))

    def take(self, cells: list[Cell], source: str, target: str) -> None:
        """Remembers a line, so that later ones keep off it."""
        for a, b in pairwise(cells):
            horizontal = a[1] == b[1]
            self.segments.setdefault((min(a, b), horizontal), []).append((source, target))
            for cell in (a, b):
                self.passed.setdefault((cell, horizontal), set()).add(source)
        for a, b, c in zip(cells, cells[1:], cells[2:], strict=False):
            if (a[0] == b[0]) != (b[0] == c[0]):
                self.bends.setdefault(b, set()).add(source)

    def _step_cost(self, here: Cell, to: Cell, horizontal: bool, source: str, target: str) -> int:
        cost = 1
        for other_source, other_target in self.segments.get((min(here, to), horizontal), ()):
            if other_source != source:
                cost += _OVERLAP
            else:
                cost += _SHARED_TO_SAME_TARGET if other_target == target else _SHARED
        if self.passed.get((to, not horizontal), set()) - {source}:
            cost += _CROSSING
        if self.bends.get(to, set()) - {source}:
            cost += _TOUCHED_BEND
        return cost

    def route(self, source: str, starts: Iterable[Port], target: str, goals: Iterable[Port]) -> list[Point]:
        """The cheapest line from one node to another, as way points from border to border.

        Raises `ValueError` when there is none.
        """
        found = self._search(source, tuple(starts), target, {g.cell: g for g in goals})
        if found is None:
            raise ValueError(f"no way from {source} to {target}")
        start, cells, goal = found
        self.take(cells, source, target)
        points = [start.border, *(Point(x * GRID, y * GRID) for x, y in cells), goal.border]
        return _corners(points)

    def _search(
        self, source: str, starts: tuple[Port, ...], target: str, goals: Mapping[Cell, Port]
    ) -> tuple[Port, list[Cell], Port] | None:
        left, right = min(c[0] for c in goals), max(c[0] for c in goals)
        top, bottom = min(c[1] for c in goals), max(c[1] for c in goals)
        queue: list[tuple[int, int, int, Cell, Direction]] = []
        best: dict[tuple[Cell, Direction], int] = {}
        came: dict[tuple[Cell, Direction], tuple[Cell, Direction] | Port] = {}
        count = 0

        def push(cost: int, cell: Cell, way: Direction, origin: tuple[Cell, Direction] | Port) -> None:
            nonlocal count
            if cost >= best.get((cell, way), 1 << 30):
                return
            best[(cell, way)] = cost
            came[(cell, way)] = origin
            ahead = max(left - cell[0], 0, cell[0] - right) + max(top - cell[1], 0, cell[1] - bottom)
            count += 1
            heapq.heappush(queue, (cost + ahead, count, cost, cell, way))

        for port in starts:
            if port.cell not in self.blocked:
                push(0, port.cell, port.out, port)
        while queue:
            _, _, cost, cell, way = heapq.heappop(queue)
            if cost > best[(cell, way)]:
                continue
            goal = goals.get(cell)
            if goal is not None and (way[0] + goal.out[0], way[1] + goal.out[1]) == (0, 0):
                return self._path(came, cell, way, goal)
            for turn in (RIGHT, DOWN, LEFT, UP):
                if (turn[0] + way[0], turn[1] + way[1]) == (0, 0):
                    continue
                to = (cell[0] + turn[0], cell[1] + turn[1])
                if to in self.blocked or not (0 < to[0] < self.width and 0 < to[1] < self.height):
                    if turn == way or goal is None:
                        continue
                    to = cell
                bend = _BEND if turn != way else 0
                if to == cell:
                    push(cost + bend, cell, turn, (cell, way))
                    continue
                step = self._step_cost(cell, to, turn[1] == 0, source, target)
                if (turn != way and (self.passed.get((cell, True), set()) - {source})) or (
                    turn != way and (self.passed.get((cell, False), set()) - {source})
                ):
                    bend += _TOUCHED_BEND
                push(cost + step + bend, to, turn, (cell, way))
        return None

    @staticmethod
    def _path(
        came: Mapping[tuple[Cell, Direction], tuple[Cell, Direction] | Port],
        cell: Cell,
        way: Direction,
        goal: Port,
    ) -> tuple[Port, list[Cell], Port]:
        cells = [cell]
        at: tuple[Cell, Direction] = (cell, way)
        while True:
            origin = came[at]
            if isinstance(origin, Port):
                return origin, cells[::-1], goal
            if origin[0] != cells[-1]:
                cells.append(origin[0])
            at = origin


def _corners(points: list[Point]) -> list[Point]:
    """Only the ends and the bends of a line."""
    kept: list[Point] = []
    for point in points:
        if kept and kept[-1] == point:
            continue
        if len(kept) > 1 and (kept[-2].x == kept[-1].x == point.x or kept[-2].y == kept[-1].y == point.y):
            kept[-1] = point
        else:
            kept.append(point)
    return kept
