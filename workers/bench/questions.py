"""Listing and counting on PostgreSQL, of a thousand to a hundred thousand applications; the board's pages."""

from __future__ import annotations

import asyncio

from workers.bench import board, reading
from workers.bench.curve import Curve
from workers.bench.part import Figures
from workers.bench.postgres import Postgres

SIZES = (1_000, 10_000, 100_000)


async def measure_questions(full: bool) -> Figures:
    """Each question of `workers.bench.reading`, for each size on a new database."""
    times = 15 if full else 7
    postgres = await asyncio.to_thread(Postgres)
    try:
        rows = []
        for size in SIZES:
            seconds, found = await reading.asked_of(postgres.new_database(), size, times)
            print(f"  questions {size}: written in {seconds:.0f} s", flush=True)
            rows.append(
                {
                    "size": size,
                    "written_seconds": round(seconds, 1),
                    "ms": {
                        name: [round(median, 1), round(slowest, 1)]
                        for name, (median, slowest) in found.items()
                    },
                }
            )
        return {"times": times, "postgres": postgres.durability(), "rows": rows}
    finally:
        postgres.close()


def tell_questions(figures: Figures) -> str:
    """Which question it is, of how many, and how long it takes."""
    rows = figures["rows"]
    lines = [
        f"PostgreSQL {figures['postgres']['server_version']} as installed (`shared_buffers` "
        f"{figures['postgres']['shared_buffers']}), each question asked {figures['times']} times through the "
        "service's own code; median and slowest, in ms.",
        "",
        "| question | " + " | ".join(f"{row['size']:,}" for row in rows) + " |",
        "|---" * (len(rows) + 1) + "|",
    ]
    for name in rows[0]["ms"]:
        cells = [f"{row['ms'][name][0]:.0f} ({row['ms'][name][1]:.0f})" for row in rows]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def curves_of_questions(figures: Figures) -> list[Curve]:
    """Medians."""
    rows = figures["rows"]
    return [Curve(name, [(row["size"], row["ms"][name][0]) for row in rows]) for name in rows[0]["ms"]]


async def measure_board(full: bool) -> Figures:
    """Each page of `workers.bench.board`, on both databases."""
    applications, times = 20_000, 15 if full else 7
    postgres = await asyncio.to_thread(Postgres)
    try:
        found = await board.measure(postgres.new_database(), applications, times)
    finally:
        postgres.close()
    rows = [
        {"page": one.page, "median_ms": round(one.median_ms, 1), "p95_ms": round(one.p95_ms, 1)}
        for one in found
    ]
    return {"applications": applications, "times": times, "ceiling_ms": board.CEILING_MS, "pages": rows}


def tell_board(figures: Figures) -> str:
    """The table, with the ceiling."""
    over = [row["page"] for row in figures["pages"] if row["median_ms"] > figures["ceiling_ms"]]
    return "\n".join(
        [
            f"{figures['applications']:,} applications on PostgreSQL, each page asked {figures['times']} "
            "times through the whole gateway by an office that sees everything. The ceiling is "
            f"{figures['ceiling_ms']} ms at the median; over it: {', '.join(over) or 'none'}.",
            "",
            "| page | median ms | p95 ms |",
            "|---|---|---|",
            *(
                f"| {row['page']} | {row['median_ms']:.0f} | {row['p95_ms']:.0f} |"
                for row in figures["pages"]
            ),
        ]
    )
