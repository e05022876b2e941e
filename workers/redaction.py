"""Keeps personal data and secrets out of the logs.

Three nets, since each has holes: values under a known key, values that look like an identity number, a
mobile number or an e-mail address, and exceptions whose text repeats the input (pydantic, SQLAlchemy).
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr, ValidationError
from sqlalchemy.exc import StatementError
from structlog.typing import EventDict, WrappedLogger

REDACTED = "[redacted]"

PERSONAL_KEYS = frozenset(
    {
        *("name", "full_name", "surname", "given_name", "applicant_name", "expert_name", "person_name"),
        *("id_number", "id_card", "identity_number", "passport", "passport_number"),
        *("phone", "mobile", "telephone", "email", "mail", "address", "home_address", "postal_address"),
        *("birth_date", "date_of_birth", "birthday", "gender", "ethnicity", "photo", "signature"),
        *("applicant", "reasons", "statement", "payload", "body", "comment", "comments"),
        *("姓名", "身份证号", "电话", "手机", "邮箱", "住址", "出生日期", "性别", "民族"),
    }
)
SECRET_KEYS = frozenset(
    {"password", "passwd", "secret", "token", "api_key", "apikey", "authorization", "cookie", "private_key"}
)

# A digit or a Latin letter beside the match would make it part of an id (a UUID, a hash).
_PATTERNS = (
    re.compile(r"(?<![0-9A-Za-z])\d{17}[\dXx](?![0-9A-Za-z])"),
    re.compile(r"(?<![0-9A-Za-z])1[3-9]\d{9}(?![0-9A-Za-z])"),
    re.compile(r"[0-9A-Za-z._%+-]+@[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*\.[A-Za-z]{2,}"),
    re.compile(r"(?<=://)[^\s:/@]+:[^\s/@]+(?=@)"),
)
_SCALARS = (int, float, bool, type(None))


def scrub_text(text: str) -> str:
    """`text` with identity numbers, mobile numbers, e-mail addresses and URL passwords taken out."""
    for pattern in _PATTERNS:
        text = pattern.sub(REDACTED, text)
    return text


def scrub(value: Any) -> Any:
    """A copy of `value` that may be logged; an object that is no plain data becomes its type's name."""
    if isinstance(value, str):
        return scrub_text(str(value))
    if isinstance(value, _SCALARS):
        return value
    if isinstance(value, Mapping):
        return {str(key): REDACTED if _is_private(key) else scrub(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [scrub(item) for item in value]
    if isinstance(value, SecretStr | bytes):
        return REDACTED
    if isinstance(value, BaseException):
        return describe(value)
    if type(value).__module__ in ("datetime", "uuid", "pathlib", "decimal"):
        return scrub_text(str(value))
    return f"<{type(value).__qualname__}>"


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """structlog processor: drop what is personal or secret from a line."""
    return {key: REDACTED if _is_private(key) else scrub(value) for key, value in event.items()}


def describe(error: BaseException) -> str:
    """Type and message of `error` without the input that caused it."""
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    if isinstance(error, ValidationError):
        faults = error.errors(include_input=False, include_context=False, include_url=False)
        where = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['type']}" for fault in faults)
        return f"{kind}: {error.title}: {where}"
    if isinstance(error, StatementError):
        cause = f" ({type(error.orig).__qualname__})" if error.orig else ""
        return scrub_text(f"{kind}{cause}: {error.statement}")
    if sqlstate := getattr(error, "sqlstate", None):  # PostgreSQL quotes the offending value in its text
        return f"{kind}: SQLSTATE {sqlstate}"
    return scrub_text(f"{kind}: {error}")


def format_error(error: BaseException) -> str:
    """A traceback as Python prints it, causes first, every message through `describe`."""
    parts: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        frames = "".join(traceback.format_tb(current.__traceback__))
        parts.append(f"Traceback (most recent call last):\n{frames}{describe(current)}")
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "\n\n".join(reversed(parts))


def _is_private(key: object) -> bool:
    return str(key).lower() in PERSONAL_KEYS or str(key).lower() in SECRET_KEYS
