"""Who is signed in to the board: a signed cookie that names the caller and ends; nothing is kept here.

A session holds what the token said: subject, roles, whether it is a system's account. It lives as long as the
token of the local issuer, or `LONGEST` after a sign-in at an OpenID provider, which is asked anew then.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from itsdangerous import BadData, URLSafeSerializer
from pydantic import ValidationError

from models.wire import Instant, Wire
from workers.gateway.caller import Caller
from workers.settings import Settings

COOKIE, PENDING = "zhicheng_board", "zhicheng_board_login"
LONGEST = timedelta(hours=1)
LOGIN_WITHIN = timedelta(minutes=10)


class Visitor(Wire):
    """A session: the caller, a random name of the session, and when it ends."""

    caller: Caller
    sid: str
    until: Instant


class Sessions:
    """Signs and reads sessions and what a sign-in under way must remember."""

    def __init__(self, settings: Settings) -> None:
        given = settings.board_secret
        secret = given.get_secret_value() if given is not None else secrets.token_urlsafe(32)
        self._secret = secret.encode()
        self._sessions = URLSafeSerializer(secret, salt="board-session")
        self._logins = URLSafeSerializer(secret, salt="board-login")

    def begin(self, caller: Caller, until: datetime) -> Visitor:
        """A new session."""
        return Visitor(caller=caller, sid=secrets.token_hex(16), until=until)

    def cookie(self, visitor: Visitor) -> str:
        """The value of the cookie."""
        return str(self._sessions.dumps(visitor.model_dump(mode="json")))

    def read(self, cookie: str | None) -> Visitor | None:
        """Whoever the cookie stands for; None when it is not ours, was altered, or has ended."""
        try:
            visitor = Visitor.model_validate(self._sessions.loads(cookie or ""))
        except (BadData, ValidationError):
            return None
        return visitor if visitor.until > datetime.now(UTC) else None

    def csrf(self, visitor: Visitor) -> str:
        """What every form of this session must send back."""
        return hmac.new(self._secret, f"csrf {visitor.sid}".encode(), "sha256").hexdigest()

    def same_csrf(self, visitor: Visitor, given: str) -> bool:
        """Whether a form was made for this session."""
        return hmac.compare_digest(self.csrf(visitor).encode(), given.encode())

    def remember(self, login: dict[str, Any]) -> str:
        """What a sign-in under way keeps in the browser."""
        until = (datetime.now(UTC) + LOGIN_WITHIN).isoformat()
        return str(self._logins.dumps({**login, "until": until}))

    def remembered(self, cookie: str | None) -> dict[str, Any] | None:
        """What was remembered, within ten minutes."""
        try:
            found: dict[str, Any] = self._logins.loads(cookie or "")
        except BadData:
            return None
        return found if datetime.fromisoformat(found["until"]) > datetime.now(UTC) else None
