"""The door of the codec server: a bearer token of the gateway's issuer, or the session of a browser.

Deny by default. To open payloads is to read everything that the service keeps in Temporal: it is for the
offices that run the review, and for the service accounts that a setting names.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request

from models.roles import Role
from workers.board.session import Sessions
from workers.gateway.caller import Caller
from workers.gateway.limits import Limits
from workers.gateway.oidc import IssuerAwayError, TokenRefusedError, Verifier
from workers.gateway.problems import RETRY_AFTER, ProblemError, problem
from workers.gateway.tokens import address_of, not_too_often

COOKIE = "zhicheng_codec"
MAY_OPEN = frozenset({Role.OFFICE, Role.CONVENING_UNIT, Role.CITY_OFFICE})


class CodecDoor:
    """Who is asking, and whether they may. `services`: subjects of accounts that may, whatever their role."""

    def __init__(
        self,
        verifier: Verifier,
        sessions: Sessions,
        limits: Limits,
        *,
        origins: frozenset[str],
        services: frozenset[str],
    ) -> None:
        self.verifier, self.sessions, self.limits = verifier, sessions, limits
        self._origins, self._services = origins, services

    async def admitted(self, request: Request) -> Caller:
        """Who may have payloads opened. Raises the problems 401, 403, 429, 503."""
        caller = await self._caller(request)
        await not_too_often(self.limits, caller.subject, "account")
        if not self.may_open(caller):
            raise not_for_you(caller)
        return caller

    def may_open(self, caller: Caller) -> bool:
        """The rule, by itself."""
        return bool(caller.roles & MAY_OPEN) or (caller.service and caller.subject in self._services)

    async def _caller(self, request: Request) -> Caller:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if token:
            if scheme.lower() != "bearer":
                raise _unauthorised("it needs a bearer token")
            try:
                return await self.verifier.caller(token.strip())
            except TokenRefusedError as refused:
                await not_too_often(self.limits, address_of(request), "refused")
                raise _unauthorised(str(refused)) from None
            except IssuerAwayError:
                raise _away() from None
        visitor = self.sessions.read(request.cookies.get(COOKIE))
        if visitor is None:
            await not_too_often(self.limits, address_of(request), "refused")
            raise _unauthorised("there is neither a token nor a session")
        if request.headers.get("Origin") not in self._origins:
            raise problem(
                403,
                "wrong_page",
                zh="该页面无权使用本次登录。",
                en="The page that asks is not one that may use this session.",
                fix_zh="请从 ZHICHENG_CODEC_ORIGINS 所列的页面进入。",
                fix_en="Open a page whose origin is listed in ZHICHENG_CODEC_ORIGINS.",
            )
        return visitor.caller


def not_for_you(caller: Caller) -> ProblemError:
    """The caller is known, and may not."""
    wanted = ", ".join(sorted(role.value for role in MAY_OPEN))
    return problem(
        403,
        "wrong_role",
        zh="您的身份不能查看已加密的内容。",
        en="None of your roles may have payloads opened.",
        fix_zh="请使用市局、主管部门或召集单位的账户；系统账户须列入 ZHICHENG_CODEC_SERVICES。"
        if not caller.service
        else "系统账户须列入 ZHICHENG_CODEC_SERVICES。",
        fix_en=f"It is for: {wanted}; and for service accounts listed in ZHICHENG_CODEC_SERVICES.",
    )


def _unauthorised(why: str) -> ProblemError:
    headers: Mapping[str, str] = {"WWW-Authenticate": 'Bearer realm="zhicheng", error="invalid_token"'}
    return problem(
        401,
        "unauthorised",
        zh="请先登录：凭证缺失或不被接受。",
        en=f"The token is not accepted: {why}.",
        fix_zh="请发送有效凭证；在本机可先打开 /sign-in 登录。",
        fix_en="Send a token as `Authorization: Bearer ...`; on one machine, sign in at /sign-in first.",
        headers=headers,
    )


def _away() -> ProblemError:
    return problem(
        503,
        "issuer_away",
        zh="暂时无法核验登录凭证。",
        en="Tokens cannot be verified at this moment: the issuer does not answer.",
        fix_zh="请稍后再试。",
        fix_en="Try again.",
        headers={"Retry-After": str(RETRY_AFTER)},
    )
