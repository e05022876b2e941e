"""Writes the documents that are generated from the code, or says which of them are not up to date.

    python -m workers.docs            write them all
    python -m workers.docs --check    exit status 1 and a list when a file differs, is missing or left over

A document is a path and a function that gives its text; add one to `documents`. The text must depend on
nothing but the code: no date, no random number, no environment.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from models.drawing.as_json import as_json
from models.drawing.bpmn import bpmn
from models.drawing.handbook import handbook
from models.drawing.matrix import matrix
from models.drawing.mermaid import mermaid
from models.drawing.svg import svg
from workers.contract import schema, shapes
from workers.contract_index import index_text, readme
from workers.gateway.app import openapi_text

ROOT = Path(__file__).resolve().parents[1]

Document = tuple[str, Callable[[], str]]

GENERATED_FOLDERS = ("docs/lifecycle", "docs/contract")
"""Everything in these folders is generated: a file that nothing writes is left over from an older version."""


def documents() -> tuple[Document, ...]:
    """Every generated document: its path from the root of the repository, and what gives its text."""
    return (
        ("docs/lifecycle/lifecycle.mmd", mermaid),
        ("docs/lifecycle/lifecycle.svg", svg),
        ("docs/lifecycle/lifecycle.bpmn", bpmn),
        ("docs/lifecycle/handbook.zh.md", partial(handbook, "zh")),
        ("docs/lifecycle/handbook.en.md", partial(handbook, "en")),
        ("docs/lifecycle/permissions.md", matrix),
        ("docs/lifecycle/lifecycle.json", as_json),
        ("docs/contract/openapi.json", openapi_text),
        ("docs/contract/index.json", index_text),
        ("docs/contract/README.md", readme),
        *(
            (f"docs/contract/{name}.schema.json", partial(schema, name, model, mode))
            for name, (model, mode) in shapes().items()
        ),
    )


def write(root: Path = ROOT) -> list[str]:
    """Writes what differs, removes what is left over, and gives the paths it touched."""
    touched = drift(root)
    texts = dict(documents())
    for path in touched:
        file = root / path
        if path in texts:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(texts[path]().encode())
        else:
            file.unlink()
    return touched


def drift(root: Path = ROOT) -> list[str]:
    """The paths that differ from what the code says, are missing, or are left over."""
    texts = dict(documents())
    stale = [path for path, text in texts.items() if _bytes(root / path) != text().encode()]
    for folder in GENERATED_FOLDERS:
        stale += [
            found
            for file in sorted((root / folder).rglob("*"))
            if file.is_file() and (found := file.relative_to(root).as_posix()) not in texts
        ]
    return stale


def _bytes(file: Path) -> bytes | None:
    return file.read_bytes() if file.is_file() else None


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0, or 1 when `--check` finds a difference."""
    parser = argparse.ArgumentParser(prog="python -m workers.docs", description="The generated documents.")
    parser.add_argument("--check", action="store_true", help="only compare; exit status 1 on a difference")
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if not given.check:
        for path in write(given.root):
            print(f"written: {path}")
        return 0
    stale = drift(given.root)
    for path in stale:
        print(f"not up to date: {path}", file=sys.stderr)
    if stale:
        print("run `make docs` and commit the result", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
