"""The second proof: what the workflows' histories say was decided, held against what is recorded.

Two readings of a history, neither of which looks at the database: the entries that the engine makes when the
history is replayed, and the receipts that stand in it as they were given to the senders. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from models.audit import Fact
from models.roles import Actor
from models.tampering import Finding, Proof, Tampering, finding
from models.wire import Instant, Wire

_TOLD_APART = (
    "at",
    "revision",
    "event",
    "from_stage",
    "to_stage",
    "actor",
    "command_id",
    "rule",
    "plan",
    "details",
)


class Acknowledged(Wire):
    """A command as its sender was answered: who, what, when, under which id, and what came of it."""

    command_id: str
    kind: str
    actor: Actor
    event: str
    at: Instant
    revision: int


def compare_entries(place: str, recorded: Sequence[Fact], rebuilt: Sequence[Fact]) -> list[Finding]:
    """Entry by entry, by number; of an entry that differs, in what."""
    ours, theirs = ({fact.seq: fact for fact in facts} for facts in (recorded, rebuilt))
    found = []
    for seq in sorted(ours.keys() | theirs.keys()):
        mine, told, here = ours.get(seq), theirs.get(seq), f"{place} #{seq}"
        if mine is None and told is not None:
            zh = f"历史中有（{told.event}），库中没有"
            en = f"the history has it ({told.event}), the record does not"
            found.append(_of_history(Tampering.NOT_RECORDED, here, zh, en))
        elif told is None and mine is not None:
            zh = f"库中有（{mine.event}），历史中没有"
            en = f"the record has it ({mine.event}), the history does not"
            found.append(_of_history(Tampering.NOT_IN_HISTORY, here, zh, en))
        elif mine is not None and told is not None and mine != told:
            parts = "、".join(_differing(mine, told)) or "hash"
            zh, en = f"与历史不符：{parts}", f"not what the history says: {parts.replace('、', ', ')}"
            found.append(_of_history(Tampering.REWRITTEN, here, zh, en))
    return found


def _differing(mine: Fact, told: Fact) -> list[str]:
    return [name for name in _TOLD_APART if getattr(mine, name) != getattr(told, name)]


def compare_receipts(place: str, recorded: Sequence[Fact], receipts: Iterable[Acknowledged]) -> list[Finding]:
    """Everything that was acknowledged to a sender is on record as it was acknowledged."""
    by_command: dict[str, list[Fact]] = {}
    for fact in recorded:
        if fact.command_id is not None:
            by_command.setdefault(fact.command_id, []).append(fact)
    found = []
    for given in receipts:
        mine = by_command.get(given.command_id, [])
        if not mine:
            zh = f"已答复“受理”的指令 {given.command_id}（{given.kind}）不在库中"
            en = f"the command {given.command_id} ({given.kind}) was acknowledged, and is not on record"
            found.append(_of_history(Tampering.NOT_RECORDED, place, zh, en))
        elif not any(_is_of(fact, given) for fact in mine):
            zh = f"指令 {given.command_id}（{given.kind}）的记录与当时的答复不符"
            en = f"the record of {given.command_id} ({given.kind}) is not what its sender was told"
            found.append(_of_history(Tampering.REWRITTEN, f"{place} #{mine[0].seq}", zh, en))
    return found


def _is_of(fact: Fact, given: Acknowledged) -> bool:
    """The computed steps that follow make further revisions within the same answer."""
    return (fact.event, fact.actor, fact.at) == (given.event, given.actor, given.at) and (
        fact.revision <= given.revision
    )


def _of_history(kind: Tampering, place: str, zh: str, en: str) -> Finding:
    return finding(Proof.HISTORY, kind, place, zh, en)
