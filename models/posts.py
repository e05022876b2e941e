"""Posts (岗位数额): what a fact does to the posts of a unit, and who gets the one that is free.

A pool is the posts of one unit at one level in one cycle. Its ledger is a list of entries, one a fact at
most; everything else (capacity, posts in use, the order of those who wait) is read off the ledger. Pure:
the activity that keeps the ledger locks the pool, asks `moved` and writes the entry.

Source: work plan 五; process (b) QUOTA_CHECK, QUOTA_BLOCKED, invariant 4, readings 24 and 25.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from models.audit import Fact
from models.commands import PostAttestation
from models.stage_types import Stage
from models.wire import Compact, Label

POST_NEEDED = frozenset(
    {
        Stage.RECOMMENDED,
        Stage.EMPLOYER_PUBLICITY,
        Stage.EMPLOYER_OBJECTION,
        Stage.PUBLICITY_ENDED,
        Stage.DEPARTMENT_REVIEW,
        Stage.DEPARTMENT_RETURNED,
        Stage.OFFICE_REVIEW,
        Stage.OFFICE_RETURNED,
        Stage.ACCEPTED,
        Stage.EXAM_PENDING,
        Stage.REVIEW_READY,
        Stage.DEFENCE_PENDING,
        Stage.EXPERT_REVIEW,
        Stage.VOTING,
        Stage.PASSED,
        Stage.RESULT_PUBLICITY,
        Stage.RESULT_OBJECTION,
        Stage.CONFIRM_PENDING,
    }
)
"""Where an application of a unit under full post management holds a post (formal returns keep it)."""

TITLED = frozenset({Stage.CONFIRMED, Stage.CERTIFIED, Stage.ARCHIVED})
"""Where the post is consumed: the title exists."""

ASKING = frozenset({Stage.QUOTA_CHECK, Stage.QUOTA_BLOCKED})
"""Where the post is asked for, or waited for in the unit's order."""

NO_POST = frozenset(Stage) - POST_NEEDED - TITLED - ASKING
"""Where no post is held: drafts and the employer's own review, every end without a title, NOT_PASSED and
RECHECK (reading 25), and REVOKED (a title that is taken back frees its post)."""

PostMove = Literal["ask", "owed", "consume", "give_back"]


def move_of(fact: Fact) -> PostMove | None:
    """What a fact means for the post of its application, if anything.

    `ask`: with the employer's attestation. `owed`: it comes back into a stage that needs a post without the
    employer's doing (founded re-check, late admission). `give_back`: on every way out without a title.
    """
    before, after = Stage(fact.from_stage), Stage(fact.to_stage)
    if fact.event == "attest_post" or (after is Stage.QUOTA_CHECK and before is not after):
        return "ask"
    if fact.event == "confirm":
        return "consume"
    if after in NO_POST and before not in NO_POST:
        return "give_back"
    if after in POST_NEEDED and before in NO_POST:
        return "owed"
    return None


def asks(fact: Fact) -> bool:
    """True when the fact's workflow waits for an answer about a post."""
    return move_of(fact) in ("ask", "owed")


def moves_post(bound: bool, facts: Iterable[Fact]) -> bool:
    """True when one of the facts touches the register: only of a unit under full post management."""
    return bound and any(move_of(fact) is not None for fact in facts)


class PostAnswer(Compact):
    """Whether the application holds a post now; if not, why, and its place in the unit's order.

    `in_use` counts posts held and consumed in this cycle, its own included.
    """

    held: bool
    reason: Literal["full", "not_first", "below_use", "unanswered"] | None = None
    capacity: int = 0
    in_use: int = 0
    place: int | None = None


UNANSWERED = PostAnswer(held=False, reason="unanswered")
"""The register gave no answer: the employer asks again, nothing is lost."""

REASONS: dict[str, Label] = {
    "full": Label(zh="本级别岗位已全部占用", en="every post of this level is in use"),
    "not_first": Label(
        zh="空岗按等候顺序分配，尚有人排在前面（重新排序须有书面决定）",
        en="others come first in the unit's order (a new ranking needs a recorded decision)",
    ),
    "below_use": Label(
        zh="填报数少于已占用数；应填报本周期该级别的全部岗位数（含已占用）",
        en="the number attested is below the posts in use; give all posts of this cycle, also those in use",
    ),
    "unanswered": Label(zh="登记簿未答复，请重新核验", en="the register did not answer; ask again"),
}
"""Why there is no post, in words."""


def ratio_room(total: int, share: tuple[int, int], occupied: int) -> int:
    """The posts that a structural ratio leaves: `total * share` in whole posts, less `occupied`."""
    return max(0, total * share[0] // share[1] - occupied)


class PostKind(StrEnum):
    """What an entry of the ledger says."""

    RESERVE = "reserve"
    WAIT = "wait"
    ATTEST = "attest"
    CONSUME = "consume"
    RELEASE = "release"
    LEAVE = "leave"


@dataclass(frozen=True)
class Entry:
    """One entry: `n` numbers a pool's entries, `delta` is the change of the posts in use.

    `capacity` (with `basis` and `record`) is set when the fact brought an attestation that was accepted: it
    counts from here on. `owed`: it waits before the unit's order. `reranked`: the employer's decision record.
    """

    n: int
    application_ref: str
    seq: int
    kind: PostKind
    delta: int
    reason: str | None = None
    owed: bool = False
    capacity: int | None = None
    basis: str | None = None
    record: str | None = None
    reranked: str | None = None


@dataclass(frozen=True)
class Standing:
    """How a pool stands: capacity as last attested, who holds, who has a title, who waits in which order."""

    capacity: int = 0
    basis: str | None = None
    record: str | None = None
    version: int = 0
    held: tuple[str, ...] = ()
    consumed: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    owed: frozenset[str] = field(default_factory=frozenset)

    @property
    def in_use(self) -> int:
        """Posts held and consumed (invariant 4: never more than `capacity`)."""
        return len(self.held) + len(self.consumed)

    @property
    def free(self) -> int:
        """Posts that nobody has."""
        return self.capacity - self.in_use

    @property
    def next_in_order(self) -> str | None:
        """Who gets the free post, if there is one and somebody waits."""
        return self.waiting[0] if self.free > 0 and self.waiting else None


@dataclass(frozen=True)
class _Place:
    since: int
    owed: bool
    front: int

    @property
    def key(self) -> tuple[bool, int, int]:
        return (not self.owed, -self.front, self.since)


def fold(entries: Iterable[Entry]) -> Standing:
    """The standing after these entries, in the order of their numbers.

    The unit's order: those who are owed a post, then those ranked first by a decision (the latest one
    first), then first blocked, first served.
    """
    capacity, basis, record, version = 0, None, None, 0
    held: dict[str, None] = {}
    consumed: dict[str, None] = {}
    waiting: dict[str, _Place] = {}
    for entry in sorted(entries, key=lambda e: e.n):
        ref = entry.application_ref
        if entry.capacity is not None:
            capacity, basis, record, version = entry.capacity, entry.basis, entry.record, version + 1
        match entry.kind:
            case PostKind.RESERVE:
                held[ref] = None
                waiting.pop(ref, None)
            case PostKind.WAIT:
                old = waiting.get(ref, _Place(entry.n, False, 0))
                front = entry.n if entry.reranked is not None else old.front
                waiting[ref] = _Place(old.since, old.owed or entry.owed, front)
            case PostKind.CONSUME:
                held.pop(ref, None)
                waiting.pop(ref, None)
                consumed[ref] = None
            case PostKind.RELEASE | PostKind.LEAVE:
                for book in (held, consumed, waiting):
                    book.pop(ref, None)
            case PostKind.ATTEST:
                pass
    return Standing(
        capacity=capacity,
        basis=basis,
        record=record,
        version=version,
        held=tuple(held),
        consumed=tuple(consumed),
        waiting=tuple(sorted(waiting, key=lambda ref: waiting[ref].key)),
        owed=frozenset(ref for ref, place in waiting.items() if place.owed),
    )


def moved(standing: Standing, n: int, ref: str, fact: Fact) -> Entry | None:
    """The entry, as number `n`, that a fact of application `ref` leaves in its pool, if it leaves any."""
    match move_of(fact):
        case "ask":
            said = fact.details.get("post")
            return _asked(standing, n, ref, fact.seq, PostAttestation.model_validate(said) if said else None)
        case "owed":
            return _asked(standing, n, ref, fact.seq, None, owed=True)
        case "consume":
            delta = 0 if ref in standing.held else 1
            return Entry(n, ref, fact.seq, PostKind.CONSUME, delta)
        case "give_back" if ref in standing.held or ref in standing.consumed:
            return Entry(n, ref, fact.seq, PostKind.RELEASE, -1)
        case "give_back" if ref in standing.waiting:
            return Entry(n, ref, fact.seq, PostKind.LEAVE, 0)
        case _:
            return None


def _asked(
    standing: Standing, n: int, ref: str, seq: int, post: PostAttestation | None, *, owed: bool = False
) -> Entry:
    """A post is there for whoever asks if more are free than people come before them."""
    capacity, basis, record, reranked, reason = None, None, None, None, None
    room = standing.capacity
    if post is not None:
        reranked = post.reranked
        if post.available < standing.in_use:
            reason = "below_use"
        else:
            capacity = room = post.available
            basis, record = post.basis, post.record
    if ref in standing.held or ref in standing.consumed:
        kind = PostKind.ATTEST
    else:
        owed = owed or ref in standing.owed
        free = room - standing.in_use
        ahead = _ahead(standing, ref, owed=owed, reranked=reranked is not None)
        if reason is None and free <= ahead:
            reason = "full" if free <= 0 else "not_first"
        kind = PostKind.RESERVE if reason is None else PostKind.WAIT
    delta = 1 if kind is PostKind.RESERVE else 0
    owed = owed and kind is PostKind.WAIT
    return Entry(n, ref, seq, kind, delta, reason, owed, capacity, basis, record, reranked)


def _ahead(standing: Standing, ref: str, *, owed: bool, reranked: bool) -> int:
    """How many others come before this one for a free post."""
    others = [other for other in standing.waiting if other != ref]
    if ref in standing.waiting and not reranked:
        others = list(standing.waiting[: standing.waiting.index(ref)])
    if owed or reranked:
        others = [other for other in others if other in standing.owed]
    return len(others)


def answer_of(entry: Entry, after: Standing) -> PostAnswer:
    """The answer that the entry of an asking fact stands for; `after` is the pool with it."""
    held = entry.kind in (PostKind.RESERVE, PostKind.ATTEST)
    ref = entry.application_ref
    place = after.waiting.index(ref) + 1 if not held and ref in after.waiting else None
    return PostAnswer.model_validate(
        {
            "held": held,
            "reason": None if held else entry.reason,
            "capacity": after.capacity,
            "in_use": after.in_use,
            "place": place,
        }
    )


def faults(entries: Sequence[Entry]) -> list[str]:
    """What is wrong with a ledger in itself; an empty list means that it sums and keeps invariant 4."""
    found: list[str] = []
    standing = fold(entries)
    total = sum(entry.delta for entry in entries)
    if total != standing.in_use:
        found.append(f"the ledger sums to {total}, but {standing.in_use} posts are in use")
    if standing.in_use > standing.capacity:
        found.append(f"{standing.in_use} posts are in use of {standing.capacity} (invariant 4)")
    numbers = [entry.n for entry in entries]
    if len(set(numbers)) != len(numbers):
        found.append("two entries have the same number")
    return found
