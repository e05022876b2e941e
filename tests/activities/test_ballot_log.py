"""SQLite's write-ahead log keeps what a ballot deletes: it is emptied when the ballot ends."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from activities import database as module
from activities.database import Database
from tests.activities.hall import ON_THE_DAY, Hall
from workers.rehearsal.meeting_cast import in_person


@pytest.fixture
async def kept(sqlite_url: str) -> AsyncIterator[Database]:
    """A database that stays open, as a worker's does: its log is not removed."""
    opened = Database(sqlite_url)
    yield opened
    await opened.close()


def _files(database: Database) -> bytes:
    assert database.folder is not None
    return b"".join(path.read_bytes() for path in sorted(database.folder.glob("zhicheng.db*")))


def _found(database: Database, slips: list[str]) -> int:
    everything = _files(database)
    return sum(slip.encode() in everything for slip in slips)


async def _taken(hall: Hall, panel: list[str]) -> list[str]:
    await hall.do(hall.cast.open_ballot("a"))
    slips = [await hall.slip(expert, "a") for expert in panel]
    for slip in slips:
        await hall.room.cast(*hall.key, "a", slip, "yes")
    return slips


@pytest.mark.parametrize("end", ["close_ballot", "void_ballot", "break_off"])
async def test_no_slip_is_left_in_any_file_once_the_ballot_has_ended(kept: Database, end: str) -> None:
    """The log had each taking (expert and slip) and each casting (hash and counter), in order."""
    hall = Hall(kept)
    panel = await hall.opened("a")
    slips = await _taken(hall, panel)
    assert _found(kept, slips) == len(slips), "the log is expected to hold them while the ballot runs"
    if end == "break_off":
        for expert in panel[1:]:
            await hall.room.sign_out(*hall.key, in_person(expert), expert, ON_THE_DAY)
        await hall.do(hall.cast.break_off("a"))
    else:
        await hall.do(getattr(hall.cast, end)("a"))
    assert _found(kept, slips) == 0


async def test_somebody_reading_puts_it_off_to_the_next_act(
    kept: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_WITH_READERS", 10)
    hall = Hall(kept)
    slips = await _taken(hall, await hall.opened("a"))
    async with kept.reading() as session:
        await session.execute(text("SELECT count(*) FROM ballot_boxes"))
        await hall.do(hall.cast.close_ballot("a"))
        assert not await kept.empty_log()
    assert await kept.empty_log()
    assert _found(kept, slips) == 0


async def test_postgresql_keeps_its_own_log(postgres_url: str) -> None:
    database = Database(postgres_url)
    assert not await database.empty_log()
    await database.close()
