"""The ballot box: secret by construction, on any database.

When a box opens, one single-use slip is made for everybody on its roll. The database keeps the slips' hashes
in the order of the hashes, and the slips themselves, in random order, until they are taken. Taking one marks
the expert in the roll and deletes a slip chosen at random, in one transaction: no row says who has which.
Casting marks the hash as used and counts up the box's counter, in another one: no row a vote, no time of it.
Closing reads the counters and removes roll and slips. Nothing of this passes through a workflow or a log.

What remains outside of the tables (pages not yet overwritten, the log of a database) is for its operator to
guard: see docs/meeting.md.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime
from typing import Literal

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from activities.writing import write_new
from models.ballot import Tally
from models.refusal import RefusalCode, Refused, refuse
from models.tables import BallotBox, BallotRoll, BallotSlip, SlipToTake

Choice = Literal["yes", "no", "abstain"]
SLIP_BYTES = 32


async def prepare(session: AsyncSession, box: BallotBox, roll: Collection[str]) -> None:
    """Puts the box up with its roll; no slip exists yet."""
    session.add(box)
    await session.flush()
    rows = [{"box_ref": box.box_ref, "expert_ref": ref, "taken": False} for ref in sorted(roll)]
    await write_new(session, BallotRoll, rows)


async def begin(session: AsyncSession, box: BallotBox) -> None:
    """Makes one slip for everybody on the roll and opens the box."""
    number = await session.scalar(select(func.count()).select_from(BallotRoll).filter_by(box_ref=box.box_ref))
    slips = [secrets.token_urlsafe(SLIP_BYTES) for _ in range(number or 0)]
    hashes = sorted(slip_hash(slip) for slip in slips)
    await write_new(
        session, BallotSlip, [{"box_ref": box.box_ref, "slip_sha256": h, "used": False} for h in hashes]
    )
    secrets.SystemRandom().shuffle(slips)
    await write_new(session, SlipToTake, [{"box_ref": box.box_ref, "slip": slip} for slip in slips])
    box.status = "open"


def slip_hash(slip: str) -> str:
    """What the database keeps of a slip."""
    return hashlib.sha256(slip.encode()).hexdigest()


async def take(session: AsyncSession, box: BallotBox, expert_ref: str) -> str:
    """Gives the expert one slip at random and forgets which; the box must be locked by the caller.

    Raises `Refused`: the box is not open, the expert is not on its roll, or has taken one before.
    """
    _check_open(box)
    await _leave_no_trace(session)
    entry = await session.get(BallotRoll, (box.box_ref, expert_ref))
    if entry is None:
        raise refuse(
            RefusalCode.GUARD,
            zh="本次投票开始时您不在可表决专家之列（未出席、迟到或已回避）。",
            en="You are not on the roll of this ballot: absent or recused when it opened.",
            fix_zh="投票开始后不得补领选票。",
            fix_en="Nobody is added once a ballot is open.",
            field="expert_ref",
            citation="Order 40 Art. 20, 25",
        )
    if entry.taken:
        raise refuse(
            RefusalCode.GUARD,
            zh="您已领取过本次投票的选票，每人一张。",
            en="You have taken your slip of this ballot already; there is one for each.",
            fix_zh="如选票遗失，请主任委员作废本次投票后重新开始。",
            fix_en="If it is lost, ask the chair to void the ballot and open it again.",
            field="expert_ref",
            citation="Order 40 Art. 20",
        )
    entry.taken = True
    left = (await session.scalars(select(SlipToTake.slip).filter_by(box_ref=box.box_ref))).all()
    slip = secrets.choice(left)
    await session.execute(delete(SlipToTake).filter_by(box_ref=box.box_ref, slip=slip))
    return slip


async def cast(session: AsyncSession, box: BallotBox, slip: str, choice: Choice) -> None:
    """Counts the slip's vote; the box must be locked by the caller. Who holds the slip is not known.

    Raises `Refused`: the box is closed, the slip was used, or it is none of this box.
    """
    _check_open(box)
    here = {"box_ref": box.box_ref, "slip_sha256": slip_hash(slip)}
    known = await session.get(BallotSlip, tuple(here.values()))
    if known is None:
        raise refuse(
            RefusalCode.GUARD,
            zh="该选票不属于本次投票（未知，或其投票已作废）。",
            en="This slip does not belong to this ballot: unknown, or the ballot it was made for is void.",
            fix_zh="请凭本次投票领取的选票投票。",
            fix_en="Vote with the slip that you took for this ballot.",
            field="slip",
            citation="Order 40 Art. 20",
        )
    if known.used:
        raise refuse(
            RefusalCode.GUARD,
            zh="该选票已使用，每张选票只能投一次。",
            en="This slip has been used; each counts once.",
            fix_zh="无需再投。",
            fix_en="There is nothing more to do.",
            field="slip",
            citation="Order 40 Art. 20",
        )
    known.used = True
    counter = getattr(BallotBox, choice)
    await session.execute(
        update(BallotBox).where(BallotBox.box_ref == box.box_ref).values({choice: counter + 1})
    )


async def close(session: AsyncSession, box: BallotBox, at: datetime) -> Tally:
    """Closes the box and gives its counts; slips that did not come back are blank and stay in N."""
    tally = Tally(attending=box.attending, recused=box.recused, yes=box.yes, no=box.no, abstain=box.abstain)
    used = await session.scalar(
        select(func.count()).select_from(BallotSlip).filter_by(box_ref=box.box_ref, used=True)
    )
    if not tally.adds_up or used != tally.yes + tally.no + tally.abstain:
        raise RuntimeError(f"box {box.box_ref}: {used} slips used, but the counters say otherwise")
    box.status, box.closed_at = "closed", at
    await _empty(session, box)
    return tally


async def break_off(session: AsyncSession, box: BallotBox, at: datetime) -> None:
    """The quorum is lost: what was cast counts for nothing."""
    box.status, box.closed_at = "broken_off", at
    box.yes = box.no = box.abstain = 0
    await _empty(session, box)


async def void(session: AsyncSession, box: BallotBox, reason: str, at: datetime) -> None:
    """The box counts for nothing; its roll stays, so that the next one is opened for the same experts."""
    box.status, box.reason, box.closed_at = "void", reason, at
    box.yes = box.no = box.abstain = 0
    await _no_slips(session, box)
    await session.execute(update(BallotRoll).filter_by(box_ref=box.box_ref).values(taken=False))


async def roll_of(session: AsyncSession, box: BallotBox) -> list[str]:
    """Who may take a slip of this box."""
    return list(await session.scalars(select(BallotRoll.expert_ref).filter_by(box_ref=box.box_ref)))


async def forget_roll(session: AsyncSession, box: BallotBox) -> None:
    """Removes the roll of a box that another one has followed."""
    await session.execute(delete(BallotRoll).filter_by(box_ref=box.box_ref))


async def _empty(session: AsyncSession, box: BallotBox) -> None:
    await _no_slips(session, box)
    await forget_roll(session, box)


async def _no_slips(session: AsyncSession, box: BallotBox) -> None:
    await _leave_no_trace(session)
    for table in (BallotSlip, SlipToTake):
        await session.execute(delete(table).filter_by(box_ref=box.box_ref))


async def _leave_no_trace(session: AsyncSession) -> None:
    """SQLite overwrites what this transaction deletes; it would keep it in free pages otherwise."""
    if session.get_bind().dialect.name == "sqlite":
        await (await session.connection()).exec_driver_sql("PRAGMA secure_delete = ON")


def _check_open(box: BallotBox) -> None:
    if box.status == "open":
        return
    raise _not_open(box.status)


def _not_open(status: str) -> Refused:
    waiting = status == "prepared"
    return refuse(
        RefusalCode.TOO_EARLY if waiting else RefusalCode.CLOSED,
        zh="投票尚未开始。" if waiting else "本次投票已结束，不得补投。",
        en="The ballot is not open yet." if waiting else "The ballot is closed; no late vote is possible.",
        fix_zh="请等待主任委员宣布开始。" if waiting else "如有异议请记入会议记录。",
        fix_en="Wait for the chair to open it." if waiting else "Have an objection put into the minutes.",
        citation="Order 40 Art. 20",
    )
