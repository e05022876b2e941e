"""The tree and the chain of roots: whatever is put in is proved, and nothing that was not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.audit import GENESIS, digest
from models.roots import Inclusion, Leaf, LeafKind, Root, Tree, faults_of, moved_on, next_root

AT = datetime(2023, 11, 6, 16, 0, tzinfo=UTC)


def leaf(number: int, seq: int = 1) -> Leaf:
    return Leaf(kind=LeafKind.APPLICATION, ref=f"a-{number}", seq=seq, hash=digest([number, seq]))


def root_over(tree: Tree) -> Root:
    return next_root("plan", date(2023, 11, 7), AT, tree.top, None)


@given(st.integers(1, 70), st.data())
def test_every_leaf_is_proved_and_no_other(size: int, data: st.DataObject) -> None:
    tree = Tree().put_all(map(leaf, range(size)))
    root, chosen = root_over(tree), data.draw(st.integers(0, size - 1))
    proof = Inclusion(leaf=leaf(chosen), path=tree.path(leaf(chosen).name), root=root)
    assert proof.holds()
    assert not proof.model_copy(update={"leaf": leaf(chosen, 2)}).holds()
    assert not proof.model_copy(update={"root": root.model_copy(update={"day": date(2024, 1, 1)})}).holds()
    other = data.draw(st.integers(0, size - 1).filter(lambda n: n != chosen)) if size > 1 else None
    if other is not None:
        assert not proof.model_copy(update={"leaf": leaf(other)}).holds()


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 9)), max_size=60))
def test_the_tree_depends_on_what_stands_in_it_last_and_on_the_order_of_first_appearance(
    puts: list[tuple[int, int]],
) -> None:
    grown = Tree().put_all(leaf(*put) for put in puts)
    last = {leaf(*put).name: leaf(*put) for put in puts}
    order = list(dict.fromkeys(leaf(*put).name for put in puts))
    assert grown.top == Tree().put_all(last[name] for name in order).top


def test_nothing_gives_the_hash_of_no_entry() -> None:
    assert Tree().top == GENESIS


def test_only_what_went_on_is_sealed_again() -> None:
    sealed = {one.name: one for one in (leaf(1, 3), leaf(2, 3), leaf(3, 3))}
    now = [leaf(1, 3), leaf(2, 5), leaf(3, 2), leaf(4)]
    assert [(one.ref, one.seq) for one in moved_on(now, sealed)] == [("a-2", 5), ("a-4", 1)]


@pytest.fixture
def roots() -> list[Root]:
    made: list[Root] = []
    for n in range(1, 6):
        tree = Tree().put_all(map(leaf, range(n))).top
        day = date(2023, 11, 6) + timedelta(days=n)
        made.append(next_root("plan", day, AT + timedelta(days=n), tree, made[-1] if made else None))
    return made


def test_a_chain_of_roots_is_whole_or_says_where_not(roots: list[Root]) -> None:
    assert faults_of(roots) == []
    assert faults_of(roots[:2] + roots[3:]) == [(3, "missing")]
    changed = [*roots[:1], roots[1].model_copy(update={"tree": "0" * 64}), *roots[2:]]
    assert faults_of(changed) == [(2, "changed")]
    resealed = [*roots[:1], changed[1].sealed(), *roots[2:]]
    assert faults_of(resealed) == [(3, "does not follow")]
    backdated = [roots[0], roots[1].model_copy(update={"day": roots[0].day}).sealed()]
    assert faults_of(backdated) == [(2, "out of order")]


def test_the_hash_of_a_root_does_not_depend_on_the_zone_it_is_read_in(roots: list[Root]) -> None:
    read = roots[2].model_copy(update={"at": roots[2].at.astimezone(UTC)})
    assert read.computed_hash() == roots[2].hash
