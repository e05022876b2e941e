"""What a meeting runs into: experts replaced or struck off, void ballots, applications moved or ended."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from activities.database import Database
from models.conflicts import KnownTie
from tests.activities.hall import IN_TIME, Hall, entered
from workers.rehearsal.meeting_cast import pool


@pytest.fixture
async def hall(sqlite_url: str) -> AsyncIterator[Hall]:
    """A meeting on 8 December 2023, not yet planned."""
    database = Database(sqlite_url)
    yield Hall(database)
    await database.close()


async def test_a_replaced_expert_is_no_longer_counted_as_recused(hall: Hall) -> None:
    """Eleven need eight who may vote: of four co-authors one is replaced, eight may (Order 40 Art. 19)."""
    panel = await hall.drawn()
    await hall.applications("a", employer="jinmen-talent-agency")
    tie = KnownTie(person="p-a", kind="co_author")
    tied = [entered(entry, tie) for entry in pool() if entry.expert_ref in panel[:4]]
    await hall.experts.add(tied, IN_TIME)
    refused = await hall.do(hall.cast.agenda("a"))
    assert (refused.items[0].status, refused.items[0].recused) == ("refused", 4)
    await hall.do(hall.cast.replace(1, reason="conflict"))
    done = await hall.do(hall.cast.agenda("a"))
    assert (done.items[0].status, done.items[0].recused) == ("scheduled", 3)
