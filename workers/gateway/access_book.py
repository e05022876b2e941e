"""The book in which looks are written: many at once in one transaction, each on disk before its answer.

Looks that come while one transaction is under way wait together for the next one, so that a crowd of readers
costs few commits and does not stand in the way of those who decide.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import islice

from sqlalchemy import insert

from activities.database import Database
from models.tables import AccessEntry
from workers.gateway.caller import Caller

MOST_AT_ONCE = 200
LONGEST_GRANTS = 500


@dataclass(frozen=True, eq=False)
class Look:
    """One row of `access_log`; each is itself only. `outcome`: shown, not_visible, wrong_role."""

    at: datetime
    subject: str
    grants: str
    service: bool
    what: str
    plan_id: str
    application_ref: str
    outcome: str
    request_id: str
    person: str | None = None
    reason: str | None = None


def grants_in_words(caller: Caller) -> str:
    """The roles of a caller as they stand on record."""
    words = ", ".join(f"{g.role.value}:{g.organisation or '-'}" for g in caller.grants)
    return words[:LONGEST_GRANTS]


def look(
    caller: Caller, plan_id: str, application_ref: str, *, what: str, outcome: str, request_id: str
) -> Look:
    """A look of this moment."""
    return Look(
        at=datetime.now(UTC),
        subject=caller.subject,
        grants=grants_in_words(caller),
        service=caller.service,
        what=what,
        plan_id=plan_id,
        application_ref=application_ref,
        outcome=outcome,
        request_id=request_id,
    )


class AccessBook:
    """Writes looks into a database; one book a process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[Look, None] = {}
        self._one = asyncio.Lock()
        self.transactions = 0
        """How many there were: what a crowd has cost."""

    async def write(self, entry: Look) -> None:
        """Returns when the row is on disk. Raises what the database raises; others' rows do not suffer."""
        self._waiting[entry] = None
        try:
            async with self._one:
                if entry in self._waiting:  # nobody has written it on the way
                    await self._write_with_others(entry)
        finally:
            self._waiting.pop(entry, None)

    async def _write_with_others(self, entry: Look) -> None:
        others = list(islice((one for one in self._waiting if one is not entry), MOST_AT_ONCE - 1))
        try:
            await self._insert([entry, *others])
        except Exception:
            if not others:
                raise
            await self._insert([entry])  # one that cannot be written does not hold up the rest
            return
        for one in others:
            self._waiting.pop(one, None)

    async def _insert(self, looks: list[Look]) -> None:
        self.transactions += 1
        async with self._database.transaction() as session:
            await session.execute(insert(AccessEntry), [asdict(one) for one in looks])
