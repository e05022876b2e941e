"""The audit chain of one application: append-only, each entry hashed over its predecessor.

The workflow computes the chain (so the history and the database hold the same hashes); `verify` finds
a changed, missing, inserted or reordered entry.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import Field

from models.roles import Actor
from models.wire import Instant, Wire

GENESIS = "0" * 64
"""The `prev_hash` of the first entry."""


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces; the text that is hashed."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(value: Any) -> str:
    """sha-256 of the canonical JSON of `value`, in hex."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


class Fact(Wire):
    """One entry: what happened, when (business time), by whom, under which rule.

    `seq` counts from 1 without a gap; `revision` is the state's revision after the event.
    """

    seq: int
    at: Instant
    revision: int
    event: str
    from_stage: str
    to_stage: str
    actor: Actor
    command_id: str | None = None
    rule: str
    plan: str
    details: dict[str, Any] = Field(default_factory=dict)
    prev_hash: str
    hash: str = ""

    def computed_hash(self) -> str:
        """The hash this entry must carry."""
        return digest(self.model_dump(mode="json", exclude={"hash"}))

    def sealed(self) -> Fact:
        """The same entry with its hash."""
        return self.model_copy(update={"hash": self.computed_hash()})


ABRIDGED = "abridged"
"""The only detail of an entry whose details are kept elsewhere: the sha-256 of what they were."""

KEPT_BYTES = 1_000_000
"""The details that a workflow carries along and tells at once; a payload of Temporal holds 2 MB."""


def abridge(facts: Sequence[Fact], most: int = KEPT_BYTES) -> list[Fact]:
    """The same entries, the details of the oldest ones replaced by their hash until all fit into `most`.

    A life is a few kilobytes; this is for one that many people have written much into.
    """
    sizes = [len(canonical(fact.details).encode()) for fact in facts]
    excess, kept = sum(sizes) - most, list(facts)
    for place, size in enumerate(sizes):
        if excess <= 0:
            break
        if size > _WORTH_ABRIDGING:
            fact = facts[place]
            kept[place] = fact.model_copy(update={"details": {ABRIDGED: digest(fact.details)}})
            excess -= size - _WORTH_ABRIDGING
    return kept


_WORTH_ABRIDGING = 100
"""Bytes; a hash with its name is shorter."""


UNMOVING = frozenset(
    {
        "opened",
        "refused",
        "reminded",
        "escalated",
        "deadline_moved",
        "calendar_missing",
        "complaint",
        "attest_post",
        "post_regained",
        "post_lacking",
    }
)
"""Events that leave stage and revision as they are; every other one makes a new revision.

A complaint is a side case: if it made a new revision, a stranger could keep every decision stale. A post
that is found, or not, changes nothing about the materials that are decided on.
"""


def verify(facts: Iterable[Fact], *, kept: bool = False) -> list[str]:
    """Says, entry by entry, what breaks the chain; an empty list means it is whole.

    `kept`: the facts are those that a workflow keeps, which forgets old refused signals. Numbers may then be
    missing, but only where nothing moved between the entries on either side; of an abridged entry the place
    in the chain is checked, not the content.
    """
    broken: list[str] = []
    last: Fact | None = None
    for fact in facts:
        expected = last.seq + 1 if last else 1
        if kept and last is not None and fact.seq > expected:
            if not _nothing_moved(last, fact):
                broken.append(f"entries {expected} to {fact.seq - 1}: more than refused signals is missing")
        else:
            if fact.seq != expected:
                broken.append(f"entry {fact.seq}: expected number {expected}")
            if fact.prev_hash != (last.hash if last else GENESIS):
                broken.append(f"entry {fact.seq}: does not follow the entry before it")
        elsewhere = kept and set(fact.details) == {ABRIDGED}
        if not elsewhere and fact.hash != fact.computed_hash():
            broken.append(f"entry {fact.seq}: content and hash differ")
        last = fact
    return broken


def _nothing_moved(before: Fact, after: Fact) -> bool:
    """The one after the gap takes up stage and revision where the one before it left them."""
    step = 0 if after.event in UNMOVING else 1
    return before.to_stage == after.from_stage and before.revision + step == after.revision
