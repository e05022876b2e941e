"""The grammar of searches: `stage:office_review due<2023-11-20 -unit:tj-1 returned>=2`, everywhere the same.

Terms stand beside each other with spaces, and every one narrows. A term is `field:value`, with several values
`field:a,b` (any of them); `<`, `<=`, `>`, `>=` for days and numbers; a `-` before it means "not". `@name`
stands for a saved search. Signs and names are understood in Chinese as well (`环节：accepted，passed`). The
fields are in `models.search_fields`; no personal data is among them. Pure: what a term means for the rows of
the read model is in `activities.selecting`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal, cast

from pydantic import TypeAdapter, ValidationError

from models import search_errors as wrong
from models.field_errors import first_field_error
from models.roles import Reference
from models.search_fields import FIELDS, NAMES, NULLABLE, Kind, SearchField
from models.wire import Label, Wire

Operator = Literal[":", "<", "<=", ">", ">="]

MOST_CHARACTERS, MOST_TERMS, MOST_VALUES = 1_000, 30, 100
MOST_DAYS = 390
"""Working days and returns that may be asked for; a longer period is a slip of the pen."""

NONE = "none"

_SIGNS = str.maketrans("：＝＜＞，、－−＠", ":=<>,,--@") | {ord("≤"): "<=", ord("≥"): ">="}
_TERM = re.compile(r"(?P<negated>-?)(?P<field>\w+)(?P<operator><=|>=|<|>|:|=)(?P<values>.*)")
_SAVED = re.compile(r"@(?P<name>[^\W_][\w.-]{0,39})")
_NUMBER = re.compile(r"-?[0-9]{1,3}")
_REFERENCE: TypeAdapter[str] = TypeAdapter(Reference)


class Term(Wire):
    """One condition. `values`: in the order of the alphabet, each once; one alone for a comparison."""

    field: str
    operator: Operator = ":"
    values: tuple[str, ...]
    negated: bool = False

    @property
    def text(self) -> str:
        """As it is written."""
        return f"{'-' if self.negated else ''}{self.field}{self.operator}{','.join(self.values)}"

    @property
    def kind(self) -> Kind:
        """What its field holds."""
        return FIELDS[self.field].kind


class Search(Wire):
    """Terms, all of which must hold, and the names of saved searches that stand for more of them."""

    terms: tuple[Term, ...] = ()
    saved: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The one way to write it: fields in their order, values in the order of the alphabet."""
        return " ".join([*(f"@{name}" for name in self.saved), *(term.text for term in self.terms)])

    @property
    def counts_working_days(self) -> bool:
        """Whether what it finds depends on the day and the calendar."""
        return any(term.kind is Kind.WORKING_DAYS for term in self.terms)

    def expanded(self, texts: Mapping[str, str]) -> Search:
        """With the saved searches written out. Raises `SearchError` for one that is not among `texts`."""
        found = list(self.terms)
        for name in self.saved:
            if name not in texts:
                raise wrong.no_saved(name, texts)
            found += parse_search(texts[name]).terms
        return Search(terms=_in_order(found))


def parse_search(text: str) -> Search:
    """Reads a search; an empty one finds everything. Raises `SearchError` with the place and the rule."""
    if len(text) > MOST_CHARACTERS:
        rule = f"at most {MOST_CHARACTERS} characters"
        raise wrong.too_much(
            Label(zh="字符", en="characters"), Label(zh=f"最多{MOST_CHARACTERS}个字符", en=rule)
        )
    terms: list[Term] = []
    saved: list[str] = []
    for found in re.finditer(r"\S+", text):
        word = found.group().translate(_SIGNS)
        named = _SAVED.fullmatch(word)
        if named:
            saved.append(named["name"])
        else:
            terms.append(_term(word, found.start() + 1))
    if len(terms) + len(saved) > MOST_TERMS:
        rule = f"at most {MOST_TERMS} terms"
        raise wrong.too_much(Label(zh="条件", en="terms"), Label(zh=f"最多{MOST_TERMS}个条件", en=rule))
    return Search(terms=_in_order(terms), saved=tuple(sorted(set(saved))))


def canonical_search(text: str) -> str:
    """The text as it is stored and sent. Raises `SearchError`, also for a saved search that stands in it."""
    found = parse_search(text)
    if found.saved:
        raise wrong.not_written_out(found.saved[0])
    return found.text


def _in_order(terms: Iterable[Term]) -> tuple[Term, ...]:
    places = {name: n for n, name in enumerate(FIELDS)}
    return tuple(sorted(set(terms), key=lambda t: (places[t.field], t.negated, t.operator, t.values)))


def _term(word: str, place: int) -> Term:
    read = _TERM.fullmatch(word)
    if read is None:
        raise wrong.no_term(word, place)
    field = NAMES.get(read["field"])
    if field is None:
        raise wrong.no_field(word, place, read["field"])
    operator = cast(Operator, ":" if read["operator"] == "=" else read["operator"])
    given = [value for value in read["values"].split(",") if value]
    if not 1 <= len(given) <= MOST_VALUES:
        rule = Label(zh=f"须有1至{MOST_VALUES}个取值", en=f"it has 1 to {MOST_VALUES} values")
        raise wrong.bad_value(word, place, field, rule)
    if operator != ":" and (field.kind is Kind.CODE or len(given) > 1 or given == [NONE]):
        rule = Label(zh="不能这样比较", en="it cannot be compared like this")
        raise wrong.bad_value(word, place, field, rule)
    values = sorted({one for value in given for one in _value(word, place, field, value)})
    return Term(field=field.name, operator=operator, values=tuple(values), negated=bool(read["negated"]))


def _value(word: str, place: int, field: SearchField, value: str) -> tuple[str, ...]:
    if value == NONE and field.name in NULLABLE:
        return (NONE,)
    if field.words is not None:  # a label stands for every word that bears it
        read = (value,) if value in field.words else _labelled(field.words, value)
        if not read:
            raise wrong.no_word(word, place, field, value)
        return read
    plain = _read_value(field, value)
    if isinstance(plain, Label):
        raise wrong.bad_value(word, place, field, plain)
    return (plain,)


def _labelled(words: Mapping[str, str], label: str) -> tuple[str, ...]:
    return tuple(word for word, its_label in words.items() if its_label == label)


def _read_value(field: SearchField, value: str) -> str | Label:
    """The value as it is kept, or the rule that it breaks."""
    match field.kind:
        case Kind.DAY:
            return _day(value) or Label(zh="须为日期 YYYY-MM-DD", en="a day is written YYYY-MM-DD")
        case Kind.NUMBER | Kind.WORKING_DAYS:
            if _NUMBER.fullmatch(value) and field.least <= int(value) <= MOST_DAYS:
                return str(int(value))
            return Label(
                zh=f"须为{field.least}至{MOST_DAYS}的整数",
                en=f"it is a whole number from {field.least} to {MOST_DAYS}",
            )
        case _:
            return _reference(value)


def _day(value: str) -> str | None:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return None
    return day.isoformat() if 1950 <= day.year <= 2200 else None


def _reference(value: str) -> str | Label:
    try:
        return _REFERENCE.validate_python(value)
    except ValidationError as error:
        return first_field_error(error)[1]
