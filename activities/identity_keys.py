"""The keys of identity numbers: a ring that seals, and one that makes the blind index. Not in the database.

AES-256-GCM (NIST SP 800-38D) under the ring's first key; person, kind of document and key id are
authenticated with it, so that a sealed number moved to another row does not open. The blind index is
HMAC-SHA-256 (RFC 2104) over kind and number under a key of its own: whoever has the database alone cannot try
out the some 10^10 numbers that exist.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from models.identity import Document
from models.key_ring import IDENTITY_IDS, read_keys

_NONCE_BYTES = 12


class IdentityKeyError(Exception):
    """A number that does not open: its key is not in the ring, or the row was changed. Never quotes it."""


@dataclass(frozen=True)
class KeyRing:
    """Keys by id; the first one is the present one, the others open what is not re-keyed yet."""

    keys: Mapping[str, bytes]

    @property
    def current(self) -> str:
        """The id of the key that is used for what is new."""
        return next(iter(self.keys))

    @staticmethod
    def read(text: str) -> KeyRing:
        """`id:base64,id:base64`, the present one first. Raises `ValueError`, which shows no key."""
        return KeyRing({key.name: key.secret for key in read_keys(text, IDENTITY_IDS)})


@dataclass(frozen=True)
class IdentityKeys:
    """The two rings. Raises `ValueError` when they share a key."""

    sealing: KeyRing
    index: KeyRing

    def __post_init__(self) -> None:
        if set(self.sealing.keys.values()) & set(self.index.keys.values()):
            raise ValueError("the sealing key and the index key must differ")

    def seal(self, person: str, document: Document, number: str) -> tuple[str, str]:
        """The id of the key, and the number sealed under it; never twice the same."""
        key_id = self.sealing.current
        nonce = os.urandom(_NONCE_BYTES)
        closed = AESGCM(self.sealing.keys[key_id]).encrypt(
            nonce, number.encode(), _bound_to(person, document, key_id)
        )
        return key_id, base64.b64encode(nonce + closed).decode()

    def open(self, person: str, document: Document, key_id: str, sealed: str) -> str:
        """The number itself. Raises `IdentityKeyError`."""
        key = self.sealing.keys.get(key_id)
        if key is None:
            raise IdentityKeyError(
                f"the sealing key '{key_id}' is not in ZHICHENG_IDENTITY_KEYS: put it back into the ring"
            )
        try:
            whole = base64.b64decode(sealed, validate=True)
            bound = _bound_to(person, document, key_id)
            return AESGCM(key).decrypt(whole[:_NONCE_BYTES], whole[_NONCE_BYTES:], bound).decode()
        except (binascii.Error, ValueError, InvalidTag):
            raise IdentityKeyError(
                f"the identity number of '{person}' does not open under the key '{key_id}': "
                "the row was changed, or the key is another one"
            ) from None

    def blind(self, document: Document, number: str) -> tuple[str, str]:
        """The id of the present index key, and the index of a normalised number under it."""
        key_id = self.index.current
        return key_id, _blind(self.index.keys[key_id], document, number)

    def blind_under_each(self, document: Document, number: str) -> dict[str, str]:
        """The index under every key of the ring: what is not re-keyed yet is found, too."""
        return {key_id: _blind(key, document, number) for key_id, key in self.index.keys.items()}


def _bound_to(person: str, document: Document, key_id: str) -> bytes:
    return f"identity\n{person}\n{document.value}\n{key_id}".encode()


def _blind(key: bytes, document: Document, number: str) -> str:
    return hmac.new(key, f"{document.value}\n{number}".encode(), hashlib.sha256).hexdigest()
