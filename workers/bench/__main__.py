"""`python -m workers.bench [PART ...] [--full]`: measures the parts, writes `docs/benchmarks.md`.

Without a part every one is measured but the long one (`timers`), some thirty-five minutes on two quiet cores;
`--full` measures that, too, and takes the largest sizes, which take hours. `--assemble` measures nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
from functools import partial

from workers.bench import cliff, pace, paths, peering, questions, resting
from workers.bench.document import DOCUMENT, assemble, pictures
from workers.bench.part import FOLDER, SEED, Part, measure
from workers.exit import finish

PARTS = (
    Part("floor", "Against the floor", pace.measure, pace.tell),
    Part("paths", "What each path costs", paths.measure, paths.tell),
    Part("resting", "A decision alone; memory; an idle application", resting.measure, resting.tell),
    Part("cliff", "The deadline cliff", cliff.measure, cliff.tell),
    Part("timers", "Ten thousand timers planned anew", cliff.measure_timers, cliff.tell),
    Part("questions", "Listing and counting", questions.measure_questions, questions.tell_questions),
    Part("board", "Pages of the board", questions.measure_board, questions.tell_board),
    Part("peers", "Against peers", peering.measure, peering.tell),
)

LONG = ("timers",)
"""Measured when named, and with `--full`: half an hour and more."""


def write() -> None:
    """The document and its pictures, from the parts' files."""
    DOCUMENT.write_text(assemble(PARTS), encoding="utf-8")
    for name, text in pictures().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


async def _measure(parts: list[Part], full: bool) -> list[str]:
    failed = []
    for part in parts:
        print(f"{part.title} ({part.name})", flush=True)
        try:
            found = await measure(part, full)
        except Exception as error:  # the other parts are measured all the same; the status tells
            print(f"{part.name} was not measured: {type(error).__name__}: {error}", file=sys.stderr)
            failed.append(part.name)
            continue
        found.write()
        print(f"\n{part.tell(found.figures)}\n\n{found.seconds:.0f} s\n", flush=True)
    return failed


def main() -> None:
    """Reads what is asked for; ends with status 1 when a part could not be measured."""
    by_name = {part.name: part for part in PARTS}
    parser = argparse.ArgumentParser(prog="python -m workers.bench", description=__doc__)
    parser.add_argument("part", nargs="*", choices=[*by_name, []], help="default: every part")
    parser.add_argument("--full", action="store_true", help="the largest sizes")
    parser.add_argument("--sizes", type=int, nargs="+", help="of the deadline cliff")
    parser.add_argument("--assemble", action="store_true", help="only write the document")
    given = parser.parse_args()
    if given.sizes:
        sized = partial(cliff.measure, sizes=tuple(given.sizes))
        by_name["cliff"] = Part("cliff", by_name["cliff"].title, sized, cliff.tell)
    random.seed(SEED)
    usual = [name for name in by_name if given.full or name not in LONG]
    wanted = [] if given.assemble else [by_name[name] for name in given.part or usual]
    failed = asyncio.run(_measure(wanted, given.full))
    write()
    print(f"written: {DOCUMENT.relative_to(FOLDER.parents[1])}")
    finish(int(bool(failed)))


if __name__ == "__main__":
    main()
