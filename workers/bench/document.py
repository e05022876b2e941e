"""`docs/benchmarks.md`: put together from the parts' files, and from nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from workers.bench import cliff, questions, sizing
from workers.bench.curve import Curve, svg, table
from workers.bench.part import FOLDER, Measured, Part

DOCUMENT = FOLDER.parent / "benchmarks.md"

HEAD = """# Benchmarks

Written by `make bench`; do not edit. Only what was measured in one run may be compared: absolute figures are
those of the machine, and of what else it did. Each part says when it was measured, how long it took, and the
load of the machine in the minute before (on {cores} cores, {cores}.0 means that nothing was idle). A part is
measured again alone with `python -m workers.bench PART`; its figures are kept in `docs/benchmarks/PART.json`.
"""

MISSING = "Not measured yet: `python -m workers.bench {part}`."


def assemble(parts: Sequence[Part], folder: Path = FOLDER) -> str:
    """The document, from the parts' files in `folder`."""
    known = {part.name: Measured.read(part.name, folder) for part in parts}
    measured = [one for one in known.values() if one is not None]
    lines = [HEAD.format(cores=measured[-1].machine["cores"] if measured else "n")]
    if measured:
        lines += [_machine(measured[-1]), ""]
    for part in parts:
        lines += [f"## {part.title}", ""]
        found = known[part.name]
        lines += [part.tell(found.figures), "", _stamp(found)] if found else [MISSING.format(part=part.name)]
        lines.append("")
    lines += ["## How it grows", "", *_growth(known)]
    wanted = [known.get(name) for name in ("cliff", "paths", "resting")]
    lines += ["## A million applications a year, on paper", "", sizing.tell(*wanted)]
    return "\n".join(lines).rstrip() + "\n"


def growth(known: dict[str, Measured | None]) -> dict[str, list[Curve]]:
    """The curves by the name of their picture."""
    found = {}
    if (one := known.get("cliff")) is not None:
        more = known.get("timers")
        rows = [*one.figures["rows"], *(more.figures["rows"] if more is not None else ())]
        found["cliff"] = cliff.curves(one.figures | {"rows": rows})
    if (one := known.get("questions")) is not None:
        found["questions"] = questions.curves_of_questions(one.figures)
    return found


def pictures(folder: Path = FOLDER) -> dict[str, str]:
    """The SVG files beside the parts' files, by name."""
    known = {name: Measured.read(name, folder) for name in ("cliff", "timers", "questions")}
    return {f"{name}.svg": svg(TITLES[name], curves) for name, curves in growth(known).items()}


TITLES = {
    "cliff": "The deadline cliff, by the number of applications",
    "questions": "Questions over a cycle on PostgreSQL, ms by the number of applications",
}


def _growth(known: dict[str, Measured | None]) -> list[str]:
    lines = [
        "The exponent is that of the curve from its first to its last point: 1 grows in proportion, 0 not at "
        "all. Both axes of the pictures are logarithmic.",
        "",
    ]
    for name, curves in growth(known).items():
        lines += [f"![{TITLES[name]}](benchmarks/{name}.svg)", "", table(curves), ""]
    return lines


def _machine(one: Measured) -> str:
    has = one.machine
    packages = ", ".join(f"{name} {version}" for name, version in has.items() if name not in _NO_PACKAGE)
    return (
        f"Machine: {has['processor']}, {has['cores']} cores, {has['memory']}, {has['system']}, "
        f"Python {has['python']}; {packages}."
    )


_NO_PACKAGE = {"processor", "cores", "memory", "system", "python", "revision"}


def _stamp(one: Measured) -> str:
    size = "the largest sizes" if one.full else "the default sizes"
    size = "sizes as given" if one.figures.get("sized") else size
    load = ", ".join(f"{n:.1f}" for n in one.load)
    at = one.measured_at.replace("+00:00", "Z")
    return (
        f"*Measured {at} in {one.seconds:.0f} s, {size}, seed {one.seed}, "
        f"load before {load}, revision {one.machine['revision']}, {one.machine['cores']} cores.*"
    )
