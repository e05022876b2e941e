"""What an uploaded file is, by its content: what is taken, what only looks like it, what could be two."""

from __future__ import annotations

import pytest

from activities.evidence.content import HEAD, Scanner, of_head, of_whole
from models.evidence import EvidenceRefused, Flag, MediaType
from tests.evidence_material import DOCX, EXE, OFD, PAGE, package, pdf, picture

ALL = frozenset(MediaType)


class InMemory:
    """A file in memory, read as one in a store."""

    def __init__(self, content: bytes) -> None:
        self._content, self.size = content, len(content)

    async def read(self, start: int, length: int) -> bytes:
        return self._content[start : start + length]


async def judge(content: bytes) -> tuple[MediaType, tuple[Flag, ...]]:
    """As the head says, and then the whole."""
    kind = of_head(content[:HEAD], len(content), ALL)
    assert kind is not None
    scanner = Scanner(kind)
    for start in range(0, len(content), 1000):
        scanner.feed(content[start : start + 1000])
    return kind, (*await of_whole(InMemory(content), kind), *scanner.flags())


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (pdf(), MediaType.PDF),
        (picture("JPEG"), MediaType.JPEG),
        (picture("JPEG", "L"), MediaType.JPEG),
        (picture("PNG"), MediaType.PNG),
        (picture("TIFF"), MediaType.TIFF),
        (OFD, MediaType.OFD),
    ],
)
async def test_scans_are_taken_without_a_flag(content: bytes, kind: MediaType) -> None:
    assert await judge(content) == (kind, ())


@pytest.mark.parametrize(
    ("content", "code", "why"),
    [
        (EXE, "type_not_allowed", "application/x-msdownload"),
        (PAGE, "type_not_allowed", "text/html"),
        (b"\x7fELF" + b"\x00" * 60, "type_not_allowed", "x-executable"),
        (b"hello" * 1000, "type_not_allowed", "octet-stream"),
        (pdf(body=b"<script>alert(1)</script>"), "type_ambiguous", "web page"),
        (pdf(after=package("a.txt")), "type_ambiguous", "ZIP"),
        (picture("JPEG") + package("a.txt"), "type_ambiguous", "ZIP"),
        (pdf(after=package("a.txt")[:-2] + b"\xff\xff"), "type_ambiguous", "ZIP"),
        (pdf(after=package("a.txt") + b"PK\x05\x06" + b"\xff" * 4), "type_ambiguous", "ZIP"),
        (b"\n" + pdf(), "type_not_allowed", "octet-stream"),
        (pdf()[:-40], "file_broken", "cut off"),
        (b"%PDF-hello" + pdf()[10:], "file_broken", "version"),
        (picture("JPEG")[:-2], "file_broken", "cut off"),
        (picture("JPEG")[:4] + b"\xff\xd9" * 40, "file_broken", "dimensions"),
        (picture("PNG")[:-1], "file_broken", "does not end"),
        (picture("PNG") + b"more", "file_broken", "does not end"),
        (picture("PNG")[:16] + b"\x00" * 8 + picture("PNG")[24:], "file_broken", "dimensions"),
        (b"II*\x00\xff\xff\xff\x7f" + b"\x00" * 60, "file_broken", "outside"),
        (b"II*\x00\x08\x00\x00\x00\x01\x00" + b"\x00" * 60, "file_broken", "width"),
        (DOCX, "file_broken", "without OFD.xml"),
        (package("OFD.xml", "../outside"), "file_broken", "leads out"),
        (OFD[:-30], "file_broken", "directory"),
    ],
)
async def test_what_only_looks_like_a_scan_is_refused(content: bytes, code: str, why: str) -> None:
    with pytest.raises(EvidenceRefused, match=why) as refused:
        await judge(content)
    assert refused.value.code == code
    assert refused.value.rule.zh
    assert refused.value.remedy.zh


@pytest.mark.parametrize(
    ("content", "flags"),
    [
        (pdf(body=b"9 0 obj << /Encrypt 5 0 R >>" + b"\n"), (Flag.ENCRYPTED,)),
        (pdf(body=b" " * 941 + b"/JavaScript"), (Flag.ACTIVE,)),
        (pdf(body=b"/Launch /EmbeddedFile "), (Flag.ACTIVE, Flag.ATTACHMENTS)),
        (pdf(after=b"more"), (Flag.MORE_AFTER_THE_END,)),
        (picture("JPEG") + b"SEFT", (Flag.MORE_AFTER_THE_END,)),
    ],
)
async def test_what_a_person_should_look_at_is_flagged(content: bytes, flags: tuple[Flag, ...]) -> None:
    assert (await judge(content))[1] == flags


def test_the_first_bytes_are_enough_to_refuse_and_not_to_accept() -> None:
    assert of_head(b"", 9000, ALL) is None
    assert of_head(b"%P", 9000, ALL) is None
    assert of_head(pdf()[:300], 9000, ALL) is None
    assert of_head(picture("PNG")[:50], 50, ALL) is MediaType.PNG
    with pytest.raises(EvidenceRefused):
        of_head(b"MZ", 9000, ALL)
    with pytest.raises(EvidenceRefused, match="PDF"):
        of_head(picture("PNG"), len(picture("PNG")), frozenset({MediaType.PDF}))
