"""A cycle of applications while everything fails: `python -m tests.chaos --applications 200 --seed 1`.

Real processes, on loopback only. Prints the plan of faults, how it goes, and the account at the end; its exit
status is 0 when nothing that was acknowledged is lost, nothing was done twice, every planned fault happened
and the doctor finds nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import signal
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from tests.chaos.faults import plan
from tests.chaos.run import BRIEF, WHOLE, Report, chaos


def main() -> int:
    """Reads the command line, runs, and tells."""
    reading = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    reading.add_argument("--applications", type=int, default=200)
    reading.add_argument("--seed", type=int, default=1)
    reading.add_argument("--brief", action="store_true", help="short lives and few faults, as in the suite")
    reading.add_argument(
        "--day", type=float, help="seconds that a business day lasts; more where the machine is busy"
    )
    reading.add_argument("--plan", action="store_true", help="only print the plan of faults")
    reading.add_argument("--keep", type=Path, help="a new directory that is kept, with the logs")
    given = reading.parse_args()
    shape = BRIEF if given.brief else WHOLE
    if given.day:
        shape = replace(shape, day=given.day, bound=shape.bound * max(1.0, given.day / shape.day))
    for fault in plan(given.seed, shape.dose):
        print(fault.words())
    if given.plan:
        return 0
    folder = given.keep or Path(tempfile.mkdtemp(prefix="zhicheng-chaos-"))
    folder.mkdir(parents=True, exist_ok=True)

    def say(words: str) -> None:
        print(words, flush=True)

    async def run() -> Report:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)  # and everything is ended
        return await chaos(given.seed, given.applications, shape, folder, say)

    try:
        report = asyncio.run(run())
    finally:
        if given.keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    print(report.words())
    return 0 if report.clean else 1


if __name__ == "__main__":
    sys.exit(main())
