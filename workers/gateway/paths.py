"""The parts that paths and answers of several routes share."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path
from pydantic import AfterValidator

from models.wire import Instant
from workers.gateway.problems import MEDIA_TYPE, Problem

_CODE = r"^[A-Za-z0-9][A-Za-z0-9._:@-]{0,79}$"

PlanId = Annotated[str, Path(pattern=_CODE, description="The plan.", examples=["tianjin-quality-2023"])]
Ref = Annotated[
    str, Path(pattern=_CODE, description="The application's reference.", examples=["a0b3db92ae94bffd"])
]

MeetingRef = Annotated[
    str, Path(pattern=_CODE, description="The meeting's reference.", examples=["meeting-2023-1"])
]

_YEARS = range(1900, 9001)


def _in_every_zone(moment: Instant) -> Instant:
    if moment.year not in _YEARS:
        raise ValueError(f"the year must be one from {_YEARS[0]} to {_YEARS[-1]}")
    return moment


Moment = Annotated[Instant, AfterValidator(_in_every_zone)]
"""A moment that is asked about. The ends of time themselves exist in no other time zone."""

_WORDS = {
    400: "A header cannot be read.",
    401: "No token, or one that is not accepted.",
    403: "None of the caller's roles may do this.",
    404: "It is not there, or the caller may not see it.",
    409: "Not in this state: the stage, the revision or the command id stands against it.",
    410: "The upload is over.",
    412: "Another version of the protocol is asked for.",
    413: "The request is too large.",
    415: "What came is not of a kind that is taken here.",
    416: "No byte of the range is there.",
    422: "A field breaks a rule; it is named.",
    460: "What came does not have the checksum that was sent; nothing of it counts.",
    429: "Too many calls; `Retry-After` says when.",
    503: "Nobody answers at this moment; `Retry-After` says when to send the same again.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The documented answers "no" of a route; every route may be called too often or fail."""
    found: dict[int | str, dict[str, Any]] = {
        status: {
            "model": Problem,
            "description": _WORDS[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in sorted({*statuses, 422, 429})
    }
    return found


OF_CALLER = (401, 403)
"""What every route that needs a token may answer."""
