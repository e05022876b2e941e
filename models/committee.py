"""The committee on file: formed for a specialty or a series, approved for at most three years.

Source: Order 40 Art. 6 (how it is formed), Art. 8 (filing valid for at most three years), Art. 9 (odd; at
least 11 when formed by specialty, 25 when formed by series; a plan may ask for more).
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from models.refusal import RefusalCode, Refused, refuse
from models.roles import Reference
from models.wire import ShortText, Wire

FormedBy = Literal["specialty", "series"]

LEAST_BY: dict[FormedBy, int] = {"specialty": 11, "series": 25}
"""Members a committee needs at least, by how it is formed (Order 40 Art. 9)."""


class CommitteeOnFile(Wire):
    """A committee as approved and filed. `size` is how many experts are drawn for a meeting.

    `valid_until` is the last day on which the filing counts, in Asia/Shanghai.
    """

    committee_ref: Reference
    formed_by: FormedBy = "specialty"
    size: int = Field(ge=1, le=500)
    filed_on: date
    valid_until: date
    document_no: ShortText


class CommitteeRule(Wire):
    """What a plan asks of a committee."""

    least: int = 11
    odd: bool = True
    valid_years: int = 3


def check_filing(committee: CommitteeOnFile, rule: CommitteeRule) -> None:
    """The filing itself is lawful. Raises `Refused` that names the field."""
    least = max(rule.least, LEAST_BY[committee.formed_by])
    if committee.size < least:
        raise _unmet(
            f"评委会人数{committee.size}人，少于{least}人。",
            f"The committee has {committee.size} members; it needs at least {least}.",
            "请补足人数后重新备案。",
            "Add the missing members and file it again.",
            "size",
            "Order 40 Art. 9",
        )
    if rule.odd and committee.size % 2 == 0:
        raise _unmet(
            f"评委会人数{committee.size}人，应为单数。",
            f"The committee has {committee.size} members; the number must be odd.",
            "请增减一人。",
            "Add one, or leave one out.",
            "size",
            "Order 40 Art. 9",
        )
    if committee.valid_until < committee.filed_on:
        raise _unmet(
            f"有效期止于{committee.valid_until}，早于备案日{committee.filed_on}。",
            f"It is valid until {committee.valid_until}, before the day it was filed ({committee.filed_on}).",
            "请更正 valid_until。",
            "Correct `valid_until`.",
            "valid_until",
            "Order 40 Art. 8",
        )
    last = last_valid_day(committee.filed_on, rule.valid_years)
    if committee.valid_until > last:
        raise _unmet(
            f"备案有效期不得超过{rule.valid_years}年，最迟至{last}。",
            f"A filing is valid for at most {rule.valid_years} years: until {last} at the latest.",
            "请更正 valid_until，期满重新核准备案。",
            "Correct `valid_until`; have it approved again when it expires.",
            "valid_until",
            "Order 40 Art. 8",
        )


def check_for_meeting(committee: CommitteeOnFile, meeting_on: date, rule: CommitteeRule) -> None:
    """The committee may meet on that day: lawful, filed by then, and valid through it. Raises `Refused`."""
    check_filing(committee, rule)
    if committee.filed_on > meeting_on:
        raise _unmet(
            f"评委会于{committee.filed_on}备案，晚于会议日{meeting_on}。",
            f"The committee was filed on {committee.filed_on}, after the meeting on {meeting_on}.",
            "请更改会议日期。",
            "Move the meeting.",
            "meeting_on",
            "Order 40 Art. 8",
        )
    if committee.valid_until < meeting_on:
        raise _unmet(
            f"评委会备案于{committee.valid_until}失效，早于会议日{meeting_on}。",
            f"The filing expires on {committee.valid_until}, before the meeting on {meeting_on}.",
            "请重新核准备案，或提前会议。",
            "Have the committee approved again, or meet earlier.",
            "committee_ref",
            "Order 40 Art. 8",
        )


def last_valid_day(filed_on: date, years: int) -> date:
    """The last day of a filing that runs for so many years; a 29 February ends on a 28th where it must."""
    try:
        return filed_on.replace(year=filed_on.year + years)
    except ValueError:
        return filed_on.replace(year=filed_on.year + years, day=28)


def _unmet(zh: str, en: str, fix_zh: str, fix_en: str, field: str, citation: str) -> Refused:
    return refuse(
        RefusalCode.GUARD, zh=zh, en=en, fix_zh=fix_zh, fix_en=fix_en, field=field, citation=citation
    )
