"""Growth curves: a small SVG with logarithmic axes, and how steep each curve is, in numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, HEIGHT, MARGIN, LEGEND = 640, 360, 56, 190
COLOURS = ("#1b6ca8", "#c0392b", "#1e8449", "#7d3c98", "#b9770e", "#34495e", "#0e7c7b", "#99004d")


@dataclass(frozen=True)
class Curve:
    """A name, and for each number of applications what was measured."""

    name: str
    points: list[tuple[int, float]]

    @property
    def exponent(self) -> float | None:
        """1: twice as many take twice as long; 0: just as long. From the first point to the last."""
        if len(self.points) < 2:
            return None
        (n, first), (m, last) = self.points[0], self.points[-1]
        return math.log(max(last, 1e-9) / max(first, 1e-9)) / math.log(m / n) if n != m else None


def svg(title: str, curves: list[Curve]) -> str:
    """Both axes are logarithmic: a straight line at 45 degrees grows in proportion."""
    points = [point for curve in curves for point in curve.points]
    x_low, x_high = _decades([x for x, _ in points])
    y_low, y_high = _decades([max(y, 1e-3) for _, y in points])

    def place(x: float, y: float) -> tuple[float, float]:
        across = (math.log10(x) - x_low) / (x_high - x_low)
        up = (math.log10(max(y, 1e-3)) - y_low) / (y_high - y_low)
        return MARGIN + across * (WIDTH - MARGIN - 12), HEIGHT - MARGIN - up * (HEIGHT - MARGIN - 40)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH + LEGEND} {HEIGHT}" '
        f'font-family="sans-serif" font-size="12" role="img" aria-label="{escape(title)}">',
        f'<rect width="{WIDTH + LEGEND}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{MARGIN}" y="20" font-weight="bold">{escape(title)}</text>',
    ]
    for power in range(x_low, x_high + 1):
        x, bottom = place(10**power, 10**y_low)
        out.append(f'<path d="M{x:.1f} 36V{bottom:.1f}" stroke="#ddd"/>')
        out.append(f'<text x="{x:.1f}" y="{bottom + 18:.1f}" text-anchor="middle">{10**power:,}</text>')
    for power in range(y_low, y_high + 1):
        left, y = place(10**x_low, 10**power)
        out.append(f'<path d="M{left:.1f} {y:.1f}H{WIDTH - 12}" stroke="#ddd"/>')
        out.append(f'<text x="{left - 6:.1f}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:g}</text>')
    for number, curve in enumerate(curves):
        colour = COLOURS[number % len(COLOURS)]
        places = [place(x, y) for x, y in curve.points]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        out.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        out.append(f'<text x="{WIDTH}" y="{48 + 20 * number}" fill="{colour}">{escape(curve.name)}</text>')
    out.append(f'<text x="{WIDTH / 2}" y="{HEIGHT - 8}" text-anchor="middle">applications</text>')
    return "\n".join([*out, "</svg>", ""])


def table(curves: list[Curve]) -> str:
    """The same in numbers, and the exponent of each curve."""
    sizes = sorted({x for curve in curves for x, _ in curve.points})
    lines = [
        "| | " + " | ".join(f"{size:,}" for size in sizes) + " | grows with n^ |",
        "|---" * (len(sizes) + 2) + "|",
    ]
    for curve in curves:
        known = dict(curve.points)
        cells = [f"{known[size]:g}" if size in known else "" for size in sizes]
        steep = curve.exponent
        lines.append(f"| {curve.name} | {' | '.join(cells)} | {'' if steep is None else f'{steep:.2f}'} |")
    return "\n".join(lines)


def _decades(values: list[float] | list[int]) -> tuple[int, int]:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return (low, high) if high > low else (low, low + 1)
