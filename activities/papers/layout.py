"""From what a paper states to what its form is given: days in Chinese, the QR code, words about versions.

Nothing here is hashed: a release may lay a paper out anew, and what it states stays the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from activities.papers.content import Content
from activities.papers.drawing import day_zh, qr_modules, typeset
from models.papers import KIND_LABELS, PaperKind

SHORT = 16
"""Digits of the hash in the QR code and beside it."""


@dataclass(frozen=True)
class Edition:
    """Which making of a paper this is: its version, since when and why it replaces another, who signs."""

    version: int
    at: datetime
    verification_url: str
    names: Mapping[str, str]
    document_no: str | None = None
    rehearsal: bool = False


def verification_address(url: str, number: str, content_sha256: str) -> str:
    """What the QR code says: `{url}?n={number}&h={first 16 digits of the hash}`."""
    joint = "&" if "?" in url else "?"
    return f"{url}{joint}{urlencode({'n': number, 'h': content_sha256[:SHORT]})}"


def draw(content: Content, content_sha256: str, edition: Edition) -> bytes:
    """The unsigned PDF. Raises `UnprintableError`; nothing is made then."""
    kind = PaperKind(content["kind"])
    reissued = f"依据{edition.document_no}更正，{day_zh(edition.at)}" if edition.document_no else None
    data = content | {
        "title": f"{KIND_LABELS[kind].zh} {content['number']}",
        "author": content["authority"],
        "version": edition.version,
        "reissued": reissued,
        "rehearsal": edition.rehearsal,
        "verification_url": edition.verification_url,
        "qr": qr_modules(verification_address(edition.verification_url, content["number"], content_sha256)),
        "content_sha256": content_sha256,
        "short_hash": content_sha256[:SHORT],
        "title_date_zh": _zh(content["title_date"]),
    }
    if kind is PaperKind.REVIEW_FORM:
        data |= _of_the_form(content, edition.names)
    return typeset(kind.value, data, edition.at)


def _of_the_form(content: Content, names: Mapping[str, str]) -> dict[str, Any]:
    exam, vote, confirmation, dossier = (
        content[name] for name in ("exam", "vote", "confirmation", "dossier")
    )
    numerals = "五六七八九"[1 if exam else 0 :]
    return {
        "nos": list(numerals[:3]),
        "steps_zh": {event: _zh(day) for event, day in content["steps"].items()},
        "department_name": names.get(content["department"], content["department"]),
        "employer_publicity": _with_days(content["employer_publicity"], names),
        "result_publicity": _with_days(content["result_publicity"], names),
        "exam": exam and exam | {"held_zh": _zh(exam["held_on"])},
        "vote": vote and vote | {"met_zh": _zh(vote["met_on"])},
        "confirmation": confirmation and confirmation | {"on_zh": _zh(confirmation["on"])},
        "dossier": dossier and dossier | {"prior_title_since_zh": _zh(dossier["prior_title_since"])},
    }


def _with_days(period: Content | None, names: Mapping[str, str]) -> Content | None:
    if period is None:
        return None
    return period | {
        "first_zh": _zh(period["first_day"]),
        "last_zh": _zh(period["last_day"]),
        "places": [names.get(place, place) for place in period["places"]],
    }


def _zh(day: str | None) -> str | None:
    return day_zh(date.fromisoformat(day)) if day else None
