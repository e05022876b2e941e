"""Whether a picture is one: its header opens, it has dimensions, and it ends where its format says."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from models.evidence import EvidenceCode, EvidenceRefused, Flag

if TYPE_CHECKING:
    from activities.evidence.content import Reader

_MOST_SEGMENTS = 2_000
"""Of a JPEG before its first picture line; real ones have some dozens."""

_END_WITHIN = 64 * 1024
"""Bytes from the end in which a JPEG must end: phones append data of their own."""

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BARE = frozenset({0x01, *range(0xD0, 0xD8)})


async def jpeg(file: Reader) -> tuple[Flag, ...]:
    """Markers up to the frame header, which has height and width (ITU-T T.81, annex B)."""
    at = 2
    for _ in range(_MOST_SEGMENTS):
        segment = await file.read(at, 9)
        if len(segment) < 4 or segment[0] != 0xFF:
            break
        marker = segment[1]
        if marker == 0xFF or marker in _BARE:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in _FRAMES and len(segment) == 9:
            width = int(struct.unpack(">H", segment[7:9])[0])
            if width == 0:
                break
            return await _end_of_jpeg(file)
        if marker in (0xD9, 0xDA):
            break
        at += 2 + int(struct.unpack(">H", segment[2:4])[0])
    raise broken("JPEG", "没有图像尺寸", "it has no frame header with its dimensions")


async def _end_of_jpeg(file: Reader) -> tuple[Flag, ...]:
    tail = await file.read(max(0, file.size - _END_WITHIN), _END_WITHIN)
    _, mark, after = tail.rpartition(b"\xff\xd9")
    if not mark:
        raise broken("JPEG", "缺少文件结尾", "its end is missing: it was cut off")
    return (Flag.MORE_AFTER_THE_END,) if after.strip(b"\x00") else ()


async def png(file: Reader) -> tuple[Flag, ...]:
    """IHDR first, with dimensions, and IEND as the last bytes (ISO/IEC 15948, 5.6 and 11.2.2)."""
    head, tail = await file.read(8, 16), await file.read(max(0, file.size - 12), 12)
    if len(head) < 16 or head[:8] != b"\x00\x00\x00\rIHDR" or 0 in struct.unpack(">II", head[8:16]):
        raise broken("PNG", "没有图像尺寸", "it has no header with its dimensions")
    if tail != b"\x00\x00\x00\x00IEND\xaeB`\x82":
        raise broken("PNG", "缺少文件结尾", "it does not end where its picture ends")
    return ()


async def tiff(file: Reader) -> tuple[Flag, ...]:
    """The first directory lies in the file and has width and height (TIFF 6.0, section 2; BigTIFF)."""
    head = await file.read(0, 16)
    order = "<" if head[:2] == b"II" else ">"
    big = head[2:3] == b"+" or head[3:4] == b"+"
    if len(head) < 16:
        raise broken("TIFF", "缺少目录", "it has no directory")
    at = int(struct.unpack(f"{order}Q", head[8:16])[0] if big else struct.unpack(f"{order}I", head[4:8])[0])
    count_size, entry_size = (8, 20) if big else (2, 12)
    counted = await file.read(at, count_size) if 8 <= at < file.size else b""
    if len(counted) < count_size:
        raise broken("TIFF", "缺少目录", "its directory lies outside of the file")
    count = int(struct.unpack(f"{order}{'Q' if big else 'H'}", counted)[0])
    entries = await file.read(at + count_size, entry_size * min(count, 500))
    tags = {
        struct.unpack(f"{order}H", entries[place : place + 2])[0]
        for place in range(0, len(entries) - entry_size + 1, entry_size)
    }
    if not {256, 257} <= tags:
        raise broken("TIFF", "没有图像尺寸", "its directory names no width and height")
    return ()


def broken(kind: str, zh: str, en: str) -> EvidenceRefused:
    """It begins like a file of this kind and is none."""
    return EvidenceRefused(
        EvidenceCode.BROKEN,
        zh=f"不是完整的 {kind} 文件：{zh}。",
        en=f"It is no whole {kind} file: {en}.",
        fix_zh="请确认文件可以打开，重新扫描或另存后上传。",
        fix_en="See that it opens, scan it again or save it anew, and upload that.",
    )
