"""The contract only grows."""

from __future__ import annotations

import copy

from pydantic import BaseModel

from tests.gates.ledger import MESSAGES, Ledger, breaking, ledger_of, read_lock


def test_nothing_in_the_contract_was_broken() -> None:
    assert breaking(read_lock(), ledger_of(MESSAGES)) == []


def test_every_addition_is_recorded() -> None:
    assert ledger_of(MESSAGES) == read_lock(), "record additions with: python -m tests.gates.ledger"


class Before(BaseModel):
    kept: int
    optional: str = "x"


class Renamed(BaseModel):
    kept_: int
    optional: str = "x"


class Retyped(BaseModel):
    kept: str
    optional: str = "x"


class MadeRequired(BaseModel):
    kept: int
    optional: str


class AddedWithoutDefault(BaseModel):
    kept: int
    optional: str = "x"
    more: int


class AddedWithDefault(BaseModel):
    kept: int
    optional: str = "x"
    more: int = 1


def _ledger(model: type[BaseModel]) -> Ledger:
    return ledger_of({"message": model})


def test_the_gate_finds_each_kind_of_break() -> None:
    old = _ledger(Before)
    assert "message.kept: the field is gone" in breaking(old, _ledger(Renamed))
    assert breaking(old, _ledger(Retyped)) == ["message.kept: retyped"]
    assert breaking(old, _ledger(MadeRequired)) == ["message.optional: became required"]
    assert breaking(old, _ledger(AddedWithoutDefault)) == ["message.more: added without a default"]
    assert breaking(old, {}) == ["message: the message is gone"]


def test_the_gate_lets_an_addition_with_a_default_pass() -> None:
    assert breaking(_ledger(Before), _ledger(AddedWithDefault)) == []


def test_a_removed_enumeration_value_is_a_break() -> None:
    old = read_lock()
    new = copy.deepcopy(old)
    new["Stage"]["(values)"]["type"]["enum"].remove("archived")
    assert breaking(old, new) == ["Stage.(values): retyped"]
