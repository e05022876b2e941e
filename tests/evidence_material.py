"""Files as people upload them, and as they try to: small, real, made on the spot."""

from __future__ import annotations

import io
import random
import zipfile

from PIL import Image

EXE = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00" + b"\x00" * 5000
PAGE = b"<!DOCTYPE html><html><script>alert(1)</script></html>" + b" " * 5000


def pdf(size: int = 20_000, seed: int = 7, *, body: bytes = b"", after: bytes = b"") -> bytes:
    """A PDF of `size` bytes: header, a picture's worth of random bytes, cross-reference, end."""
    head = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\n" + body
    tail = b"\ntrailer\n<< /Root 1 0 R >>\nstartxref\n15\n%%EOF\n" + after
    block = random.Random(seed).randbytes(min(4 * 1024 * 1024, size))
    room = size - len(head) - len(tail)
    return head + (block * (room // len(block) + 1))[:room] + tail


def picture(kind: str, mode: str = "RGB") -> bytes:
    """A picture of forty by thirty, as Pillow writes it."""
    made = io.BytesIO()
    Image.new(mode, (40, 30), 128 if mode == "L" else (200, 30, 30)).save(made, kind)
    return made.getvalue()


def package(*names: str) -> bytes:
    """A ZIP with these entries."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, f'<?xml version="1.0"?><x name="{name}"/>' * 20)
    return made.getvalue()


OFD = package("OFD.xml", "Doc_0/Document.xml", "Doc_0/Pages/Page_0/Content.xml")
DOCX = package("[Content_Types].xml", "_rels/.rels", "word/document.xml")
