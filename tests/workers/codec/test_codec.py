"""The codec by itself: whatever is sealed opens again, and nothing that was altered does."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.common import RawValue
from temporalio.converter import NexusSerializationContext, WorkflowSerializationContext
from temporalio.exceptions import ApplicationError

from tests.codec import ring
from workers.codec.codec import (
    DAMAGED,
    ENCODING,
    KEY_ID,
    LARGEST,
    DamagedPayloadError,
    SealingCodec,
    is_sealed,
    left_open,
    seal,
    unseal,
)
from workers.codec.converter import review_converter
from workers.codec.given import new_key, parse_keys
from workers.codec.keys import UnknownKeyError

OLD, NEW = new_key("2025"), new_key("2026")
PLANTED = "张三的学历证书"

metadata = st.dictionaries(st.text(max_size=12), st.binary(max_size=40), max_size=3)
payloads = st.builds(
    Payload,
    metadata=st.one_of(st.just({"encoding": b"json/plain"}), metadata),
    data=st.one_of(st.binary(max_size=600), st.binary(max_size=20).map(lambda part: part * 200)),
)


@settings(max_examples=150, deadline=None)
@given(payloads)
@example(Payload(data=ENCODING))
def test_what_is_sealed_opens_again_and_says_nothing(payload: Payload) -> None:
    sealed = seal(payload, ring())
    assert unseal(sealed, ring()) == payload
    assert dict(sealed.metadata) == {"encoding": ENCODING, KEY_ID: ring().current.id.encode()}
    assert seal(payload, ring()) != sealed, "a nonce is never used twice"
    sealed.metadata.clear()  # compared above; data may be a part of its words, "binary/z" for one
    assert len(payload.data) < 8 or payload.data not in sealed.SerializeToString()


@settings(max_examples=150, deadline=None)
@given(payloads, st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_one_altered_byte_anywhere_and_it_does_not_open(payload: Payload, at: int, change: int) -> None:
    sealed = seal(payload, ring())
    data = bytearray(sealed.data)
    data[at % len(data)] ^= change
    with pytest.raises(DamagedPayloadError):
        unseal(Payload(metadata=sealed.metadata, data=bytes(data)), ring())


@settings(max_examples=60, deadline=None)
@given(payloads, st.integers(min_value=0))
def test_a_part_of_it_does_not_open(payload: Payload, upto: int) -> None:
    sealed = seal(payload, ring())
    with pytest.raises(DamagedPayloadError):
        unseal(Payload(metadata=sealed.metadata, data=sealed.data[: upto % len(sealed.data)]), ring())


def test_what_is_authenticated_beside_it_cannot_be_changed() -> None:
    keys = ring(f"{NEW},{OLD}")
    sealed = seal(Payload(data=b"x" * 100), keys)
    relabelled = Payload(metadata={**sealed.metadata, KEY_ID: keys.ids[1].encode()}, data=sealed.data)
    with pytest.raises(DamagedPayloadError):
        unseal(relabelled, keys)
    with pytest.raises(UnknownKeyError, match="or for another namespace"):
        unseal(sealed, ring(f"{NEW},{OLD}", namespace="elsewhere"))
    assert seal(Payload(), keys).metadata[KEY_ID] != seal(Payload(), ring(NEW, "elsewhere")).metadata[KEY_ID]


def test_a_key_is_added_made_current_and_retired() -> None:
    text = Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(PLANTED).encode())
    before = seal(text, ring(OLD))
    added, changed = ring(f"{OLD},{NEW}"), ring(f"{NEW},{OLD}")
    assert seal(text, added).metadata[KEY_ID].startswith(b"2025.")
    after = seal(text, changed)
    assert after.metadata[KEY_ID].startswith(b"2026.")
    for keys in (added, changed):
        assert unseal(before, keys) == unseal(after, keys) == text
    with pytest.raises(UnknownKeyError) as missing:
        unseal(before, ring(NEW))
    assert missing.value.key_id == ring(OLD).ids[0]
    assert str(missing.value).startswith("ZHICHENG_PAYLOAD_KEYS: the payload is sealed under key '2025.")
    assert "Remedy: add '2025:<base64>'" in str(missing.value)
    for said in (PLANTED, base64.b64encode(before.data).decode(), NEW.partition(":")[2]):
        assert said not in str(missing.value)


def test_another_key_under_the_same_id_is_told_apart_from_an_altered_payload() -> None:
    sealed = seal(Payload(data=b"x"), ring(OLD))
    with pytest.raises(UnknownKeyError, match="the ring's '2025' is another key"):
        unseal(sealed, ring(new_key("2025")))


def test_a_ring_that_can_be_read_again_learns_a_key_without_a_restart() -> None:
    from workers.codec.keys import KeyRing

    given_now = parse_keys(OLD)
    keys = KeyRing(given_now, "default", source=lambda: parse_keys(f"{NEW},{OLD}"))
    assert unseal(seal(Payload(data=b"x"), ring(NEW)), keys) == Payload(data=b"x")
    assert keys.current.id.startswith("2026.")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "at least one key"),
        ("2026", "must be id:base64"),
        ("a b:AAAA", "must be id:base64"),
        ("k:no base64!", "'k' must be base64"),
        ("k:c2hvcnQ=", "'k' must have 32 bytes, it has 5"),
        (f"k:{base64.b64encode(bytes(32)).decode()}", "'k' must be random"),
        (f"{NEW},{NEW}", "the same id twice"),
        (f"{NEW},other:{NEW.partition(':')[2]}", "the same key twice"),
    ],
    ids=["nothing", "no-key", "no-id", "no-base64", "short", "zeros", "same-id", "same-key"],
)
def test_a_wrong_ring_is_refused_without_a_word_of_a_key(text: str, rule: str) -> None:
    with pytest.raises(ValueError, match=rule) as refused:
        parse_keys(text)
    assert NEW.partition(":")[2] not in str(refused.value)
    assert NEW.partition(":")[2] not in repr(parse_keys(NEW))


def test_a_small_payload_cannot_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = seal(Payload(data=bytes(10_000)), ring())
    assert len(sealed.data) < 200
    monkeypatch.setattr("workers.codec.codec.LARGEST", 9_999)
    with pytest.raises(DamagedPayloadError):
        unseal(sealed, ring())
    assert LARGEST > 2 * 1024 * 1024, "more than Temporal takes"


def test_a_large_payload_comes_through() -> None:
    whole = Payload(metadata={"encoding": b"json/plain"}, data=b"0123456789abcdef" * 200_000)
    sealed = seal(whole, ring())
    assert len(sealed.data) < 20_000
    assert unseal(sealed, ring()) == whole


def test_the_codec_leaves_alone_what_is_not_its_own() -> None:
    plain = Payload(metadata={"encoding": b"json/plain"}, data=b"1")
    foreign = Payload(metadata={"encoding": b"binary/encrypted"}, data=b"of another team")
    codec = SealingCodec(ring())
    assert asyncio.run(codec.decode([plain, foreign])) == [plain, foreign]
    assert asyncio.run(SealingCodec(ring(), seals=False).encode([plain])) == [plain]
    opening = SealingCodec(ring(), seals=False)
    assert asyncio.run(opening.decode([seal(plain, ring())])) == [plain]


def test_a_damaged_payload_is_no_value_and_an_unknown_key_is_an_error() -> None:
    sealed = seal(Payload(metadata={"encoding": b"json/plain"}, data=b"1"), ring())
    altered = Payload(metadata=sealed.metadata, data=sealed.data[:-1] + bytes([sealed.data[-1] ^ 1]))
    converter = review_converter(SealingCodec(ring()))
    [decoded] = asyncio.run(converter.payload_codec.decode([altered]))  # type: ignore[union-attr]
    assert dict(decoded.metadata) == {"encoding": DAMAGED}
    assert decoded.data == b""
    with pytest.raises(DamagedPayloadError):
        asyncio.run(converter.decode([altered]))
    assert asyncio.run(converter.decode([altered], [RawValue]))[0].payload.data == b""
    with pytest.raises(UnknownKeyError):
        asyncio.run(review_converter(SealingCodec(ring(NEW))).decode([sealed]))


def _failure(error: Exception, context: Any = None) -> Failure:
    converter = review_converter(SealingCodec(ring()))
    made = Failure()
    asyncio.run((converter.with_context(context) if context else converter).encode_failure(error, made))
    return made


def test_what_an_error_says_is_sealed_but_not_its_type() -> None:
    made = _failure(ApplicationError(PLANTED, {"why": PLANTED}, type="Refused"))
    assert made.message == "Encoded failure"
    assert made.application_failure_info.type == "Refused"
    assert is_sealed(made.encoded_attributes)
    assert PLANTED.encode() not in made.SerializeToString()
    back = asyncio.run(review_converter(SealingCodec(ring())).decode_failure(made))
    assert isinstance(back, ApplicationError)
    assert (back.message, back.details) == (PLANTED, ({"why": PLANTED},))


def test_what_crosses_to_another_team_stays_readable() -> None:
    across = NexusSerializationContext(endpoint="e", service="s", operation="o")
    made = _failure(ApplicationError(PLANTED, {"why": 1}), across)
    assert (made.message, made.encoded_attributes.data) == (PLANTED, b"")
    assert made.application_failure_info.details.payloads[0].data == b'{"why":1}'
    open_detail = left_open(Payload(metadata={"encoding": b"json/plain"}, data=b"1"))
    assert _failure(ApplicationError(PLANTED, open_detail, type="RefusedStart")).message == PLANTED
    inside = WorkflowSerializationContext(namespace="default", workflow_id="w")
    assert _failure(ApplicationError(PLANTED), inside).message == "Encoded failure"
