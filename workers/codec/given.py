"""Payload keys as they are given: `id:base64,id:base64`. No cipher is loaded here, settings need none."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from dataclasses import dataclass, field

KEY_BYTES = 32
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")


@dataclass(frozen=True)
class PayloadKey:
    """One key of the ring, as it is given. Neither `repr` nor an error shows the secret."""

    name: str
    secret: bytes = field(repr=False)


def parse_keys(text: str) -> tuple[PayloadKey, ...]:
    """The keys of `id:base64`, with commas or line ends between them, the current one first.

    Raises `ValueError` with the rule that is broken; it never quotes a key.
    """
    found: list[PayloadKey] = []
    for number, part in enumerate((one.strip() for one in re.split(r"[,\n]", text) if one.strip()), 1):
        name, colon, encoded = part.partition(":")
        if not colon or not _NAME.fullmatch(name):
            raise ValueError(f"key {number} must be id:base64, the id of letters, digits, '-' and '_'")
        try:
            secret = base64.b64decode(encoded.strip(), validate=True)
        except (binascii.Error, ValueError):
            raise ValueError(f"key '{name}' must be base64 after the colon") from None
        if len(secret) != KEY_BYTES:
            raise ValueError(f"key '{name}' must have {KEY_BYTES} bytes, it has {len(secret)}")
        if len(set(secret)) == 1:
            raise ValueError(f"key '{name}' must be random")
        found.append(PayloadKey(name, secret))
    if not found:
        raise ValueError("must name at least one key")
    for what, of in (("id", [key.name for key in found]), ("key", [key.secret for key in found])):
        if len(set(of)) != len(of):
            raise ValueError(f"must not name the same {what} twice")
    return tuple(found)


def new_key(name: str) -> str:
    """A fresh key as it is given: `id:base64`. Raises `ValueError` for an id that may not be."""
    made = f"{name}:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}"
    parse_keys(made)
    return made
