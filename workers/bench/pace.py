"""Lives and decisions per second against the floor, and where the rest goes.

Floor and application take turns, several rounds, on one server with one worker, so that what else the machine
does weighs on both alike. The rungs between them are measured in the same rounds.
"""

from __future__ import annotations

import statistics
from collections.abc import Awaitable, Callable
from typing import Any

from workers.bench.floor import COMMANDS
from workers.bench.lives import Sender, crowd, quantile
from workers.bench.part import Figures
from workers.bench.stand import Stand, spent

GOAL = 0.6
AT_ONCE = 20

NAMES = {
    "floor": "the floor: eleven updates, nothing else",
    "upsert": "+ one upsert of a search attribute a decision",
    "activity": "+ one local activity a decision that does nothing",
    "both": "+ both: what the server sees of an application",
    "application": "the application",
}

KINDS = ("server", "worker", "sender", "database")
"""The processes, in the order of the table."""

Life = Callable[[str], Awaitable[None]]


def _lives(sender: Sender) -> dict[str, Life]:
    return {
        "floor": sender.floor,
        "upsert": sender.rung("upsert"),
        "activity": sender.rung("activity"),
        "both": sender.rung("upsert", "activity"),
        "application": sender.application,
    }


async def measure(full: bool) -> Figures:
    """Durable server and SQLite, as `zhicheng up` runs; then the same two on PostgreSQL."""
    rounds, lives = (8, 100) if full else (3, 30)
    return {
        "rounds": rounds,
        "lives_a_round": lives,
        "at_once": AT_ONCE,
        "decisions_a_life": COMMANDS,
        "stands": {
            "embedded": await _stand(Stand(durable=True), rounds, lives, tuple(NAMES)),
            "open": await _stand(
                Stand(durable=True, settings={"payload_encryption": "off"}),
                max(2, rounds // 2),
                lives,
                ("floor", "application"),
            ),
            "postgresql": await _stand(
                Stand(durable=True, kind="postgresql"), max(2, rounds // 2), lives, ("floor", "application")
            ),
        },
    }


async def _stand(stand: Stand, rounds: int, lives: int, names: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    async with stand:
        for name in names:
            await _round(stand, name, "warm", 10)
        for number in range(rounds):
            for name in names:
                found[name].append(await _round(stand, name, str(number), lives))
        failed = stand.worker_log().count('"level": "error"')
    ratios = [
        _per_second(app) / _per_second(floor)
        for floor, app in zip(found["floor"], found["application"], strict=True)
    ]
    return {
        "rows": {name: _row(rows) for name, rows in found.items()},
        "ratio": round(statistics.median(ratios), 3),
        "ratio_spread": [round(min(ratios), 3), round(max(ratios), 3)],
        "processor_ratio": round(_processor(found["floor"]) / _processor(found["application"]), 3),
        "errors_logged": failed,
    }


async def _round(stand: Stand, name: str, number: str, lives: int) -> dict[str, Any]:
    sender = Sender(stand.client, stand.queue)
    before = stand.clocks()
    refs = [f"{name}-{number}-{n}" for n in range(lives)]
    seconds = await crowd(_lives(sender)[name], refs, AT_ONCE)
    return {"seconds": seconds, "lives": lives, "seen": sender.seen, "cpu": spent(before, stand.clocks())}


def _per_second(one: dict[str, Any]) -> float:
    return float(one["lives"] / one["seconds"])


def _processor(rows: list[dict[str, Any]]) -> float:
    return float(statistics.median(sum(row["cpu"].values()) / row["lives"] for row in rows))


def _row(rows: list[dict[str, Any]]) -> dict[str, Any]:
    seen = [answer for row in rows for answer in row["seen"]]
    speeds = [_per_second(row) for row in rows]
    return {
        "lives_per_second": round(statistics.median(speeds), 2),
        "spread": [round(min(speeds), 2), round(max(speeds), 2)],
        "decisions_per_second": round(statistics.median(speeds) * COMMANDS, 1),
        "p50_ms": round(quantile(seen, 0.5) * 1e3, 1),
        "p99_ms": round(quantile(seen, 0.99) * 1e3, 1),
        "cpu_ms_a_life": {
            kind: round(statistics.median(row["cpu"][kind] / row["lives"] for row in rows) * 1e3, 1)
            for kind in rows[0]["cpu"]
        },
    }


def tell(figures: Figures) -> str:
    """The ratio first, then what it is made of."""
    lines = [
        f"{figures['decisions_a_life']} decisions a life, {figures['lives_a_round']} lives a round, "
        f"{figures['at_once']} at once, {figures['rounds']} rounds in turns; medians, and the slowest "
        "and the fastest round.",
    ]
    titles = {
        "embedded": "Temporal's server with its file, SQLite, payloads sealed (`zhicheng up`)",
        "open": "the same with payloads that are not sealed",
        "postgresql": "the same server, PostgreSQL, sealed",
    }
    for stand in titles:
        found = figures["stands"][stand]
        low, high = found["ratio_spread"]
        met = "met" if found["ratio"] >= GOAL else "not met"
        lines += [
            "",
            f"### {titles[stand]}",
            "",
            f"**application : floor = {found['ratio']:.2f}** ({low:.2f} to {high:.2f} by round; by processor "
            f"time a life {found['processor_ratio']:.2f}). The goal of {GOAL} is **{met}**.",
            "",
            "| what | lives/s | decisions/s | p50 ms | p99 ms | processor ms a life: "
            + ", ".join(kind for kind in KINDS if kind in found["rows"]["floor"]["cpu_ms_a_life"])
            + " |",
            "|---|---|---|---|---|---|",
        ]
        for name, row in ((name, found["rows"][name]) for name in NAMES if name in found["rows"]):
            has = row["cpu_ms_a_life"]
            cpu = ", ".join(f"{has[kind]:.0f}" for kind in KINDS if kind in has)
            low, high = row["spread"]
            lines.append(
                f"| {NAMES[name]} | {row['lives_per_second']:.1f} ({low:.1f} to {high:.1f}) | "
                f"{row['decisions_per_second']:.0f} | {row['p50_ms']:.0f} | {row['p99_ms']:.0f} | {cpu} |"
            )
    return "\n".join([*lines, "", *_limits(figures["stands"]["embedded"]), "", _sealing(figures["stands"])])


def _sealing(stands: dict[str, Any]) -> str:
    """What the codec costs: floor and application, sealed against open."""
    ratios = []
    for name in ("application", "floor"):
        sealed, plain = (
            sum(stands[one]["rows"][name]["cpu_ms_a_life"].values()) for one in ("embedded", "open")
        )
        ratios.append(f"{name} {sealed / plain:.2f}")
    return (
        "Sealed payloads (compression, AES-256-GCM) against open ones, processor time a life: "
        f"{', '.join(ratios)}. The two stands ran one after the other: the ratio holds as far as "
        "the machine was the same for both."
    )


def _limits(found: dict[str, Any]) -> list[str]:
    """What limits it, in the figures of this very run."""
    floor, both, app = (found["rows"][name]["cpu_ms_a_life"] for name in ("floor", "both", "application"))
    total = {name: sum(one.values()) for name, one in (("floor", floor), ("both", both), ("app", app))}
    return [
        f"What limits it: a life of the floor takes {total['floor']:.0f} ms of processor, one of an "
        f"application {total['app']:.0f} ms. The floor leaves five events a decision; an application leaves "
        "seven (the marker of the activity and the upsert beside them), with bodies, so the **server** "
        f"takes {app['server']:.0f} ms instead of {floor['server']:.0f}. A workflow that does nothing but "
        f"leave those events takes {total['both']:.0f} ms: against the floor that alone is "
        f"{total['floor'] / total['both']:.2f}, and is the ceiling for any application that records each "
        "decision and keeps its search attributes true. The rest is the **worker's** "
        f"{app['worker']:.0f} ms (the floor's {floor['worker']:.0f}): one database transaction a decision, "
        "reading and writing JSON, the state machine.",
    ]
