"""The key ring of one namespace. The first key seals, all of them open.

A key never seals by itself: each namespace has a key derived from it (HKDF, RFC 5869), and on the wire a key
is named by its id and a fingerprint of what was derived. So a key that was mistyped, or taken for another
namespace, is not there, rather than there and wrong: what does not open under a key of the ring was altered.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from models.key_ring import KEY_BYTES, GivenKey

_FINGERPRINT_DIGITS = 8


class UnknownKeyError(LookupError):
    """A payload is sealed under a key that is not in the ring. It names the key, nothing of the payload."""

    def __init__(self, key_id: str, known: Sequence[str]) -> None:
        shown = key_id if len(key_id) <= 60 and key_id.isascii() and key_id.isprintable() else "(unreadable)"
        name = shown.partition(".")[0]
        twin = next((one for one in known if one.partition(".")[0] == name), None)
        rule = (
            f"the payload is sealed under key '{shown}', which is not in the key ring"
            if twin is None
            else f"the payload is sealed under key '{shown}', and the ring's '{name}' is another key, or for "
            f"another namespace ('{twin}')"
        )
        remedy = (
            f"add '{name}:<base64>' behind the first key and start this process again; on one machine, use "
            "the ZHICHENG_DATA_DIR of the worker"
        )
        super().__init__(f"ZHICHENG_PAYLOAD_KEYS: {rule}. Remedy: {remedy}.")
        self.key_id = shown


@dataclass(frozen=True)
class NamespaceKey:
    """A key as it seals in one namespace. `id` stands on every payload."""

    id: str
    cipher: AESGCM = field(repr=False)

    @classmethod
    def derive(cls, key: GivenKey, namespace: str) -> NamespaceKey:
        """The key of this namespace."""
        info = b"zhicheng payload key, version 1\0" + namespace.encode()
        derived = HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(key.secret)
        mark = hashlib.sha256(b"zhicheng payload key fingerprint\0" + derived).hexdigest()
        return cls(f"{key.name}.{mark[:_FINGERPRINT_DIGITS]}", AESGCM(derived))


class KeyRing:
    """The keys of one namespace. `source` gives them anew when a payload names a key that is not there."""

    def __init__(
        self,
        keys: Sequence[GivenKey],
        namespace: str,
        source: Callable[[], Sequence[GivenKey]] | None = None,
    ) -> None:
        self.namespace, self._source = namespace, source
        self._given: tuple[GivenKey, ...] = ()
        self._take(keys)

    def _take(self, keys: Sequence[GivenKey]) -> None:
        if tuple(keys) != self._given:
            self._given = tuple(keys)
            derived = [NamespaceKey.derive(key, self.namespace) for key in keys]
            self.current, self._by_id = derived[0], {key.id: key for key in derived}

    @property
    def ids(self) -> tuple[str, ...]:
        """As they stand on payloads, the current one first."""
        return tuple(self._by_id)

    def find(self, key_id: str) -> NamespaceKey:
        """The key of this id. Raises `UnknownKeyError`."""
        found = self._by_id.get(key_id)
        if found is None and self._source is not None:
            self._take(self._source())
            found = self._by_id.get(key_id)
        if found is None:
            raise UnknownKeyError(key_id, self.ids)
        return found
