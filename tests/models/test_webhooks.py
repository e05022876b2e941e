"""Signatures by the specification's own example, addresses that are called and not called, waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.refusal import Refused
from models.webhooks import (
    LONGEST_WAIT,
    MOST_TRIES,
    Verdict,
    checked_url,
    headers_of,
    key_of,
    may_go_to,
    new_secret,
    verdict_on,
    wait_after,
)

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
HOME = (ip_network("127.0.0.0/8"), ip_network("10.1.0.0/16"))


def test_a_signature_is_the_one_that_the_specification_shows() -> None:
    at = datetime.fromtimestamp(1614265330, UTC)
    signed = headers_of([SECRET], "msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}')
    assert signed == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_while_secrets_change_a_delivery_is_signed_with_both() -> None:
    at, other = datetime.fromtimestamp(1614265330, UTC), new_secret(bytes(range(32)))
    both = headers_of([other, SECRET], "m", at, b"{}")["webhook-signature"].split()
    alone = [headers_of([one], "m", at, b"{}")["webhook-signature"] for one in (other, SECRET)]
    assert both == alone
    assert both[0] != both[1]


@pytest.mark.parametrize(
    "text", ["", "whsec_", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!" * 9]
)
def test_what_is_no_secret_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="24 to 64") as refused:
        key_of(text)
    assert text == "" or text not in str(refused.value).replace("whsec_ and", "")


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1"),
        *("224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "2001:0:1::1"),
        *("::7f00:1", "::ffff:0:a00:1", "fec0::1"),
    ],
)
def test_nothing_is_sent_inside(address: str) -> None:
    assert not may_go_to(ip_address(address), ())


@pytest.mark.parametrize("address", ["1.1.1.1", "39.156.66.10", "2400:da00::6666", "::ffff:1.1.1.1"])
def test_what_is_public_is_called(address: str) -> None:
    assert may_go_to(ip_address(address), ())


def test_a_network_may_be_allowed() -> None:
    assert may_go_to(ip_address("127.0.0.1"), HOME)
    assert may_go_to(ip_address("::ffff:10.1.2.3"), HOME)
    assert not may_go_to(ip_address("10.2.0.1"), HOME)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://hr.example.cn/x", "no URL"),
        ("hr.example.cn/x", "no URL"),
        ("https://", "no URL"),
        ("https://hr.example.cn:99999/", "no URL"),
        ("https://hr.example.cn/\r\nx: y", "no URL"),
        ("https://hr.example.cn\\@10.0.0.1/", "no URL"),
        ("https://" + "a" * 500, "no URL"),
        ("https://a..b/", "no URL"),
        (f"https://{'a' * 64}.example.cn/", "no URL"),
        (f"https://{'a.' * 127}cn/", "no URL"),
        ("https://xn--a/", "no URL"),
        ("https://%6c%6f/", "no URL"),
        ("https://user:pw@hr.example.cn/", "no user"),
        ("https://hr.example.cn/#x", "no user"),
        ("http://hr.example.cn/", "must be https"),
        ("http://10.1.0.1/", "must be https"),
        ("https://10.0.0.1/", "private address"),
        ("https://[::1]/", "private address"),
        ("https://169.254.169.254/latest/meta-data", "private address"),
    ],
)
def test_where_nothing_may_be_sent_is_refused_with_the_reason(url: str, why: str) -> None:
    with pytest.raises(Refused) as refused:
        checked_url(url, HOME[1:])
    refusal = refused.value.refusal
    assert why in refusal.rule.en
    assert refusal.field == "url"
    assert refusal.remedy.zh


@pytest.mark.parametrize(
    "url",
    [
        "https://hr.example.cn/titles?x=1",
        "https://xn--fiqs8s.xn--fiqs8s./",
        "https://a_b.example.cn/",
        "https://[2001:4860:4860::8888]:8443/",
        "http://127.0.0.1:8000/",
        "http://localhost/",
        "https://10.1.0.1/",
    ],
)
def test_where_something_may_be_sent(url: str) -> None:
    assert checked_url(url, HOME) == url


def test_answers() -> None:
    assert [verdict_on(status) for status in (200, 204, 301, 308, 400, 401, 404, 500)] == [
        *[Verdict.TAKEN] * 2,
        *[Verdict.REFUSED] * 6,
    ]
    assert [verdict_on(status) for status in (408, 425, 429, 502, 503, 504)] == [Verdict.AWAY] * 6
    assert verdict_on(410) is Verdict.GONE


@given(tries=st.integers(1, 10**6), luck=st.floats(0, 1))
def test_waits_grow_and_have_an_end(tries: int, luck: float) -> None:
    wait = wait_after(tries, luck)
    assert timedelta(seconds=1) <= wait <= LONGEST_WAIT
    assert wait_after(tries + 1, luck) >= wait
    assert wait >= wait_after(tries, 0.0) / 2


def test_until_something_is_laid_aside_an_hour_passes() -> None:
    whole = sum((wait_after(tries, 0.0) for tries in range(1, MOST_TRIES)), timedelta(0))
    assert timedelta(minutes=30) < whole / 2 < whole < timedelta(minutes=65)
