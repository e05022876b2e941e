"""Where the nodes go: lanes by role, columns and rows by the hints of the stages, small parts around them.

A stage is a box; its deadlines sit on the lower border with what follows them below; what may happen
without leaving the stage sits on the upper border; the gateway of its outcomes is to its right. A way back
over many columns is not drawn as a line but as a pair of links, as on a map.
"""

from __future__ import annotations

from models.drawing.elements import Drawing, Edge, Lane, Node, NodeKind, Text, placed, text_in
from models.drawing.geometry import Box, Point, around
from models.drawing.placing_many import EVENT, HEADER, globals_height, place_globals, text_under
from models.drawing.reading import (
    LANES,
    Lang,
    deadlines_in_order,
    expiries,
    is_reached_only_globally,
    outcomes,
    stays,
)
from models.roles import ROLE_LABELS, Role
from models.stages import STAGES, Stage, StageDeadline
from models.transitions import Transition
from models.wire import Label

BOX_W, BOX_H = 200, 80
GATEWAY = 50
SLOTS = (20, 100, 180)
_SLOTS_FOR: dict[int, tuple[int, ...]] = {0: (), 1: (100,), 2: (20, 180), 3: SLOTS}
_CHANNEL_X, _CHANNEL_Y = 120, 60
_MARGIN = 20
_LEFT = 120
_FAR = 3

_ESCALATED = Label(zh="提醒、升级", en="remind, escalate")
_GLOBAL_LANE = Label(zh="多环节事件", en="at many stages")
POOL = Label(zh="职称评审：一份申报的全程", en="Professional-title review: the life of one application")

_ORDER = {stage: number for number, stage in enumerate(Stage)}


def is_linked(source: Stage, target: Stage) -> bool:
    """True for a way back over many columns: two links say it better than a line through everything."""
    back = STAGES[source].place[0] - STAGES[target].place[0]
    return _ORDER[target] < _ORDER[source] and back >= _FAR


def is_bar(t: Transition) -> bool:
    """True for the passing of a BAR: it happens at many stages, so it is always drawn as a link."""
    return t.bar


def _needs_catch(stage: Stage) -> bool:
    for source in STAGES:
        if any(t.target is stage and is_linked(source, stage) for t in outcomes(source)):
            return True
        for deadline in STAGES[source].deadlines:
            if any(t.target is stage and is_bar(t) for t in expiries(source, deadline)):
                return True
    return False


def _links(stage: Stage) -> list[Transition]:
    return [t for t in outcomes(stage) if t.target is not None and is_linked(stage, t.target)]


class Placing:
    """Computes the places and fills a drawing with nodes and the straight edges between close ones."""

    def __init__(self, lang: Lang) -> None:
        self.lang: Lang = lang
        self.stages = [stage for stage in STAGES if not is_reached_only_globally(stage)]
        self.column_x = self._columns()
        width = max(self.column_x.values()) + _CHANNEL_X - _MARGIN
        self.row_y: dict[tuple[Role, int], float] = {}
        lanes, height = self._lanes(width)
        self.drawing = Drawing(lang, Box(_MARGIN, _MARGIN, width, height), tuple(lanes))

    def run(self) -> Drawing:
        """Places everything."""
        for stage in self.stages:
            self._stage(stage)
        place_globals(self.drawing)
        return self.drawing

    def _columns(self) -> dict[int, float]:
        x = float(_MARGIN + HEADER + _LEFT)
        places: dict[int, float] = {}
        for column in range(max(STAGES[s].place[0] for s in self.stages) + 1):
            places[column] = x
            here = [s for s in self.stages if STAGES[s].place[0] == column]
            x += BOX_W + _CHANNEL_X
            x += 100 if any(len(outcomes(s)) > 1 for s in here) else 0
            x += 100 if any(_links(s) for s in here) else 0
        places[len(places)] = x
        return places

    def _lanes(self, width: float) -> tuple[list[Lane], float]:
        y = float(_MARGIN)
        lanes: list[Lane] = []
        for role in LANES:
            top = y
            y += _CHANNEL_Y
            rows = sorted({STAGES[s].place[1] for s in self.stages if STAGES[s].lane is role})
            for row in rows:
                here = [s for s in self.stages if STAGES[s].lane is role and STAGES[s].place[1] == row]
                y += max(_above(s) for s in here)
                self.row_y[(role, row)] = y
                y += BOX_H + max(_below(s) for s in here) + _CHANNEL_Y
            lanes.append(Lane(role, ROLE_LABELS[role], Box(_MARGIN + 30, top, width - 30, y - top)))
        tall = globals_height(width)
        lanes.append(Lane(None, _GLOBAL_LANE, Box(_MARGIN + 30, y, width - 30, tall)))
        return lanes, y + tall - _MARGIN

    def _text(self, label: Label, width: float) -> Text:
        return text_in(label, self.lang, width)

    def _under(self, label: Label, centre: Point, width: float = 72, gap: int = 1) -> Text:
        return text_under(self._text(label, width), centre, gap)

    def _beside(self, label: Label, centre: Point, width: float) -> Text:
        text = self._text(label, width)
        return placed(text, centre.x + 23, centre.y - text.box.h / 2)

    def _straight(
        self, source: Node, target: Node, a: Point, b: Point, t: Transition | None, home: Stage | None
    ) -> None:
        edge_id = f"flow_{source.id}__{target.id}"
        self.drawing.edges.append(Edge(edge_id, source.id, target.id, (a, b), t, home))

    def _stage(self, stage: Stage) -> None:
        spec = STAGES[stage]
        column, row = spec.place
        x, y = self.column_x[column], self.row_y[(spec.lane, row)]
        box = Box(x, y, BOX_W, BOX_H)
        kind = NodeKind.FINAL if spec.final else NodeKind.STAGE
        text = self._text(spec.label, BOX_W - 16)
        if spec.final:
            box = around(box.centre, EVENT)
            text = self._under(spec.label, box.centre, 120, gap=4)
        else:
            text = placed(text, box.centre.x - text.box.w / 2, box.centre.y - text.box.h / 2)
        node = self.drawing.add(
            Node(f"stage_{stage.value}", kind, box, spec.label, text, spec.lane, stage, stage)
        )
        if stage is Stage.DRAFT:
            self._start(node)
        self._above(node, stage)
        for slot, deadline in self._slots(stage):
            self._deadline(node, stage, deadline, x + slot)
        if len(outcomes(stage)) > 1:
            centre = Point(box.right + 60, box.centre.y)
            gate = self.drawing.add(
                Node(
                    f"gate_{stage.value}",
                    NodeKind.GATEWAY,
                    around(centre, GATEWAY),
                    lane=spec.lane,
                    home=stage,
                )
            )
            self._straight(
                node, gate, Point(box.right, centre.y), Point(centre.x - GATEWAY / 2, centre.y), None, stage
            )
        for number, t in enumerate(_links(stage)):
            self._throw(stage, t, Point(x + BOX_W + 60, y + 140 + 80 * number))

    def _slots(self, stage: Stage) -> list[tuple[int, StageDeadline]]:
        deadlines = deadlines_in_order(stage)
        return list(zip(_SLOTS_FOR[len(deadlines)], deadlines, strict=True))

    def _start(self, draft: Node) -> None:
        centre = Point(draft.box.x - 60, draft.box.centre.y)
        label = Label(zh="开始填报", en="an application is begun")
        start = Node(
            "start", NodeKind.START, around(centre, EVENT), label, self._under(label, centre, 70), draft.lane
        )
        self.drawing.add(start)
        self._straight(
            start, draft, Point(start.box.right, centre.y), Point(draft.box.x, centre.y), None, None
        )

    def _above(self, node: Node, stage: Stage) -> None:
        """The catching link and the events that leave the stage as it is, in a staircase."""
        box = node.box
        if STAGES[stage].final:
            if _needs_catch(stage):
                self._catch(node, stage, Point(box.centre.x - 100, box.centre.y), sideways=True)
            return
        staying = stays(stage)
        count = len(staying) + _needs_catch(stage)
        if _needs_catch(stage):
            self._catch(node, stage, Point(box.x + SLOTS[0], box.y - 20 - 40 * count))
        for number, t in enumerate(staying, start=count - len(staying)):
            x = box.x + (SLOTS[-1] if count == 1 else SLOTS[number])
            on_border = Point(x, box.y)
            message = self.drawing.add(
                Node(
                    f"message_{stage.value}_{t.event}",
                    NodeKind.MESSAGE,
                    around(on_border, EVENT),
                    lane=node.lane,
                    home=stage,
                    parent=node.id,
                    transition=t,
                )
            )
            centre = Point(x, box.y - 20 - 40 * (count - number))
            noted = self.drawing.add(
                Node(
                    f"noted_{stage.value}_{t.event}",
                    NodeKind.NOTED,
                    around(centre, EVENT),
                    t.label,
                    self._beside(t.label, centre, 200),
                    node.lane,
                    home=stage,
                    transition=t,
                )
            )
            self._straight(message, noted, Point(x, message.box.y), Point(x, noted.box.bottom), t, stage)

    def _catch(self, node: Node, stage: Stage, centre: Point, sideways: bool = False) -> None:
        label = Label(zh=f"⇒ {STAGES[stage].label.zh}", en=f"⇒ {STAGES[stage].label.en}")
        text = self._under(label, centre, 76) if sideways else self._beside(label, centre, 140)
        catch = self.drawing.add(
            Node(
                f"catch_{stage.value}",
                NodeKind.CATCH,
                around(centre, EVENT),
                label,
                text,
                node.lane,
                home=stage,
            )
        )
        if sideways:
            a, b = Point(catch.box.right, centre.y), Point(node.box.x, centre.y)
        else:
            a, b = Point(centre.x, catch.box.bottom), Point(centre.x, node.box.y)
        self._straight(catch, node, a, b, None, stage)

    def _deadline(self, node: Node, stage: Stage, deadline: StageDeadline, x: float) -> None:
        timer = Node(
            f"timer_{stage.value}_{deadline.name.value}",
            NodeKind.TIMER,
            around(Point(x, node.box.bottom), EVENT),
            Label(zh=deadline.kind.name, en=deadline.kind.name),
            lane=node.lane,
            home=stage,
            parent=node.id,
            deadline=deadline,
        )
        kind_text = text_in(Label(zh=deadline.kind.name, en=deadline.kind.name), "en", 60)
        self.drawing.add(Node(**{**timer.__dict__, "text": placed(kind_text, x + 6, node.box.bottom + 20)}))
        passing = expiries(stage, deadline)
        centre = Point(x, node.box.bottom + 60)
        below = self._after_timer(stage, deadline, passing, centre, node.lane)
        if below is not None:
            t = passing[0] if len(passing) == 1 else None
            self.drawing.add(below)
            self._straight(timer, below, Point(x, timer.box.bottom), Point(x, below.box.y), t, stage)

    def _after_timer(
        self,
        stage: Stage,
        deadline: StageDeadline,
        passing: tuple[Transition, ...],
        centre: Point,
        lane: Role | None,
    ) -> Node | None:
        suffix = f"{stage.value}_{deadline.name.value}"
        if not passing:
            return Node(
                f"escalate_{suffix}",
                NodeKind.ESCALATION,
                around(centre, EVENT),
                _ESCALATED,
                self._under(_ESCALATED, centre),
                lane,
                home=stage,
                deadline=deadline,
            )
        if len(passing) > 1:
            return Node(f"over_{suffix}", NodeKind.GATEWAY, around(centre, GATEWAY), lane=lane, home=stage)
        t = passing[0]
        if t.target is None:
            text = self._under(t.label, centre, 100, gap=4)
            return Node(
                f"end_{stage.value}_{t.event}",
                NodeKind.END,
                around(centre, EVENT),
                t.label,
                text,
                lane,
                home=stage,
                transition=t,
            )
        if not is_bar(t):
            return None
        label = STAGES[t.target].label
        return Node(
            f"throw_{stage.value}_{t.event}_{deadline.name.value}",
            NodeKind.THROW,
            around(centre, EVENT),
            label,
            self._under(label, centre),
            lane,
            home=stage,
            transition=t,
        )

    def _throw(self, stage: Stage, t: Transition, centre: Point) -> None:
        assert t.target is not None
        target = STAGES[t.target].label
        label = Label(zh=f"{t.label.zh} ⇒ {target.zh}", en=f"{t.label.en} ⇒ {target.en}")
        self.drawing.add(
            Node(
                f"throw_{stage.value}_{t.event}",
                NodeKind.THROW,
                around(centre, EVENT),
                label,
                self._beside(label, centre, 130),
                STAGES[stage].lane,
                home=stage,
                transition=t,
            )
        )


def _above(stage: Stage) -> float:
    if STAGES[stage].final:
        return 0
    count = len(stays(stage)) + _needs_catch(stage)
    return 40 + 40 * count if count else 0


def _below(stage: Stage) -> float:
    links = _links(stage)
    timers = 120 if STAGES[stage].deadlines else 20
    return max(timers, 80 * len(links) + 40 if links else 0)
