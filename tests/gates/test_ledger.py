"""The contract only grows."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

from tests.gates.doors import http_ledger, nexus_ledger
from tests.gates.ledger import Ledger, breaking, contract, ledger_of, read_lock
from workers.contract import NEXUS_OPERATIONS
from workers.gateway.app import openapi_text


def test_nothing_in_the_contract_was_broken() -> None:
    assert breaking(read_lock(), contract()) == []


def test_every_addition_is_recorded() -> None:
    assert contract() == read_lock(), "record additions with: python -m tests.gates.ledger"


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


# --- the doors ---------------------------------------------------------------------------------------

SEND = "/v1/plans/{plan_id}/applications/{application_ref}/commands/withdraw"
LOOK = "/v1/plans/{plan_id}/applications/{application_ref}"

Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def document() -> dict[str, Any]:
    """The OpenAPI document, to be changed."""
    read: dict[str, Any] = json.loads(openapi_text())
    return read


def _body(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["paths"][SEND]["post"]["requestBody"]["content"]["application/json"][
        "schema"
    ]
    return found


def _parameter(document: dict[str, Any], name: str) -> dict[str, Any]:
    parameters = document["paths"][SEND]["post"]["parameters"]
    found: dict[str, Any] = next(p for p in parameters if p["name"] == name)
    return found


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        (lambda d: d["paths"].pop(SEND), f"http POST {SEND}: the message is gone"),
        (
            lambda d: d["paths"][SEND]["post"].update(operationId="take_back"),
            f"http POST {SEND}.(name): retyped",
        ),
        (lambda d: _body(d)["properties"].pop("reason"), f"http POST {SEND}.body reason: the field is gone"),
        (
            lambda d: _body(d)["properties"]["reason"].update(type="integer"),
            f"http POST {SEND}.body reason: retyped",
        ),
        (
            lambda d: _body(d)["required"].append("expires_at"),
            f"http POST {SEND}.body expires_at: became required",
        ),
        (
            lambda d: _body(d).update(
                properties=_body(d)["properties"] | {"mood": {"type": "string"}},
                required=[*_body(d)["required"], "mood"],
            ),
            f"http POST {SEND}.body mood: added without a default",
        ),
        (
            lambda d: _parameter(d, "if-match").update(name="revision"),
            f"http POST {SEND}.header if-match: the field is gone",
        ),
        (
            lambda d: _parameter(d, "if-match").update(required=True),
            f"http POST {SEND}.header if-match: became required",
        ),
        (
            lambda d: d["paths"][LOOK]["get"]["responses"].pop("200"),
            f"http GET {LOOK}.answer 200 application/json: the field is gone",
        ),
        (
            lambda d: d["components"]["schemas"]["StateView"]["properties"].pop("stage"),
            "http answered StateView.stage: the field is gone",
        ),
        (
            lambda d: d["components"]["schemas"]["StateView"]["required"].remove("stage"),
            "http answered StateView.stage: may be missing now",
        ),
    ],
)
def test_the_gate_stops_every_kind_of_break_of_the_http_api(
    document: dict[str, Any], change: Change, broken: str
) -> None:
    before = http_ledger(copy.deepcopy(document))
    change(document)
    assert broken in breaking(before, http_ledger(document))


@pytest.mark.parametrize(
    "change",
    [
        lambda d: _body(d)["properties"].update(mood={"type": "string"}),
        lambda d: d["components"]["schemas"]["StateView"]["properties"].update(mood={"type": "string"}),
        lambda d: d["components"]["schemas"]["StateView"]["required"].append("mood"),
        lambda d: d["paths"].update({"/v1/more": d["paths"][LOOK]}),
        lambda d: _body(d)["properties"]["reason"].update(description="In other words."),
    ],
)
def test_the_gate_lets_additions_to_the_http_api_pass(document: dict[str, Any], change: Change) -> None:
    before = http_ledger(copy.deepcopy(document))
    change(document)
    assert breaking(before, http_ledger(document)) == []


def test_the_gate_watches_the_nexus_operations() -> None:
    before = nexus_ledger(NEXUS_OPERATIONS)
    gone = {name: told for name, told in NEXUS_OPERATIONS.items() if name != "decide"}
    assert breaking(before, nexus_ledger(gone)) == ["nexus decide: the message is gone"]
    other = NEXUS_OPERATIONS | {"decide": ("nexus-question", "receipt", True)}
    assert breaking(before, nexus_ledger(other)) == ["nexus decide.input: retyped"]
    later = NEXUS_OPERATIONS | {"state": ("nexus-question", "state-view", False)}
    assert breaking(before, nexus_ledger(later)) == ["nexus state.at_once: retyped"]
    assert breaking(before, nexus_ledger(NEXUS_OPERATIONS | {"ask": ("a", "b", True)})) == []
