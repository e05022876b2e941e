"""The statistics as the public may see them: small counts hidden, and not computable from the others.

A count of one or two persons is shown as `<3`. Since the cells of a measure add up to its total, and the
outcomes of a cell to its applications, a hidden count that could be computed from such a sum takes the next
larger one with it. Differences between other measures (voted and passed) are shown as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from models.statistics import MEASURES, OUTCOMES, CycleStatistics
from models.wire import Instant, Label, Wire

SMALL = 3
"""A count of persons below this, but not nought, is not published."""
HIDDEN = "<3"
"""What stands in its place."""
ALSO_HIDDEN = "…"
"""A larger count that is not published, because a hidden one could be computed from it."""

NOTE = Label(
    zh=f"少于{SMALL}人（0除外）的数据以“{HIDDEN}”表示；为防止推算，个别较大的数据以“{ALSO_HIDDEN}”表示。",
    en=f"Counts below {SMALL} (but not 0) are shown as '{HIDDEN}'; where one could be computed from others, "
    f"a larger one is shown as '{ALSO_HIDDEN}'.",
)

Shown = int | str
Place = tuple[int, str]


class PublicCell(Wire):
    """A cell as the public sees it."""

    specialty: str
    level: str
    unit_kind: str
    route: str
    counts: dict[str, Shown]


class PublicStatistics(Wire):
    """What may be published: numbers only, no reference to anybody."""

    plan_id: str
    plan_version: int
    at: Instant
    cells: tuple[PublicCell, ...]
    totals: dict[str, Shown]
    note: Label = NOTE


@dataclass(frozen=True)
class Sum:
    """Counts that add up to another one."""

    parts: tuple[Place, ...]
    total: Place


@dataclass
class Veil:
    """A table of counts, some of them hidden; a place is the row's number and the measure."""

    counts: dict[Place, int]
    also: set[Place] = field(default_factory=set)

    def small(self, place: Place) -> bool:
        """True for a count that may not be shown by itself."""
        return 0 < self.counts[place] < SMALL

    def shown(self, place: Place) -> Shown:
        """What stands there."""
        if self.small(place):
            return HIDDEN
        return ALSO_HIDDEN if place in self.also else self.counts[place]

    def gives_away(self, one: Sum) -> bool:
        """True when what is hidden in this sum can be computed from the rest of it."""
        hidden = [p for p in (*one.parts, one.total) if self.small(p) or p in self.also]
        if len(hidden) == 1:
            return True
        if not hidden or one.total in hidden or any(place in self.also for place in hidden):
            return False
        together = sum(self.counts[place] for place in hidden)
        return together in (len(hidden), (SMALL - 1) * len(hidden))

    def hide_another(self, one: Sum) -> bool:
        """Hides the smallest count of the sum that is still shown, or the total; False if there is none."""
        visible = [p for p in one.parts if self.counts[p] >= SMALL and p not in self.also]
        if not visible and self.counts[one.total] >= SMALL and one.total not in self.also:
            visible = [one.total]
        if not visible:
            return False
        self.also.add(min(visible, key=lambda place: (self.counts[place], place)))
        return True


def _sums(rows: int) -> Iterator[Sum]:
    """The sums of a table whose last row (number `rows`) holds the totals."""
    for name in MEASURES:
        yield Sum(tuple((row, name) for row in range(rows)), (rows, name))
    for row in range(rows + 1):
        yield Sum(tuple((row, name) for name in OUTCOMES), (row, "opened"))


def public(statistics: CycleStatistics) -> PublicStatistics:
    """The statistics without small cells."""
    rows = [*(cell.counts for cell in statistics.cells), statistics.totals]
    veil = Veil({(row, name): counts.get(name, 0) for row, counts in enumerate(rows) for name in MEASURES})
    sums = list(_sums(len(statistics.cells)))
    while any([veil.gives_away(one) and veil.hide_another(one) for one in sums]):  # noqa: C419 - all of them
        pass
    shown = [{name: veil.shown((row, name)) for name in MEASURES} for row in range(len(rows))]
    cells = tuple(
        PublicCell(
            specialty=cell.specialty,
            level=cell.level,
            unit_kind=cell.unit_kind,
            route=cell.route,
            counts=shown[row],
        )
        for row, cell in enumerate(statistics.cells)
    )
    return PublicStatistics(
        plan_id=statistics.plan_id,
        plan_version=statistics.plan_version,
        at=statistics.at,
        cells=cells,
        totals=shown[-1],
    )
