"""The book of looks: nothing is answered before its row is on disk, and a crowd costs few transactions."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.exc import StatementError

from activities.database import Database
from models.roles import Role
from models.tables import AccessEntry
from models.visibility import Grant
from tests.databases import database, database_url, postgres, postgres_url, sqlite_template, sqlite_url
from workers.gateway.access_book import AccessBook, Look, look
from workers.gateway.caller import Caller

__all__ = ["database", "database_url", "postgres", "postgres_url", "sqlite_template", "sqlite_url"]

CALLER = Caller(subject="clerk-1", grants=(Grant(role=Role.OFFICE, organisation="an-office"),))


def a_look(n: int) -> Look:
    return look(CALLER, "a-plan", f"a-{n}", what="application_state", outcome="shown", request_id=f"r-{n}")


async def written(database: Database) -> list[str]:
    async with database.reading() as session:
        return list(await session.scalars(select(AccessEntry.application_ref).order_by(AccessEntry.id)))


async def test_a_crowd_of_readers_costs_few_transactions(database: Database) -> None:
    """Each finds its own row on disk as soon as it goes on."""
    book = AccessBook(database)
    await asyncio.gather(*(book.write(a_look(-n)) for n in range(1, 3)))
    before = book.transactions

    async def reads(n: int) -> None:
        await book.write(a_look(n))
        assert f"a-{n}" in await written(database)

    await asyncio.gather(*(reads(n) for n in range(100)))
    assert len(await written(database)) == 102
    assert book.transactions - before <= 5


async def test_a_row_that_cannot_be_written_does_not_hold_up_the_others(database: Database) -> None:
    book = AccessBook(database)
    looks = [a_look(n) for n in range(8)]
    looks[3] = dataclasses.replace(looks[3], at=datetime(2023, 9, 20))  # noqa: DTZ001 - that is what is wrong
    came = await asyncio.gather(*(book.write(one) for one in looks), return_exceptions=True)
    assert [n for n, one in enumerate(came) if one is not None] == [3]
    assert isinstance(came[3], StatementError)
    assert sorted(await written(database)) == [f"a-{n}" for n in range(8) if n != 3]
    with pytest.raises(StatementError):
        await book.write(looks[3])
    await book.write(a_look(9))


async def test_readers_that_hang_up_take_nobody_with_them(database: Database) -> None:
    book = AccessBook(database)
    writing = [asyncio.create_task(book.write(a_look(n))) for n in range(20)]
    await asyncio.sleep(0)
    for one in writing[::4]:
        one.cancel()
    came = await asyncio.gather(*writing, return_exceptions=True)
    stayed = [n for n, one in enumerate(came) if one is None]
    assert set(stayed) >= {n for n in range(20) if n % 4}
    assert {f"a-{n}" for n in stayed} <= set(await written(database))
