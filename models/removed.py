"""What stays of an audit chain when the words are removed, and how it is still proved.

Every entry keeps its place, time, event, stages, actor's reference and its hash; its details are replaced by
their digest. What stays is a skeleton, whose own digest stands in the chain of removals: so a changed,
missing, inserted or reordered entry is found as before. Whoever kept a content can prove that it is the one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from models.audit import ABRIDGED, GENESIS, Fact, digest
from models.wire import SHANGHAI, Wire


class RemovalRecord(Wire):
    """One entry of the chain of removals, as it is hashed."""

    at: datetime
    by: str
    kept: str
    subject: str
    plan_id: str | None = None
    application_ref: str | None = None
    rule: str
    counted_from: date | None
    due_on: date
    rows: dict[str, int]
    chain: str | None = None
    skeleton: str | None = None
    prev_hash: str = GENESIS

    def computed_hash(self) -> str:
        """The hash that the entry must carry; its time is taken in Asia/Shanghai, whoever reads it."""
        plain = self.model_dump(mode="json", exclude={"at"})
        return digest({**plain, "at": self.at.astimezone(SHANGHAI).isoformat()})


def without_details(fact: Fact) -> Fact:
    """The entry with its details replaced by their digest; once more changes nothing."""
    if set(fact.details) == {ABRIDGED}:
        return fact
    return fact.model_copy(update={"details": {ABRIDGED: digest(fact.details)}})


def skeleton_of(facts: Iterable[Fact]) -> str:
    """The digest of a chain as it stays."""
    return digest([without_details(fact).model_dump(mode="json") for fact in facts])


def verify_removed(facts: Sequence[Fact], chain: str | None, skeleton: str | None) -> list[str]:
    """Says what breaks a chain whose words were removed, by the record of the removal; empty: it is whole."""
    broken = [
        f"entry {fact.seq}: its details are there, and were removed"
        for fact in facts
        if set(fact.details) != {ABRIDGED}
    ]
    for place, fact in enumerate(facts):
        before = facts[place - 1].hash if place else GENESIS
        if fact.seq != place + 1:
            broken.append(f"entry {fact.seq}: expected number {place + 1}")
        if fact.prev_hash != before:
            broken.append(f"entry {fact.seq}: does not follow the entry before it")
    if (facts[-1].hash if facts else None) != chain:
        broken.append("the last entry is not the one that the removal saw")
    if not broken and skeleton_of(facts) != skeleton:
        broken.append("what stays of the entries is not what the removal left")
    return broken


def verify_removals(entries: Iterable[tuple[RemovalRecord, str]]) -> list[str]:
    """Says, entry by entry, what breaks the chain of removals. `entries`: each with the hash it carries."""
    broken, before = [], GENESIS
    for place, (entry, said) in enumerate(entries, start=1):
        if entry.prev_hash != before:
            broken.append(f"removal {place}: does not follow the one before it")
        if entry.computed_hash() != said:
            broken.append(f"removal {place}: content and hash differ")
        before = said
    return broken


def plain(record: RemovalRecord) -> dict[str, Any]:
    """The columns of its row."""
    return record.model_dump()
