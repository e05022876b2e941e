"""The parts of a drawing: nodes, edges and the labels beside them. Formats render these, they add nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from models.deadlines import DeadlineKind
from models.drawing.geometry import FONT, LINE, Box, Point, text_width, wrapped
from models.drawing.reading import Lang
from models.roles import Role
from models.stages import Stage, StageDeadline
from models.transitions import Transition
from models.wire import Label


class NodeKind(StrEnum):
    """What a node is; each format has one shape for each."""

    START = "start"
    STAGE = "stage"
    FINAL = "final"
    GATEWAY = "gateway"
    TIMER = "timer"
    MESSAGE = "message"
    NOTED = "noted"
    ESCALATION = "escalation"
    END = "end"
    THROW = "throw"
    CATCH = "catch"
    GLOBAL = "global"
    GLOBAL_START = "global_start"
    GLOBAL_END = "global_end"


@dataclass(frozen=True)
class Text:
    """A label with its place: the Chinese lines first, then the English ones."""

    label: Label
    box: Box
    zh: tuple[str, ...]
    en: tuple[str, ...]


def text_in(label: Label, lang: Lang, width: float) -> Text:
    """A label wrapped to a width, at the origin; `placed` moves it."""
    zh = wrapped(label.zh, width) if lang in ("zh", "both") else ()
    en = wrapped(label.en, width) if lang in ("en", "both") else ()
    widest = max((text_width(line) for line in (*zh, *en)), default=0.0)
    return Text(label, Box(0, 0, round(widest + 6), round(LINE * len((*zh, *en)) + 1)), zh, en)


def placed(text: Text, x: float, y: float) -> Text:
    """The same label with its upper left corner at a point."""
    return Text(text.label, Box(x, y, text.box.w, text.box.h), text.zh, text.en)


@dataclass(frozen=True)
class Node:
    """A shape: a stage, or something that belongs to one.

    `home` is the stage it belongs to, `parent` the node it is attached to or contained in.
    """

    id: str
    kind: NodeKind
    box: Box
    label: Label | None = None
    text: Text | None = None
    lane: Role | None = None
    stage: Stage | None = None
    home: Stage | None = None
    parent: str | None = None
    deadline: StageDeadline | None = None
    transition: Transition | None = None

    @property
    def urgency(self) -> DeadlineKind | None:
        """The kind of the deadline, for a timer."""
        return self.deadline.kind if self.deadline else None


@dataclass(frozen=True)
class Edge:
    """A line from node to node; `transition` is the event it stands for, if it is one."""

    id: str
    source: str
    target: str
    waypoints: tuple[Point, ...] = ()
    transition: Transition | None = None
    home: Stage | None = None
    text: Text | None = None


@dataclass(frozen=True)
class Lane:
    """A horizontal band; `role` None is the band of the events possible at many stages."""

    role: Role | None
    label: Label
    box: Box


@dataclass
class Drawing:
    """The whole: size, lanes, nodes by id, edges."""

    lang: Lang
    pool: Box
    lanes: tuple[Lane, ...]
    nodes: dict[str, Node] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)

    def add(self, node: Node) -> Node:
        """Adds a node; its id must be new."""
        if node.id in self.nodes:
            raise ValueError(f"two nodes are called {node.id}")
        self.nodes[node.id] = node
        return node

    @property
    def size(self) -> tuple[float, float]:
        """Width and height including a margin."""
        return (self.pool.right + self.pool.x, self.pool.bottom + self.pool.y)


__all__ = ["FONT", "LINE", "Drawing", "Edge", "Lane", "Node", "NodeKind", "Text", "placed", "text_in"]
