"""The door of the board: a session instead of a bearer token, then the rules of the whole gateway."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import Request

from workers.board.session import COOKIE, Sessions, Visitor
from workers.gateway.context import context_of
from workers.gateway.policy import BOARD_POLICY
from workers.gateway.problems import problem
from workers.gateway.tokens import address_of, let_through, not_too_often


class SignInNeededError(Exception):
    """Nobody is signed in: the answer leads to the sign-in page."""


async def entered(request: Request) -> None:
    """Lets the request in, or raises `SignInNeededError` or a problem (403, 429). Deny by default."""
    access = BOARD_POLICY[request.scope["route"].operation_id]
    if request.method == "POST":
        _from_our_own_page(request)
    if access.public:
        await not_too_often(context_of(request).limits, address_of(request), "public")
        return
    visitor = sessions_of(request).read(request.cookies.get(COOKIE))
    if visitor is None:
        raise SignInNeededError
    await let_through(request, visitor.caller, access)
    request.state.caller, request.state.visitor = visitor.caller, visitor
    if request.method == "POST" and not await _knows_the_session(request, visitor):
        raise _not_ours()


async def _knows_the_session(request: Request, visitor: Visitor) -> bool:
    form = await request.form()
    return sessions_of(request).same_csrf(visitor, str(form.get("csrf", "")))


def _from_our_own_page(request: Request) -> None:
    """A browser says from which origin a form comes; another one than our own is refused."""
    origin = request.headers.get("origin")
    if origin is None:
        return
    ours = context_of(request).settings.board_url
    try:
        place = urlsplit(origin).netloc
    except ValueError:  # no browser writes such an origin
        raise _not_ours() from None
    if place not in {request.headers.get("host"), urlsplit(ours).netloc if ours else None}:
        raise _not_ours()


def _not_ours() -> Exception:
    return problem(
        403,
        "wrong_page",
        zh="该表单不是由本次登录的页面发出的。",
        en="This form was not made by a page of this session.",
        fix_zh="请重新打开页面再试；未作任何更改。",
        fix_en="Open the page again and repeat it; nothing was changed.",
    )


def sessions_of(request: Request) -> Sessions:
    """The sessions of this gateway."""
    found: Sessions = request.app.state.sessions
    return found


def visitor_of(request: Request) -> Visitor | None:
    """The session, on a page that knows one."""
    return getattr(request.state, "visitor", None)
