"""The statistics as the public may see them: every count rounded by itself to a multiple of five.

Hiding only the small counts gives them away: cells add up to totals, outcomes to applications, and what is
hidden follows from what is shown. So nothing is hidden and nothing is exact: 0, 1 and 2 are shown as 0, 3 to
7 as 5, and so on; totals are rounded from their exact value, not from the rounded parts, so shown numbers
need not add up. By design: no rule says how; statistical offices do so.
"""

from __future__ import annotations

from collections.abc import Mapping

from models.statistics import MEASURES, CycleStatistics
from models.wire import Instant, Label, Wire

STEP = 5
"""Counts are shown as multiples of this."""

NOTE = Label(
    zh=f"为保护个人信息，各数据分别取整为{STEP}的倍数（1、2 显示为 0）；"
    "合计按实际值取整，故各项之和可能与合计不符。",
    en=f"To protect persons each count is rounded by itself to a multiple of {STEP} (1 and 2 show as 0); "
    "totals are rounded from their exact value, so the parts need not add up to them.",
)


class PublicCell(Wire):
    """A cell as the public sees it."""

    specialty: str
    level: str
    unit_kind: str
    route: str
    counts: dict[str, int]


class PublicStatistics(Wire):
    """What may be published: rounded numbers only, no reference to anybody."""

    plan_id: str
    plan_version: int
    at: Instant
    cells: tuple[PublicCell, ...]
    totals: dict[str, int]
    note: Label = NOTE


def rounded(count: int) -> int:
    """The multiple of five that is nearest to a count; it is at most two away."""
    return STEP * ((count + STEP // 2) // STEP)


def public(statistics: CycleStatistics) -> PublicStatistics:
    """The statistics with every count rounded."""
    return PublicStatistics(
        plan_id=statistics.plan_id,
        plan_version=statistics.plan_version,
        at=statistics.at,
        cells=tuple(
            PublicCell(
                specialty=cell.specialty,
                level=cell.level,
                unit_kind=cell.unit_kind,
                route=cell.route,
                counts=_shown(cell.counts),
            )
            for cell in statistics.cells
        ),
        totals=_shown(statistics.totals),
    )


def _shown(counts: Mapping[str, int]) -> dict[str, int]:
    return {name: rounded(counts.get(name, 0)) for name in MEASURES}
