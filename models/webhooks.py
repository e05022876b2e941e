"""Webhooks, pure: how a delivery is signed, where one may go, how long to wait after one failed.

Signatures follow the Standard Webhooks specification (standardwebhooks.com, v1): HMAC-SHA256 over
`webhook-id.webhook-timestamp.body`, base64, with a secret that is written `whsec_` and base64.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from models.refusal import RefusalCode, Refused, refuse

ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER = "webhook-id", "webhook-timestamp", "webhook-signature"

SECRET_PREFIX = "whsec_"
SECRET_BYTES = (24, 64)
"""How long a secret is, at least and at most; by the specification."""

SEAL_KEY_BYTES = 32
"""How long the key is under which the database keeps secrets."""

TOLERANCE = timedelta(minutes=5)
"""How far a receiver's clock may be off before it refuses a delivery as a replay."""

OVERLAP = timedelta(hours=24)
"""How long the former secret signs beside the new one."""

FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=2), timedelta(minutes=30)
MOST_TRIES = 12
"""Answers "no" after which something is laid aside: with the waits between them, at most 65 minutes."""

PAUSE_AFTER = timedelta(hours=24)
"""How long everything fails, `MOST_TRIES` in a row at the end, before a subscription is paused."""

CITATION = "Standard Webhooks v1; and by design"

MAIL_ADDRESS = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,188}[A-Za-z0-9])?$"
"""Where mail may be sent: one plain address (RFC 5321 without quotes and comments)."""

_HOST_NAME = re.compile(r"(?=.{1,253}$)(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(?:\.|$))+")
"""What the name service can be asked for (RFC 1035, 2.3.4): labels of 1 to 63 characters, 253 in all."""

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_CARRIERS = tuple(
    map(ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96", "::ffff:0:0:0/96"))
)
"""IPv6 ranges that carry an IPv4 address to somewhere else: what they lead to is not seen in them."""


def new_secret(random: bytes) -> str:
    """A secret in its written form, of 24 to 64 random bytes. Raises `ValueError` for another length."""
    if not SECRET_BYTES[0] <= len(random) <= SECRET_BYTES[1]:
        raise ValueError(f"a secret has {SECRET_BYTES[0]} to {SECRET_BYTES[1]} bytes")
    return SECRET_PREFIX + base64.b64encode(random).decode()


def key_of(secret: str) -> bytes:
    """The bytes of a written secret. Raises `ValueError` when it is not one; never repeats it."""
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not secret.startswith(SECRET_PREFIX) or not SECRET_BYTES[0] <= len(key) <= SECRET_BYTES[1]:
        raise ValueError(f"must be {SECRET_PREFIX} and the base64 of 24 to 64 random bytes")
    return key


def seal_key_of(written: str) -> bytes:
    """The key under which secrets are kept, from its base64. Raises `ValueError`; never repeats it."""
    try:
        key = base64.b64decode(written, validate=True)
    except ValueError:
        key = b""
    if len(key) != SEAL_KEY_BYTES:
        raise ValueError(f"must be the base64 of {SEAL_KEY_BYTES} random bytes")
    return key


def headers_of(secrets: Iterable[str], message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers of a delivery sent at `at`, signed with every secret that is valid now."""
    timestamp = str(int(at.timestamp()))
    return {
        ID_HEADER: message_id,
        TIMESTAMP_HEADER: timestamp,
        SIGNATURE_HEADER: " ".join(_signature(secret, message_id, timestamp, body) for secret in secrets),
    }


def _signature(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key_of(secret), signed, hashlib.sha256)).decode()


def wait_after(tries: int, luck: float) -> timedelta:
    """How long to wait after the given number of failures: doubled each time, up to half an hour.

    `luck` from 0 to 1 takes off up to half, so that many who failed together do not come back together.
    """
    doubled: timedelta = FIRST_WAIT * (1 << min(tries - 1, 20))
    return min(doubled, LONGEST_WAIT) * (1 - luck / 2)


class Verdict(StrEnum):
    """What an answer means: taken; refused (this one); away (nobody could look at it); gone (never again)."""

    TAKEN = "taken"
    REFUSED = "refused"
    AWAY = "away"
    GONE = "gone"


_AWAY = frozenset({408, 425, 429, 502, 503, 504})


def verdict_on(status: int) -> Verdict:
    """What the HTTP status of a receiver means. A redirect is refused: it is not followed."""
    if 200 <= status < 300:
        return Verdict.TAKEN
    if status == 410:
        return Verdict.GONE
    return Verdict.AWAY if status in _AWAY else Verdict.REFUSED


def may_go_to(address: Address, allowed: Iterable[Network]) -> bool:
    """Whether a delivery may go to this address: a public one, or one of a network that is allowed.

    Others are this machine, its neighbours, or the metadata service of a cloud: a subscriber could have
    them called from inside (server-side request forgery).
    """
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    real = mapped or address
    if any(real in network for network in allowed if network.version == real.version):
        return True
    if any(real in network for network in _CARRIERS if network.version == real.version):
        return False
    site_local = isinstance(real, IPv6Address) and real.is_site_local
    return real.is_global and not real.is_multicast and not site_local


def checked_url(url: str, allowed: Iterable[Network], field: str = "url") -> str:
    """The URL, if a delivery may be sent there as far as it can be seen without asking for the name.

    Raises `Refused`: not https (http only to this machine), a password in it, a private address.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise _not_a_url(field) from None
    if parts.scheme not in ("https", "http") or len(url) > 500 or not _plain(url) or not _is_host(host):
        raise _not_a_url(field)
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise _refused(
            field,
            zh="网址中不得含有用户名、密码或片段。",
            en="The URL must hold no user, password or fragment.",
            fix_zh="请去掉这些部分；投递由签名证明来源。",
            fix_en="Leave them out; the signature proves where a delivery comes from.",
        )
    address = _address(host)
    loopback = address.is_loopback if address is not None else host == "localhost"
    if parts.scheme == "http" and not loopback:
        raise _refused(
            field,
            zh="必须使用 https；http 只允许本机地址。",
            en="It must be https; http is for this machine only.",
            fix_zh="请给出 https 网址。",
            fix_en="Give an https URL.",
        )
    if address is not None and not may_go_to(address, allowed):
        raise private(field)
    return url


def _plain(url: str) -> bool:
    return url.isascii() and url.isprintable() and " " not in url and "\\" not in url


def _is_host(host: str) -> bool:
    """Whether it is an address, or a name that can be looked up."""
    if _address(host) is not None:
        return True
    try:
        return _HOST_NAME.fullmatch(host) is not None and bool(host.encode("ascii").decode("idna"))
    except UnicodeError:  # `xn--` and what nobody can read
        return False


def _address(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def private(field: str = "url") -> Refused:
    """The address is not a public one."""
    return _refused(
        field,
        zh="该网址指向内部网络，不予投递。",
        en="It leads to a private address, where nothing is sent.",
        fix_zh="请给出公网地址，或由运维将该网段列入 ZHICHENG_WEBHOOK_NETWORKS。",
        fix_en="Give a public address, or have the operator list its network in ZHICHENG_WEBHOOK_NETWORKS.",
    )


def _not_a_url(field: str) -> Refused:
    return _refused(
        field,
        zh="不是可投递的网址（https://主机/路径，至多500个字符）。",
        en="It is no URL that something can be sent to (https://host/path, at most 500 characters).",
        fix_zh="请给出 https 网址。",
        fix_en="Give an https URL.",
    )


def _refused(field: str, *, zh: str, en: str, fix_zh: str, fix_en: str) -> Refused:
    return refuse(
        RefusalCode.GUARD, zh=zh, en=en, fix_zh=fix_zh, fix_en=fix_en, field=field, citation=CITATION
    )
