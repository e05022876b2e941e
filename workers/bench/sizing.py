"""A million applications a year, on paper: what follows from the parts' figures, and the assumptions."""

from __future__ import annotations

import math

from workers.bench.part import Measured

A_YEAR = 1_000_000
LAST_DAY_SHARE = 0.25
"""Of all submissions, those of the last day before the gate."""

LAST_DAY_HOURS = 8
PEAK = 3
"""The worst hour against the mean of that day."""

BUSY = 0.6
"""How busy a core may be at the peak."""

TOUCHED_HOURS = 1
"""How long a worker remembers an application after a decision."""


def tell(cliff: Measured | None, paths: Measured | None, resting: Measured | None) -> str:
    """Rates, then cores, memory and storage. Says what is missing when a part was not measured."""
    if cliff is None or paths is None or resting is None:
        return "Follows when `cliff`, `paths` and `resting` are measured."
    line = next(row for row in paths.figures["paths"] if row["path"] == "main_line")
    each = cliff.figures["rows"][-1]["submitted"]["cpu_ms_each"]
    rate = A_YEAR * LAST_DAY_SHARE / (LAST_DAY_HOURS * 3600)
    peak = rate * PEAK
    cores = {kind: peak * each[kind] / 1000 / BUSY for kind in ("worker", "server", "database")}
    cached = peak * TOUCHED_HOURS * 3600
    memory = cached * resting.figures["kib_an_application"] / 2**20
    return "\n".join(
        [
            f"{A_YEAR:,} applications a year, {LAST_DAY_SHARE:.0%} of them submitted on the last day before "
            f"the gate, in {LAST_DAY_HOURS} hours: {rate:.1f} a second, and {peak:.0f} in the worst hour "
            f"({PEAK} times that). A submission took, at {cliff.figures['rows'][-1]['size']:,} applications, "
            f"{each['worker']:.0f} ms of a worker's core, {each['server']:.0f} ms of Temporal's server and "
            f"{each['database']:.0f} ms of PostgreSQL; a core is planned {BUSY:.0%} busy.",
            "",
            "| at the peak | cores | as |",
            "|---|---|---|",
            f"| workers | {cores['worker']:.1f} | {math.ceil(cores['worker'])} workers of one core each: a "
            "worker's Python uses one |",
            f"| Temporal's server | {cores['server']:.1f} | the development server with its file; a "
            "cluster of four services on PostgreSQL wants a multiple of it: measure yours |",
            f"| PostgreSQL of this service | {cores['database']:.1f} | its own machine, for its disk |",
            "",
            f"Remembering what was touched in the last {TOUCHED_HOURS} h at that rate is {cached:,.0f} "
            f"applications, {memory:.1f} GiB over all workers "
            f"({resting.figures['kib_an_application']:.0f} KiB each); one that is forgotten costs a "
            "replay. For the rest of the year two workers do.",
            "",
            f"A year's histories: {line['events'] * A_YEAR / 1e6:.0f} million events, "
            f"{line['bytes'] * A_YEAR / 2**30:.0f} GiB, {line['actions'] * A_YEAR / 1e6:.0f} million "
            "billable actions, if every application took the main line.",
        ]
    )
