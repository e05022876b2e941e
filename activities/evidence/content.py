"""What a file is, said by its content: its name and what its sender claims count for nothing.

`of_head` decides as soon as the first bytes are there; `of_whole` looks at the whole file once it has come:
header and end, the dimensions of a picture, the directory of a package. A file that could be read as two
kinds at once is refused.
"""

from __future__ import annotations

from typing import Protocol

import filetype

from activities.evidence import pictures
from activities.evidence.package import end_of_directory, ofd
from models.evidence import EvidenceCode, EvidenceRefused, Flag, MediaType

HEAD = 4096
"""Bytes that are enough to say what a file is."""

_TAIL = 2048
_PAGE_SIGNS = (b"<!doctype html", b"<html", b"<script", b"<svg", b"<?php", b"<iframe")
_MAGIC: dict[MediaType, tuple[bytes, ...]] = {
    MediaType.PDF: (b"%PDF-",),
    MediaType.JPEG: (b"\xff\xd8\xff",),
    MediaType.PNG: (b"\x89PNG\r\n\x1a\n",),
    MediaType.TIFF: (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"),
    MediaType.OFD: (b"PK\x03\x04",),
}
_TOKENS: dict[bytes, Flag] = {
    b"/Encrypt": Flag.ENCRYPTED,
    b"/JavaScript": Flag.ACTIVE,
    b"/Launch": Flag.ACTIVE,
    b"/EmbeddedFile": Flag.ATTACHMENTS,
}
_LONGEST_TOKEN = max(len(token) for token in _TOKENS)


class Reader(Protocol):
    """A file of `size` bytes of which any span can be read."""

    size: int

    async def read(self, start: int, length: int) -> bytes:
        """At most `length` bytes from `start` on; fewer at the end."""
        ...


def of_head(head: bytes, whole_size: int, allowed: frozenset[MediaType]) -> MediaType | None:
    """What the file is; None while too few bytes are there. Raises `EvidenceRefused`."""
    found = next((kind for kind, signs in _MAGIC.items() if head.startswith(signs)), None)
    enough = len(head) >= min(HEAD, whole_size)
    if found is None:
        if not enough and _may_become_one(head):
            return None
        raise _not_allowed(head, allowed)
    if any(sign in head[:1024].lower() for sign in _PAGE_SIGNS):
        raise _ambiguous("网页", "a web page", "header")
    if not enough:
        return None
    if found not in allowed:
        raise _not_allowed(head, allowed)
    return found


def _may_become_one(head: bytes) -> bool:
    return any(sign.startswith(head) for signs in _MAGIC.values() for sign in signs)


async def of_whole(file: Reader, kind: MediaType) -> tuple[Flag, ...]:
    """What a person should look at in a file of this kind. Raises `EvidenceRefused` when it is none."""
    if kind is MediaType.OFD:
        await ofd(file)
        return ()
    if await end_of_directory(file) is not None:
        raise _ambiguous("压缩包", "a ZIP archive", "end")
    match kind:
        case MediaType.PDF:
            return await _pdf(file)
        case MediaType.JPEG:
            return await pictures.jpeg(file)
        case MediaType.PNG:
            return await pictures.png(file)
        case _:
            return await pictures.tiff(file)


async def _pdf(file: Reader) -> tuple[Flag, ...]:
    """Header at the first byte; `startxref` and `%%EOF` at the end (ISO 32000-1, 7.5.2 and 7.5.5)."""
    head, tail = await file.read(0, 8), await file.read(max(0, file.size - _TAIL), _TAIL)
    if not (head[5:6] in (b"1", b"2") and head[6:7] == b"." and head[7:8].isdigit()):
        raise pictures.broken("PDF", "缺少版本号", "it names no version in its header")
    body, mark, after = tail.rpartition(b"%%EOF")
    if not mark or b"startxref" not in body:
        raise pictures.broken("PDF", "缺少文件结尾", "its end is missing: it was cut off, or is no PDF")
    return (Flag.MORE_AFTER_THE_END,) if after.strip(b"\r\n\t \x00") else ()


class Scanner:
    """Looks through the bytes of a PDF as they go by for what stands unpacked in it.

    What lies in compressed object streams is not seen: no flag does not prove that there is nothing.
    """

    def __init__(self, kind: MediaType) -> None:
        self._looks, self._rest = kind is MediaType.PDF, b""
        self._found: set[Flag] = set()

    def feed(self, chunk: bytes) -> None:
        """The next bytes."""
        if not self._looks:
            return
        seam = self._rest + chunk[:_LONGEST_TOKEN]
        for token, flag in _TOKENS.items():
            if flag not in self._found and (token in chunk or token in seam):
                self._found.add(flag)
        self._rest = chunk[-_LONGEST_TOKEN:]

    def flags(self) -> tuple[Flag, ...]:
        """What was seen."""
        return tuple(sorted(self._found))


def _not_allowed(head: bytes, allowed: frozenset[MediaType]) -> EvidenceRefused:
    kinds = ", ".join(sorted(kind.name for kind in allowed))
    guessed = filetype.guess(head)
    what = guessed.mime if guessed else "text/html" if _is_page(head) else "application/octet-stream"
    return EvidenceRefused(
        EvidenceCode.NOT_ALLOWED,
        zh=f"文件内容为 {what}，不是可接受的类型。",
        en=f"By its content the file is {what}, which is not taken, whatever its name says.",
        fix_zh=f"请上传以下类型的扫描件：{kinds}。",
        fix_en=f"Upload a scan as one of: {kinds}.",
    )


def _is_page(head: bytes) -> bool:
    return any(sign in head[:1024].lower() for sign in _PAGE_SIGNS)


def _ambiguous(zh: str, en: str, where: str) -> EvidenceRefused:
    return EvidenceRefused(
        EvidenceCode.AMBIGUOUS,
        zh=f"该文件同时也是{zh}，不予接受。",
        en=f"The file could be read as {en}, too (at its {where}): such files are not taken.",
        fix_zh="请重新扫描或另存为普通文件后上传。",
        fix_en="Scan it again, or save it anew as a plain file.",
    )


def forged(claimed: str, found: MediaType) -> EvidenceRefused:
    """The sender claims another kind than the content is."""
    return EvidenceRefused(
        EvidenceCode.FORGED,
        zh=f"声明的类型为 {claimed}，文件内容却是 {found.value}。",
        en=f"It is said to be {claimed}, but by its content it is {found.value}.",
        fix_zh="请按文件的真实类型上传，或省略 filetype。",
        fix_en="Say what it is, or leave `filetype` out.",
        field="Upload-Metadata.filetype",
    )
