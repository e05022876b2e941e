"""Looks at people's data that are not one of many: each on record in the transaction that shows something.

The gateway's looks at dossiers are written together (`workers.gateway.access_book`); these are rarer and say
more: whose data, and why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import AccessEntry, Application

NOTHING = "-"
"""In place of a plan or an application, where the look was at a person."""


@dataclass(frozen=True)
class Looker:
    """Who looks: a verified caller, or the operator at the command line (`grants` then says so)."""

    subject: str
    grants: str
    service: bool = False
    request_id: str = NOTHING


async def put_on_record(
    session: AsyncSession,
    looker: Looker,
    what: str,
    at: datetime,
    *,
    person: str | None = None,
    plan_id: str = NOTHING,
    application_ref: str = NOTHING,
    outcome: str = "shown",
    reason: str | None = None,
) -> None:
    """Writes one look down, in a transaction that is committed before anything is shown."""
    session.add(
        AccessEntry(
            at=at,
            subject=looker.subject,
            grants=looker.grants,
            service=looker.service,
            what=what,
            plan_id=plan_id,
            application_ref=application_ref,
            outcome=outcome,
            request_id=looker.request_id,
            person=person,
            reason=reason,
        )
    )
    await session.flush()


async def looks_at_person(session: AsyncSession, persons: Sequence[str]) -> Sequence[AccessEntry]:
    """Every look at the data of a person, and at the dossiers of that person; the oldest first."""
    mine = select(Application.plan_id, Application.application_ref).where(Application.applicant.in_(persons))
    keys = [(row.plan_id, row.application_ref) for row in await session.execute(mine)]
    of_dossiers = [
        (AccessEntry.plan_id == plan_id) & (AccessEntry.application_ref == ref) for plan_id, ref in keys
    ]
    found = await session.scalars(
        select(AccessEntry).where(or_(AccessEntry.person.in_(persons), *of_dossiers)).order_by(AccessEntry.id)
    )
    return found.all()
