"""The random draw of the experts, so that anybody can compute it again.

Who is in the pool is fixed (as a hash) before the seed is known; the seed comes from two secret numbers, one
of the drawer, one of the witness, each bound by a commitment before either is shown. An expert's rank is
sha256(seed|expert_ref); the smallest k of each specialty are drawn. A replacement is the next rank of the
same draw. Pure: no randomness is made here.

Source: Order 40 Art. 11 (random draw from the pool), 津人社办函〔2023〕355号 (at least seven days before).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Annotated

from pydantic import Field, StringConstraints

from models.audit import digest
from models.refusal import RefusalCode, refuse
from models.roles import Reference
from models.wire import Wire

ALGORITHM = "sha256(seed|expert_ref), smallest first, specialties in the order of their names"

Nonce = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{16,128}$")]
"""A secret number, as text; at least sixteen signs."""


class PoolEntry(Wire):
    """An expert as the draw sees one."""

    expert_ref: Reference
    employer: Reference
    specialties: tuple[Reference, ...]


class DrawNumber(Wire):
    """How many experts of a specialty are to be drawn."""

    specialty: Reference
    number: int = Field(ge=1, le=500)


class Seat(Wire):
    """A place on the panel, numbered from 1, and the expert who was drawn for it."""

    seat: int
    specialty: str
    expert_ref: str


class DrawRecord(Wire):
    """Everything that is needed to compute a draw again, and what it gave.

    `replaced` lists the seats that were filled anew, in the order in which that was done, each with the
    expert who came; `result` are the seats as first drawn.
    """

    plan_id: str
    meeting_ref: str
    numbers: tuple[DrawNumber, ...]
    pool: tuple[PoolEntry, ...]
    pool_sha256: str
    drawer_nonce: str
    witness_nonce: str
    drawer_commitment: str
    witness_commitment: str
    seed: str
    result: tuple[Seat, ...]
    replaced: tuple[Seat, ...] = ()
    drawn_by: str
    witnessed_by: str


def last_draw_day(meeting_on: date, lead_days: int) -> date:
    """The last day on which the draw is in time ("7日前": seven days lie between it and the meeting)."""
    return meeting_on - timedelta(days=lead_days)


def pool_hash(pool: Collection[PoolEntry]) -> str:
    """The hash of a pool, whatever the order in which it is given."""
    entries = sorted(
        ([entry.expert_ref, entry.employer, sorted(entry.specialties)] for entry in pool),
        key=lambda entry: str(entry[0]),
    )
    return digest(entries)


def commitment(nonce: str) -> str:
    """What binds a secret number before it is shown."""
    return hashlib.sha256(nonce.encode()).hexdigest()


def seed_of(drawer_nonce: str, witness_nonce: str, plan_id: str, meeting_ref: str, pool_sha256: str) -> str:
    """The seed: neither of the two can choose it alone, and it serves this meeting and this pool only."""
    return digest([drawer_nonce, witness_nonce, plan_id, meeting_ref, pool_sha256])


def rank(seed: str, expert_ref: str) -> str:
    """The rank of an expert under a seed; the smallest comes first."""
    return hashlib.sha256(f"{seed}|{expert_ref}".encode()).hexdigest()


def ranking(
    pool: Collection[PoolEntry], specialty: str, seed: str, without: Collection[str] = ()
) -> list[str]:
    """The experts of a specialty in the order of their ranks."""
    able = (e.expert_ref for e in pool if specialty in e.specialties and e.expert_ref not in without)
    return sorted(able, key=lambda ref: rank(seed, ref))


def draw(pool: Collection[PoolEntry], numbers: Sequence[DrawNumber], seed: str) -> tuple[Seat, ...]:
    """The drawn panel, seat by seat. An expert of two specialties is drawn once, for the first in order.

    Raises `Refused` when a specialty has too few experts.
    """
    seats: list[Seat] = []
    for order in sorted(numbers, key=lambda order: order.specialty):
        taken = {seat.expert_ref for seat in seats}
        able = ranking(pool, order.specialty, seed, taken)
        if len(able) < order.number:
            raise refuse(
                RefusalCode.GUARD,
                zh=f"专家库中{order.specialty}专业可抽取{len(able)}人，不足{order.number}人。",
                en=f"The pool has {len(able)} experts of '{order.specialty}' to draw {order.number} from.",
                fix_zh="请补充专家库或减少该专业人数，然后重新提交承诺。",
                fix_en="Add experts to the pool or draw fewer of them; then commit anew.",
                field="numbers",
                citation="Order 40 Art. 11",
            )
        for ref in able[: order.number]:
            seats.append(Seat(seat=len(seats) + 1, specialty=order.specialty, expert_ref=ref))
    return tuple(seats)


def next_in_rank(
    pool: Collection[PoolEntry], specialty: str, seed: str, ever_drawn: Collection[str]
) -> list[str]:
    """Who may follow on a seat, best rank first: everybody of the specialty who was never drawn."""
    return ranking(pool, specialty, seed, ever_drawn)


def verify_draw(record: DrawRecord, unable: Collection[str] = ()) -> list[str]:
    """Computes the draw again and says what does not fit; an empty list means that it is as it should be.

    `unable`: experts who could not follow on a seat when that was looked for (term over, struck off).
    """
    found: list[str] = []
    if pool_hash(record.pool) != record.pool_sha256:
        found.append("the pool is not the one whose hash was fixed before the draw")
    for side, nonce, bound in (
        ("drawer", record.drawer_nonce, record.drawer_commitment),
        ("witness", record.witness_nonce, record.witness_commitment),
    ):
        if commitment(nonce) != bound:
            found.append(f"the {side}'s number is not the one that the {side} had committed to")
    if record.drawn_by == record.witnessed_by:
        found.append("the drawer and the witness are one person")
    seed = seed_of(
        record.drawer_nonce, record.witness_nonce, record.plan_id, record.meeting_ref, record.pool_sha256
    )
    if seed != record.seed:
        found.append("the seed does not follow from the two numbers")
    if draw(record.pool, record.numbers, record.seed) != record.result:
        found.append("the panel is not the one that the seed gives")
    return found + _wrong_replacements(record, unable)


def _wrong_replacements(record: DrawRecord, unable: Collection[str]) -> list[str]:
    found: list[str] = []
    ever = {seat.expert_ref for seat in record.result}
    for seat in record.replaced:
        able = [
            ref
            for ref in next_in_rank(record.pool, seat.specialty, record.seed, ever)
            if ref not in unable or ref == seat.expert_ref
        ]
        if not able or able[0] != seat.expert_ref:
            found.append(f"seat {seat.seat}: the replacement is not the next in rank")
        ever.add(seat.expert_ref)
    return found
