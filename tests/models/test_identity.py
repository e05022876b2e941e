"""Identity numbers: the check digit, every kind of misprint, and messages that never quote them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.identity import Document, check_digit, masked, normalised
from models.refusal import Refused

TODAY = date(2023, 9, 25)
EXAMPLE = "11010519491231002X"
"""The example of GB 11643-1999."""


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """A number that the standard allows."""
    area = draw(st.sampled_from(("110105", "120101", "310115", "440106", "650102")))
    born = draw(st.dates(date(1930, 1, 1), date(2005, 12, 31)))
    first = f"{area}{born:%Y%m%d}{draw(st.integers(0, 999)):03d}"
    return first + check_digit(first)


def test_the_example_of_the_standard() -> None:
    assert normalised(Document.RESIDENT_ID, EXAMPLE, TODAY) == EXAMPLE
    assert normalised(Document.RESIDENT_ID, " 110105-19491231 002x ", TODAY) == EXAMPLE
    assert normalised(Document.RESIDENT_ID, "１１０１０５１９４９１２３１００２Ｘ", TODAY) == EXAMPLE
    assert masked(EXAMPLE) == "110***********002X"


@given(numbers())
def test_every_number_of_the_standard_is_taken(number: str) -> None:
    assert normalised(Document.RESIDENT_ID, number, TODAY) == number


@given(numbers(), st.integers(0, 17), st.integers(1, 9))
def test_no_single_misprint_passes(number: str, place: int, step: int) -> None:
    """MOD 11-2 finds every wrong digit; so does the form."""
    digits = "0123456789X" if place == 17 else "0123456789"
    wrong = digits[(digits.index(number[place]) + step) % len(digits)]
    with pytest.raises(Refused):
        normalised(Document.RESIDENT_ID, number[:place] + wrong + number[place + 1 :], TODAY)


@given(numbers(), st.integers(0, 16))
def test_no_two_neighbours_change_places_unseen(number: str, place: int) -> None:
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    if swapped != number:
        with pytest.raises(Refused):
            normalised(Document.RESIDENT_ID, swapped, TODAY)


@pytest.mark.parametrize(
    ("document", "number", "word"),
    [
        (Document.RESIDENT_ID, "130503670401001", "15"),
        (Document.RESIDENT_ID, "1101051949123100", "17 digits"),
        (Document.RESIDENT_ID, "990105194912310020", "area code"),
        (Document.RESIDENT_ID, "110105194913310020", "no date"),
        (Document.RESIDENT_ID, "110105202401010010", "impossible"),
        (Document.RESIDENT_ID, "110105194912310021", "misprint"),
        (Document.RESIDENCE_PERMIT, EXAMPLE, "area code"),
        (Document.PERMANENT_RESIDENCE, EXAMPLE, "area code"),
        (Document.PASSPORT, "E1", "letters or digits"),
        (Document.TRAVEL_PERMIT, "X12345678", "H or M"),
    ],
)
def test_a_wrong_number_is_refused_without_being_quoted(document: Document, number: str, word: str) -> None:
    with pytest.raises(Refused) as refused:
        normalised(document, number, TODAY)
    said = refused.value.refusal
    assert word in said.rule.en
    assert said.field == "number"
    assert said.remedy.zh
    for text in (said.rule.zh, said.rule.en, said.remedy.zh, said.remedy.en, str(refused.value)):
        assert number not in text


def test_other_documents_have_their_form() -> None:
    permit = "8100001990010100" + "1"
    permit += check_digit(permit)
    assert normalised(Document.RESIDENCE_PERMIT, permit, TODAY) == permit
    assert normalised(Document.PASSPORT, "e 12345678", TODAY) == "E12345678"
    assert normalised(Document.TRAVEL_PERMIT, "h12345678", TODAY) == "H12345678"
    assert normalised(Document.PERMANENT_RESIDENCE, "DEU123456789012", TODAY) == "DEU123456789012"
    assert masked("E12345678") == "E******78"
