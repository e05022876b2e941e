"""The daily root: one hash over the heads of every chain of a plan, chained to the root of the day before.

A leaf says how far a chain had come when the root was made, and with which hash; never which rows bear which
date. So a row that is written late stands in the next root, and every earlier root still holds: the chain
must have that hash at that number, for ever. The tree is a Merkle tree over the leaves in the order in which
they first appeared; roots are published, leaves are not (they name applications).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum
from typing import Literal

from models.audit import GENESIS, canonical, digest
from models.wire import SHANGHAI, Instant, Wire


class LeafKind(StrEnum):
    """What a leaf stands for. Chains have a head; what is written once has its digest, and the number 1."""

    APPLICATION = "application"
    CYCLE = "cycle"
    MEETING_ACT = "meeting_act"
    DRAW = "draw"
    MINUTES = "minutes"
    RESULT_LIST = "result_list"
    SET_ASIDE = "set_aside"
    REMOVALS = "removals"


class Leaf(Wire):
    """Of `kind` and `ref`, entry number `seq` has `hash`."""

    kind: LeafKind
    ref: str
    seq: int
    hash: str

    @property
    def name(self) -> str:
        """What the leaf is of."""
        return f"{self.kind.value}/{self.ref}"

    def hashed(self) -> str:
        """The leaf's own hash in the tree: sha-256 over a zero byte and its canonical JSON."""
        return hashlib.sha256(b"\x00" + canonical(self.model_dump(mode="json")).encode()).hexdigest()


class Root(Wire):
    """A root as it is published. `at` is when it was made (business time), `prev` the hash of the one before.

    It tells nothing of anybody: neither how many applications there are nor which.
    """

    plan_id: str
    n: int
    day: date
    at: Instant
    tree: str
    prev: str
    hash: str = ""

    def computed_hash(self) -> str:
        """The hash it must carry; the moment is written in Asia/Shanghai, whoever reads it."""
        plain = self.model_dump(mode="json", exclude={"hash", "at"})
        return digest({**plain, "at": self.at.astimezone(SHANGHAI).isoformat()})

    def sealed(self) -> Root:
        """The same root with its hash, and its moment as it was hashed."""
        return self.model_copy(update={"at": self.at.astimezone(SHANGHAI), "hash": self.computed_hash()})


class Neighbour(Wire):
    """One neighbour on the way from a leaf to the top."""

    side: Literal["left", "right"]
    hash: str


class Inclusion(Wire):
    """That a leaf stands in a published root: checked with these lines alone (docs/audit.md)."""

    leaf: Leaf
    path: tuple[Neighbour, ...]
    root: Root

    def holds(self) -> bool:
        """The path leads from the leaf to the tree of the root, and the root carries its own hash."""
        value = self.leaf.hashed()
        for step in self.path:
            value = node(step.hash, value) if step.side == "left" else node(value, step.hash)
        return value == self.root.tree and self.root.computed_hash() == self.root.hash


def node(left: str, right: str) -> str:
    """The hash of two neighbours: sha-256 over a one byte and both."""
    return hashlib.sha256(b"\x01" + bytes.fromhex(left) + bytes.fromhex(right)).hexdigest()


class Tree:
    """The tree as it stands; a leaf that is put again replaces what it said before.

    A node without a right neighbour goes up as it is. Putting a leaf costs a hash a level.
    """

    def __init__(self) -> None:
        self._slots: dict[str, int] = {}
        self._rows: list[list[str]] = [[]]

    def put(self, leaf: Leaf) -> None:
        """Adds the leaf, or replaces the one of that name."""
        place, value, level = self._slots.setdefault(leaf.name, len(self._slots)), leaf.hashed(), 0
        while True:
            row = self._rows[level]
            row[place : place + 1] = [value]
            if len(row) == 1:
                return
            left = place & ~1
            value = node(row[left], row[left + 1]) if left + 1 < len(row) else row[left]
            place, level = place // 2, level + 1
            if level == len(self._rows):
                self._rows.append([])

    def put_all(self, leaves: Iterable[Leaf]) -> Tree:
        """Puts them in order, and gives the tree."""
        for leaf in leaves:
            self.put(leaf)
        return self

    @property
    def top(self) -> str:
        """The hash over everything; that of nothing is the hash of no entry."""
        return self._rows[-1][0] if self._slots else GENESIS

    def path(self, name: str) -> tuple[Neighbour, ...]:
        """The way from the leaf of that name to the top. Raises `KeyError`."""
        place, steps = self._slots[name], list[Neighbour]()
        for row in self._rows[:-1]:
            other = place ^ 1
            if other < len(row):
                steps.append(Neighbour(side="left" if other < place else "right", hash=row[other]))
            place //= 2
        return tuple(steps)


def next_root(plan_id: str, day: date, at: Instant, tree: str, last: Root | None) -> Root:
    """The root that follows `last`."""
    number, prev = (last.n + 1, last.hash) if last is not None else (1, GENESIS)
    return Root(plan_id=plan_id, n=number, day=day, at=at, tree=tree, prev=prev).sealed()


def moved_on(heads: Iterable[Leaf], sealed: dict[str, Leaf]) -> list[Leaf]:
    """The leaves that are new, or further than they were sealed; of what went back, `verify` tells."""
    return [leaf for leaf in heads if leaf.name not in sealed or leaf.seq > sealed[leaf.name].seq]


def faults_of(roots: Sequence[Root]) -> list[tuple[int, str]]:
    """What is wrong with a sequence of roots by itself: the number of the root, and what; in its order."""
    found: list[tuple[int, str]] = []
    before: Root | None = None
    for place, root in enumerate(roots, start=1):
        if root.n != place:
            found.append((place, "missing"))
            return found
        if root.computed_hash() != root.hash:
            found.append((root.n, "changed"))
        if root.prev != (before.hash if before is not None else GENESIS):
            found.append((root.n, "does not follow"))
        if before is not None and root.day <= before.day:
            found.append((root.n, "out of order"))
        before = root
    return found
