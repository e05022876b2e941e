"""The audit chain: a changed, missing, inserted or reordered entry is found."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.audit import ABRIDGED, GENESIS, UNMOVING, Fact, abridge, canonical, digest, verify
from models.commands import parse
from models.decide import apply
from models.lifecycle import BY_EVENT
from models.signals import receive
from models.state import ApplicationState
from tests.models.life import Life, archived, submitted, with_office

CHAIN: list[Fact] = list(archived(Life()).state.history)


def _with_forgotten_refusals() -> tuple[list[Fact], list[Fact]]:
    life = submitted(Life())
    state, whole = life.state, list(life.state.history)
    for body in (life.cast.recommend(), life.cast.start_publicity()):
        for _ in range(30):
            receive(state, "submit", life.cast.submit(), life.now)
        apply(state, parse(body["kind"], body), life.now)
        cause = state.take_cause()
        assert cause is not None
        whole += cause.facts
    return list(state.history), whole


def test_the_chain_of_a_whole_life_is_whole() -> None:
    assert verify(CHAIN) == []
    assert CHAIN[0].prev_hash == GENESIS
    assert [fact.seq for fact in CHAIN] == list(range(1, len(CHAIN) + 1))
    again = [Fact.model_validate_json(fact.model_dump_json()) for fact in CHAIN]
    assert verify(again) == []
    assert verify([]) == []


@given(
    st.integers(0, len(CHAIN) - 1), st.sampled_from(["event", "to_stage", "rule", "details", "actor", "at"])
)
@settings(max_examples=120)
def test_a_changed_entry_is_found_even_if_its_hash_is_made_anew(place: int, field: str) -> None:
    other = {
        "event": "forged",
        "to_stage": "forged",
        "rule": "forged",
        "details": {"yes": 9},
        "actor": CHAIN[place].actor.model_copy(update={"id": "forger"}),
        "at": CHAIN[place].at.replace(year=2020),
    }[field]
    forged = CHAIN[place].model_copy(update={field: other})
    assert verify([*CHAIN[:place], forged, *CHAIN[place + 1 :]]) != []
    resealed = [*CHAIN[:place], forged.sealed(), *CHAIN[place + 1 :]]
    assert place == len(CHAIN) - 1 or verify(resealed) != []


@given(st.integers(0, len(CHAIN) - 2))
def test_a_missing_entry_is_found(place: int) -> None:
    assert verify([*CHAIN[:place], *CHAIN[place + 1 :]]) != []


def test_a_missing_last_entry_is_found_by_the_head_that_the_state_keeps() -> None:
    state = archived(Life()).state
    assert verify(CHAIN[:-1]) == []
    assert CHAIN[-2].hash != state.chain
    assert state.chain == CHAIN[-1].hash


@given(st.integers(0, len(CHAIN)), st.integers(0, len(CHAIN) - 1))
def test_an_inserted_entry_is_found(place: int, copied: int) -> None:
    assert verify([*CHAIN[:place], CHAIN[copied], *CHAIN[place:]]) != []


@given(st.permutations(range(len(CHAIN))))
def test_reordered_entries_are_found(order: list[int]) -> None:
    shuffled = [CHAIN[n] for n in order]
    assert (verify(shuffled) == []) == (shuffled == CHAIN)


def test_the_hash_does_not_depend_on_the_order_of_keys() -> None:
    assert digest({"b": 1, "a": [1, "题"]}) == digest({"a": [1, "题"], "b": 1})
    assert canonical({"b": 1, "a": "题"}) == '{"a":"题","b":1}'


def test_no_entry_is_hashed_that_cannot_be_stored() -> None:
    with pytest.raises(UnicodeEncodeError):
        digest("\ud800")


KEPT = _with_forgotten_refusals()
"""What a workflow keeps of a chain with sixty refused signals, and the whole chain."""


def test_where_refused_signals_were_forgotten_the_rest_still_holds_together() -> None:
    kept, whole = KEPT
    assert len(kept) == len(whole) - 20
    assert verify(whole) == verify(whole, kept=True) == []
    assert verify(kept, kept=True) == []
    assert verify(kept) != []


@pytest.mark.parametrize("place", range(len(KEPT[0])))
def test_a_decision_missing_from_what_is_kept_is_found(place: int) -> None:
    kept, _ = KEPT
    fact = kept[place]
    missing = [*kept[:place], *kept[place + 1 :]]
    last = place == len(kept) - 1
    assert (verify(missing, kept=True) == []) == (last or (place > 0 and fact.event == "refused"))
    forged = fact.model_copy(update={"rule": "another"})
    assert verify([*kept[:place], forged, *kept[place + 1 :]], kept=True) != []


def test_a_file_that_many_have_written_into_is_still_carried_into_a_new_run() -> None:
    """Four hundred people complain at length: more than a payload holds."""
    life = archived(Life())
    for n in range(400):
        body = life.cast.objects(person=f"person-{n}", grounds="长" * 4_000)
        apply(life.state, parse("object", body), life.now)
    life.state.take_cause()
    assert len(life.state.model_dump_json().encode()) > 4_000_000
    carried = life.state.carried()
    assert len(canonical(carried).encode()) < 1_900_000
    again = ApplicationState.model_validate(carried)
    assert again.model_copy(update={"history": life.state.history}) == life.state
    assert verify(again.history, kept=True) == []
    assert len(verify(again.history)) > 300
    assert ABRIDGED not in again.history[-1].details
    apply(again, parse("object", life.cast.objects(person="late")), life.now)
    assert verify(again.history, kept=True) == []


def test_many_long_returns_are_carried_too_and_the_office_still_lists_once() -> None:
    life = with_office(Life())
    items = [{"id": f"i{n}", "text": "长" * 500, "part": "部" * 400} for n in range(60)]
    for n in range(12):
        changes = {} if n == 0 else {"items": [item | {"unrepaired": item["id"]} for item in items]}
        life.do(life.cast.office_return(**{"items": items} | changes))
        life.do(life.cast.resubmit(*(item["id"] for item in items)))
        for role in ("employer", "department"):
            life.do(life.cast.resubmit(role=role))
    assert len(life.state.model_dump_json().encode()) > 3_000_000
    carried = life.state.carried()
    assert len(canonical(carried).encode()) < 1_900_000
    life.state = ApplicationState.model_validate(carried)
    assert verify(life.state.history, kept=True) == []
    again = [{"id": "new", "text": "另一问题"}]
    assert life.refused(life.cast.office_return(items=again)).field == "items.0"
    life.do(life.cast.office_return(items=[again[0] | {"unrepaired": "i7"}]))


def test_an_ordinary_chain_is_carried_whole() -> None:
    assert abridge(CHAIN) == CHAIN


def test_the_events_that_move_nothing_are_those_outside_the_lifecycle() -> None:
    side_cases = {"complaint", "attest_post", "post_regained", "post_lacking"}
    assert UNMOVING & set(BY_EVENT) == side_cases
    assert {fact.event for fact in CHAIN if fact.event not in BY_EVENT} <= UNMOVING
