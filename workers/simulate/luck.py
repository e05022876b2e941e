"""Chance that depends on nothing but the seed, the person and what is asked: never on the order of asking.

Every question has a name; the same seed, number and name give the same answer, on any plan and whatever else
is drawn. So applicant 7 is the same person among ten and among a thousand.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Mapping, Sequence
from itertools import accumulate
from random import Random

Table = Sequence[tuple[int, int]]
"""Rows of (value, weight)."""


class Luck:
    """The draws of one person (or one unit): `of` names whom."""

    def __init__(self, seed: int, of: str) -> None:
        self._name = f"{seed}/{of}"

    def random(self, question: str) -> Random:
        """A generator of its own for one question."""
        return Random(f"{self._name}/{question}")

    def chance(self, question: str, probability: float) -> bool:
        """True with this probability (0 to 1)."""
        return self.random(question).random() < probability

    def draw(self, question: str, table: Table) -> int:
        """One value of a table, by weight."""
        sums = list(accumulate(weight for _, weight in table))
        return table[bisect(sums, self.random(question).random() * sums[-1])][0]

    def pick(self, question: str, weights: Mapping[str, float]) -> str:
        """One name, by weight; the names in their given order."""
        sums = list(accumulate(weights.values()))
        return list(weights)[bisect(sums, self.random(question).random() * sums[-1])]

    def between(self, question: str, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return self.random(question).randint(low, high)
