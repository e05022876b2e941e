"""Key rings as they are given: one reader for payloads and for identity numbers, and what each refuses."""

from __future__ import annotations

import base64

import pytest

from models.key_ring import IDENTITY_IDS, KEY_BYTES, PAYLOAD_IDS, GivenKey, KeyIds, read_keys

ONE, TWO = bytes(range(KEY_BYTES)), bytes(range(1, KEY_BYTES + 1))
FIRST, SECOND = base64.b64encode(ONE).decode(), base64.b64encode(TWO).decode()

BOTH = pytest.mark.parametrize("ids", [PAYLOAD_IDS, IDENTITY_IDS], ids=["payload", "identity"])


@BOTH
@pytest.mark.parametrize("between", [",", "\n", " ,\n "], ids=["comma", "line", "both"])
def test_the_current_key_comes_first(ids: KeyIds, between: str) -> None:
    found = read_keys(f"2027:{FIRST}{between}2026:{SECOND}\n", ids)
    assert found == (GivenKey("2027", ONE), GivenKey("2026", TWO))


@BOTH
@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "must name at least one key"),
        (" ,\n", "must name at least one key"),
        (FIRST, "key 1 must be id:base64, the id of letters, digits, "),
        (f"k:{FIRST},{SECOND}", "key 2 must be id:base64, the id of letters, digits, "),
        (f":{FIRST}", "key 1 must be id:base64, the id of letters, digits, "),
        (f"-k:{FIRST}", "key 1 must be id:base64, the id of letters, digits, "),
        (f"{'k' * 41}:{FIRST}", "key 1 must be id:base64, the id of letters, digits, "),
        (f"k:{FIRST}!", "key 'k' must be base64 after the colon"),
        (f"k:密{FIRST}", "key 'k' must be base64 after the colon"),
        (f"k:{FIRST[:20]}", "key 'k' must have 32 bytes, it has 15"),
        (f"k:{base64.b64encode(b'7' * KEY_BYTES).decode()}", "key 'k' must be random"),
        (f"k:{FIRST},k:{SECOND}", "must not name the same id twice"),
        (f"k:{FIRST},other:{FIRST}", "must not name the same key twice"),
    ],
)
def test_a_wrong_ring_is_refused_with_the_rule_and_no_part_of_a_key(
    ids: KeyIds, text: str, rule: str
) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        read_keys(text, ids)
    assert str(refused.value).startswith(rule)
    for secret in (FIRST, SECOND, base64.b64encode(b"7" * KEY_BYTES).decode()):
        assert secret[:12] not in str(refused.value)
    assert FIRST not in repr(read_keys(f"k:{FIRST}", ids))
    assert repr(ONE) not in repr(read_keys(f"k:{FIRST}", ids))


def test_only_ids_of_identity_keys_have_dots_and_forty_characters() -> None:
    for name in ("2026.11", "k" * 33):
        assert read_keys(f"{name}:{FIRST}", IDENTITY_IDS)[0].name == name
        with pytest.raises(ValueError, match=r"letters, digits, '-' and '_'$"):
            read_keys(f"{name}:{FIRST}", PAYLOAD_IDS)
