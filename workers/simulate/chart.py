"""A picture of a simulated year as one SVG file: the funnel, the arrivals by day, the days at each hop.

Plain SVG without script and without fonts of its own; colours follow the reader's light or dark scheme.
"""

from __future__ import annotations

from datetime import date
from html import escape

from models.deadlines import DeadlineKind
from models.stages import STAGES, Stage
from models.wire import Label
from workers.simulate.result import FUNNEL, FunnelRow, HopTime, SimulationResult

WIDTH, MARGIN = 1120, 40
INNER = WIDTH - 2 * MARGIN

STYLE = """
svg{--paper:#fff;--ink:#1f2328;--soft:#59636e;--line:#d1d9e0;--bar:#2563a8;--bar2:#9cc2e5;--late:#c2410c;
--good:#2f7d4f;--track:#f1f4f7;
font-family:"Noto Sans CJK SC","Noto Sans SC","Microsoft YaHei","PingFang SC",Arial,sans-serif}
@media (prefers-color-scheme:dark){svg{--paper:#0d1117;--ink:#f0f6fc;--soft:#9198a1;--line:#30363d;
--bar:#4493f8;--bar2:#1f4b7f;--late:#f0883e;--good:#57ab5a;--track:#161b22}}
.paper{fill:var(--paper)}text{fill:var(--ink);font-size:12px}.h{font-size:21px;font-weight:bold}
.s{font-size:15px;font-weight:bold}.soft{fill:var(--soft)}.small{font-size:11px}.end{text-anchor:end}
.mid{text-anchor:middle}.track{fill:var(--track)}.bar{fill:var(--bar)}.pale{fill:var(--bar2)}
.late{fill:var(--late)}.good{fill:var(--good)}.grid{stroke:var(--line);stroke-width:1}
.mark{stroke:var(--late);stroke-width:1.5;stroke-dasharray:4 3}.num{font-weight:bold}
.tick{stroke:var(--ink);stroke-width:2}
""".strip()


class Canvas:
    """Collects the shapes from top to bottom; lengths are pixels at full size."""

    def __init__(self) -> None:
        self._shapes: list[str] = []
        self.y = 0.0

    def text(self, x: float, y: float, words: str, css: str = "") -> None:
        """A line of text with its baseline at `y`."""
        self._shapes.append(f'<text x="{x:.1f}" y="{y:.1f}" class="{css}">{escape(words)}</text>')

    def box(self, x: float, y: float, width: float, height: float, css: str, title: str = "") -> None:
        """A rectangle; `title` is shown when pointed at."""
        hint = f"<title>{escape(title)}</title>" if title else ""
        self._shapes.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(0.0, width):.1f}" height="{height:.1f}"'
            f' rx="2" class="{css}">{hint}</rect>'
        )

    def line(self, x1: float, y1: float, x2: float, y2: float, css: str) -> None:
        """A straight line."""
        self._shapes.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{css}"/>')

    def done(self, title: str) -> str:
        """The whole file."""
        height = self.y + MARGIN
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}"'
            f' height="{height:.0f}" role="img"><title>{escape(title)}</title><style>{STYLE}</style>'
            f'<rect width="{WIDTH}" height="{height:.0f}" class="paper"/>{"".join(self._shapes)}</svg>\n'
        )


def draw(result: SimulationResult, title: Label) -> str:
    """The SVG of a result; `title` is the plan's."""
    canvas = Canvas()
    _head(canvas, result, title)
    _funnel(canvas, result)
    _arrivals(canvas, result)
    _hops(canvas, result)
    return canvas.done(f"{title.zh} {result.applicants} / {result.seed}")


def _head(canvas: Canvas, result: SimulationResult, title: Label) -> None:
    canvas.text(MARGIN, 48, title.zh, "h")
    words = f"{title.en} · simulated: {result.applicants} applicants, seed {result.seed}"
    canvas.text(MARGIN, 70, f"{words} · {result.first_day} – {result.last_day}", "soft")
    note = f"{result.distribution.note.zh} · {result.distribution.note.en} ({result.distribution.id})"
    canvas.text(MARGIN, 89, note, "soft small")
    canvas.y = 104


def _section(canvas: Canvas, words: Label) -> float:
    canvas.text(MARGIN, canvas.y + 26, words.zh, "s")
    canvas.text(MARGIN + 18 * len(words.zh) + 8, canvas.y + 26, words.en, "soft")
    canvas.y += 40
    return canvas.y


def _funnel(canvas: Canvas, result: SimulationResult) -> None:
    top = _section(canvas, Label(zh="申报漏斗", en="how far the applications came"))
    rows = {(row.by, row.value): row for row in result.funnel}
    whole = rows["all", "all"]
    levels = [row for row in result.funnel if row.by == "level"]
    left, width = MARGIN + 230, INNER - 230 - 130
    most = max(1, whole.counts["drafted"])
    for place, (step, label) in enumerate(FUNNEL):
        y = top + place * 30
        canvas.text(left - 12, y + 15, f"{label.zh} {label.en}", "end")
        canvas.box(left, y, width, 21, "track")
        x = float(left)
        for number, row in enumerate(levels):
            part = width * row.counts[step] / most
            hint = f"{row.label.zh} {row.label.en}: {row.counts[step]}"
            canvas.box(x, y, part, 21, "bar" if number == 0 else "pale", hint)
            x += part
        canvas.text(left + width + 14, y + 15, str(whole.counts[step]), "num")
        canvas.text(left + width + 60, y + 15, _share(whole, step), "soft")
    y = top + len(FUNNEL) * 30 + 6
    x = float(left)
    for number, row in enumerate(levels):
        canvas.box(x, y, 12, 12, "bar" if number == 0 else "pale")
        words = f"{row.label.zh} {row.label.en}"
        canvas.text(x + 18, y + 10, words, "soft small")
        x += 40 + 10 * len(words)
    canvas.y = y + 24


def _share(row: FunnelRow, step: str) -> str:
    first = row.counts["drafted"]
    return f"{100 * row.counts[step] / first:.0f} %" if first else "–"


def _arrivals(canvas: Canvas, result: SimulationResult) -> None:
    top = _section(canvas, Label(zh="每日提交", en="dossiers handed in, by day"))
    days = _range(result)
    height, most = 130, max(result.arrivals.values(), default=1)
    step = INNER / max(1, len(days))
    for level in (most, most // 2):
        y = top + height - height * level / most
        canvas.line(MARGIN, y, MARGIN + INNER, y, "grid")
        canvas.text(MARGIN + INNER, y - 3, str(level), "soft small end")
    for place, day in enumerate(days):
        count = result.arrivals.get(day, 0)
        tall = height * count / most
        x = MARGIN + place * step
        canvas.box(x + 1, top + height - tall, step - 2, tall, "bar", f"{day}: {count}")
        if day.weekday() == 0:
            canvas.line(x, top + height, x, top + height + 5, "grid")
            canvas.text(x, top + height + 18, f"{day:%m-%d}", "soft small")
    canvas.line(MARGIN, top + height, MARGIN + INNER, top + height, "grid")
    canvas.y = top + height + 26


def _range(result: SimulationResult) -> list[date]:
    """Every day from the opening to the last arrival or lapse."""
    last = max([*result.arrivals, *(m.last_day for m in result.missed[:1])], default=result.first_day)
    first = min([*result.arrivals, result.first_day])
    return [date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1)]


def _hops(canvas: Canvas, result: SimulationResult) -> None:
    top = _section(
        canvas, Label(zh="各环节工作日", en="working days at each hop: median and 90th percentile")
    )
    left, width = MARGIN + 350, INNER - 350 - 150
    rows = [hop for hop in result.hops if hop.longest and hop.stage != Stage.DRAFT.value]
    most = max([hop.p90 for hop in rows], default=1.0) or 1.0
    late = {breach.deadline for breach in result.breaches}
    for place, hop in enumerate(rows):
        y = top + place * 24
        canvas.text(left - 12, y + 13, f"{hop.label.zh} {hop.label.en}", "end")
        canvas.box(left, y, width, 16, "track")
        hint = f"median {hop.median:g}, p90 {hop.p90:g}, longest {hop.longest}"
        canvas.box(left, y, width * hop.p90 / most, 16, "pale", hint)
        canvas.box(left, y, width * hop.median / most, 16, "late" if _late(hop, late) else "bar", hint)
        canvas.text(left + width + 14, y + 13, f"{hop.median:g} / {hop.p90:g}", "num")
        canvas.text(left + width + 80, y + 13, f"n = {hop.stays}", "soft small")
    y = top + len(rows) * 24 + 6
    x = float(left)
    for css, words in (
        ("bar", "中位数 median"),
        ("pale", "九成以内 90th percentile"),
        ("late", "有逾期职责 a duty was late here"),
    ):
        canvas.box(x, y, 12, 12, css)
        canvas.text(x + 18, y + 10, words, "soft small")
        x += 50 + 9 * len(words)
    canvas.y = y + 12


def _late(hop: HopTime, late: set[str]) -> bool:
    spec = STAGES[Stage(hop.stage)]
    return any(d.name.value in late and d.kind is DeadlineKind.DUTY for d in spec.deadlines)
