"""Payload keys as they are given and made: `id:base64,id:base64`. No cipher is loaded here either."""

from __future__ import annotations

import base64
import secrets

from models.key_ring import KEY_BYTES, PAYLOAD_IDS, GivenKey, read_keys


def parse_keys(text: str) -> tuple[GivenKey, ...]:
    """The payload keys of a ring, the current one first. Raises `ValueError`, which quotes no key."""
    return read_keys(text, PAYLOAD_IDS)


def new_key(name: str) -> str:
    """A fresh key as it is given: `id:base64`. Raises `ValueError` for an id that may not be."""
    made = f"{name}:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}"
    parse_keys(made)
    return made
