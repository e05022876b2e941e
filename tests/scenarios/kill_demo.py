"""Runs the demo and kills its worker and server while it plays: `python -m tests.scenarios.kill_demo SEED`.

SIGKILL, at moments drawn from the seed, in every phase of the cycle; the demo must start both again and
still tell every story to its expected end.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workers.processes import command_line

WHAT = {"worker": "workers.rehearsal.serve", "server": "start-dev"}
"""The pid files of the demo, and a word on the command line of the process that each one names."""

KILLS = ("worker",) * 5 + ("server",) * 3
CYCLE = 200.0
"""Seconds that the cycle takes: more than in the demo, since the machine does other work beside it, and what
comes back after a kill must still find the days in which it is to be done."""

FIRST, LAST = 4.0, 165.0
"""Seconds after the first worker is ready. The last days that somebody must not miss are those of the list
that is posted on 5 February, at 176 s: who objects to it has until 18 February, 17 s later."""

PATIENCE = 240.0
"""Seconds after the last kill in which the demo must end."""

QUIET = 0.35
"""The part of each slot in which nothing is killed, so that two outages do not become one."""


@dataclass(frozen=True)
class Performance:
    """What came of a run."""

    status: int
    output: str
    killed: tuple[str, ...]
    seconds: float


def moments(seed: int) -> list[tuple[float, str]]:
    """When what is killed: one kill in each of the equal slots of the run, in an order of the seed."""
    draw = random.Random(seed)
    order = draw.sample(KILLS, len(KILLS))
    slot = (LAST - FIRST) / len(order)
    return [(FIRST + slot * (place + draw.random() * (1 - QUIET)), name) for place, name in enumerate(order)]


def run(seed: int, data_dir: Path) -> Performance:
    """One demo with its kills, from start to end."""
    began = time.monotonic()
    demo = subprocess.Popen(
        [
            *(sys.executable, "-m", "workers.rehearsal.demo", "--no-ui"),
            *("--seconds", str(CYCLE), "--data-dir", str(data_dir)),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines: list[str] = []
    listening = threading.Thread(target=lambda: lines.extend(demo.stdout or ()))
    listening.start()
    try:
        killed = _kill_at(moments(seed), demo, data_dir)
        with contextlib.suppress(subprocess.TimeoutExpired):
            demo.wait(timeout=PATIENCE)
    finally:
        if demo.poll() is None:
            demo.terminate()
            demo.wait(timeout=30)
        listening.join(timeout=10)
        if demo.stdout is not None:
            demo.stdout.close()
    return Performance(demo.returncode, "".join(lines), tuple(killed), time.monotonic() - began)


def _kill_at(plan: Sequence[tuple[float, str]], demo: subprocess.Popen[str], data_dir: Path) -> list[str]:
    while not (data_dir / "worker.ready").exists() and demo.poll() is None:
        time.sleep(0.05)
    began, killed = time.monotonic(), []
    for moment, name in plan:
        while time.monotonic() - began < moment and demo.poll() is None:
            time.sleep(0.02)
        pid = _kill(name, data_dir)
        killed.append(f"{time.monotonic() - began:6.1f} s  {name}  {pid or 'was not there'}")
    return killed


def _kill(name: str, data_dir: Path) -> int | None:
    """SIGKILL to the process that the pid file names, if it still is that process."""
    with contextlib.suppress(OSError, ValueError):
        pid = int((data_dir / f"{name}.pid").read_text())
        if WHAT[name] in command_line(pid):
            os.kill(pid, signal.SIGKILL)
            return pid
    return None


def main() -> int:
    """Tells what was killed when and how the demo ended; its exit status is the demo's."""
    seed = int(sys.argv[1]) if sys.argv[1:] else random.randrange(10_000)
    with tempfile.TemporaryDirectory(prefix="zhicheng-kill-") as made:
        done = run(seed, Path(made))
    print(f"seed {seed}, {done.seconds:.0f} s, exit status {done.status}", *done.killed, sep="\n")
    print(done.output)
    return done.status


if __name__ == "__main__":
    sys.exit(main())
