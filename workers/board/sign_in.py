"""Signing in: at the OpenID provider (authorization code with PKCE), or with a token of the local issuer."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

import httpx
import jwt
from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from workers.board.door import sessions_of
from workers.board.render import page
from workers.board.session import COOKIE, LOGIN_WITHIN, LONGEST, PENDING
from workers.client import DEFAULT_PLAN
from workers.gateway.caller import Caller
from workers.gateway.context import Context, context_of
from workers.gateway.oidc import IssuerAwayError, TokenRefusedError
from workers.gateway.problems import problem

router = APIRouter()
Here = Annotated[Context, Depends(context_of)]
HOME = f"/board/plans/{DEFAULT_PLAN}/cycle"


@router.get("/", operation_id="board_home")
async def home() -> Response:
    """The first page."""
    return RedirectResponse(HOME, 303)


@router.get("/sign-in", operation_id="board_sign_in")
async def sign_in(request: Request, here: Here) -> Response:
    """Where to sign in."""
    return page(request, "sign_in.html", provider=here.settings.oidc_issuer is not None, refused=None)


@router.post("/sign-in", operation_id="board_signed_in")
async def signed_in(
    request: Request, here: Here, token: Annotated[str, Form(max_length=16_384)] = ""
) -> Response:
    """Takes a token of `zhicheng token`; only where there is no provider."""
    if here.settings.oidc_issuer is not None:
        raise _refused("tokens are not taken here")
    try:
        caller = await here.verifier.caller(token.strip())
    except TokenRefusedError as refused:
        return page(request, "sign_in.html", status=401, provider=False, refused=str(refused))
    ends = datetime.fromtimestamp(jwt.decode(token.strip(), options={"verify_signature": False})["exp"], UTC)
    return _welcome(request, here, caller, ends)


@router.post("/sign-out", operation_id="board_sign_out")
async def sign_out() -> Response:
    """Ends the session in this browser."""
    answer = RedirectResponse("/board/sign-in", 303)
    answer.delete_cookie(COOKIE, path="/board")
    return answer


@router.get("/login", operation_id="board_begin_login")
async def begin_login(request: Request, here: Here) -> Response:
    """Sends the browser to the provider, with a challenge that only this browser can answer."""
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": here.settings.board_client_id,
        "redirect_uri": _callback(request, here),
        "scope": "openid",
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    there = await _endpoint(here, "authorization_endpoint")
    answer = RedirectResponse(f"{there}{'&' if '?' in there else '?'}{urlencode(asked)}", 303)
    kept = sessions_of(request).remember({"verifier": verifier, "state": state})
    _keep(request, here, answer, PENDING, kept, LOGIN_WITHIN)
    return answer


@router.get("/callback", operation_id="board_end_login")
async def end_login(
    request: Request,
    here: Here,
    code: Annotated[str, Query(max_length=4_096)] = "",
    state: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Takes the provider's code, trades it for a token, and lets in whoever the token stands for."""
    login = sessions_of(request).remembered(request.cookies.get(PENDING))
    if login is None or not code or not hmac.compare_digest(login["state"].encode(), state.encode()):
        raise _refused("the sign-in was not begun in this browser, or took longer than ten minutes")
    token = await _traded(request, here, code, login["verifier"])
    try:
        caller = await here.verifier.caller(token)
    except TokenRefusedError as refused:
        raise _refused(str(refused)) from None
    except IssuerAwayError:
        raise _away() from None
    answer = _welcome(request, here, caller, datetime.now(UTC) + LONGEST)
    answer.delete_cookie(PENDING, path="/board")
    return answer


async def _traded(request: Request, here: Context, code: str, verifier: str) -> str:
    settings, secret = here.settings, here.settings.board_client_secret
    asked = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": _callback(request, here),
        "client_id": settings.board_client_id,
        "code_verifier": verifier,
    }
    if secret is not None:
        asked["client_secret"] = secret.get_secret_value()
    there = await _endpoint(here, "token_endpoint")
    try:
        async with httpx.AsyncClient(timeout=10) as client:
            answer = await client.post(there, data=asked)
    except httpx.HTTPError:
        raise _away() from None
    token = _said(answer).get("access_token") if answer.status_code == 200 else None
    if not isinstance(token, str):
        raise _refused("the provider did not accept the code")
    return token


async def _endpoint(here: Context, name: str) -> str:
    """One address of what the provider says of itself (OpenID Connect Discovery 1.0)."""
    if here.settings.oidc_issuer is None:
        raise _refused("there is no provider here: use a token")
    at = f"{here.settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration"
    try:
        async with httpx.AsyncClient(timeout=10) as client:
            answer = (await client.get(at)).raise_for_status()
    except httpx.HTTPError:
        raise _away() from None
    found = _said(answer).get(name)
    if not isinstance(found, str):
        raise _away()
    return found


def _said(answer: httpx.Response) -> dict[str, Any]:
    """The object of the answer; nothing, where a page of a proxy stands in its place."""
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _welcome(request: Request, here: Context, caller: Caller, ends: datetime) -> Response:
    sessions = sessions_of(request)
    answer = RedirectResponse(HOME, 303)
    _keep(
        request,
        here,
        answer,
        COOKIE,
        sessions.cookie(sessions.begin(caller, ends)),
        ends - datetime.now(UTC),
    )
    return answer


def _keep(request: Request, here: Context, answer: Response, name: str, value: str, life: timedelta) -> None:
    secure = _outside(request, here).startswith("https:")
    seconds = max(0, int(life.total_seconds()))
    answer.set_cookie(
        name, value, max_age=seconds, path="/board", secure=secure, httponly=True, samesite="lax"
    )


def _outside(request: Request, here: Context) -> str:
    """The address of the gateway as the browser knows it."""
    return here.settings.board_url or str(request.base_url).removesuffix("/board/").rstrip("/")


def _callback(request: Request, here: Context) -> str:
    return f"{_outside(request, here)}/board/callback"


def _refused(why: str) -> Exception:
    return problem(
        401,
        "unauthorised",
        zh="登录未被接受。",
        en=f"The sign-in is not accepted: {why}.",
        fix_zh="请重新登录。",
        fix_en="Sign in again.",
    )


def _away() -> Exception:
    return problem(
        503,
        "issuer_away",
        zh="暂时无法登录：身份提供方没有应答。",
        en="Nobody can sign in at this moment: the provider does not answer.",
        fix_zh="请稍后再试。",
        fix_en="Try again.",
    )
