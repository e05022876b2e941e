"""The door: who is calling, whether the route is for them, whether they call too often.

One dependency of every route (`admitted`); a route asks for the `Caller` with `caller_of`.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from pydantic import TypeAdapter, ValidationError

from models.roles import Actor, Reference, Role
from workers.gateway.access_log import turned_away
from workers.gateway.caller import Caller
from workers.gateway.context import context_of
from workers.gateway.limits import Kind, Limits
from workers.gateway.oidc import IssuerAwayError, TokenRefusedError
from workers.gateway.policy import POLICY, Access
from workers.gateway.problems import RETRY_AFTER, ProblemError, problem

_REFERENCE = TypeAdapter(Reference)

ROLE_HEADER, ORGANISATION_HEADER = "Zhicheng-Role", "Zhicheng-Organisation"


async def admitted(request: Request) -> None:
    """Lets the request in, or raises a problem: 401, 403, 429, 503. Deny by default."""
    context = context_of(request)
    access = POLICY[request.scope["route"].operation_id]
    if access.public:
        await not_too_often(context.limits, address_of(request), "public")
        return
    try:
        caller = await _verified(request)
    except TokenRefusedError as refused:
        await not_too_often(context.limits, address_of(request), "refused")
        raise _unauthorised(str(refused)) from None
    await let_through(request, caller, access)
    request.state.caller = caller
    _as_json(request)


async def let_through(request: Request, caller: Caller, access: Access) -> None:
    """Lets somebody who is known in. Raises the problems 403 (on record, at a dossier) and 429."""
    await not_too_often(context_of(request).limits, caller.subject, "account")
    if not access.anyone and not caller.roles & access.roles:
        await _on_record(request, caller)
        wanted = ", ".join(sorted(role.value for role in access.roles))
        raise problem(
            403,
            "wrong_role",
            zh="您的身份不能使用此功能。",
            en="None of your roles may use this.",
            fix_zh="请使用具有相应身份的账户。",
            fix_en=f"It is for: {wanted}.",
        )


def _as_json(request: Request) -> None:
    """A body that a route reads as JSON must say that it is (RFC 9110, 415)."""
    body, media = request.scope["route"].body_field, request.headers.get("Content-Type", "")
    kind = media.partition(";")[0].strip().lower()
    if body is None or (kind.startswith("application/") and kind.endswith(("/json", "+json"))):
        return
    nothing_sent = not media and request.headers.get("Content-Length", "0") == "0"
    if nothing_sent and not body.field_info.is_required() and "Transfer-Encoding" not in request.headers:
        return
    raise problem(
        415,
        "media_type",
        zh="请求内容须为 JSON。",
        en="The body must be JSON, and say so.",
        fix_zh="请加上 Content-Type: application/json。",
        fix_en="Send it with `Content-Type: application/json`.",
        field="Content-Type",
    )


def address_of(request: Request) -> str:
    """From where the request comes."""
    return request.client.host if request.client else "unknown"


async def _on_record(request: Request, caller: Caller) -> None:
    """A try at a dossier by a role that has no business there; the path was not looked at yet."""
    try:
        plan_id, application_ref = (
            _REFERENCE.validate_python(request.path_params.get(name))
            for name in ("plan_id", "application_ref")
        )
    except ValidationError:
        return
    await turned_away(request, caller, plan_id, application_ref, "wrong_role")


async def _verified(request: Request) -> Caller:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise TokenRefusedError("it needs a bearer token")
    try:
        return await context_of(request).verifier.caller(token.strip())
    except IssuerAwayError:
        raise problem(
            503,
            "issuer_away",
            zh="暂时无法核验登录凭证。",
            en="Tokens cannot be verified at this moment: the issuer does not answer.",
            fix_zh="请稍后再试。",
            fix_en="Try again.",
            headers={"Retry-After": str(RETRY_AFTER)},
        ) from None


def _unauthorised(why: str) -> ProblemError:
    return problem(
        401,
        "unauthorised",
        zh="请先登录：凭证缺失或不被接受。",
        en=f"The token is not accepted: {why}.",
        fix_zh="请向身份提供方取得有效凭证后重发。",
        fix_en="Get a token from the issuer and send it as `Authorization: Bearer ...`.",
        headers={"WWW-Authenticate": 'Bearer realm="zhicheng", error="invalid_token"'},
    )


async def not_too_often(limits: Limits, who: str, kind: Kind) -> None:
    """Counts one call. Raises the problem 429."""
    seconds = await limits.wait_for(who, kind)
    if seconds:
        raise problem(
            429,
            "too_many_calls",
            zh="调用过于频繁。",
            en="Too many calls in a minute.",
            fix_zh=f"请在 {seconds} 秒后再试。",
            fix_en=f"Try again after {seconds} s.",
            headers={"Retry-After": str(seconds)},
        )


def caller_of(request: Request) -> Caller:
    """Who is calling, on a route that is not public."""
    caller: Caller = request.state.caller
    return caller


def actor_of(request: Request, caller: Annotated[Caller, Depends(caller_of)]) -> Actor:
    """The actor of a command: the only grant, or the one that the headers name. Raises `Refused`."""
    named = request.headers.get(ROLE_HEADER)
    try:
        role = Role(named) if named else None
    except ValueError:
        raise problem(
            422,
            "malformed",
            zh=f"请求头 {ROLE_HEADER} 不是已知身份。",
            en=f"The header {ROLE_HEADER} names no role.",
            fix_zh=f"可用：{'、'.join(role.value for role in Role)}。",
            fix_en=f"Use one of: {', '.join(role.value for role in Role)}.",
            field=ROLE_HEADER,
        ) from None
    if role is Role.PUBLIC:  # everybody with a name may speak as the public, e.g. object
        return Actor(id=caller.subject, role=Role.PUBLIC)
    return caller.actor(role, request.headers.get(ORGANISATION_HEADER))
