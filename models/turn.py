"""Which turn of a workflow it was that decided: of two that decided the same number, the later one is true.

A workflow task that is lost with its worker is decided anew, and the lost worker may go on writing for a
while. Business time cannot tell the two apart: both go on counting it. What can is what the server gave out:
how long the history was, and when the task began.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.audit import Fact
from models.wire import Instant, Wire

TICK = timedelta(microseconds=1)


class Turn(Wire):
    """A workflow task: how many events the history had when it was given out, and when, in real time."""

    run_id: str
    length: int
    began: Instant

    def before(self, other: Turn) -> bool:
        """Whether the other one was given out later.

        Within a run the history only grows; tasks that failed again and again share a length, and differ in
        when they began. After a reset, or a continuation as new, only the beginning tells.
        """
        if self.run_id == other.run_id and self.length != other.length:
            return self.length < other.length
        return self.began < other.began

    def after(self, told: Iterable[Turn]) -> Turn:
        """As late as is needed for what is proven to stand against whoever told these.

        Lengths are those of one run: with the length that a run had before it was continued, every turn to
        come of this one would be called late.
        """
        others = list(told)
        length = max((self.length, *(one.length for one in others if one.run_id == self.run_id)))
        began = max((self.began, *(one.began + TICK for one in others)))
        return self.model_copy(update={"length": length, "began": began})


@dataclass(frozen=True)
class Entry:
    """An entry of a chain on record: its hash, the moment that it carries, the turn that it last left."""

    hash: str
    at: datetime
    turn: Turn | None


@dataclass(frozen=True)
class Verdict:
    """What follows from facts that arrive. `again`: entries that stand and left this turn as well.

    `stale`: a later turn has told the same, so that these facts have nothing more to say. `late`: from this
    number on the facts are the orphans. `gives_way`: from this number on the entries are.
    """

    again: tuple[int, ...] = ()
    stale: bool = False
    late: int | None = None
    gives_way: int | None = None


def judge(
    facts: Sequence[Fact],
    there: Mapping[int, Entry],
    turn: Turn | None,
    *,
    more: bool,
    proven: bool = False,
) -> Verdict:
    """Facts that left in this turn, against what is on record from the last entry before theirs on.

    Of two entries with one number the one of the later turn is true, whichever arrives first; without a turn
    (a release that told none) the moments that they carry are compared. What would follow an entry of a later
    turn is late as well: the workflow has decided anew from there; and so is what does not follow the entry
    before it. Entries that follow vouch for those before them, whose own turn may have been told too early:
    whoever decided from there in a later turn knew them to be true. Entries beyond the last fact that left an
    earlier turn give way, unless `more` facts follow at once: a turn can be lost after its second decision,
    and told again with the first one alone, which is the same to the letter when it fell due.

    `proven`: the server has the task in which they were decided, so that what differs from them is not true,
    whatever its turn says.
    """
    if not facts:
        return Verdict()
    if not proven and not follows(facts[0].seq, facts[0].prev_hash, there):
        return Verdict(late=facts[0].seq)
    before = max((seq for seq in there if seq < facts[0].seq), default=0)
    overtaken = not proven and any(_left_later(entry, turn) for seq, entry in there.items() if seq >= before)
    again: list[int] = []
    for fact in facts:
        entry = there.get(fact.seq)
        if entry is None:
            if overtaken:
                return Verdict(tuple(again), late=fact.seq)
        elif entry.hash != fact.hash:
            if overtaken or (not proven and _came_late(fact, turn, entry)):
                return Verdict(tuple(again), late=fact.seq)
            return Verdict(tuple(again), gives_way=fact.seq)
        elif turn is not None and not overtaken and (entry.turn is None or entry.turn.before(turn)):
            again.append(fact.seq)
    if overtaken:
        return Verdict(tuple(again), stale=True)
    if turn is None or more:
        return Verdict(tuple(again))
    after = (seq for seq, entry in there.items() if seq > facts[-1].seq and _left_before(entry, turn))
    return Verdict(tuple(again), gives_way=min(after, default=None))


def follows(seq: int, prev_hash: str, there: Mapping[int, Entry]) -> bool:
    """Whether the entry before that number is the one that its workflow decided; also where there is none."""
    before = max((number for number in there if number < seq), default=None)
    return before is None or (before == seq - 1 and there[before].hash == prev_hash)


def led_to(seq: int, prev_hash: str, aside: Mapping[str, Fact], there: Mapping[int, Entry]) -> list[Fact]:
    """What was set aside (by hash) and leads from an entry that is there to that number, which is proven.

    It was true: whoever displaced it told too late a turn. Empty where the way back is not known.
    """
    way: list[Fact] = []
    while not follows(seq, prev_hash, there):
        found = aside.get(prev_hash)
        if found is None or found.seq != seq - 1:
            return []
        way.insert(0, found)
        seq, prev_hash = found.seq, found.prev_hash
    return way


def _came_late(fact: Fact, turn: Turn | None, entry: Entry) -> bool:
    """Where a turn is lacking; else entries of later turns tell."""
    return (turn is None or entry.turn is None) and fact.at < entry.at


def _left_later(entry: Entry, turn: Turn | None) -> bool:
    return turn is not None and entry.turn is not None and turn.before(entry.turn)


def _left_before(entry: Entry, turn: Turn) -> bool:
    return entry.turn is not None and entry.turn.before(turn)
