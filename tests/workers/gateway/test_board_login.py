"""Signing in to the board at an OpenID provider: a real one on loopback, and one that misbehaves."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from jwt.algorithms import ECAlgorithm

from tests.workers.gateway.conftest import PLAN, app_of
from workers.connect import connect
from workers.gateway.serve import context, listening_socket
from workers.rehearsal.cast import OFFICE
from workers.settings import Settings

KEY = ec.generate_private_key(ec.SECP256R1())
GRANTS = [{"role": "office", "organisation": OFFICE}]


class Provider:
    """Gives a code for a challenge, and a token to whoever knows what was hashed. It counts what it gives."""

    def __init__(self) -> None:
        self.address = ""
        self.challenges: dict[str, str] = {}
        self.says: dict[str, Response] = {}
        self.app = FastAPI()
        self.app.get("/.well-known/openid-configuration")(self.discovery)
        self.app.get("/keys")(self.keys)
        self.app.post("/token")(self.token)

    async def discovery(self) -> Response:
        whole = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys"}
        there = {name: f"{self.address}{path}" for name, path in whole.items()}
        return self.says.get("discovery") or JSONResponse({"issuer": self.address, **there})

    async def keys(self) -> dict[str, Any]:
        jwk = ECAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
        return {"keys": [{**jwk, "kid": "k", "use": "sig"}]}

    async def token(self, request: Request) -> Response:
        if "token" in self.says:
            return self.says["token"]
        form = parse_qs((await request.body()).decode())
        known = self.challenges.pop(form["code"][0], None)
        digest = hashlib.sha256(form["code_verifier"][0].encode()).digest()
        if known is None or base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != known:
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse({"access_token": self.minted(), "token_type": "Bearer"})

    def minted(self) -> str:
        now = datetime.now(UTC)
        claims = {
            "iss": self.address,
            "aud": "zhicheng",
            "sub": "clerk-1",
            "iat": now,
            "exp": now + timedelta(minutes=5),
            "zhicheng_grants": GRANTS,
        }
        return jwt.encode(claims, KEY, algorithm="ES256", headers={"kid": "k"})


@asynccontextmanager
async def _serving(provider: Provider) -> AsyncIterator[None]:
    sock = listening_socket("127.0.0.1:0")
    provider.address = f"http://127.0.0.1:{sock.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(provider.app, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve([sock]))
    try:
        yield
    finally:
        server.should_exit = True
        await serving


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    made = Provider()
    async with _serving(made):
        yield made


@pytest.fixture
async def browser(provider: Provider, served: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """Keeps cookies, before a gateway that knows this provider."""
    settings = served.model_copy(update={"oidc_issuer": provider.address, "board_client_id": "the-board"})
    async with context(settings, await connect(settings)) as made:
        transport = httpx.ASGITransport(app=app_of(made), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            yield client


async def _began(browser: httpx.AsyncClient, provider: Provider) -> dict[str, str]:
    """The browser goes to the provider, whose user agrees; what the browser comes back with."""
    there = await browser.get("/board/login")
    assert there.status_code == 303, there.text
    place = urlsplit(there.headers["location"])
    asked = {name: values[0] for name, values in parse_qs(place.query).items()}
    assert f"{place.scheme}://{place.netloc}{place.path}" == f"{provider.address}/authorize"
    assert (asked["client_id"], asked["code_challenge_method"]) == ("the-board", "S256")
    assert asked["redirect_uri"] == "http://gateway/board/callback"
    provider.challenges["a-code"] = asked["code_challenge"]
    return {"code": "a-code", "state": asked["state"]}


async def test_who_signs_in_at_the_provider_is_let_in(browser: httpx.AsyncClient, provider: Provider) -> None:
    back = await _began(browser, provider)
    answer = await browser.get("/board/callback", params=back)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/board/plans/{PLAN}/cycle")
    assert (await browser.get(f"/board/plans/{PLAN}/cycle")).status_code == 200
    again = await browser.get("/board/callback", params=back)
    assert again.status_code == 401, "a code is good once, and the browser has forgotten what it was for"


async def test_a_sign_in_that_another_browser_began_is_refused(
    browser: httpx.AsyncClient, provider: Provider
) -> None:
    back = await _began(browser, provider)
    for wrong in (back | {"state": "x"}, back | {"code": ""}, {"code": "a-code"}):
        assert (await browser.get("/board/callback", params=wrong)).status_code == 401
    provider.challenges["a-code"] = "of another browser"
    assert (await browser.get("/board/callback", params=back)).status_code == 401
    assert (await browser.get(f"/board/plans/{PLAN}/cycle")).status_code == 303


@pytest.mark.parametrize(
    ("where", "said", "status"),
    [
        ("token", HTMLResponse("<h1>a proxy</h1>"), 401),
        ("token", JSONResponse(["no object"]), 401),
        ("token", JSONResponse({"access_token": None}), 401),
        ("token", JSONResponse({"access_token": "no token"}), 401),
        ("discovery", HTMLResponse("<h1>a proxy</h1>"), 503),
        ("discovery", JSONResponse({"issuer": "https://elsewhere.example"}), 503),
        ("discovery", JSONResponse({}, 500), 503),
    ],
)
async def test_what_a_provider_says_that_is_no_answer_lets_nobody_in(
    browser: httpx.AsyncClient, provider: Provider, where: str, said: Response, status: int
) -> None:
    back = await _began(browser, provider)
    provider.says[where] = said
    answer = await browser.get("/board/callback", params=back)
    assert answer.status_code == status, answer.text
    assert (await browser.get(f"/board/plans/{PLAN}/cycle")).status_code == 303
