"""Whatever a worker that has lost the workflow writes, and whenever: the record is what was decided."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from models.audit import GENESIS, Fact
from models.cycle_state import CycleBatch, CycleSnapshot
from models.outbox import HopBatch, OpenRequest, Snapshot
from models.roles import SYSTEM
from models.turn import Entry, Turn, Verdict, judge

NOON = datetime(2023, 11, 20, 12, tzinfo=UTC)


def turn(length: int, began: int = 0, run_id: str = "run") -> Turn:
    return Turn(run_id=run_id, length=length, began=NOON + timedelta(minutes=began))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (turn(4, 9), turn(7, 1)),
        (turn(7, 1), turn(7, 2)),
        (turn(900, 1), turn(4, 2, "continued")),
    ],
    ids=["a longer history", "the same task again", "another run"],
)
def test_which_turn_was_given_out_later(one: Turn, other: Turn) -> None:
    assert one.before(other)
    assert not other.before(one)
    assert not one.before(one)


def test_what_a_later_turn_decided_from_it_vouches_for_an_entry() -> None:
    """Its own turn was told too early: a lost one between the two comes late all the same."""
    first = decided([], "one", 1)
    second, lost = decided([first], "two", 9), decided([], "two", 5)
    there = {1: Entry(first.hash, first.at, turn(4)), 2: Entry(second.hash, second.at, turn(10))}
    assert judge([lost], there, turn(7), more=False) == Verdict(late=1)
    assert judge([first], there, turn(7), more=False) == Verdict(stale=True)
    assert judge([lost], there, turn(12), more=False) == Verdict(gives_way=1)


def test_what_is_proven_after_a_continuation_leaves_the_next_turns_of_its_run_later() -> None:
    """The history begins anew: the length that another run had says nothing of this one's."""
    left = turn(5, 2, "continued")
    told = [turn(8_000, 1), turn(3, 1, "continued")]
    proven = left.after(told)
    assert all(one.before(proven) for one in told)
    assert proven.before(turn(11, 3, "continued"))


@dataclass
class Record:
    """What the database does with a verdict, in small."""

    entries: dict[int, Entry] = field(default_factory=dict)

    def take(self, facts: list[Fact], left: Turn, *, more: bool) -> None:
        verdict = judge(facts, self.entries, left, more=more)
        for seq in verdict.again:
            self.entries[seq] = Entry(self.entries[seq].hash, self.entries[seq].at, left)
        if verdict.late is not None:
            return
        if verdict.gives_way is not None:
            self.entries = {seq: one for seq, one in self.entries.items() if seq < verdict.gives_way}
        for fact in facts:
            self.entries.setdefault(fact.seq, Entry(fact.hash, fact.at, left))


def decided(before: list[Fact], word: str, minutes: int) -> Fact:
    """The next fact. What fell due (`due`) carries its own moment, and is the same in each turn."""
    at = NOON - timedelta(days=1) if word == "due" else NOON + timedelta(minutes=minutes)
    return Fact(
        seq=len(before) + 1,
        at=at,
        revision=0,
        event=word,
        from_stage="draft",
        to_stage="draft",
        actor=SYSTEM,
        command_id=None,
        rule="x",
        plan="p/1",
        details={},
        prev_hash=before[-1].hash if before else GENESIS,
        hash="",
    ).sealed()


def test_what_follows_a_fact_that_a_later_turn_told_alone_is_late() -> None:
    first = decided([], "due", 1)
    second = decided([first], "one", 2)
    there = {1: Entry(first.hash, first.at, turn(7))}
    assert judge([first, second], there, turn(4), more=False) == Verdict(late=2)


def test_what_a_later_turn_has_told_is_stale_and_keeps_its_turn() -> None:
    first = decided([], "due", 1)
    there = {1: Entry(first.hash, first.at, turn(7))}
    assert judge([first], there, turn(4), more=False) == Verdict(stale=True)
    assert judge([first], there, turn(7), more=False) == Verdict()
    assert judge([first], there, turn(9), more=False) == Verdict(again=(1,))


TURNS = st.lists(
    st.tuples(
        st.lists(st.sampled_from(["due", "one", "two"]), min_size=1, max_size=3),
        st.booleans(),
        st.integers(0, 3),
        st.integers(0, 5),
    ),
    min_size=1,
    max_size=8,
)
"""Of each turn: what it decides, whether it is lost, how far its clock goes ahead, and how many turns
later it writes if it is lost."""


@settings(max_examples=400, deadline=None)
@given(turns=TURNS, transient=st.booleans(), together=st.booleans())
def test_the_record_is_what_the_workflow_decided(
    turns: list[tuple[list[str], bool, int, int]], transient: bool, together: bool
) -> None:
    true: list[Fact] = []
    record, late = Record(), list[tuple[int, list[Fact], Turn]]()
    turns = [*turns, (["one"], False, 0, 0)]
    for n, (words, lost, ahead, delay) in enumerate(turns):
        left = turn(60 if transient else 3 * n, began=n)
        made = list(true)
        for word in words:
            made.append(decided(made, word, minutes=n + 2 * ahead))
        new = made[len(true) :]
        if lost:
            late += [(n + delay, batch, left) for batch in ([new] if together else [[f] for f in new])]
        else:
            for place, fact in enumerate(new):
                record.take([fact], left, more=place + 1 < len(new))
            true = made
        for due, facts, of in [one for one in late if one[0] <= n]:
            late.remove((due, facts, of))
            record.take(facts, of, more=False)
    for _, facts, of in late:
        record.take(facts, of, more=False)
    assert [record.entries[seq].hash for seq in sorted(record.entries)] == [fact.hash for fact in true]


@pytest.mark.parametrize("kind", [HopBatch, Snapshot, OpenRequest, CycleBatch, CycleSnapshot])
def test_an_older_worker_leaves_out_what_a_newer_workflow_tells(kind: type[BaseModel]) -> None:
    """Else its activity would fail and be tried again for ever while a release is taken back."""
    assert kind.model_config["extra"] == "ignore"
