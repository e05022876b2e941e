"""Texts that were kept with a hash of their own: whether each still gives the hash that stands beside it.

The chains and the roots hold hashes, not texts. Who reads the minutes, a dossier, a plan or an entry that was
set aside reads the text: this is what binds the two. What retention has taken away is not there to be read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from activities.retention.register import verify as verify_register
from models.audit import ABRIDGED, digest
from models.tables import (
    AuditOrphan,
    BallotBox,
    CalendarNotice,
    DossierVersion,
    Minutes,
    Opinion,
    PlanVersion,
)
from models.tampering import Finding, Proof, Tampering, finding

_COUNTED = ("attending", "recused", "yes", "no", "abstain", "passed")

TOGETHER = 200
"""Rows that are read at once: dossiers are long, and there are as many as applications."""


async def changed_texts(session: AsyncSession, plan_id: str) -> AsyncIterator[Finding]:
    """Every text of the plan that is not the one that was hashed."""
    for table, order, holds, place in _KEPT:
        rows = await session.stream_scalars(
            select(table).filter_by(plan_id=plan_id).order_by(*order).execution_options(yield_per=TOGETHER)
        )
        async for row in rows:
            if not holds(row):
                zh, en = "内容与其哈希不符", "its text does not give the hash that stands beside it"
                yield finding(Proof.RECORD, Tampering.CHANGED, f"{plan_id} {place(row)}", zh, en)


async def changed_counts(session: AsyncSession, plan_id: str) -> list[Finding]:
    """The boxes whose counters are not those of the minutes that were hashed when they were closed."""
    kept = (Minutes.plan_id == BallotBox.plan_id) & (Minutes.part == BallotBox.box_ref)
    rows = await session.execute(
        select(BallotBox, Minutes)
        .join(Minutes, kept & (Minutes.meeting_ref == BallotBox.meeting_ref))
        .where(
            BallotBox.plan_id == plan_id,
            BallotBox.status.in_(("closed", "announced")),  # one that was void afterwards is emptied
            Minutes.content != "",
        )
        .order_by(BallotBox.meeting_ref, BallotBox.application_ref, BallotBox.n)
    )
    found = []
    for box, minutes in rows:
        if _of_text(minutes.content) != minutes.sha256:
            continue  # told as a changed text; it may be no JSON any more
        said = json.loads(minutes.content)["result"]
        if any(getattr(box, name) != said[name] for name in _COUNTED) or box.minutes_sha256 != minutes.sha256:
            zh, en = "票箱计数与会议记录不符", "the counters of the box are not those of its minutes"
            place = f"{plan_id} {box.meeting_ref}, ballot {box.n} on {box.application_ref}"
            found.append(finding(Proof.RECORD, Tampering.REWRITTEN, place, zh, en))
    return found


async def changed_everywhere(session: AsyncSession) -> list[Finding]:
    """What belongs to no plan: the notices on working days, and the register of removals."""
    found = []
    notices: Select[Any] = select(CalendarNotice).order_by(CalendarNotice.id)
    for row in await session.scalars(notices):
        if _of_text(row.content) != row.sha256:
            zh, en = "内容与其哈希不符", "its text does not give the hash that stands beside it"
            place = f"calendar notice {row.year} {row.document}"
            found.append(finding(Proof.RECORD, Tampering.CHANGED, place, zh, en))
    faults = await verify_register(session)
    return found + [
        finding(Proof.CHAIN, Tampering.CHANGED, "removals", f"删除登记：{fault}", fault) for fault in faults
    ]


def _of_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _set_aside(row: AuditOrphan) -> bool:
    """One whose words were removed keeps its hash, and no longer gives it."""
    if set(row.details) == {ABRIDGED}:
        return True
    try:
        return row.to_fact().computed_hash() == row.hash
    except ValueError:  # it holds what no entry can hold
        return False


_KEPT: tuple[tuple[Any, tuple[Any, ...], Callable[[Any], bool], Callable[[Any], str]], ...] = (
    (
        AuditOrphan,
        (AuditOrphan.id,),
        _set_aside,
        lambda row: f"{row.application_ref} #{row.seq}, set aside",
    ),
    (
        DossierVersion,
        (DossierVersion.application_ref, DossierVersion.seq),
        lambda row: digest(row.content) == row.sha256,
        lambda row: f"{row.application_ref}, the dossier of entry {row.seq}",
    ),
    (
        Opinion,
        (Opinion.meeting_ref, Opinion.application_ref, Opinion.at),
        lambda row: row.words == "" or _of_text(row.words) == row.sha256,
        lambda row: f"{row.meeting_ref}, an opinion on {row.application_ref}",
    ),
    (
        Minutes,
        (Minutes.meeting_ref, Minutes.part),
        lambda row: row.content == "" or _of_text(row.content) == row.sha256,
        lambda row: f"{row.meeting_ref}, the minutes ({row.part})",
    ),
    (
        PlanVersion,
        (PlanVersion.version,),
        lambda row: _of_text(row.content) == row.sha256,
        lambda row: f"version {row.version}",
    ),
)
"""Table, order, whether a row's text gives its hash, and what the row is called."""
