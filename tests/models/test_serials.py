"""Check digits: real numbers pass, a mistyped digit or a swap does not."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from models.serials import (
    is_cn_serial,
    is_isbn,
    is_issn,
    isbn10_check_digit,
    isbn13_check_digit,
    issn_check_digit,
)


def digits(count: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=count, max_size=count)


def changed(text: str, place: int, by: int) -> str:
    """`text` with the digit at `place` moved by 1..9."""
    return text[:place] + str((int(text[place]) + by) % 10) + text[place + 1 :]


def swapped(text: str, place: int) -> str:
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


@pytest.mark.parametrize("text", ["0378-5955", "03785955", "ISSN 2434-561X", "issn: 2434-561x", "1000-1158"])
def test_real_issn(text: str) -> None:
    assert is_issn(text)


@pytest.mark.parametrize("text", ["0378-5954", "2434-5610", "0378-595", "X378-5955", "", "0378-5955-1"])
def test_wrong_issn(text: str) -> None:
    assert not is_issn(text)


@pytest.mark.parametrize(
    "text", ["0-306-40615-2", "080442957X", "ISBN 978-0-306-40615-7", "978 7 111 54742 6", "9787302423287"]
)
def test_real_isbn(text: str) -> None:
    assert is_isbn(text)


@pytest.mark.parametrize(
    "text", ["0-306-40615-3", "9780306406158", "9770306406157", "12345", "", "97803064061"]
)
def test_wrong_isbn(text: str) -> None:
    assert not is_isbn(text)


@pytest.mark.parametrize(
    "text", ["CN 11-2345/TB", "CN11-2345", "cn 12-1210/TH", "CN 85-1124/TG", "CN 10-1001/Z", "CN 11-0001/G4"]
)
def test_possible_cn_numbers(text: str) -> None:
    assert is_cn_serial(text)


@pytest.mark.parametrize(
    "text",
    ["11-2345/TB", "CN 09-2345", "CN 1-2345", "CN 11-234", "CN 11-0000", "CN 11-2345/", "CN 11-2345/7"],
)
def test_impossible_cn_numbers(text: str) -> None:
    assert not is_cn_serial(text)


@pytest.mark.parametrize("bad", ["12345", "12345678", "123456X", "１２３４５６７"])
def test_a_check_digit_needs_the_right_digits(bad: str) -> None:
    with pytest.raises(ValueError, match="needs 7 digits"):
        issn_check_digit(bad)


@given(digits(7), st.integers(0, 6), st.integers(1, 9))
def test_issn_detects_a_wrong_digit(body: str, place: int, by: int) -> None:
    whole = body + issn_check_digit(body)
    assert is_issn(whole)
    assert not is_issn(changed(whole, place, by))


@given(digits(7), st.integers(0, 5))
def test_issn_detects_a_swap(body: str, place: int) -> None:
    assume(body[place] != body[place + 1])
    assert not is_issn(swapped(body + issn_check_digit(body), place))


@given(digits(9), st.integers(0, 8), st.integers(1, 9))
def test_isbn10_detects_a_wrong_digit(body: str, place: int, by: int) -> None:
    whole = body + isbn10_check_digit(body)
    assert is_isbn(whole)
    assert not is_isbn(changed(whole, place, by))


@given(digits(9), st.integers(0, 7))
def test_isbn10_detects_a_swap(body: str, place: int) -> None:
    assume(body[place] != body[place + 1])
    assert not is_isbn(swapped(body + isbn10_check_digit(body), place))


@given(digits(9), st.integers(3, 12), st.integers(1, 9))
def test_isbn13_detects_a_wrong_digit(body: str, place: int, by: int) -> None:
    whole = f"978{body}"
    whole += isbn13_check_digit(whole)
    assert is_isbn(whole)
    assert not is_isbn(changed(whole, place, by))


@given(digits(9), st.integers(3, 11))
def test_isbn13_detects_a_swap_unless_the_digits_differ_by_five(body: str, place: int) -> None:
    whole = f"978{body}"
    whole += isbn13_check_digit(whole)
    assume(whole[place] != whole[place + 1])
    differ_by_five = abs(int(whole[place]) - int(whole[place + 1])) == 5
    assert is_isbn(swapped(whole, place)) == differ_by_five
