"""How facts that arrive settle with the entries of a chain that are there: one way for every chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from models.audit import Fact
from models.turn import Entry, Turn, follows, judge, led_to


class Chain(Protocol):
    """The rows of one chain within a transaction."""

    async def there(self, first: int) -> Mapping[int, Entry]:
        """What is part of the chain, from the last entry before this number on."""
        ...

    async def aside(self) -> Mapping[str, Fact]:
        """All that was set aside, by hash."""
        ...

    async def left_again(self, seq: int, turn: Turn | None) -> None:
        """The entry counts from this turn: what is older than it gives way."""
        ...

    async def set_aside(self, facts: Sequence[Fact]) -> None:
        """Keeps facts that are no part of the chain, or not yet."""
        ...

    async def take_back(self, seq: int) -> None:
        """Sets the entries from this number on aside, and undoes what followed from them."""
        ...


@dataclass(frozen=True)
class Settled:
    """What became of facts and entries. `set_aside`: entries that were there have given way.

    `silent`: nothing may be written from the batch. A later turn has told the same, or
    it is `late`: its facts are set aside until they are proven. Else `facts` are to be written, which count
    from `turn`.
    """

    facts: tuple[Fact, ...]
    turn: Turn | None
    set_aside: bool = False
    silent: bool = False
    late: bool = False


async def settle(
    chain: Chain,
    facts: tuple[Fact, ...],
    turn: Turn | None,
    *,
    last: tuple[int, str],
    more: bool,
    proven: bool,
) -> Settled:
    """Lets the entries give way that are not true, or the facts; `models.turn.judge` says which.

    Facts that are `proven` bring back what led to them, and stand against whatever displaced it. Where there
    are none, the `last` one that the workflow decided (number and hash) must be the one on record.
    """
    seq, prev_hash = (facts[0].seq, facts[0].prev_hash) if facts else (last[0] + 1, last[1])
    there = await chain.there(seq)
    if not follows(seq, prev_hash, there):
        if not facts and not proven:
            return Settled(facts, turn, silent=True, late=True)
        if proven:
            aside = await chain.aside()
            there = await chain.there(min([seq, *(fact.seq for fact in aside.values())]))
            facts = (*led_to(seq, prev_hash, aside, there), *facts)
    if not facts:
        return Settled(facts, turn)
    verdict = judge(facts, there, turn, more=more, proven=proven)
    for seq in verdict.again:
        await chain.left_again(seq, turn)
    if verdict.late is not None:
        await chain.set_aside([fact for fact in facts if fact.seq >= verdict.late])
    if verdict.late is not None or verdict.stale:
        return Settled(facts, turn, silent=True, late=verdict.late is not None)
    if verdict.gives_way is not None:
        await chain.take_back(verdict.gives_way)
    if proven:
        told = [entry.turn for entry in there.values() if entry.turn]
        turn = turn.after(told) if turn is not None else None
    return Settled(facts, turn, set_aside=verdict.gives_way is not None)
