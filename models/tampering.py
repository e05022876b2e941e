"""What can have been done to the record, how it shows, and which proof shows it (`zhicheng audit verify`).

Pure. `look_at_chain` reads one chain by itself; that it was cut at its end, or made anew as a whole, only its
record, the published roots and the workflows' histories can tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from models.audit import GENESIS, Fact
from models.doctor import Severity
from models.wire import Label, Wire

RUNBOOK = "docs/runbooks/audit.md"


class Proof(StrEnum):
    """What a finding rests on."""

    CHAIN = "chain"
    RECORD = "record"
    ROOT = "root"
    HISTORY = "history"


class Tampering(StrEnum):
    """What seems to have been done. Each has its section in the runbook, under this name."""

    CHANGED = "changed"
    MISSING = "missing"
    INSERTED = "inserted"
    REORDERED = "reordered"
    REWRITTEN = "rewritten"
    TRUNCATED = "truncated"
    REMOVED = "removed"
    LIST_CHANGED = "list_changed"
    ROOT_CHANGED = "root_changed"
    ROOT_MISSING = "root_missing"
    SET_ASIDE = "set_aside"
    NOT_IN_HISTORY = "not_in_history"
    NOT_RECORDED = "not_recorded"
    NOT_PROVED = "not_proved"


class Finding(Wire):
    """One thing that is not as it was written. `place`: plan, reference and entry, or which root or list."""

    proof: Proof
    tampering: Tampering
    severity: Severity
    place: str
    what: Label
    runbook: str


def finding(
    proof: Proof, tampering: Tampering, place: str, zh: str, en: str, severity: Severity = "error"
) -> Finding:
    """One finding, with the section of the runbook that says what to do."""
    return Finding(
        proof=proof,
        tampering=tampering,
        severity=severity,
        place=place,
        what=Label(zh=zh, en=en),
        runbook=f"{RUNBOOK}#{tampering.value}",
    )


def look_at_chain(place: str, facts: Sequence[Fact]) -> list[Finding]:
    """What one chain says of itself, in its order; an empty list means it is whole as far as it goes."""
    true_numbers = {fact.seq: _true_number(fact, len(facts)) for fact in facts}
    found: list[Finding] = []
    last: Fact | None = None
    for place_in_chain, fact in enumerate(facts):
        after = facts[place_in_chain + 1] if place_in_chain + 1 < len(facts) else None
        here, expected, true = f"{place} #{fact.seq}", (last.seq + 1 if last else 1), true_numbers[fact.seq]
        follows = fact.prev_hash == (last.hash if last else GENESIS)
        if fact.seq != expected:
            found.append(_gap(place, expected, fact.seq))
        elif true is None:
            found.append(_changed(here, fact, after))
        elif true != fact.seq:
            found.append(_renumbered(here, fact.seq, true, true_numbers))
        elif not follows and (last is None or true_numbers[last.seq] == last.seq):
            found.append(_unfitting(here, fact, last, after))
        last = fact
    return found


def _true_number(fact: Fact, length: int) -> int | None:
    """The number under which the entry was sealed; None when its content is no longer what was sealed."""
    if fact.computed_hash() == fact.hash:
        return fact.seq
    for number in range(1, length + 3):
        if fact.model_copy(update={"seq": number}).computed_hash() == fact.hash:
            return number
    return None


def _gap(place: str, expected: int, seq: int) -> Finding:
    span = f"{expected}" if seq == expected + 1 else f"{expected}–{seq - 1}"
    return finding(
        Proof.CHAIN,
        Tampering.MISSING,
        f"{place} #{expected}",
        f"第{span}条缺失",
        f"entry {span} is missing",
    )


def _changed(here: str, fact: Fact, after: Fact | None) -> Finding:
    hash_alone = after is not None and after.prev_hash == fact.computed_hash()
    zh, en = (
        ("其哈希被改动", "its hash was changed") if hash_alone else ("内容被改动", "its content was changed")
    )
    return finding(Proof.CHAIN, Tampering.CHANGED, here, zh, en)


def _renumbered(here: str, seq: int, true: int, numbers: dict[int, int | None]) -> Finding:
    if numbers.get(true) == seq:
        zh, en = f"与第{true}条对调", f"it was entry {true}: the two were exchanged"
        return finding(Proof.CHAIN, Tampering.REORDERED, here, zh, en)
    if true == seq + 1:
        zh, en = "其前有一条被移除，其后重新编号", "it was the next number: one before it was taken out"
        return finding(Proof.CHAIN, Tampering.MISSING, here, zh, en)
    if true == seq - 1:
        zh, en = "其前被插入一条，其后重新编号", "it was the number before: one was put in before it"
        return finding(Proof.CHAIN, Tampering.INSERTED, here, zh, en)
    return finding(Proof.CHAIN, Tampering.REORDERED, here, f"原为第{true}条", f"it was entry {true}")


def _unfitting(here: str, fact: Fact, last: Fact | None, after: Fact | None) -> Finding:
    """Sound by itself, and not sealed over the entry before it."""
    stands_alone = after is None or after.prev_hash != fact.hash
    if stands_alone:
        zh, en = (
            "不接续前一条，亦无后条接续：系后插入",
            "it follows nothing and nothing follows it: it was put in",
        )
        return finding(Proof.CHAIN, Tampering.INSERTED, here, zh, en)
    before = last.seq if last else 0
    zh = f"不接续第{before}条：第{before}条连同其哈希被改写"
    en = f"it does not follow entry {before}, which was written anew with its hash"
    return finding(Proof.CHAIN, Tampering.REWRITTEN, here, zh, en)


def look_at_record(place: str, facts: Sequence[Fact], seq: int, chain: str) -> list[Finding]:
    """The chain ends where the record of the application says (its row; or what a removal has noted)."""
    last, last_hash = (facts[-1].seq, facts[-1].hash) if facts else (0, GENESIS)
    if last < seq:
        zh, en = f"链止于第{last}条，登记为第{seq}条", f"the chain ends at {last}; the record stands at {seq}"
        return [finding(Proof.RECORD, Tampering.TRUNCATED, f"{place} #{last + 1}", zh, en)]
    if last > seq:
        zh, en = f"链至第{last}条，登记止于第{seq}条", f"the chain goes to {last}; the record stands at {seq}"
        return [finding(Proof.RECORD, Tampering.INSERTED, f"{place} #{seq + 1}", zh, en)]
    if last_hash != chain:
        zh, en = "链尾哈希与登记不符", "the last hash is not the one on record"
        return [finding(Proof.RECORD, Tampering.REWRITTEN, f"{place} #{last}", zh, en)]
    return []
