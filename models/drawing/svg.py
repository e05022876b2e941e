"""The lifecycle as one standalone SVG: inline style, light and dark, in Chinese and English.

Stable hooks for whoever colours it: `id="stage-<value>"` on the group of a stage, `data-event` on a line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from xml.sax.saxutils import escape, quoteattr

from models.deadlines import DeadlineKind
from models.drawing.elements import LINE, Drawing, Edge, Node, NodeKind, Text
from models.drawing.geometry import Box, Point
from models.drawing.layout import layout
from models.drawing.placing import POOL
from models.drawing.reading import Lang, kind_words, words
from models.drawing.svg_style import MARKERS, STYLE
from models.stages import STAGES, Stage

_RADIUS = 18
_BADGE = 20


@dataclass(frozen=True)
class Mark:
    """What a page writes on a stage: a number, where a click leads, what is read out, and a class more."""

    count: int
    href: str
    words: str
    css: str = ""


def svg(
    lang: Lang = "both",
    current: Stage | None = None,
    path: Iterable[Stage] = (),
    *,
    marks: Mapping[Stage, Mark] | None = None,
    standalone: bool = True,
) -> str:
    """The drawing as SVG text; `current` and the stages of `path` are marked, and the steps between them.

    `marks` are written on their stages, which become links. Not `standalone`: a piece of a page that has the
    style (`models.drawing.svg_style.STYLE`) itself.
    """
    marked = marks or {}
    drawing = layout(lang)
    trail = tuple(path)
    w, h = drawing.size
    tongue = "en" if lang == "en" else "zh"
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>' if standalone else "",
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w:g} {h:g}" width="{w:g}" height="{h:g}"'
        f' role="{"img" if standalone else "group"}" aria-labelledby="title" class="lifecycle"'
        f' lang="{tongue}">',
        f'<title id="title">{escape(words(POOL, lang, " · "))}</title>',
        f"<style>{STYLE}</style>" if standalone else "",
        MARKERS,
        f'<rect class="paper" x="0" y="0" width="{w:g}" height="{h:g}"/>',
        *_lanes(drawing),
        *(_global_frame(n) for n in drawing.nodes.values() if n.kind is NodeKind.GLOBAL),
        '<g id="edges">',
        *(_edge(drawing, edge, trail) for edge in drawing.edges),
        "</g>",
        '<g id="nodes">',
        *(
            _stage(drawing, n, current, trail, marked.get(n.stage))
            for n in drawing.nodes.values()
            if n.stage is not None
        ),
        *(_small(n) for n in drawing.nodes.values() if n.stage is None and n.kind is not NodeKind.GLOBAL),
        "</g>",
        '<g id="labels">',
        *(_edge_label(edge) for edge in drawing.edges),
        "</g>",
        _legend(drawing),
        "</svg>",
        "",
    ]
    return "\n".join(part for part in parts if part)


def _lines(text: Text, css: str) -> str:
    """The lines of a label, centred in its box; English in its own class."""
    x = text.box.centre.x
    spans = []
    for number, line in enumerate((*text.zh, *text.en)):
        kind = "zh" if number < len(text.zh) else "en"
        y = text.box.y + LINE * number + 10.5
        spans.append(f'<text class="{css} {kind}" x="{x:g}" y="{y:.1f}">{escape(line)}</text>')
    return "".join(spans)


def _lanes(drawing: Drawing) -> list[str]:
    pool = drawing.pool
    name = escape(words(POOL, drawing.lang, " · "))
    parts = [f'<rect class="pool" x="{pool.x:g}" y="{pool.y:g}" width="{pool.w:g}" height="{pool.h:g}"/>']
    parts.append(_sideways(name, pool.x + 19, pool.centre.y, "pool-name"))
    for number, lane in enumerate(drawing.lanes):
        box = lane.box
        role = lane.role.value if lane.role else "many"
        parts.append(
            f'<g class="lane lane-{number % 2}" data-role="{role}"><rect x="{box.x:g}" y="{box.y:g}"'
            f' width="{box.w:g}" height="{box.h:g}"/>'
            + _sideways(escape(words(lane.label, drawing.lang, " · ")), box.x + 19, box.centre.y, "lane-name")
            + "</g>"
        )
    return parts


def _sideways(text: str, x: float, y: float, css: str) -> str:
    return f'<text class="{css}" transform="translate({x:g} {y:g}) rotate(-90)">{text}</text>'


def _walked(edge: Edge, trail: tuple[Stage, ...]) -> bool:
    """True when the trail goes from the edge's stage to the event's target."""
    if edge.transition is None or edge.transition.target is None or edge.home is None:
        return False
    step = (edge.home, edge.transition.target)
    return step in pairwise(trail)


def _edge(drawing: Drawing, edge: Edge, trail: tuple[Stage, ...]) -> str:
    line = list(edge.waypoints)
    if drawing.nodes[edge.source].kind is NodeKind.TIMER:
        line[0] = Point(line[0].x, line[0].y - _RADIUS + _BADGE / 2)
    points = " ".join(f"{p.x:g},{p.y:g}" for p in line)
    css = ["edge"]
    if drawing.nodes[edge.source].kind in (NodeKind.MESSAGE,):
        css.append("stays")
    if edge.transition is not None and edge.transition.bar:
        css.append("bar")
    if _walked(edge, trail):
        css.append("walked")
    data = f' data-event="{edge.transition.event}"' if edge.transition else ""
    data += f' data-from="{edge.home.value}"' if edge.home else ""
    tip = ""
    if edge.transition is not None:
        t = edge.transition
        tip = f"<title>{escape(words(t.label, drawing.lang))} [{t.event}] {escape(t.citation)}</title>"
    return (
        f'<g class="{" ".join(css)}" id="{edge.id}"{data}>{tip}'
        f'<polyline points="{points}" marker-end="url(#arrow)"/></g>'
    )


def _edge_label(edge: Edge) -> str:
    if edge.text is None:
        return ""
    event = f' data-event="{edge.transition.event}"' if edge.transition else ""
    return f'<g class="edge-label"{event}>{_lines(edge.text, "halo")}</g>'


def _stage(
    drawing: Drawing, node: Node, current: Stage | None, trail: tuple[Stage, ...], mark: Mark | None = None
) -> str:
    assert node.stage is not None
    assert node.text is not None
    spec = STAGES[node.stage]
    css = ["stage"]
    css.append("final" if spec.final else "terminal" if spec.terminal else "open")
    css += ["automatic"] if spec.automatic else []
    css += ["current"] if node.stage is current else []
    css += ["past"] if node.stage in trail and node.stage is not current else []
    css += [mark.css] if mark is not None and mark.css else []
    tip = f"{words(spec.label, drawing.lang)} [{node.stage.value}] {spec.citation}"
    title = f"<title>{escape(tip)}</title>"
    box, c = node.box, node.box.centre
    if node.kind is NodeKind.STAGE:
        shape = f'<rect x="{box.x:g}" y="{box.y:g}" width="{box.w:g}" height="{box.h:g}" rx="10"/>'
    else:
        shape = f'<circle cx="{c.x:g}" cy="{c.y:g}" r="{_RADIUS}"/>'
    drawn = (
        f'<g id="stage-{node.stage.value}" class="{" ".join(css)}" data-stage="{node.stage.value}">'
        f"{title}{shape}{_lines(node.text, 'name')}{_count(box, mark)}</g>"
    )
    if mark is None:
        return drawn
    name = f'id="go-{node.stage.value}" href={quoteattr(mark.href)} aria-label={quoteattr(mark.words)}'
    return f"<a {name}>{drawn}</a>"


def _count(box: Box, mark: Mark | None) -> str:
    """The number in the upper right corner; nought is not written."""
    if mark is None or not mark.count:
        return ""
    digits = str(mark.count)
    w = 14 + 8 * len(digits)
    x, y = box.right - w + 8, box.y - 10
    return (
        f'<g class="count"><rect x="{x:g}" y="{y:g}" width="{w}" height="20" rx="10"/>'
        f'<text x="{x + w / 2:g}" y="{y + 15:g}">{digits}</text></g>'
    )


def _small(node: Node) -> str:
    c = node.box.centre
    text = _lines(node.text, "note") if node.text is not None and node.kind is not NodeKind.TIMER else ""
    event = f' data-event="{node.transition.event}"' if node.transition else ""
    circle = f'<circle cx="{c.x:g}" cy="{c.y:g}" r="{_RADIUS}"/>'
    if node.kind is NodeKind.TIMER and node.deadline is not None:
        return _badge(node)
    if node.kind is NodeKind.GATEWAY:
        r = node.box.w / 2
        points = f"{c.x:g},{c.y - r:g} {c.x + r:g},{c.y:g} {c.x:g},{c.y + r:g} {c.x - r:g},{c.y:g}"
        return f'<g class="gateway" id="{node.id}"><polygon points="{points}"/></g>'
    signs = {
        NodeKind.MESSAGE: "✉",
        NodeKind.NOTED: "✓",
        NodeKind.ESCALATION: "▲",
        NodeKind.END: "■",
        NodeKind.THROW: "➜",
        NodeKind.CATCH: "➜",
        NodeKind.GLOBAL_START: "✉",
    }
    sign = signs.get(node.kind, "")
    mark = f'<text class="sign" x="{c.x:g}" y="{c.y + 5:g}">{sign}</text>' if sign else ""
    body = f'<g class="small {node.kind.value}" id="{node.id}"{event}>{circle}{mark}{text}</g>'
    target = node.transition.target if node.transition is not None else None
    if node.kind is NodeKind.THROW and target is not None:
        return f'<a href="#stage-{target.value}">{body}</a>'
    return body


def _badge(node: Node) -> str:
    assert node.deadline is not None
    kind = node.deadline.kind
    c = node.box.centre
    w = 58 if kind in (DeadlineKind.PERIOD, DeadlineKind.WINDOW) else 44
    tip = f"{kind_words(kind, 'both')} {node.deadline.label} [{node.deadline.name.value}]"
    return (
        f'<g class="badge {kind.value}" id="{node.id}"><title>{escape(tip)}</title>'
        f'<rect x="{c.x - w / 2:g}" y="{c.y - 10:g}" width="{w}" height="20" rx="10"/>'
        f'<text x="{c.x:g}" y="{c.y + 4:g}">{kind.name}</text></g>'
    )


def _global_frame(node: Node) -> str:
    assert node.text is not None
    assert node.transition is not None
    box = node.box
    return (
        f'<g class="global" id="{node.id}" data-event="{node.transition.event}">'
        f"<title>{escape(', '.join(s.value for s in node.transition.sources))}</title>"
        f'<rect x="{box.x:g}" y="{box.y:g}" width="{box.w:g}" height="{box.h:g}" rx="8"/>'
        f"{_lines(node.text, 'name')}</g>"
    )


def _legend(drawing: Drawing) -> str:
    """What the badges mean, in the band of the global events, under its frames."""
    band = drawing.lanes[-1].box
    x, y = band.x + 70, band.bottom - 20
    parts = ['<g class="legend">']
    for kind in DeadlineKind:
        text = kind_words(kind, drawing.lang).removeprefix(f"{kind.name}: ")
        parts.append(
            f'<g class="badge {kind.value}"><rect x="{x:g}" y="{y - 14:g}" width="58" height="20" rx="10"/>'
            f'<text x="{x + 29:g}" y="{y:g}">{kind.name}</text></g>'
            f'<text class="legend-text" x="{x + 66:g}" y="{y:g}">{escape(text)}</text>'
        )
        x += 560
    return "".join([*parts, "</g>"])
