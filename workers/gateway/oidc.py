"""Verifies OpenID Connect bearer tokens: signature, issuer, audience, life; and reads who they stand for.

Keys come from the issuer's JWKS and are kept for a while. Whoever shows a known key never waits for the
issuer; an unknown key is looked up once, not more often than `REFETCH_EVERY`, so that forged key ids cannot
make the gateway hammer the issuer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import httpx
import jwt
import structlog
from pydantic import TypeAdapter, ValidationError

from models.visibility import Grant
from workers.gateway.caller import Caller
from workers.issuer import UNGRANTABLE
from workers.settings import ASYMMETRIC

LONGEST_TOKEN = 16_384
KEYS_LIVE, REFETCH_EVERY = 600.0, 10.0
"""Seconds after which keys are fetched anew, and between two tries."""

KEYS_LAST = 24 * 3600.0
"""Seconds for which keys are taken while the issuer is away: a key that it withdrew ends by then."""

LEEWAY = 30.0
"""Seconds by which clocks may differ."""

FETCH_WITHIN = 5.0

_GRANTS = TypeAdapter(tuple[Grant, ...])
_log = structlog.stdlib.get_logger("gateway")

Fetch = Callable[[], Awaitable[dict[str, Any]]]


class TokenRefusedError(Exception):
    """The token is not accepted; the text says why, without anything from the token itself."""


class IssuerAwayError(Exception):
    """The key of the token is not known here, and the issuer's keys cannot be fetched."""


class KeyRing:
    """The issuer's public keys by key id, fetched by `fetch` when they are old or one is missing.

    `clock` counts seconds.
    """

    def __init__(self, fetch: Fetch, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch, self._clock = fetch, clock
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched, self._tried = -KEYS_LAST, -REFETCH_EVERY
        self._away = True
        self._fetching: asyncio.Task[None] | None = None

    async def key(self, kid: str) -> jwt.PyJWK:
        """Raises `TokenRefusedError` for a key the issuer does not have, `IssuerAwayError`."""
        if (known := self._known(kid)) is not None:
            if self._clock() - self._fetched >= KEYS_LIVE:
                self._begin_to_fetch()
            return known
        if (fetching := self._begin_to_fetch()) is not None:
            await asyncio.shield(fetching)
        if (known := self._known(kid)) is not None:
            return known
        if self._away:
            raise IssuerAwayError("the keys of the token issuer cannot be fetched")
        raise TokenRefusedError("it is signed with a key that the issuer does not have")

    def _known(self, kid: str) -> jwt.PyJWK | None:
        return self._keys.get(kid) if self._clock() - self._fetched < KEYS_LAST else None

    def _begin_to_fetch(self) -> asyncio.Task[None] | None:
        """The try that is under way, or a new one; None when the last one was only just now."""
        if self._fetching is not None and not self._fetching.done():
            return self._fetching
        if self._clock() - self._tried < REFETCH_EVERY:
            return None
        self._tried = self._clock()
        self._fetching = asyncio.create_task(self._refresh())
        return self._fetching

    async def _refresh(self) -> None:
        """Known keys stay in use when the issuer is away, or answers with anything but keys."""
        try:
            keys = _usable(await self._fetch())
        except (httpx.HTTPError, httpx.InvalidURL, KeyError, TypeError, ValueError) as error:
            self._away = True
            _log.warning("the keys of the token issuer were not fetched", reason=type(error).__name__)
            return
        self._keys, self._fetched, self._away = keys, self._clock(), False


def _usable(found: Any) -> dict[str, jwt.PyJWK]:
    """The keys that signatures are verified with; others of the set are left out, secrets before all."""
    keys: dict[str, jwt.PyJWK] = {}
    for key in found["keys"]:
        kid = key.get("kid") if isinstance(key, dict) else None
        if not isinstance(kid, str) or key.get("kty") == "oct" or key.get("use", "sig") != "sig":
            continue
        try:
            keys[kid] = jwt.PyJWK(key)
        except (jwt.PyJWTError, KeyError, TypeError, ValueError):
            continue
    if not keys:
        raise ValueError("the set has no key to verify with")
    return keys


def fetched_from(
    issuer: str, jwks_url: str | None, transport: httpx.AsyncBaseTransport | None = None
) -> Fetch:
    """Fetches the JWKS of an issuer, by its discovery document unless `jwks_url` is given.

    Redirects are not followed, and an issuer with TLS cannot send us to an address without.
    """

    async def fetch() -> dict[str, Any]:
        async with httpx.AsyncClient(
            timeout=FETCH_WITHIN, follow_redirects=False, transport=transport
        ) as client:
            url = jwks_url
            if url is None:
                found = await client.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
                document = found.raise_for_status().json()
                if document["issuer"] != issuer:
                    raise ValueError("the discovery document is another issuer's")
                url = document["jwks_uri"]
                if issuer.startswith("https:") and not url.startswith("https:"):
                    raise ValueError("the keys are not to be had with TLS")
            keys: dict[str, Any] = (await client.get(url)).raise_for_status().json()
            return keys

    return fetch


class Verifier:
    """Turns a bearer token into a `Caller`."""

    def __init__(
        self,
        keys: KeyRing,
        *,
        issuer: str,
        audience: str,
        grants_claim: str,
        service_claim: str,
        algorithms: Sequence[str] = ASYMMETRIC,
    ) -> None:
        self._keys, self._issuer, self._audience = keys, issuer, audience
        self._algorithms = list(algorithms)
        self._grants_claim, self._service_claim = grants_claim, service_claim

    async def caller(self, token: str) -> Caller:
        """Raises `TokenRefusedError` with the reason, `IssuerAwayError`."""
        if len(token) > LONGEST_TOKEN:
            raise TokenRefusedError("it is too long")
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            raise TokenRefusedError("it is not a JSON Web Token") from None
        if header.get("alg") not in self._algorithms or not isinstance(header.get("kid"), str):
            raise TokenRefusedError("its algorithm is not allowed, or it names no key")
        key = await self._keys.key(header["kid"])
        try:
            claims = jwt.decode(
                token,
                key,  # with its own algorithm, whatever the header says
                algorithms=self._algorithms,
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
