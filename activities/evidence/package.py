"""The directory of a ZIP package, read without unpacking anything: OFD (GB/T 33190) is one."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from activities.evidence.pictures import broken

if TYPE_CHECKING:
    from activities.evidence.content import Reader

_END_SIZE, _LONGEST_COMMENT = 22, 65_535
_MOST_DIRECTORY = 4 * 1024 * 1024
_ENTRY = 46
_IN_ZIP64 = 0xFFFFFFFF


class End(NamedTuple):
    """What the end of the central directory says: where it begins, its size, how many entries."""

    start: int
    size: int
    entries: int


async def end_of_directory(file: Reader) -> End | None:
    """The end record of a ZIP (APPNOTE 4.3.16), or None when the file is no ZIP by its end.

    Programs that unpack do not mind a comment with a wrong length, nor a record that is none behind the
    right one: what could be one counts.
    """
    begin = max(0, file.size - _END_SIZE - _LONGEST_COMMENT)
    tail = await file.read(begin, file.size - begin)
    at = len(tail)
    while (at := tail.rfind(b"PK\x05\x06", 0, at)) >= 0:
        if len(tail) - at >= _END_SIZE:
            entries, size, start = struct.unpack("<HII", tail[at + 10 : at + _END_SIZE - 2])
            if size <= begin + at or size == _IN_ZIP64:
                return End(start, size, entries)
    return None


async def ofd(file: Reader) -> None:
    """A ZIP that begins at its first byte, whose directory names `OFD.xml` and no path that leads out.

    Raises `EvidenceRefused`.
    """
    end = await end_of_directory(file)
    if end is None or end.size > _MOST_DIRECTORY or end.start + end.size > file.size:
        raise broken("OFD", "缺少目录", "its directory is missing")
    names = _names(await file.read(end.start, end.size))
    if len(names) != end.entries or "OFD.xml" not in names:
        raise broken("OFD", "没有 OFD.xml", "it is a package without OFD.xml")
    if any(name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/") for name in names):
        raise broken("OFD", "含有指向包外的路径", "a name in it leads out of the package")


def _names(directory: bytes) -> list[str]:
    found, at = [], 0
    while directory[at : at + 4] == b"PK\x01\x02" and at + _ENTRY <= len(directory):
        name, extra, comment = struct.unpack("<HHH", directory[at + 28 : at + 34])
        found.append(directory[at + _ENTRY : at + _ENTRY + name].decode("utf-8", "replace"))
        at += _ENTRY + name + extra + comment
    return found
