"""Removing everything that is due on a day: one thing a transaction, each looked at again before it goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from activities.database import Database
from activities.identity import same_person
from activities.plans import plan_in_force
from activities.retention import holds, removing
from activities.retention.finding import Due, due, due_of_person
from activities.retention.register import append, removal_of
from models.plan import ReviewPlan, UnknownPlanError
from models.retention import Kept
from models.wire import local_day

APPLICATIONS = frozenset({Kept.NOT_PURSUED, Kept.NOT_PASSED, Kept.PASSED})
FIRST = (Kept.PUBLIC_LIST, Kept.CREDIT, *sorted(APPLICATIONS), Kept.MEETING)
THEN = (Kept.PERSON, Kept.ACCESS_LOG, Kept.MESSAGES)
"""People come after their applications."""


@dataclass
class Outcome:
    """What a run did: things removed by class, rows by table, and what stayed with the reason."""

    removed: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    left: int = 0
    """Due things that the limit of this run left for the next one."""


async def apply(
    database: Database,
    at: datetime,
    by: str,
    *,
    only: Iterable[Kept] | None = None,
    limit: int | None = None,
) -> Outcome:
    """Removes what is due at business time `at`, at most `limit` things. Again: it goes on where it was.

    Each removal is on record with class, rule, rows and who ordered it, in the transaction that removes.
    """
    wanted = set(only) if only is not None else set(Kept)
    outcome, today = Outcome(), local_day(at)
    for kinds in (FIRST, THEN):
        async with database.reading() as session:
            found = await due(session, today, wanted & set(kinds))
        for one in found:
            if one.held is not None:
                outcome.held[one.held] += 1
            elif limit is not None and outcome.removed.total() >= limit:
                outcome.left += 1
            else:
                await _remove(database, one, at, by, outcome)
    await database.empty_log()
    return outcome


async def _remove(database: Database, one: Due, at: datetime, by: str, outcome: Outcome) -> None:
    while True:
        async with database.transaction() as session:
            if not await _still_due(session, one, at):
                return
            try:
                rows, chain, skeleton = await _by_class(session, one, at)
            except removing.ChainBrokenError:
                outcome.held["chain_broken"] += 1
                return
            if not sum(rows.values()):
                return
            plan = await _plan_of(session, one)
            await append(session, one, rows, plan, at, by, chain=chain, skeleton=skeleton)
        outcome.removed[one.kept.value] += 1
        outcome.rows.update(rows)
        if one.kept not in (Kept.ACCESS_LOG, Kept.MESSAGES) or sum(rows.values()) < removing.AT_ONCE:
            return


async def _still_due(session: AsyncSession, one: Due, at: datetime) -> bool:
    """Looked at again inside the transaction that removes: a hold may have been placed meanwhile, a person
    may have begun anew."""
    if one.kept is Kept.PERSON:
        person = one.subject.removeprefix("person/")
        await same_person(session, person, lock=True)  # as an opening does: the second one waits
        mine = await due_of_person(session, person)
        return mine is not None and mine.held is None and mine.due_on <= local_day(at)
    if one.kept not in APPLICATIONS:
        return True
    await holds.lock(session, one.plan_id or "", one.application_ref or "")
    if await removal_of(session, one.plan_id or "", one.application_ref or "") is not None:
        return False
    again = await due(session, local_day(at), {one.kept}, plan_id=one.plan_id, ref=one.application_ref)
    return any(other.subject == one.subject and other.held is None for other in again)


async def _by_class(
    session: AsyncSession, one: Due, at: datetime
) -> tuple[removing.Rows, str | None, str | None]:
    match one.kept:
        case kept if kept in APPLICATIONS:
            return await removing.remove_application(session, one, at)
        case Kept.MEETING:
            return await removing.remove_meeting(session, one), None, None
        case Kept.PERSON:
            return await removing.remove_person(session, one), None, None
        case Kept.CREDIT:
            return await removing.remove_credit(session, one), None, None
        case Kept.PUBLIC_LIST:
            return await removing.remove_list(session, one, at), None, None
        case _:
            return await removing.remove_log(session, one, at), None, None


async def _plan_of(session: AsyncSession, one: Due) -> ReviewPlan | None:
    if one.plan_id is None:
        return None
    try:
        return await plan_in_force(session, one.plan_id)
    except UnknownPlanError:
        return None
