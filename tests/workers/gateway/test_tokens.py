"""Tokens: a good one says who it is, each bad one is refused with its reason; the issuer may be away."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from fastapi import FastAPI
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from models.roles import Role
from models.visibility import Grant
from workers.gateway.oidc import (
    KEYS_LAST,
    KEYS_LIVE,
    REFETCH_EVERY,
    IssuerAwayError,
    KeyRing,
    TokenRefusedError,
    Verifier,
    fetched_from,
)
from workers.gateway.serve import listening_socket, verifier
from workers.issuer import ISSUER, LocalIssuer
from workers.settings import Settings, SettingsError

GOOD = ec.generate_private_key(ec.SECP256R1())
OTHER = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def claims(**change: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    whole: dict[str, Any] = {
        "iss": "https://issuer.example",
        "aud": "zhicheng",
        "sub": "clerk-1",
        "iat": now,
        "exp": now + timedelta(minutes=5),
        "zhicheng_grants": [{"role": "office", "organisation": "an-office"}],
    }
    return {name: value for name, value in (whole | change).items() if value is not None}


def public(key: Any, kid: str, algorithm: Any = ECAlgorithm) -> dict[str, Any]:
    return {**algorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig"}


def token(key: Any = GOOD, kid: str | None = "good", algorithm: str = "ES256", **change: Any) -> str:
    return jwt.encode(claims(**change), key, algorithm=algorithm, headers={"kid": kid} if kid else {})


def verifying(*keys: dict[str, Any]) -> Verifier:
    async def fetch() -> dict[str, Any]:
        return {"keys": list(keys or (public(GOOD, "good"), public(RSA, "rsa", RSAAlgorithm)))}

    return Verifier(
        KeyRing(fetch),
        issuer="https://issuer.example",
        audience="zhicheng",
        grants_claim="zhicheng_grants",
        service_claim="zhicheng_service",
    )


async def test_a_good_token_says_who_it_is() -> None:
    found = await verifying().caller(token(zhicheng_service=True, jti="t-1"))
    assert (found.subject, found.service, found.token_id) == ("clerk-1", True, "t-1")
    assert found.grants == (Grant(role=Role.OFFICE, organisation="an-office"),)
    assert (await verifying().caller(token(RSA, "rsa", "RS256"))).subject == "clerk-1"
    assert (await verifying().caller(token(zhicheng_grants=None))).grants == ()


def _unsigned() -> str:
    return jwt.encode(claims(), None, algorithm="none", headers={"kid": "good"})


def _shared_secret() -> str:
    """What anybody knows, taken as a shared secret: the classic confusion of algorithms."""
    known = str(public(GOOD, "good")["x"]) * 2
    return jwt.encode(claims(), known, algorithm="HS256", headers={"kid": "good"})


PAST = datetime(2023, 1, 1, tzinfo=UTC)
BAD = {
    "expired": (lambda: token(exp=PAST), "expired"),
    "not yet": (lambda: token(nbf=datetime.now(UTC) + timedelta(hours=1)), "do not hold"),
    "no expiry": (lambda: token(exp=None), "do not hold"),
    "no subject": (lambda: token(sub=None), "do not hold"),
    "another issuer": (lambda: token(iss="https://evil.example"), "another issuer"),
    "another audience": (lambda: token(aud="another-service"), "another audience"),
    "another key": (lambda: token(OTHER), "do not hold"),
    "unknown key": (lambda: token(OTHER, "unknown"), "does not have"),
    "no key named": (lambda: token(kid=None), "names no key"),
    "unsigned": (_unsigned, "not allowed"),
    "a shared secret": (_shared_secret, "not allowed"),
    "the algorithm of another key": (lambda: token(RSA, "good", "RS256"), "do not hold"),
    "an identity number": (lambda: token(sub="120101199001011234"), "opaque"),
    "the service itself": (lambda: token(zhicheng_grants=[{"role": "system"}]), "nobody may hold"),
    "an unknown role": (lambda: token(zhicheng_grants=[{"role": "king"}]), "zhicheng_grants"),
    "grants of another shape": (lambda: token(zhicheng_grants={"office": True}), "zhicheng_grants"),
    "changed": (lambda: token()[:-8] + "AAAAAAAA", "do not hold"),
    "no token": (lambda: "hello", "JSON Web Token"),
    "endless": (lambda: "a" * 20_000, "too long"),
}


@pytest.mark.parametrize("how", BAD)
async def test_a_bad_token_is_refused_with_its_reason(how: str) -> None:
    make, why = BAD[how]
    with pytest.raises(TokenRefusedError, match=why):
        await verifying().caller(make())


async def test_keys_outlive_the_issuer_and_forged_ids_do_not_hammer_it() -> None:
    fetched, away, now = 0, False, 1000.0

    async def fetch() -> dict[str, Any]:
        nonlocal fetched
        fetched += 1
        if away:
            raise httpx.ConnectError("away")
        odd = [{"kid": "odd", "kty": "RSA", "alg": "RSA-OAEP"}, {"kid": "odder", "kty": "??"}, "oddest"]
        return {"keys": [*odd, public(GOOD, "good"), {"kid": "secret", "kty": "oct", "k": "AAAA"}]}

    ring = KeyRing(fetch, lambda: now)
    assert (await ring.key("good")).key_id == "good"
    for n in range(20):
        with pytest.raises(TokenRefusedError):
            await ring.key(f"forged-{n}")
    assert fetched == 1
    now += REFETCH_EVERY
    for kid in ("secret", "odd", "odder"):
        with pytest.raises(TokenRefusedError):
            await ring.key(kid)
    assert fetched == 2
    away, now = True, now + KEYS_LIVE
    assert (await ring.key("good")).key_id == "good"
    with pytest.raises(IssuerAwayError):
        await ring.key("new")  # perhaps the issuer has it: nobody can say now
    assert fetched == 3
    now += KEYS_LAST
    with pytest.raises(IssuerAwayError):
        await ring.key("good")
    away, now = False, now + REFETCH_EVERY
    assert (await ring.key("good")).key_id == "good"


async def test_who_has_a_known_key_does_not_wait_for_an_issuer_that_hangs() -> None:
    now, answers, asked = 1000.0, asyncio.Event(), asyncio.Event()
    answers.set()

    async def fetch() -> dict[str, Any]:
        asked.set()
        await answers.wait()
        return {"keys": [public(GOOD, "good"), public(OTHER, "new")]}

    ring = KeyRing(fetch, lambda: now)
    await ring.key("good")
    now += KEYS_LIVE
    answers.clear()
    asked.clear()
    waiting = asyncio.create_task(ring.key("unknown"))
    await asked.wait()
    assert (await ring.key("good")).key_id == "good"
    assert not waiting.done()
    answers.set()
    with pytest.raises(TokenRefusedError):
        await waiting
    assert (await ring.key("new")).key_id == "new"


async def test_keys_are_discovered_and_only_where_they_can_be_trusted() -> None:
    """A real HTTP server as issuer on this machine; then documents that send us elsewhere."""
    keys = {"keys": [public(GOOD, "good")]}
    async with _issuing(keys) as issuer:
        settings_of = Settings.load(oidc_issuer=issuer, oidc_audience="titles")
        found = await verifier(settings_of).caller(token(iss=issuer, aud=["other", "titles"]))
        assert found.subject == "clerk-1"
        explicit = Settings.load(oidc_issuer="https://named.example", oidc_jwks_url=f"{issuer}/keys")
        assert (await verifier(explicit).caller(token(iss="https://named.example"))).subject == "clerk-1"
        pinned = Settings.load(oidc_issuer=issuer, oidc_algorithms="RS256, PS256")
        with pytest.raises(TokenRefusedError, match="not allowed"):
            await verifier(pinned).caller(token(iss=issuer))
    with pytest.raises(IssuerAwayError):
        await verifier(settings_of).caller(token(iss=issuer))
    for document in (
        {"issuer": "https://evil.example", "jwks_uri": "https://issuer.example/keys"},
        {"issuer": "https://issuer.example", "jwks_uri": "http://issuer.example/keys"},
        {"issuer": "https://issuer.example", "jwks_uri": "https://issuer.example/moved"},
        {"issuer": "https://issuer.example"},
        ["no document"],
    ):

        def answer(request: httpx.Request, document: Any = document) -> httpx.Response:
            if request.url.path.endswith("openid-configuration"):
                return httpx.Response(200, json=document)
            if request.url.path == "/moved":
                return httpx.Response(302, headers={"Location": "https://issuer.example/keys"})
            return httpx.Response(200, json=keys)

        fetch = fetched_from("https://issuer.example", None, httpx.MockTransport(answer))
        with pytest.raises(IssuerAwayError):
            await KeyRing(fetch).key("good")


@asynccontextmanager
async def _issuing(keys: dict[str, Any]) -> AsyncIterator[str]:
    """An issuer that publishes these keys; its address."""
    sock = listening_socket("127.0.0.1:0")
    issuer = f"http://127.0.0.1:{sock.getsockname()[1]}"
    app = FastAPI()

    @app.get("/.well-known/openid-configuration")
    async def discovery() -> dict[str, Any]:
        return {"issuer": issuer, "jwks_uri": f"{issuer}/keys"}

    @app.get("/keys")
    async def jwks() -> dict[str, Any]:
        return keys

    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve([sock]))
    try:
        yield issuer
    finally:
        server.should_exit = True
        await serving


def test_the_local_issuer_keeps_its_key_and_grants_no_more_than_it_may(tmp_path: Path) -> None:
    issuer = LocalIssuer(tmp_path, "zhicheng", "zhicheng_grants", "zhicheng_service")
    office = [Grant(role=Role.OFFICE, organisation="an-office")]
    minted = issuer.mint("clerk-1", office, life=timedelta(hours=1))
    again = LocalIssuer(tmp_path, "zhicheng", "zhicheng_grants", "zhicheng_service")
    key = jwt.PyJWK(again.jwks()["keys"][0])
    assert (
        jwt.decode(minted, key, algorithms=["ES256"], audience="zhicheng", issuer=ISSUER)["sub"] == "clerk-1"
    )
    (file,) = tmp_path.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "PRIVATE" not in json.dumps(again.jwks())
    assert "d" not in again.jwks()["keys"][0]
    for grants, life in (
        (office, timedelta(hours=25)),
        ([], timedelta(hours=1)),
        ([Grant(role=Role.SYSTEM)], timedelta(hours=1)),
        ([Grant(role=Role.OFFICE)], timedelta(hours=1)),
    ):
        with pytest.raises(ValueError, match=r"\w"):
            issuer.mint("clerk-1", grants, life=life)


def test_nobody_is_let_in_by_default(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="nobody could be let in"):
        verifier(Settings.load(data_dir=tmp_path))
    open_to_all = {"local_issuer": True, "gateway_address": "0.0.0.0:8080"}
    with pytest.raises(SettingsError, match="where the network reaches"):
        verifier(Settings.load(data_dir=tmp_path, **open_to_all))
    assert verifier(Settings.load(data_dir=tmp_path, rehearsal=True, **open_to_all))
    with pytest.raises(SettingsError, match="unset one"):
        verifier(Settings.load(data_dir=tmp_path, local_issuer=True, oidc_issuer="https://issuer.example"))


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("oidc_issuer", "http://issuer.example", "must begin with https"),
        ("oidc_jwks_url", "http://10.0.0.1/keys", "must begin with https"),
        ("oidc_algorithms", "RS256,HS256", "asymmetric"),
        ("oidc_algorithms", "none", "asymmetric"),
        ("oidc_algorithms", ",", "asymmetric"),
        ("gateway_origins", "*", "must be scheme://host"),
        ("gateway_origins", "https://a.example/path", "must be scheme://host"),
    ],
)
def test_settings_that_would_open_the_door_are_refused(name: str, value: str, rule: str) -> None:
    with pytest.raises(SettingsError, match=rule):
        Settings.load(**{name: value})
