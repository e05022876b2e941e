"""Which faults hit what and when: drawn from a seed, so that a run can be had again. Pure."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

Kind = Literal["kill", "cut", "delay", "hole", "half-close", "disk full", "database away"]

PROCESSES = ("worker-1", "worker-2", "gateway-1", "gateway-2", "courier", "temporal", "postgres")
LINKS = (
    "client-gateway-1",
    "client-gateway-2",
    "client-temporal",
    "worker-temporal",
    "gateway-temporal",
    "worker-postgres",
    "gateway-postgres",
    "courier-postgres",
    "courier-receiver",
)


@dataclass(frozen=True)
class Fault:
    """At `at` seconds after the beginning `kind` hits `target`, for `seconds` (0: at once).

    `strength`: the seconds by which a delay holds back each piece; for the database that is away 0 is a
    process that stands still, 1 one that was stopped.
    """

    at: float
    kind: Kind
    target: str
    seconds: float = 0.0
    strength: float = 0.0

    def words(self) -> str:
        """One line of the plan."""
        lasts = f" for {self.seconds:.0f} s" if self.seconds else ""
        return f"{self.at:6.1f} s  {self.kind} {self.target}{lasts}"


@dataclass(frozen=True)
class Dose:
    """How much of what. `kills`: by process; the others: how often, and for how long each time."""

    kills: tuple[tuple[str, int], ...]
    links: tuple[str, ...]
    cuts: int
    delays: int
    holes: int
    half_closes: int
    disk_fulls: int
    away_seconds: float
    lasts: float
    first: float
    last: float


LONG = Dose(
    kills=(
        ("worker-1", 3),
        ("worker-2", 3),
        ("gateway-1", 3),
        ("gateway-2", 3),
        ("courier", 2),
        ("temporal", 3),
        ("postgres", 2),
    ),
    links=LINKS,
    cuts=9,
    delays=5,
    holes=4,
    half_closes=5,
    disk_fulls=2,
    away_seconds=60.0,
    lasts=8.0,
    first=20.0,
    last=330.0,
)
"""For `make chaos`: some forty-five faults in five and a half minutes."""

SHORT = Dose(
    kills=(("worker-1", 1), ("gateway-1", 1), ("temporal", 1), ("postgres", 1)),
    links=("client-gateway-1", "worker-temporal", "worker-postgres", "gateway-temporal"),
    cuts=2,
    delays=0,
    holes=0,
    half_closes=1,
    disk_fulls=0,
    away_seconds=0.0,
    lasts=0.5,
    first=0.3,
    last=5.0,
)
"""For the suite: each process once, and three broken connections."""


def plan(seed: int, dose: Dose) -> tuple[Fault, ...]:
    """The faults of a run, the earliest first; the same for the same seed and dose."""
    luck = random.Random(f"faults/{seed}")
    wanted: list[tuple[Kind, str, float, float]] = [
        ("kill", name, 0.0, 0.0) for name, times in dose.kills for _ in range(times)
    ]
    hit = _in_turn(dose.links, luck)
    wanted += [("cut", next(hit), 0.0, 0.0) for _ in range(dose.cuts)]
    wanted += [("delay", next(hit), dose.lasts, round(luck.uniform(0.1, 0.6), 2)) for _ in range(dose.delays)]
    wanted += [("hole", next(hit), dose.lasts, 0.0) for _ in range(dose.holes)]
    wanted += [("half-close", next(hit), 0.0, 0.0) for _ in range(dose.half_closes)]
    wanted += [("disk full", "postgres", 2 * dose.lasts, 0.0) for _ in range(dose.disk_fulls)]
    if dose.away_seconds:
        wanted.append(("database away", "postgres", dose.away_seconds, float(luck.random() < 0.5)))
    luck.shuffle(wanted)
    slot = (dose.last - dose.first) / max(1, len(wanted))
    return tuple(
        Fault(round(dose.first + slot * (place + luck.random() * 0.8), 2), kind, target, seconds, strength)
        for place, (kind, target, seconds, strength) in enumerate(wanted)
    )


def _in_turn(links: tuple[str, ...], luck: random.Random):
    """Every link once before any is hit again."""
    while True:
        yield from luck.sample(links, len(links))
