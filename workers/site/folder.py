"""Writes a site into its folder: what is no longer part of it is removed, so that no name stays behind.

A manifest lists the files that were written, with their hashes. A folder with other files in it is refused.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

MANIFEST = "site-manifest.json"


class NotASiteError(ValueError):
    """The folder holds something that is not a site of ours."""


def write_site(folder: Path, made: Mapping[str, bytes]) -> list[str]:
    """Writes every file and removes those of the last build that are gone; gives the removed ones.

    A file whose content is the same is left alone. Raises `NotASiteError`, and `OSError`.
    """
    before = _written_before(folder)
    folder.mkdir(parents=True, exist_ok=True)
    gone = sorted(set(before) - set(made))
    for name in gone:
        (folder / name).unlink(missing_ok=True)
    for name, content in made.items():
        _write(folder / name, content)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(made.items())}
    _write(folder / MANIFEST, (json.dumps(hashes, indent=1) + "\n").encode())
    return gone


def _written_before(folder: Path) -> list[str]:
    manifest = folder / MANIFEST
    if not folder.exists() or not any(folder.iterdir()):
        return []
    if not manifest.is_file():
        raise NotASiteError(f"{folder} is not empty and holds no site: give a folder of its own.")
    try:
        names = list(json.loads(manifest.read_text("utf-8")))
    except (ValueError, TypeError) as error:
        raise NotASiteError(f"{manifest} cannot be read ({error}): give another folder.") from None
    if any(PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts for name in names):
        raise NotASiteError(f"{manifest} names files outside its folder: give another folder.")
    return names


def _write(path: Path, content: bytes) -> None:
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.new")
    draft.write_bytes(content)
    os.replace(draft, path)
