"""A register of posts without a database: the pure rules over a list, shared by the lives of one unit."""

from __future__ import annotations

from models.audit import Fact
from models.posts import Entry, PostAnswer, Standing, answer_of, asks, fold, moved


class PostBook:
    """One pool's ledger. Lives that are given the same book compete for its posts."""

    def __init__(self, entries: list[Entry] | None = None) -> None:
        self.entries: list[Entry] = list(entries or [])

    @property
    def standing(self) -> Standing:
        """The pool now."""
        return fold(self.entries)

    def take(self, ref: str, fact: Fact) -> PostAnswer | None:
        """Enters what the fact does; the answer if it asks."""
        entry = moved(self.standing, len(self.entries) + 1, ref, fact)
        if entry is None:
            return None
        self.entries.append(entry)
        return answer_of(entry, self.standing) if asks(fact) else None
