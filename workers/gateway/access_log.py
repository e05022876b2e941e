"""Looking at a dossier: only what the caller may see, and never without a row that says who looked.

What may not be seen is answered like what is not there, and the try is on record, too.
"""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import Request
from sqlalchemy import select

from activities.database import Database
from activities.visibility import ties_of
from models.audit import Fact
from models.person_data import without_others
from models.roles import Role
from models.tables import AccessEntry, Application
from models.visibility import may_see
from workers.gateway.access_book import AccessBook, look
from workers.gateway.caller import Caller
from workers.gateway.context import context_of
from workers.gateway.policy import access_to
from workers.gateway.problems import not_found


async def viewing(request: Request, caller: Caller, plan_id: str, application_ref: str) -> Application:
    """The read model's row of an application that this caller may see. The look is on record first.

    Seen in one of the roles that the route is for: another one besides, held elsewhere, shows no more. Raises
    the problem 404 otherwise.
    """
    access = access_to(request.scope["route"].operation_id)
    row = await seen(context_of(request).database, caller.within(access.roles), plan_id, application_ref)
    await _note(request, caller, plan_id, application_ref, "not_visible" if row is None else "shown")
    if row is None:
        raise not_found("申报", "application")
    return row


async def facts_for(database: Database, caller: Caller, row: Application, facts: list[Fact]) -> list[Fact]:
    """The history as this caller may read it: an applicant's leaves out what others said in confidence."""
    async with database.reading() as session:
        ties = await ties_of(session, row)
    beside = [grant for grant in caller.grants if grant.role is not Role.APPLICANT]
    if may_see(caller.subject, beside, ties):
        return facts
    return [without_others(fact) for fact in facts]


async def turned_away(
    request: Request, caller: Caller, plan_id: str, application_ref: str, outcome: str = "not_visible"
) -> None:
    """Puts on record that somebody tried to act on what they may not see, or what is not there."""
    await _note(request, caller, plan_id, application_ref, outcome)


async def _note(request: Request, caller: Caller, plan_id: str, application_ref: str, outcome: str) -> None:
    await context_of(request).book.write(
        look(
            caller,
            plan_id,
            application_ref,
            what=request.scope["route"].operation_id,
            outcome=outcome,
            request_id=request.state.request_id,
        )
    )


async def seen(database: Database, caller: Caller, plan_id: str, application_ref: str) -> Application | None:
    """The read model's row, if it is there and this caller may see it. Puts nothing on record."""
    async with database.reading() as session:
        row = await session.get(Application, (plan_id, application_ref))
        if row is None or not may_see(caller.subject, caller.grants, await ties_of(session, row)):
            return None
        return row


async def note(
    database: Database,
    caller: Caller,
    plan_id: str,
    application_ref: str,
    *,
    what: str,
    outcome: str,
    request_id: str,
) -> None:
    """Puts a look on record, by itself: who, as what, at which application, and what came of it."""
    one = look(caller, plan_id, application_ref, what=what, outcome=outcome, request_id=request_id)
    await AccessBook(database).write(one)


async def looks_at(
    database: Database, plan_id: str, application_ref: str, limit: int = 200
) -> Sequence[AccessEntry]:
    """Who looked at this application, the last one first."""
    async with database.reading() as session:
        found = await session.scalars(
            select(AccessEntry)
            .filter_by(plan_id=plan_id, application_ref=application_ref)
            .order_by(AccessEntry.id.desc())
            .limit(limit)
        )
        return found.all()
