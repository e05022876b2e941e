"""Serial numbers of publications: ISSN, ISBN-10, ISBN-13 and the Chinese CN number.

A paper's copyright page must show its CN and ISSN numbers and a book its 书号 (work plan 九(三)). These
checks tell a mistyped number from a possible one; they do not tell whether the publication exists, so a
failure is a warning for a person and never a refusal.
"""

from __future__ import annotations

import re

_ISSN = re.compile(r"^([0-9]{4})-?([0-9]{3}[0-9X])$")
_ISBN_10 = re.compile(r"^[0-9]{9}[0-9X]$")
_ISBN_13 = re.compile(r"^97[89][0-9]{10}$")
_CN = re.compile(r"^CN\s?([0-9]{2})-([0-9]{4})(?:/([A-Z]{1,2}[0-9]{0,3}(?:[.-][0-9]{1,3})?))?$")


def issn_check_digit(first_seven: str) -> str:
    """The eighth character of an ISSN: "0".."9" or "X". Raises `ValueError` unless given seven digits.

    ISO 3297: weights 8, 7, .. 2; the check digit makes the weighted sum, with weight 1, divisible by 11.
    """
    return _modulo_11(_digits(first_seven, 7))


def isbn10_check_digit(first_nine: str) -> str:
    """The tenth character of an ISBN-10: "0".."9" or "X". Raises `ValueError` unless given nine digits.

    ISO 2108:1992: weights 10, 9, .. 2; the check digit makes the weighted sum divisible by 11.
    """
    return _modulo_11(_digits(first_nine, 9))


def isbn13_check_digit(first_twelve: str) -> str:
    """The thirteenth digit of an ISBN-13. Raises `ValueError` unless given twelve digits.

    ISO 2108 / EAN-13: weights 1, 3, 1, 3, ..; the check digit makes the sum divisible by 10. It detects every
    single wrong digit, but not the exchange of neighbours that differ by 5.
    """
    digits = _digits(first_twelve, 12)
    total = sum(digit * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return str(-total % 10)


def is_issn(text: str) -> bool:
    """True for "NNNN-NNNC" (the hyphen and an "ISSN" prefix are optional) with the right check digit."""
    match = _ISSN.match(_without_prefix(text, "ISSN"))
    if not match:
        return False
    body = match.group(1) + match.group(2)
    return issn_check_digit(body[:7]) == body[7]


def is_isbn(text: str) -> bool:
    """True for an ISBN-10 or ISBN-13, with or without hyphens or spaces, with the right check digit."""
    body = re.sub(r"[\s-]", "", _without_prefix(text, "ISBN"))
    if _ISBN_13.match(body):
        return isbn13_check_digit(body[:12]) == body[12]
    if _ISBN_10.match(body):
        return isbn10_check_digit(body[:9]) == body[9]
    return False


def is_cn_serial(text: str) -> bool:
    """True for a possible CN number, "CN RR-NNNN" or "CN RR-NNNN/CLASS", as in "CN 11-2345/TB".

    GB/T 9999 (国内统一连续出版物号): a region code of two digits, a number of four, and for periodicals a
    class of the Chinese Library Classification. A CN number has NO check digit: only its form can be checked.
    The region is taken from 10 to 99, since retired codes such as 85 still stand on older journals.
    """
    match = _CN.match(text.strip().upper())
    return match is not None and int(match.group(1)) >= 10 and match.group(2) != "0000"


def _modulo_11(digits: list[int]) -> str:
    weights = range(len(digits) + 1, 1, -1)
    check = -sum(weight * digit for weight, digit in zip(weights, digits, strict=True)) % 11
    return "X" if check == 10 else str(check)


def _digits(text: str, count: int) -> list[int]:
    if len(text) != count or not (text.isascii() and text.isdigit()):
        raise ValueError(f"needs {count} digits, got {text!r}")
    return [int(character) for character in text]


def _without_prefix(text: str, prefix: str) -> str:
    return re.sub(rf"^{prefix}[\s:]*", "", text.strip().upper())
