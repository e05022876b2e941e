"""The style sheet and the arrow heads of the SVG; colours are variables so that a page may override them."""

from __future__ import annotations

STYLE = """
.lifecycle{--paper:#fff;--band:#f6f8fa;--ink:#1f2328;--soft:#59636e;--line:#59636e;--box:#fff;--rim:#1f2328;
--hue:#0969da;--end:#6e7781;--endfill:#eaeef2;--bar:#cf222e;--duty:#9a6700;--period:#0969da;--window:#1a7f37;
--now:#ffd33d;--walk:#8250df;
font-family:"Noto Sans CJK SC","Noto Sans SC","Microsoft YaHei","PingFang SC",Arial,sans-serif}
@media (prefers-color-scheme:dark){.lifecycle{--paper:#0d1117;--band:#151b23;--ink:#f0f6fc;--soft:#9198a1;
--line:#9198a1;--box:#1c2129;--rim:#d1d7e0;--hue:#4493f8;--end:#9198a1;--endfill:#2a313c;--bar:#f85149;
--duty:#d29922;--period:#4493f8;--window:#3fb950;--now:#9e6a03;--walk:#ab7df8}}
.lifecycle text{fill:var(--ink);font-size:11px;text-anchor:middle}
.lifecycle .en{fill:var(--soft)}
.paper{fill:var(--paper)}
.pool{fill:none;stroke:var(--rim);stroke-width:1.5}
.lane rect{fill:var(--paper);stroke:var(--soft);stroke-width:1}
.lane-1 rect{fill:var(--band)}
.lifecycle .pool-name{font-size:15px;font-weight:bold}
.lifecycle .lane-name{font-size:13px}
.edge polyline{fill:none;stroke:var(--line);stroke-width:1.5;stroke-linejoin:round}
.edge.bar polyline{stroke:var(--bar)}
.edge.stays polyline{stroke-dasharray:4 3}
.edge.walked polyline{stroke:var(--walk);stroke-width:3.5}
.arrow{fill:var(--line)}
.lifecycle .halo{paint-order:stroke;stroke:var(--paper);stroke-width:3px;stroke-opacity:.85}
.stage rect,.stage circle{fill:var(--box);stroke:var(--rim);stroke-width:2}
.stage .zh{font-weight:bold;font-size:12px}
.stage.automatic rect{stroke-dasharray:6 3}
.stage.terminal rect{fill:var(--endfill);stroke:var(--end);stroke-width:4}
.stage.final circle{fill:var(--endfill);stroke:var(--end);stroke-width:5}
.stage.current rect,.stage.current circle{fill:var(--now);stroke:var(--walk);stroke-width:4}
.stage.past rect,.stage.past circle{stroke:var(--walk);stroke-width:4}
.gateway polygon{fill:var(--box);stroke:var(--rim);stroke-width:1.5}
.small circle{fill:var(--box);stroke:var(--soft);stroke-width:1.5}
.small.end circle,.small.global_end circle{stroke-width:4;stroke:var(--end)}
.small.start circle{stroke:var(--window);stroke-width:2.5}
.small.escalation circle{stroke:var(--duty)}
.small.message circle,.small.noted circle{stroke-dasharray:4 3}
.small .sign{font-size:13px;fill:var(--soft)}
.badge rect{fill:var(--soft)}
.badge.bar rect{fill:var(--bar)}.badge.duty rect{fill:var(--duty)}
.badge.period rect{fill:var(--period)}.badge.window rect{fill:var(--window)}
.lifecycle .badge text{fill:#fff;font-size:10px;font-weight:bold}
.global rect{fill:var(--box);stroke:var(--soft);stroke-dasharray:5 4;stroke-width:1.5}
.global .zh{font-weight:bold}
.lifecycle .legend-text{text-anchor:start;font-size:12px}
a .small:hover circle{stroke:var(--hue)}
""".strip()

MARKERS = (
    '<defs><marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7"'
    ' orient="auto-start-reverse" markerUnits="userSpaceOnUse"><path class="arrow" d="M0,0 L10,5 L0,10 z"/>'
    "</marker></defs>"
)
