"""Seals and opens payloads: compressed over a size, then AES-256-GCM (NIST SP 800-38D), one nonce a payload.

The whole payload is sealed, its own encoding with it. What stands beside it, the scheme, the key's id and
the namespace, is authenticated: a sealed payload that is moved to another namespace or relabelled does not
open. Nothing finer is bound (no workflow id, no place in the history): a payload may be carried into the next
run by continue-as-new or a reset, into a memo, and from a batch to its applications.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from google.protobuf.message import DecodeError
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue
from temporalio.converter import (
    NexusSerializationContext,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
)

from workers.codec.keys import KeyRing

ENCODING = b"binary/zhicheng1"
"""The scheme, as the encoding of a sealed payload names it."""

KEY_ID = "key-id"
OPEN = "zhicheng-open"
"""The mark of a payload that is left open, see `border`."""

DAMAGED = b"binary/zhicheng-damaged"
COMPRESS_FROM = 128
"""Bytes from which compression is tried; below, it gains little (docs/encryption.md)."""

LARGEST = 64 * 1024 * 1024
"""Bytes that a payload may have once it is open: a small one must not fill the memory."""

_NONCE_BYTES, _TAG_BYTES = 12, 16
_DEFLATED, _JSON = 1, 2
"""Bits of the first byte inside: the rest is deflated (RFC 1951); it is the data of a JSON payload alone."""

_LEVEL, _RAW = 6, -15
_PLAIN_JSON = {"encoding": b"json/plain"}


class DamagedPayloadError(ValueError):
    """A sealed payload that does not open under its own key: it was altered, cut, or moved."""


def seal(payload: Payload, ring: KeyRing) -> Payload:
    """The payload, sealed under the current key; never twice the same."""
    key, how, whole = ring.current, 0, b""
    if dict(payload.metadata) == _PLAIN_JSON and not payload.external_payloads:
        how, whole = _JSON, payload.data
    else:
        whole = payload.SerializeToString(deterministic=True)
    if len(whole) >= COMPRESS_FROM:
        small = zlib.compress(whole, _LEVEL, _RAW)
        if len(small) < len(whole):
            how, whole = how | _DEFLATED, small
    nonce = os.urandom(_NONCE_BYTES)
    closed = key.cipher.encrypt(nonce, bytes([how]) + whole, _bound_to(key.id, ring.namespace))
    return Payload(metadata={"encoding": ENCODING, KEY_ID: key.id.encode()}, data=nonce + closed)


def left_open(payload: Payload) -> RawValue:
    """The same value, marked so that no codec seals it."""
    return RawValue(Payload(metadata={**payload.metadata, OPEN: b"1"}, data=payload.data))


def is_left_open(value: object) -> bool:
    """Whether `left_open` made it."""
    return isinstance(value, RawValue) and OPEN in value.payload.metadata


def is_sealed(payload: Payload) -> bool:
    """Whether this service sealed it; whatever else it is, it is none of the codec's business."""
    return payload.metadata.get("encoding") == ENCODING


def unseal(payload: Payload, ring: KeyRing) -> Payload:
    """What was sealed. Raises `workers.codec.keys.UnknownKeyError`, `DamagedPayloadError`."""
    key = ring.find(payload.metadata.get(KEY_ID, b"").decode("ascii", "replace"))
    data = payload.data
    if len(data) <= _NONCE_BYTES + _TAG_BYTES:
        raise _damaged()
    try:
        whole = key.cipher.decrypt(
            data[:_NONCE_BYTES], data[_NONCE_BYTES:], _bound_to(key.id, ring.namespace)
        )
        how, body = whole[0], whole[1:]
        if how & _DEFLATED:
            body = _inflated(body)
        return Payload(metadata=_PLAIN_JSON, data=body) if how & _JSON else Payload.FromString(body)
    except (InvalidTag, zlib.error, DecodeError):
        raise _damaged() from None


def _inflated(body: bytes) -> bytes:
    stream = zlib.decompressobj(_RAW)
    whole = stream.decompress(body, LARGEST)
    if not stream.eof:
        raise _damaged()
    return whole


def _damaged() -> DamagedPayloadError:
    return DamagedPayloadError(
        "a sealed payload does not open under its own key: it was altered, cut, or moved. Remedy: send it "
        "again; if it stands in a history, see docs/runbooks/key-rotation.md"
    )


def _bound_to(key_id: str, namespace: str) -> bytes:
    """What is authenticated beside the payload; the lengths keep the parts apart."""
    parts = (ENCODING, key_id.encode(), namespace.encode())
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


class SealingCodec(PayloadCodec, WithSerializationContext):
    """The codec of every client and worker.

    Plain payloads, and those sealed by somebody else, are given back as they are: recorded histories and
    callers that send plain JSON. One that was damaged becomes a payload that no type reads: a damaged signal
    is refused in words like any other that cannot be read, and holds nobody up. An unknown key raises, so
    that the task waits for the key instead of going another way without it.
    """

    def __init__(self, ring: KeyRing, *, seals: bool = True) -> None:
        """`seals` false: it opens what is sealed, and seals nothing."""
        self.ring, self.seals = ring, seals

    def with_context(self, context: SerializationContext) -> SealingCodec:
        """What crosses to another namespace by Nexus is left open: nobody there has a key of ours."""
        if self.seals and isinstance(context, NexusSerializationContext):
            return SealingCodec(self.ring, seals=False)
        return self

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """See `SealingCodec`."""
        if not self.seals:
            return list(payloads)
        return [one if OPEN in one.metadata or is_sealed(one) else seal(one, self.ring) for one in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """See `SealingCodec`. Raises `workers.codec.keys.UnknownKeyError`."""
        return [self._opened(one) for one in payloads]

    def _opened(self, payload: Payload) -> Payload:
        if not is_sealed(payload):
            return payload
        try:
            return unseal(payload, self.ring)
        except DamagedPayloadError:
            return Payload(metadata={"encoding": DAMAGED})
