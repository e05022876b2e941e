"""Key rings as an operator gives them: `id:base64,id:base64`. No cipher is loaded: settings need none."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field

KEY_BYTES = 32


@dataclass(frozen=True)
class KeyIds:
    """Which ids the keys of one kind of ring may have, and the same in words."""

    pattern: re.Pattern[str]
    words: str


PAYLOAD_IDS = KeyIds(re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}"), "letters, digits, '-' and '_'")
"""No dot: on a payload one stands between the id and the fingerprint."""

IDENTITY_IDS = KeyIds(re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}"), "letters, digits, '.', '-' and '_'")
"""They stand beside every sealed number: what was allowed once stays allowed."""


@dataclass(frozen=True)
class GivenKey:
    """One key of a ring, as it is given. Neither `repr` nor an error shows the secret."""

    name: str
    secret: bytes = field(repr=False)


def read_keys(text: str, ids: KeyIds) -> tuple[GivenKey, ...]:
    """The keys of `id:base64`, with commas or line ends between them, the current one first.

    Raises `ValueError` with the rule that is broken; it never quotes a key. The remedy is the caller's, who
    knows the setting or the file.
    """
    found: list[GivenKey] = []
    for number, part in enumerate((one.strip() for one in re.split(r"[,\n]", text) if one.strip()), 1):
        name, colon, encoded = part.partition(":")
        if not colon or not ids.pattern.fullmatch(name):
            raise ValueError(f"key {number} must be id:base64, the id of {ids.words}")
        try:
            secret = base64.b64decode(encoded.strip(), validate=True)
        except (binascii.Error, ValueError):
            raise ValueError(f"key '{name}' must be base64 after the colon") from None
        if len(secret) != KEY_BYTES:
            raise ValueError(f"key '{name}' must have {KEY_BYTES} bytes, it has {len(secret)}")
        if len(set(secret)) == 1:
            raise ValueError(f"key '{name}' must be random")
        found.append(GivenKey(name, secret))
    if not found:
        raise ValueError("must name at least one key")
    for what, of in (("id", [key.name for key in found]), ("key", [key.secret for key in found])):
        if len(set(of)) != len(of):
            raise ValueError(f"must not name the same {what} twice")
    return tuple(found)
