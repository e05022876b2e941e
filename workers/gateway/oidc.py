"""Verifies OpenID Connect bearer tokens: signature, issuer, audience, life; and reads who they stand for.

Keys come from the issuer's JWKS and are kept for a while; an unknown key is looked up once, not more often
than `REFETCH_EVERY`, so that forged key ids cannot make the gateway hammer the issuer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import jwt
from pydantic import TypeAdapter, ValidationError

from models.visibility import Grant
from workers.gateway.caller import Caller
from workers.issuer import UNGRANTABLE

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Asymmetric ones only: a shared secret would let every verifier mint tokens."""

LONGEST_TOKEN = 16_384
KEYS_LIVE, REFETCH_EVERY = 600.0, 10.0
"""Seconds for which keys are taken as they are, and between two looks for an unknown one."""

LEEWAY = 30.0
"""Seconds by which clocks may differ."""

FETCH_WITHIN = 5.0

_GRANTS = TypeAdapter(tuple[Grant, ...])

Fetch = Callable[[], Awaitable[dict[str, Any]]]


class TokenRefusedError(Exception):
    """The token is not accepted; the text says why, without anything from the token itself."""


class IssuerAwayError(Exception):
    """The issuer's keys cannot be fetched, and none are known."""


class KeyRing:
    """The issuer's public keys by key id, fetched by `fetch` when they are old or one is missing."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched, self._tried = -KEYS_LIVE, -REFETCH_EVERY
        self._lock = asyncio.Lock()

    async def key(self, kid: str) -> jwt.PyJWK:
        """Raises `TokenRefusedError` for a key the issuer does not have, `IssuerAwayError`."""
        async with self._lock:
            now = time.monotonic()
            stale, missing = now - self._fetched >= KEYS_LIVE, kid not in self._keys
            if (stale or missing) and now - self._tried >= REFETCH_EVERY:
                self._tried = now
                await self._refresh(now)
        if kid in self._keys:
            return self._keys[kid]
        if not self._keys:
            raise IssuerAwayError("the keys of the token issuer cannot be fetched")
        raise TokenRefusedError("it is signed with a key that the issuer does not have")

    async def _refresh(self, now: float) -> None:
        """Known keys stay in use when the issuer is away."""
        try:
            found = await self._fetch()
            keys = {
                key["kid"]: jwt.PyJWK(key)
                for key in found["keys"]
                if key.get("kid") and key.get("kty") != "oct" and key.get("use", "sig") == "sig"
            }
        except (httpx.HTTPError, jwt.PyJWTError, KeyError, TypeError, ValueError):
            return
        self._keys, self._fetched = keys, now


def fetched_from(issuer: str, jwks_url: str | None) -> Fetch:
    """Fetches the JWKS of an issuer, by its discovery document unless `jwks_url` is given."""

    async def fetch() -> dict[str, Any]:
        async with httpx.AsyncClient(timeout=FETCH_WITHIN, follow_redirects=False) as client:
            url = jwks_url
            if url is None:
                found = await client.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
                document = found.raise_for_status().json()
                if document["issuer"] != issuer:
                    raise ValueError("the discovery document is another issuer's")
                url = document["jwks_uri"]
            keys: dict[str, Any] = (await client.get(url)).raise_for_status().json()
            return keys

    return fetch


class Verifier:
    """Turns a bearer token into a `Caller`."""

    def __init__(
        self, keys: KeyRing, *, issuer: str, audience: str, grants_claim: str, service_claim: str
    ) -> None:
        self._keys, self._issuer, self._audience = keys, issuer, audience
        self._grants_claim, self._service_claim = grants_claim, service_claim

    async def caller(self, token: str) -> Caller:
        """Raises `TokenRefusedError` with the reason, `IssuerAwayError`."""
        if len(token) > LONGEST_TOKEN:
            raise TokenRefusedError("it is too long")
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            raise TokenRefusedError("it is not a JSON Web Token") from None
        if header.get("alg") not in ALGORITHMS or not isinstance(header.get("kid"), str):
            raise TokenRefusedError("its algorithm is not allowed, or it names no key")
        key = await self._keys.key(header["kid"])
        try:
            claims = jwt.decode(
                token,
                key,  # with its own algorithm, whatever the header says
                algorithms=list(ALGORITHMS),
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except jwt.ExpiredSignatureError:
            raise TokenRefusedError("it has expired") from None
        except jwt.InvalidAudienceError:
            raise TokenRefusedError("it is meant for another audience") from None
        except jwt.InvalidIssuerError:
            raise TokenRefusedError("it comes from another issuer") from None
        except jwt.PyJWTError:
            raise TokenRefusedError("its signature or its claims do not hold") from None
        return self._read(claims)

    def _read(self, claims: dict[str, Any]) -> Caller:
        try:
            grants = _GRANTS.validate_python(claims.get(self._grants_claim, ()))
            if any(grant.role in UNGRANTABLE for grant in grants):
                raise TokenRefusedError("it grants a role that nobody may hold")
            return Caller(
                subject=claims["sub"],
                grants=grants,
                service=claims.get(self._service_claim) is True,
                token_id=str(claims["jti"])[:80] if claims.get("jti") else None,
            )
        except ValidationError:
            raise TokenRefusedError(
                f"its subject is no opaque reference, or the claim '{self._grants_claim}' is no list of "
                "{role, organisation}"
            ) from None
