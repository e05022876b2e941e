"""The secrets of webhooks as the database keeps them: sealed, so that reading a table lets nobody sign.

AES-256-GCM (NIST SP 800-38D) under a key that is not in the database; the subscription's id is authenticated
with it, so that a sealed secret moved to another row does not open.
"""

from __future__ import annotations

import base64
import binascii
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from models.webhooks import SEAL_KEY_BYTES, SECRET_PREFIX

SEALED_PREFIX = "sealed1."
_NONCE_BYTES = 12


class SealedError(Exception):
    """A secret that does not open: another key sealed it, or it was changed."""


class Seal:
    """Seals and opens secrets under one key of 32 bytes. Raises `ValueError` for another length."""

    def __init__(self, key: bytes) -> None:
        if len(key) != SEAL_KEY_BYTES:
            raise ValueError(f"a key has {SEAL_KEY_BYTES} bytes")
        self._cipher = AESGCM(key)

    def seal(self, webhook_id: str, secret: str) -> str:
        """The secret as the row of this subscription keeps it; never twice the same."""
        nonce = os.urandom(_NONCE_BYTES)
        closed = self._cipher.encrypt(nonce, secret.encode(), webhook_id.encode())
        return SEALED_PREFIX + base64.b64encode(nonce + closed).decode()

    def open(self, webhook_id: str, kept: str) -> str:
        """The secret itself; one from before there was a seal is what it is. Raises `SealedError`."""
        if not is_sealed(kept):
            return kept
        try:
            whole = base64.b64decode(kept.removeprefix(SEALED_PREFIX), validate=True)
            opened = self._cipher.decrypt(whole[:_NONCE_BYTES], whole[_NONCE_BYTES:], webhook_id.encode())
        except (binascii.Error, ValueError, InvalidTag):
            raise SealedError(webhook_id) from None
        return opened.decode()


def is_sealed(kept: str) -> bool:
    """Whether a secret is kept sealed."""
    return not kept.startswith(SECRET_PREFIX)
