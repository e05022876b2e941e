"""Finds planted data in bytes, in whatever form they stand there; and says where they may stand.

A needle is looked for as text in the encodings that are in use here, escaped as in JSON and in addresses, in
base64 at any offset, in hex, and inside of compressed streams and archives.
"""

from __future__ import annotations

import base64
import gzip
import io
import re
import sqlite3
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_DEEP = 3


class Find(NamedTuple):
    """A needle that was found: whose, of which kind, in which form, where."""

    place: str
    needle: str
    form: str


def forms(needle: str) -> dict[str, bytes]:
    """The needle as it may stand somewhere, by form."""
    plain = needle.encode()
    found = {
        "utf-8": plain,
        "gb18030": needle.encode("gb18030"),
        "utf-16-be": needle.encode("utf-16-be"),
        "utf-16-le": needle.encode("utf-16-le"),
        "json": needle.encode("ascii", "backslashreplace").replace(b"\\x", b"\\u00"),
        "address": quote(needle, safe="").encode(),
        "hex": plain.hex().encode(),
        "HEX": plain.hex().upper().encode(),
    }
    for offset in range(3):
        whole = base64.b64encode(b"\0" * offset + plain)
        inner = whole[(offset * 8 + 5) // 6 : (offset + len(plain)) * 8 // 6]
        found[f"base64+{offset}"] = inner
        found[f"base64url+{offset}"] = inner.replace(b"+", b"-").replace(b"/", b"_")
    return found


def search(place: str, content: bytes, needles: Mapping[str, str], deep: int = _DEEP) -> Iterator[Find]:
    """Every needle (by its name) in this content, also inside of what is compressed in it."""
    for name, needle in needles.items():
        for form, raw in forms(needle).items():
            if raw in content:
                yield Find(place, name, form)
                break
    if deep:
        for inside in _unpacked(content):
            yield from search(place, inside, needles, deep - 1)


def _unpacked(content: bytes) -> Iterator[bytes]:
    if content.startswith(b"%PDF"):
        for match in _STREAM.finditer(content):
            try:
                yield zlib.decompressobj().decompress(match.group(1))
            except zlib.error:
                continue
    elif content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield name.encode()
                yield archive.read(name)
    elif content.startswith(b"\x1f\x8b"):
        yield gzip.decompress(content)
    elif content[:1] == b"\x78":
        try:
            yield zlib.decompressobj().decompress(content)
        except zlib.error:
            return


def columns_of(file: Path) -> Iterator[tuple[str, bytes]]:
    """Every column of every table of an SQLite file, as `table.column` and all that stands in it."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            cursor = connection.execute(f'SELECT * FROM "{table}"')
            names = [one[0] for one in cursor.description]
            held: dict[str, list[bytes]] = {name: [] for name in names}
            for row in cursor:
                for name, value in zip(names, row, strict=True):
                    if value is not None:
                        held[name].append(value if isinstance(value, bytes) else str(value).encode())
            for name, values in held.items():
                yield f"{table}.{name}", b"\n".join(values)


def files_under(folder: Path, besides: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Every file below a folder with its path, but those whose path begins as one of `besides`."""
    left_out = tuple(besides)
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not name.startswith(left_out):
            yield name, name.encode() + b"\n" + path.read_bytes()
