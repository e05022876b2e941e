"""Uploads that meet: equal files at one moment, one key twice, a sender who was overtaken, a late one."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from activities.database import Database
from activities.evidence.pieces import Piece
from activities.evidence.store import key_of, piece_key
from models.evidence import EvidenceRefused, MediaType
from models.tables import EvidenceLink, EvidenceObject
from tests.activities.test_evidence import FILE, NOW, SHA, Hall, opened
from tests.evidence_material import EXE


@pytest.fixture
async def hall(database: Database, tmp_path: Path) -> Hall:
    """On SQLite, and on PostgreSQL."""
    return await opened(database, tmp_path)


@pytest.fixture
async def sqlite_hall(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Hall]:
    """On SQLite."""
    database = Database(sqlite_url)
    yield await opened(database, tmp_path)
    await database.close()


async def test_equal_files_that_come_at_one_moment_are_one_object(hall: Hall) -> None:
    rows = [await hall.begin(ref) for ref in ("a-1", "a-1", "a-2")]
    done = await asyncio.gather(*(hall.restarted().send(row, 0, FILE) for row in rows))
    assert {one.sha256 for one in done} == {SHA}
    async with hall.database.reading() as session:
        assert len((await session.scalars(select(EvidenceObject))).all()) == 1
        assert len((await session.scalars(select(EvidenceLink))).all()) == 2


async def test_one_key_at_one_moment_is_one_upload(hall: Hall) -> None:
    rows = await asyncio.gather(*(hall.restarted().begin(key="k-1") for _ in range(4)))
    assert len({row.upload_ref for row in rows}) == 1


async def test_a_sender_whom_another_overtook_does_not_end_the_upload(sqlite_hall: Hall) -> None:
    hall = sqlite_hall
    row = await hall.begin()
    await hall.send(row, 0, FILE[:200_000])
    stale = await hall.uploads.find(row.upload_ref)
    assert stale is not None
    last = Piece(200_000, len(FILE) - 200_000, piece_key(row.upload_ref, 200_000))
    await hall.store.put(last.key, FILE[200_000:])
    await hall.restarted().send(row, 200_000, FILE[200_000:250_000])
    with pytest.raises(EvidenceRefused) as refused:
        await hall.receiver.complete(stale, 200_000, [last], MediaType.PDF, None, NOW)
    assert (refused.value.code, refused.value.offset) == ("offset_differs", 250_000)

    async def late() -> AsyncIterator[bytes]:
        yield FILE[250_000:260_000]
        await hall.restarted().send(row, 250_000, FILE[250_000:280_000])
        yield FILE[260_000:-30] + b"x" * 30

    now = await hall.uploads.find(row.upload_ref)
    assert now is not None
    with pytest.raises(EvidenceRefused) as overtaken:
        await hall.receiver.receive(now, 250_000, late(), lambda: NOW)
    assert (overtaken.value.code, overtaken.value.offset) == ("offset_differs", 280_000)
    assert (await hall.send(row, 280_000, FILE[280_000:])).sha256 == SHA
    assert (hall.folder / key_of(SHA)).read_bytes() == FILE


async def test_first_bytes_that_were_spoilt_on_the_way_end_nothing(sqlite_hall: Hall) -> None:
    row = await sqlite_hall.begin()
    await sqlite_hall.send(row, 0, EXE, proved=lambda: False)
    assert (await sqlite_hall.state(row), sqlite_hall.left()) == (("open", 0), [])
    assert (await sqlite_hall.refused(row, 0, EXE, proved=lambda: True)).code == "type_not_allowed"
    assert (await sqlite_hall.state(row))[0] == "refused"


async def test_an_upload_that_rested_too_long_is_over_before_anybody_swept_it(
    sqlite_hall: Hall, tmp_path: Path
) -> None:
    hall = Hall(sqlite_hall.database, tmp_path / "evidence", quota_bytes=400_000, open_uploads=1)
    row = await hall.begin(key="k-1", file_name="a.pdf")
    await hall.send(row, 0, FILE[:1000])
    hall.now += timedelta(days=8)
    assert (await hall.refused(row, 1000, FILE[1000:])).code == "upload_ended"
    with pytest.raises(EvidenceRefused, match="another"):
        await hall.begin(key="k-1")
    again = await hall.begin()
    assert await hall.uploads.sweep(hall.now) == [row.upload_ref]
    swept = await hall.uploads.find(row.upload_ref)
    assert swept is not None
    assert (swept.state, swept.file_name) == ("expired", None)
    assert (await hall.send(again, 0, FILE)).sha256 == hashlib.sha256(FILE).hexdigest()
