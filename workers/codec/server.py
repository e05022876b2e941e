"""The codec server: Temporal's remote codec (`POST /encode`, `POST /decode`).

For Temporal's Web UI, its command line, and SDKs in other languages.

Whatever it opens is on the access log first: who, in which roles, how many payloads; never what they say.
It speaks with no Temporal server.
"""

from __future__ import annotations

import html
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import jwt
import structlog
from google.protobuf.json_format import MessageToDict, Parse, ParseError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from temporalio.api.common.v1 import Payload, Payloads

from workers.codec.codec import DamagedPayloadError, is_sealed, seal, unseal
from workers.codec.door import COOKIE, CodecDoor, not_for_you
from workers.codec.keys import KeyRing, UnknownKeyError
from workers.gateway.access_book import AccessBook, look
from workers.gateway.oidc import TokenRefusedError
from workers.gateway.problems import ProblemError, answer, problem
from workers.gateway.tokens import address_of, not_too_often

MOST_BYTES = 8 * 1024 * 1024
"""Of a request: a page of a history in the Web UI has at most some of Temporal's 2 MiB payloads."""

ON_RECORD = "payloads"
"""The plan of a look at payloads in the access log; its reference is the namespace."""

_HEADERS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'",
}
_log = structlog.stdlib.get_logger("codec")


class CodecServer:
    """`seals` false: what is to be encoded comes back as it is, as from every other process then."""

    def __init__(
        self, door: CodecDoor, ring: KeyRing, book: AccessBook, *, seals: bool, tokens_at_sign_in: bool
    ) -> None:
        self._door, self._ring, self._book = door, ring, book
        self._seals, self._tokens_at_sign_in = seals, tokens_at_sign_in

    async def decode(self, request: Request) -> Response:
        """Opens what is sealed; what is plain comes back as it is."""
        caller = await self._door.admitted(request)
        given = await self._payloads(request)
        number = sum(map(is_sealed, given.payloads))
        if number:
            entry = look(
                caller,
                ON_RECORD,
                self._ring.namespace[:80],
                what="codec_decode",
                outcome="shown",
                request_id=uuid.uuid4().hex,
            )
            await self._book.write(replace(entry, reason=f"{number} payloads"))
            _log.info("opened", subject=caller.subject, payloads=number)
        return self._each(given, lambda one: unseal(one, self._ring) if is_sealed(one) else one)

    async def encode(self, request: Request) -> Response:
        """Seals what is plain."""
        caller = await self._door.admitted(request)
        given = await self._payloads(request)
        _log.info("sealed", subject=caller.subject, payloads=len(given.payloads))
        if not self._seals:
            return self._each(given, lambda one: one)
        return self._each(given, lambda one: one if is_sealed(one) else seal(one, self._ring))

    async def _payloads(self, request: Request) -> Payloads:
        namespace = request.headers.get("X-Namespace", "")
        if namespace != self._ring.namespace:
            raise problem(
                403,
                "wrong_namespace",
                zh="本编解码服务只处理一个命名空间的内容。",
                en=f"This codec server is for the namespace '{self._ring.namespace}' alone.",
                fix_zh="请在 X-Namespace 中给出该命名空间。",
                fix_en="Name it in the header X-Namespace.",
                field="X-Namespace",
            )
        media = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if media != "application/json":  # what a form of any page could send is not taken
            raise _unreadable(415, "Content-Type must be application/json")
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > MOST_BYTES:
                raise _unreadable(413, f"it has more than {MOST_BYTES} bytes")
        try:
            return Parse(bytes(body), Payloads())
        except (ParseError, UnicodeDecodeError, RecursionError):
            raise _unreadable(422, "it is no JSON of the message `Payloads`") from None

    def _each(self, given: Payloads, change: Callable[[Payload], Payload]) -> Response:
        try:
            changed = Payloads(payloads=[change(one) for one in given.payloads])
        except UnknownKeyError as error:
            raise problem(
                422,
                "unknown_key",
                zh=f"内容由密钥“{error.key_id}”加密，本服务没有该密钥。",
                en=str(error),
                fix_zh="请在 ZHICHENG_PAYLOAD_KEYS 中补上该密钥并重启。",
                fix_en="Add the key and start the codec server again.",
                field="key-id",
            ) from None
        except DamagedPayloadError:
            raise problem(
                422,
                "damaged",
                zh="内容已被改动、截断或移位，无法解密。",
                en="A payload was altered, cut, or moved, and does not open.",
                fix_zh="请见 docs/runbooks/key-rotation.md。",
                fix_en="See docs/runbooks/key-rotation.md.",
            ) from None
        return JSONResponse(MessageToDict(changed))

    async def sign_in(self, request: Request) -> Response:
        """A session for the browser in which the Web UI is open; only where tokens are minted here."""
        if not self._tokens_at_sign_in:
            return _page("请由身份提供方登录 Web UI。Sign in to the Web UI with the provider.", 404)
        if request.method == "GET":
            return _page("")
        await not_too_often(self._door.limits, address_of(request), "public")
        token = str((await request.form(max_fields=2, max_part_size=16_384)).get("token", "")).strip()
        try:
            caller = await self._door.verifier.caller(token)
        except TokenRefusedError as refused:
            return _page(f"凭证不被接受。 The token is not accepted: {refused}.", 401)
        if not self._door.may_open(caller):
            return _page(not_for_you(caller).problem.remedy.en, 403)
        claims = jwt.decode(token, options={"verify_signature": False})
        ends = datetime.fromtimestamp(claims["exp"], UTC)
        answered = RedirectResponse("/sign-in?done", 303)
        answered.set_cookie(
            COOKIE,
            self._door.sessions.cookie(self._door.sessions.begin(caller, ends)),
            max_age=max(0, int((ends - datetime.now(UTC)) / timedelta(seconds=1))),
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return answered


async def _health(request: Request) -> Response:  # noqa: ARG001 - the shape of a route
    return JSONResponse({"status": "ok"})


def create_codec_app(server: CodecServer, origins: frozenset[str]) -> Starlette:
    """The application. Pages of `origins`, and no others, may ask with their user's session or token."""

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, ProblemError)
        return answer(request, error)

    app = Starlette(
        routes=[
            Route("/decode", server.decode, methods=["POST"]),
            Route("/encode", server.encode, methods=["POST"]),
            Route("/sign-in", server.sign_in, methods=["GET", "POST"]),
            Route("/health", _health, methods=["GET"]),
        ],
        exception_handlers={ProblemError: refused},
        middleware=[
            Middleware(
                CORSMiddleware,
                allow_origins=sorted(origins),
                allow_methods=["POST"],
                allow_headers=["Authorization", "Content-Type", "X-Namespace", "X-Request-Id"],
                allow_credentials=True,
                max_age=600,
            )
        ],
    )
    return app


def _unreadable(status: int, why: str) -> ProblemError:
    return problem(
        status,
        "malformed",
        zh="请求内容无法读取。",
        en=f"The request cannot be read: {why}.",
        fix_zh='请按 Temporal 的约定发送 {"payloads": [...]}。',
        fix_en='Send {"payloads": [...]} as Temporal\'s remote codec does.',
    )


def _page(words: str, status: int = 200) -> Response:
    form = (
        '<form method="post"><p><label>凭证 Token<br><textarea name="token" rows="6" cols="60" required>'
        "</textarea></label></p><button>登录 Sign in</button></form>"
        "<p><code>zhicheng token --subject … --role office:…</code></p>"
    )
    text = (
        '<!doctype html><html lang="zh"><meta charset="utf-8"><title>解密 Decryption</title>'
        "<h1>在 Temporal Web UI 中查看内容 Payloads in Temporal's Web UI</h1>"
        f"<p role=status>{html.escape(words)}</p>{form}"
    )
    return HTMLResponse(text, status, _HEADERS)
