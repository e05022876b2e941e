"""The words of tus 1.0.0, the protocol of resumable uploads (https://tus.io/protocols/resumable-upload)."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from workers.gateway.problems import ProblemError, problem

VERSION = "1.0.0"
EXTENSIONS = "creation,termination,checksum,expiration"
ALGORITHMS = ("sha1", "sha256", "sha512", "md5")
MEDIA_TYPE = "application/offset+octet-stream"

REQUEST_HEADERS = (
    "Tus-Resumable",
    "Upload-Checksum",
    "Upload-Length",
    "Upload-Metadata",
    "Upload-Offset",
    "X-HTTP-Method-Override",
)
REFERENCE_HEADER = "Zhicheng-Evidence"
ANSWER_HEADERS = (
    "Location",
    "Tus-Checksum-Algorithm",
    "Tus-Extension",
    "Tus-Max-Size",
    "Tus-Resumable",
    "Tus-Version",
    "Upload-Expires",
    "Upload-Length",
    "Upload-Metadata",
    "Upload-Offset",
    REFERENCE_HEADER,
    "Zhicheng-Evidence-Missing",
    "Content-Range",
    "Content-Disposition",
)
MOST_METADATA = 4_000
"""Characters of the header."""


def check_version(given: str | None) -> None:
    """Raises the problem 412 unless the client speaks this version."""
    if given != VERSION:
        raise problem(
            412,
            "tus_version",
            zh=f"仅支持 tus {VERSION}。",
            en=f"This speaks tus {VERSION} only.",
            fix_zh=f"请发送 Tus-Resumable: {VERSION}。",
            fix_en=f"Send `Tus-Resumable: {VERSION}`.",
            headers={"Tus-Version": VERSION},
            field="Tus-Resumable",
        )


def metadata(header: str | None) -> dict[str, str]:
    """`Upload-Metadata`: pairs of a key and a value in Base64. Raises the problem 400."""
    found: dict[str, str] = {}
    for pair in (header or "").split(","):
        key, _, value = pair.strip().partition(" ")
        if not key:
            continue
        try:
            found[key] = base64.b64decode(value.strip(), validate=True).decode("utf-8")
        except (ValueError, binascii.Error):
            raise unreadable("Upload-Metadata") from None
    return found


def unreadable(header: str) -> ProblemError:
    """The problem 400 for a header that is missing or cannot be read."""
    return problem(
        400,
        "bad_header",
        zh=f"请求头 {header} 缺失或无法读取。",
        en=f"The header {header} is missing or cannot be read.",
        fix_zh="请见 docs/evidence.md 与 tus 1.0.0。",
        fix_en="See tus 1.0.0 and /openapi.json.",
        field=header,
    )


class Checksum:
    """`Upload-Checksum` of one request: the bytes go by, and at the end it says whether they are right."""

    def __init__(self, header: str) -> None:
        """Raises the problem 400 for an algorithm that is not offered."""
        name, _, value = header.partition(" ")
        if name not in ALGORITHMS:
            raise unreadable("Upload-Checksum")
        try:
            self._wanted = base64.b64decode(value.strip(), validate=True)
        except (ValueError, binascii.Error):
            raise unreadable("Upload-Checksum") from None
        self._counted: Any = hashlib.new(name, usedforsecurity=False)

    async def over(self, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The same bytes."""
        async for chunk in body:
            self._counted.update(chunk)
            yield chunk

    def right(self) -> bool:
        """Whether what went by has this checksum."""
        return bool(self._counted.digest() == self._wanted)


def mismatch() -> ProblemError:
    """The problem 460."""
    return problem(
        460,
        "checksum_mismatch",
        zh="收到的内容与 Upload-Checksum 不符，未计入。",
        en="What came does not have the checksum that was sent; nothing of it counts.",
        fix_zh="请从同一 Upload-Offset 重新发送。",
        fix_en="Send it again from the same Upload-Offset.",
        field="Upload-Checksum",
    )


def http_date(moment: datetime) -> str:
    """For `Upload-Expires`."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)
