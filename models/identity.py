"""Identity documents (身份证件): what a number must look like, how it is compared, how little of it is shown.

GB 11643-1999: seventeen digits and a check digit by ISO 7064 MOD 11-2. A number never stands in a message of
this module: an error names the place and the rule. Pure; how numbers are kept is `activities.identity`.
"""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum

from models.refusal import RefusalCode, Refused, refuse
from models.wire import Label

_WEIGHTS = tuple(pow(2, 17 - place, 11) for place in range(17))
_CHECK = "10X98765432"
_PROVINCES = frozenset(
    (
        *(11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46),
        *(50, 51, 52, 53, 54, 61, 62, 63, 64, 65, 71),
    )
)
"""The first two digits of GB/T 2260."""

_RESIDENCE_PERMITS = frozenset((81, 82, 83))
"""Residence permits of Hong Kong, Macao and Taiwan residents carry numbers of the same form."""

OLDEST = 120
"""Years; whoever was born earlier is a misprint."""


class Document(StrEnum):
    """A kind of identity document."""

    RESIDENT_ID = "resident_id"
    RESIDENCE_PERMIT = "residence_permit"
    PERMANENT_RESIDENCE = "permanent_residence"
    TRAVEL_PERMIT = "travel_permit"
    PASSPORT = "passport"


DOCUMENT_LABELS: dict[Document, Label] = {
    Document.RESIDENT_ID: Label(zh="居民身份证", en="resident identity card"),
    Document.RESIDENCE_PERMIT: Label(
        zh="港澳台居民居住证", en="residence permit of a Hong Kong, Macao or Taiwan resident"
    ),
    Document.PERMANENT_RESIDENCE: Label(
        zh="外国人永久居留身份证", en="foreigner's permanent residence identity card"
    ),
    Document.TRAVEL_PERMIT: Label(zh="来往内地（大陆）通行证", en="mainland travel permit"),
    Document.PASSPORT: Label(zh="护照", en="passport"),
}

_FORMS: dict[Document, tuple[re.Pattern[str], Label]] = {
    Document.PERMANENT_RESIDENCE: (
        re.compile(r"[A-Z]{3}\d{12}"),
        Label(
            zh="须为9开头的18位号码，或旧版3个字母加12位数字", en="has 18 digits from 9, or 3 letters and 12"
        ),
    ),
    Document.TRAVEL_PERMIT: (
        re.compile(r"[HM]\d{8}(\d{2})?|\d{8}(\d{2})?"),
        Label(zh="须为H或M加8位数字，或8位数字", en="has H or M and 8 digits, or 8 digits"),
    ),
    Document.PASSPORT: (
        re.compile(r"[A-Z0-9]{5,20}"),
        Label(zh="须为5至20个字母或数字", en="has 5 to 20 letters or digits"),
    ),
}
_SPACES = re.compile(r"[\s\-·]+")
_WIDE = {ord("０") + n: str(n) for n in range(10)} | {ord("Ｘ"): "X", ord("ｘ"): "X"}


def check_digit(first: str) -> str:
    """The eighteenth character for seventeen digits (GB 11643-1999; ISO 7064:1983, MOD 11-2)."""
    return _CHECK[sum(int(digit) * weight for digit, weight in zip(first, _WEIGHTS, strict=True)) % 11]


def normalised(document: Document, number: str, today: date) -> str:
    """The number as it is kept and compared: without spaces, letters large, digits narrow.

    `today` is the day in Asia/Shanghai: nobody was born after it. Raises `Refused`, which never quotes it.
    """
    plain = _SPACES.sub("", number.translate(_WIDE)).upper()
    permanent = document is Document.PERMANENT_RESIDENCE and re.fullmatch(r"\d{17}[\dX]", plain)
    if permanent or document in (Document.RESIDENT_ID, Document.RESIDENCE_PERMIT):
        fault = _fault(document, plain, today)
    else:
        form, words = _FORMS[document]
        fault = None if form.fullmatch(plain) else words
    if fault is not None:
        raise _wrong(document, fault)
    return plain


def _fault(document: Document, plain: str, today: date) -> Label | None:
    """What is wrong with a number of eighteen characters; the check digit comes last: it finds misprints."""
    if re.fullmatch(r"\d{15}", plain):
        return Label(
            zh="15位旧号码已停用，须填18位号码", en="has 18 characters; those of 15 are no longer valid"
        )
    if not re.fullmatch(r"\d{17}[\dX]", plain):
        return Label(zh="须为17位数字加1位校验码（共18位）", en="has 17 digits and a check digit")
    area = int(plain[:2])
    known = {
        Document.RESIDENT_ID: area in _PROVINCES,
        Document.RESIDENCE_PERMIT: area in _RESIDENCE_PERMITS,
        Document.PERMANENT_RESIDENCE: plain[0] == "9",
    }[document]
    if not known:
        return Label(
            zh="地区码（前两位）不属于此类证件", en="does not begin with an area code of this document"
        )
    try:
        born = date(int(plain[6:10]), int(plain[10:12]), int(plain[12:14]))
    except ValueError:
        return Label(zh="第7至14位不是日期", en="has no date in the places 7 to 14")
    if not today.year - OLDEST <= born.year or born > today:
        return Label(
            zh="第7至14位的出生日期不可能", en="has an impossible date of birth in the places 7 to 14"
        )
    if plain[17] != check_digit(plain[:17]):
        return Label(
            zh="校验码（第18位）不符，请核对是否抄错", en="has a wrong check digit: look for a misprint"
        )
    return None


def _wrong(document: Document, fault: Label) -> Refused:
    label = DOCUMENT_LABELS[document]
    return refuse(
        RefusalCode.MALFORMED,
        zh=f"{label.zh}号码{fault.zh}。",
        en=f"The number of a {label.en} {fault.en}.",
        fix_zh="请对照证件原件重新填写，或选择正确的证件种类。",
        fix_en="Type it again from the document itself, or choose the right kind of document.",
        field="number",
        citation="GB 11643-1999",
    )


def masked(number: str) -> str:
    """What those see who need to compare and not to know: the first and the last characters."""
    ends = 4 if len(number) >= 15 else 2
    return number[: ends - 1] + "*" * (len(number) - 2 * ends + 1) + number[-ends:]
